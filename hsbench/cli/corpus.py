"""`hsbench corpus prepare|info|export|download NAME`: prepare and describe a corpus, export it, or download it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from hsbench.api.corpora import Corpus

app = typer.Typer(help="Prepare, describe, export or download a corpus.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the corpus; hsbench list corpora shows all.", metavar="NAME")]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Number of files processed at the same time. Default: one per CPU core.")
]


@app.command()
def prepare(
    name: Name,
    data_root: options.DataRoot = None,
    changes: options.Set = None,
    jobs: Jobs = None,
    imports: options.Import = None,
) -> None:
    """Resample the files of a corpus and cut them into blocks, in the cache. Continues an interrupted preparation."""
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
    skipped: Annotated[int, typer.Option(help="Largest number of skipped files to list by name.")] = 20,
) -> None:
    """Show the speakers, hours and blocks of each split, skipped files, completeness, licence and citation."""
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
    folder: Annotated[Path, typer.Argument(help="Folder to write the WAV files into.", metavar="DIR")],
    data_root: options.DataRoot = None,
    changes: options.Set = None,
    split: Annotated[str, typer.Option(help="Split to export: train or validation.")] = "validation",
    imports: options.Import = None,
) -> None:
    """Write the clips of a split as 32-bit float WAV files, exactly as they are scored, for use in other programs."""
    from hsbench.api import corpora
    from hsbench.api.progress import metered
    from hsbench.api.wording import quantity

    corpus = _open(name, data_root, changes, imports)
    with metered("exported") as progress:
        count = corpora.export(corpus, folder, split, progress)
    print(f"wrote {quantity(count, 'clip')} of the {split} split to {folder}")


@app.command()
def download(
    name: Name,
    data_root: Annotated[
        Path | None, typer.Option(help="Folder to put the corpus into. Required.", envvar="HSBENCH_DATA_ROOT")
    ] = None,
    changes: options.Set = None,
    yes: Annotated[bool, typer.Option("--yes", help="Download without asking for confirmation.")] = False,
) -> None:
    """Download a corpus through torchaudio.datasets, after showing its size and licence."""
    from hsbench.api import corpora

    facts = corpora.downloadable(name, data_root)
    assert data_root is not None
    print(f"{name}: {facts.size}, licence {facts.licence}\ncite: {facts.citation}")
    if not yes:
        _confirm(f"download to {data_root}?")
    corpora.download(name, data_root, changes or ())
    print(f"downloaded; next: hsbench corpus prepare {name} --data-root {data_root}")


def _confirm(question: str) -> None:
    """Ask a question, and go on if the answer is yes.

    Raises:
        InterruptedRunError: the answer is no, or there is none because standard input has ended.
    """
    from hsbench.errors import InterruptedRunError

    try:
        if typer.confirm(question):
            return
        reason = "the answer was no"
    except typer.Abort:
        print()
        reason = "nobody answered"
    raise InterruptedRunError(f"nothing was downloaded, because {reason}; to download without the question, add --yes.")


def _open(name: str, data_root: Path | None, changes: list[str] | None, imports: list[Path] | None) -> Corpus:
    """Run the plug-in files, and open a corpus with changed settings."""
    from hsbench.api import corpora
    from hsbench.api.registered import import_files

    import_files(imports)
    return corpora.opened(name, data_root, changes or ())
