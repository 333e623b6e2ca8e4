"""`hsbench reconstruct`: reconstruct any sound with a trained cell."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hsbench.cli import options


def reconstruct(
    cell: options.Cell,
    audio: Annotated[
        Path, typer.Argument(help="Audio file of any length, sample rate and number of channels.", metavar="AUDIO")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="WAV file to write, in 32-bit float.", metavar="OUT")],
    sample_rate: Annotated[
        int | None,
        typer.Option(
            help="Sample rate in Hz at which a model that is a function of time is evaluated. Below the sample rate of "
            "the cell, the reconstruction aliases. Default: it is evaluated at the sample rate of the cell, and the "
            "result has that of the file.",
            metavar="HZ",
        ),
    ] = None,
    device: options.Device = "auto",
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
) -> None:
    """Reconstruct an audio file with a trained cell."""
    from hsbench.api import networks
    from hsbench.api.progress import metered
    from hsbench.api.registered import import_files

    networks.check_wav(output)
    networks.check_output(output)
    networks.shorten_thread_spinning()
    import_files(imports)
    with metered("clips") as progress:
        rebuilt, corpus = networks.reconstruct_file(cell, audio, sample_rate, results, device, progress)
    networks.write_sound(output, rebuilt)
    if rebuilt.complaints:
        print(f"hsbench: {'; '.join(rebuilt.complaints)}.", file=sys.stderr)
    seconds = len(rebuilt.waveform) / rebuilt.sample_rate
    print(f"wrote {output}: {seconds:.2f} s at {rebuilt.sample_rate} Hz, clips joined: {rebuilt.clips}")
    print(f"the network was trained on {corpus}")
