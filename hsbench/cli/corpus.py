"""`hsbench corpus prepare|info|export|download NAME`: real corpora, prepared once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from hsbench.corpora.base import Corpus, Manifest

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
    corpus = _open(name, data_root, changes, imports)
    prepare_now(corpus, _workers(jobs))
    print(_facts(corpus))


@app.command()
def info(
    name: Name,
    data_root: options.DataRoot = None,
    changes: options.Set = None,
    imports: options.Import = None,
    skipped: Annotated[int, typer.Option(help="How many skipped files to name.")] = 20,
) -> None:
    """Speakers, hours, blocks, split, skipped files, completeness, licence and citation."""
    from hsbench import registry

    facts = registry.get("corpora", name).info
    for key in ("description", "licence", "citation"):
        if facts.get(key):
            print(f"{key}: {facts[key]}")
    corpus = _open(name, data_root, changes, imports)
    if getattr(corpus, "prepared", lambda: True)():
        print(_facts(corpus, skipped))
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
    from hsbench.audio.io import write_wav
    from hsbench.cli.progress import counted

    corpus = _open(name, data_root, changes, imports)
    prepare_now(corpus, _workers(None))
    items = corpus.manifest(split).evaluation()
    for item in counted(items, len(items), "exported"):
        clip = corpus.load(item)
        write_wav(folder / f"{clip.id}.wav", clip.waveform, clip.sample_rate)
    print(f"wrote {len(items)} clips of the {split} split to {folder}")


@app.command()
def download(
    name: Name,
    data_root: options.DataRoot = None,
    changes: options.Set = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Get a corpus through torchaudio.datasets; says its size and licence first."""
    from hsbench import registry
    from hsbench.corpora.download import fetch
    from hsbench.errors import UsageError

    facts = registry.get("corpora", name).info
    if "download" not in facts:
        raise UsageError(f"{name} cannot be downloaded: it is {facts.get('description', 'no public corpus')}.")
    if data_root is None:
        raise UsageError("corpus download expects the folder to put the corpus in; give it with --data-root.")
    print(f"{name}: {facts['size']}, licence {facts['licence']}\ncite: {facts['citation']}")
    if not yes and not typer.confirm(f"download to {data_root}?"):
        raise typer.Exit
    fetch(name, facts["download"], data_root, dict(_settings(name, changes)))
    print(f"done; next: hsbench corpus prepare {name} --data-root {data_root}")


def prepare_now(corpus: Corpus, workers: int) -> None:
    """Prepare a corpus that needs it and is not in the cache, with progress."""
    if not hasattr(corpus, "prepare") or corpus.prepared():  # type: ignore[attr-defined]
        return
    print(f"preparing {corpus.name}", flush=True)
    corpus.prepare(workers, _Files(corpus.name))


class _Files:
    """Progress of a preparation: a bar on a terminal, a line every ten seconds otherwise."""

    def __init__(self, name: str, every: float = 10.0) -> None:
        self.name, self.every = name, every
        self.start = self.last = time.monotonic()
        self.first: int | None = None

    def __call__(self, done: int, total: int) -> None:
        import sys

        from hsbench.cli.plan import duration

        now = time.monotonic()
        if self.first is None:
            self.first = done - 1
        if now - self.last < (0.2 if sys.stderr.isatty() else self.every) and done < total:
            return
        self.last = now
        rate = (done - self.first) / max(now - self.start, 1e-6)
        text = (
            f"{self.name}: {done}/{total} files, {rate:.1f} a second, {duration((total - done) / max(rate, 1e-6))} left"
        )
        end = "\n" if done == total or not sys.stderr.isatty() else ""
        print(f"\r{text:79}" if sys.stderr.isatty() else text, end=end, file=sys.stderr, flush=True)


def _open(name: str, data_root: Path | None, changes: list[str] | None, imports: list[Path] | None) -> Corpus:
    from hsbench.cli.asking import import_files
    from hsbench.planning.corpus_view import open_corpus

    import_files(imports)
    return open_corpus(name, data_root, changes or ())[1]


def _settings(name: str, changes: list[str] | None) -> tuple[tuple[str, Any], ...]:
    from hsbench.planning.corpus_view import open_corpus

    return open_corpus(name, None, changes or ())[0].settings


def _workers(jobs: int | None) -> int:
    from hsbench.cli.asking import resources

    return resources("cpu", 1, None, None).threads if jobs is None else jobs


def _facts(corpus: Corpus, named: int = 20) -> str:
    """What is in, per split, and what is not."""
    manifests = [_split(corpus, split) for split in ("train", "validation")]
    lines = [_line(one) for one in manifests if one is not None]
    lines += corpus.completeness() or ("complete",)
    if hasattr(corpus, "place"):
        lines.append(f"prepared in {corpus.place}")
    skipped = corpus.skipped() if hasattr(corpus, "skipped") else []
    if skipped:
        lines.append(f"skipped {len(skipped)} files:")
        lines += [f"  {path}: {reason}" for path, reason in skipped[:named]]
        if len(skipped) > named:
            lines.append(f"  and {len(skipped) - named} more; see --skipped")
    return "\n".join(lines)


def _split(corpus: Corpus, split: str) -> Manifest | None:
    from hsbench.errors import DataError

    try:
        return corpus.manifest(split)
    except DataError as error:
        print(error)
        return None


def _line(manifest: Manifest) -> str:
    speakers = sorted({item.speaker for item in manifest.items})
    block = dict(manifest.preparation)["block_samples"]
    hours = len(manifest.items) * block / manifest.sample_rate / 3600
    shown = ", ".join(speakers[:12]) + (", ..." if len(speakers) > 12 else "")
    return (
        f"{manifest.split}: {len(manifest.items)} blocks of {block} samples at {manifest.sample_rate} Hz, "
        f"{hours:.3g} hours, {len(speakers)} speakers ({shown}); fingerprint {manifest.fingerprint[:16]}"
    )
