"""`hsbench decode`: decode a stream of bits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsbench.cli import options
from hsbench.errors import UsageError


def decode(
    arguments: Annotated[
        list[str],
        typer.Argument(
            help="The stream, after the network that encoded it: a cell's folder or name, or a file of hsbench export. "
            "Individual INRs need no network.",
            metavar="[NETWORK] FILE.hsb",
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="WAV file to write, in 32-bit float.", metavar="WAV")],
    sample_rate: Annotated[
        int | None,
        typer.Option(
            help="Sample rate of the sound in Hz, for models that are functions of time. Default: that of the clips.",
            metavar="HZ",
        ),
    ] = None,
    device: options.Device = "auto",
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
) -> None:
    """Decode a stream that hsbench encode wrote; streams of results (artifacts/streams) are such files too."""
    from hsbench.api import networks, streams
    from hsbench.api.registered import import_files

    *network, file = arguments
    if len(network) > 1:
        raise UsageError(f"decode expects a stream, or a network and a stream, got {len(arguments)} arguments.")
    networks.check_wav(output)
    networks.check_output(output)
    networks.shorten_thread_spinning()
    import_files(imports)
    decoded = streams.decode_file(network[0] if network else None, Path(file), sample_rate, results, device)
    networks.write_sound(output, decoded)
    seconds = decoded.waveform.size / decoded.sample_rate
    print(f"wrote {output}: {seconds:.2f} s at {decoded.sample_rate} Hz, clips joined: {decoded.clips}")
