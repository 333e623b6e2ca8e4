"""`hsbench encode`: write a sound as a stream of bits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsbench.cli import options


def encode(
    network: options.Cell,
    audio: Annotated[Path, typer.Argument(help="Mono audio file of any length and sample rate.", metavar="AUDIO")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Stream to write.", metavar="FILE.hsb")],
    device: options.Device = "auto",
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
) -> None:
    """Write an audio file as a stream of bits with a trained cell, in the number format that the cell states."""
    from hsbench.api import networks, streams
    from hsbench.api.progress import metered
    from hsbench.api.registered import import_files

    networks.check_output(output)
    networks.shorten_thread_spinning()
    import_files(imports)
    with metered("clips") as progress:
        encoded, seconds = streams.encode_file(network, audio, results, device, progress)
    data = encoded.to_bytes()
    streams.write_stream(output, data)
    rate = encoded.bits / seconds / 1000
    print(
        f"wrote {output}: {len(data)} bytes for {seconds:.2f} s, {rate:.2f} kbit/s and {len(data) - encoded.bits // 8} "
        f"bytes of header; clips: {len(encoded.peaks)}"
    )
