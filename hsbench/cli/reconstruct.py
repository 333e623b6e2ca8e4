"""`hsbench reconstruct`: rebuild any sound with a trained cell."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hsbench.cli import options


def reconstruct(
    cell: options.Cell,
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
    from hsbench.api import networks
    from hsbench.api.progress import metered
    from hsbench.api.registered import import_files

    networks.check_wav(output)
    networks.make_way(output)
    networks.quiet_threads()
    import_files(imports)
    with metered("clips") as progress:
        made = networks.reconstruct_file(cell, audio, sample_rate, results, device, progress)
    networks.write_sound(output, made)
    if made.complaints:
        print(f"hsbench: {'; '.join(made.complaints)}.", file=sys.stderr)
    seconds = made.waveform.size / made.sample_rate
    print(f"wrote {output}: {seconds:.2f} s at {made.sample_rate} Hz, clips joined: {made.clips}")
