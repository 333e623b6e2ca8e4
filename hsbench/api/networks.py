"""Trained networks and fitted INRs: load them, fit one to a sound, write one into a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.audio.io import ENDINGS, write_wav
from hsbench.errors import UsageError
from hsbench.execution.process import SPIN
from hsbench.inference.fitting import FittedINR, fit_sound, is_saved_inr, read_inr
from hsbench.inference.network import Network, load_network, read_sound
from hsbench.inference.opened import opened
from hsbench.planning.resources import choose
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from hsbench.inference.network import Rebuilt
    from hsbench.spec import Cell

__all__ = ["FittedINR", "Network", "fit_inr", "load"]


def fit_inr(
    model: str,
    waveform: NDArray[np.floating],
    sample_rate: int,
    *,
    budget: str = "quick",
    seed: int = 0,
    device: str = "auto",
    **settings: Any,
) -> FittedINR:
    """Fit one INR to one sound.

    Args:
        model: registered name of an individual INR, such as "inr-siren" or "inr-fmlp".
        waveform: [samples] of floats, full scale +-1, one channel of any length.
        sample_rate: of the waveform, in Hz.
        budget: smoke, quick, standard or paper: how long it is fitted.
        seed: of the random initial weights.
        device: auto, cpu or cuda.
        **settings: settings of the model (compression_ratio, width, layers, omega_0 ...) and of its training (steps,
            learning_rate ...) in place of the defaults; see `hsbench list models` and docs/hypersound.md.

    Returns:
        The INR: `.waveform`, `.weights`, `.payload`, `.play(sample_rate)`, `.save(path)`.

    Raises:
        UnknownNameError: no such model, budget or setting.
        UsageError: the model is not fitted to single sounds, or the waveform cannot be used.

    Example:
        >>> import numpy as np, hsbench
        >>> tone = 0.5 * np.sin(2 * np.pi * 220 * np.arange(4096) / 22050)
        >>> inr = hsbench.fit_inr("inr-siren", tone, 22050, budget="smoke", steps=60, width=16, layers=2)
        >>> inr.waveform.shape, inr.play(44100).shape
        ((4096,), (8192,))
        >>> round(inr.compression_ratio, 1)
        12.8
    """
    return fit_sound(model, waveform, sample_rate, choose(device), budget, seed, settings)


def load(source: str | Path, *, results: str | Path = "results", device: str = "auto") -> Network | FittedINR:
    """Load a trained network, or an INR that was saved.

    Args:
        source: a cell's folder, its name below the results folder, a file of `hsbench export`, or a file that
            `FittedINR.save` wrote.
        results: results folder in which names are looked up.
        device: auto, cpu or cuda.

    Returns:
        A Network with `.encode`, `.decode` and `.reconstruct`; a FittedINR for a saved INR.

    Raises:
        UnknownNameError: there is no such cell.
        DataError: the file is damaged, or the cell's training is not finished.

    Example:
        >>> import numpy as np, hsbench, tempfile, pathlib
        >>> tone = 0.5 * np.sin(2 * np.pi * 220 * np.arange(2048) / 22050)
        >>> inr = hsbench.fit_inr("inr-siren", tone, 22050, budget="smoke", steps=20, width=8, layers=2)
        >>> path = inr.save(pathlib.Path(tempfile.mkdtemp()) / "tone.safetensors")
        >>> again = hsbench.load(path)
        >>> bool(np.array_equal(again.waveform, inr.waveform))
        True
    """
    if Path(source).is_file() and is_saved_inr(Path(source)):
        return read_inr(Path(source))
    with opened(str(source), Results(Path(results))) as folder:
        return load_network(folder, choose(device))


def reconstruct_file(
    cell: str,
    audio: Path,
    sample_rate: int | None,
    results: Path,
    device: str,
    progress: Callable[[float, float], None],
) -> Rebuilt:
    """Reconstruct an audio file with a trained cell.

    Args:
        cell: a cell's folder, its name below the results folder, or a file of `hsbench export`.
        audio: a mono file of any length and rate.
        sample_rate: of the result in Hz; None is the cell's own.
        results: results folder in which names are looked up.
        device: auto, cpu or cuda.
        progress: takes (done, total) clips.

    Raises:
        UnknownNameError: there is no such cell.
        DataError: a file is damaged or cannot be used, or the cell's training is not finished.
        UsageError: the model is no function of time, and another rate is asked for.
    """
    with opened(cell, Results(results)) as folder:
        network = load_network(folder, choose(device))
        sound, own = read_sound(audio)
        return network.rebuild(sound, own, sample_rate, progress)


def export(cell: str, output: Path, results: Path) -> Cell:
    """Write what a cell learned into one file, and return the cell.

    Args:
        cell: a cell's folder, or its name below the results folder.
        output: file to write (safetensors).
        results: results folder in which names are looked up.

    Raises:
        UnknownNameError: there is no such cell.
        DataError: its training is not finished, or it learned nothing that clips share.
    """
    from hsbench.inference.export import export as write

    with opened(cell, Results(results)) as folder:
        return write(folder, output)


def write_sound(output: Path, made: Rebuilt) -> None:
    """Write a reconstructed sound as a 32-bit float WAV file."""
    write_wav(output, made.waveform, made.sample_rate)


def check_wav(output: Path) -> None:
    """Refuse a file name that promises another kind of audio than WAV.

    Raises:
        UsageError: it does.
    """
    if output.suffix.lower() in ENDINGS - {".wav"}:
        raise UsageError(f"-o expects a WAV file to write, got {output}; name it {output.with_suffix('.wav')}.")


def quiet_threads() -> None:
    """Let idle OpenMP threads of this process sleep early, as workers do; call it before torch is imported."""
    for name, value in SPIN.items():
        os.environ.setdefault(name, value)


def make_way(output: Path) -> None:
    """Create the folder of a file that is to be written, so that a bad path fails now and not after the work.

    Raises:
        UsageError: the path names a folder.
    """
    if output.is_dir():
        raise UsageError(f"-o expects a file to write, got the folder {output}; name a file in it.")
    output.parent.mkdir(parents=True, exist_ok=True)
