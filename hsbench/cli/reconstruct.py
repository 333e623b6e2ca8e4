"""`hsbench reconstruct` and `hsbench export`: put a trained cell to use, here or on another machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from hsbench.cli import options

Cell = Annotated[
    str,
    typer.Argument(
        help="A cell's folder, its name below the results folder, or a file of hsbench export.", metavar="CELL"
    ),
]


def reconstruct(
    cell: Cell,
    audio: Annotated[Path, typer.Argument(help="A mono sound of any length and rate.", metavar="AUDIO")],
    output: Annotated[Path, typer.Option("-o", "--output", help="WAV file to write, 32-bit float.", metavar="OUT")],
    sample_rate: Annotated[
        int | None,
        typer.Option(
            help="Rate at which a model that is a function of time is played; below the cell's own it aliases. "
            "Default: the cell's own.",
            metavar="HZ",
        ),
    ] = None,
    device: options.Device = "auto",
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
) -> None:
    """Rebuild an audio file with a trained cell."""
    from hsbench.audio.io import ENDINGS, write_wav
    from hsbench.cli import asking
    from hsbench.cli.progress import metered
    from hsbench.errors import UsageError
    from hsbench.execution.process import SPIN
    from hsbench.inference import reconstruct as using
    from hsbench.inference import trained
    from hsbench.results.store import Results

    if output.suffix.lower() in ENDINGS - {".wav"}:
        raise UsageError(f"-o expects a WAV file to write, got {output}; name it {output.with_suffix('.wav')}.")
    _make_way(output)
    for name, value in SPIN.items():  # read when torch is imported
        os.environ.setdefault(name, value)
    asking.import_files(imports)
    resources = asking.resources(device, 1, None, None)
    with trained.opened(cell, Results(results)) as folder, metered("clips") as progress:
        made = using.reconstruct(folder, audio, sample_rate, resources, progress)
    write_wav(output, made.waveform, made.sample_rate)
    if made.complaints:
        print(f"hsbench: {'; '.join(made.complaints)}.", file=sys.stderr)
    seconds = made.waveform.size / made.sample_rate
    print(f"wrote {output}: {seconds:.2f} s at {made.sample_rate} Hz, clips joined: {made.clips}")


def export(
    cell: Cell,
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write (safetensors).", metavar="FILE")],
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
) -> None:
    """Write a trained cell into one file, which reconstruct reads on any machine."""
    from hsbench.cli import asking
    from hsbench.inference import trained
    from hsbench.results.store import Results

    _make_way(output)
    asking.import_files(imports)
    with trained.opened(cell, Results(results)) as folder:
        exported = trained.export(folder, output)
    print(f"wrote {output}: {exported.folder}, {output.stat().st_size / 1e6:.1f} MB")


def _make_way(output: Path) -> None:
    """Fail now and not after the work where the output cannot be written."""
    from hsbench.errors import UsageError

    if output.is_dir():
        raise UsageError(f"-o expects a file to write, got the folder {output}; name a file in it.")
    output.parent.mkdir(parents=True, exist_ok=True)
