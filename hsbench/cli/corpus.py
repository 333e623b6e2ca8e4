"""`hsbench corpus prepare|info|export|download NAME`: real corpora, prepared once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from hsbench.api.corpora import Corpus

app = typer.Typer(help="Prepare, describe, export or download a corpus.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Corpus; see: hsbench list corpora.", metavar="NAME")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Files at once. Default: one per core.")]


@app.command()
def prepare(
    name: Name,
    data_root: options.DataRoot = None,
    changes: options.Set = None,
    jobs: Jobs = None,
    imports: options.Import = None,
) -> None:
    """Resample and cut a corpus into the cache; goes on where an interrupted preparation stopped."""
    from hsbench.api import corpora

    corpus = _open(name, data_root, changes, imports)
    corpora.prepare_missing(corpus, jobs)
    print(corpora.facts(corpus))


@app.command()
def info(
    name: Name,
    data_root: options.DataRoot = None,
    changes: options.Set = None,
    imports: options.Import = None,
    skipped: Annotated[int, typer.Option(help="How many skipped files to name.")] = 20,
) -> None:
    """Speakers, hours, blocks, split, skipped files, completeness, licence and citation."""
    from hsbench.api import corpora

    corpus = _open(name, data_root, changes, imports)
    facts = corpora.descriptor(name)
    for key, value in (("description", facts.description), ("licence", facts.licence), ("citation", facts.citation)):
        if value:
            print(f"{key}: {value}")
    if corpora.is_prepared(corpus):
        print(corpora.facts(corpus, skipped))
    else:
        print(f"not prepared yet; hsbench corpus prepare {name} --data-root {data_root}")


@app.command()
def export(
    name: Name,
    folder: Annotated[Path, typer.Argument(help="Where the WAV files go.", metavar="DIR")],
    data_root: options.DataRoot = None,
    changes: options.Set = None,
    split: Annotated[str, typer.Option(help="train or validation.")] = "validation",
    imports: options.Import = None,
) -> None:
    """Write clips as 32-bit float WAV files, exactly as they are scored, for tools outside."""
    from hsbench.api import corpora
    from hsbench.api.progress import metered

    corpus = _open(name, data_root, changes, imports)
    with metered("exported") as tell:
        count = corpora.export(corpus, folder, split, tell)
    print(f"wrote {count} clips of the {split} split to {folder}")


@app.command()
def download(
    name: Name,
    data_root: options.DataRoot = None,
    changes: options.Set = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Get a corpus through torchaudio.datasets; says its size and licence first."""
    from hsbench.api import corpora

    facts = corpora.downloadable(name, data_root)
    assert data_root is not None
    print(f"{name}: {facts.size}, licence {facts.licence}\ncite: {facts.citation}")
    if not yes and not typer.confirm(f"download to {data_root}?"):
        raise typer.Exit
    corpora.download(name, data_root, changes or ())
    print(f"done; next: hsbench corpus prepare {name} --data-root {data_root}")


def _open(name: str, data_root: Path | None, changes: list[str] | None, imports: list[Path] | None) -> Corpus:
    from hsbench.api import corpora
    from hsbench.api.registered import import_files

    import_files(imports)
    return corpora.opened(name, data_root, changes or ())
