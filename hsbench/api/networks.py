"""Trained networks and fitted INRs: fit an INR to a sound, load either from disk, and export a trained cell."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench import registry
from hsbench.audio.io import ENDINGS, write_wav
from hsbench.errors import UnknownNameError, UsageError, storage_error
from hsbench.execution.process import SPIN
from hsbench.inference.files import rebuild_file
from hsbench.inference.fitting import FittedINR, fit_sound, is_saved_inr, read_inr
from hsbench.inference.network import Network, load_network
from hsbench.inference.opened import opened
from hsbench.planning.resources import choose
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from hsbench.inference.network import Rebuilt
    from hsbench.inference.streams import Decoded
    from hsbench.networks.card import NetworkFile
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
        waveform: [samples], float, full scale +-1; one channel of any length.
        sample_rate: sample rate of the waveform [Hz].
        budget: amount of training: "smoke", "quick", "standard" or "paper".
        seed: seed of the random initial weights.
        device: device to fit on: "auto", "cpu" or "cuda".
        **settings: settings of the model (compression_ratio, width, layers, omega_0 ...) and of its training (steps,
            learning_rate ...) that replace the defaults; see `hsbench list models` and docs/hypersound.md.

    Returns:
        The fitted INR, with `.waveform`, `.weights`, `.payload`, `.play(sample_rate)` and `.save(path)`.

    Raises:
        UnknownNameError: there is no such model, budget or setting.
        UsageError: the model cannot be fitted to a single sound, or the waveform has the wrong type, shape or values.

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
    """Load a trained network, or a saved INR.

    Args:
        source: folder of a cell, name of that folder below the results folder, file written by `hsbench export`, or
            file written by `FittedINR.save`.
        results: results folder in which the name of a cell is looked up.
        device: device for the network: "auto", "cpu" or "cuda".

    Returns:
        A Network with `.encode`, `.decode` and `.reconstruct`; for a saved INR, a FittedINR.

    Raises:
        UnknownNameError: there is no such cell.
        DataError: the file is damaged, or the training of the cell is not finished.

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
) -> tuple[Rebuilt, str]:
    """Reconstruct an audio file with a trained cell; return the sound, and the corpus that the cell was trained on.

    Args:
        cell: folder of a cell, name of that folder below the results folder, file written by `hsbench export`, or
            beginning of the name of a network.
        audio: audio file of any length, sample rate and number of channels; each channel is rebuilt by itself.
        sample_rate: sample rate at which a function of time is evaluated [Hz]; None for the rate of the file.
        results: results folder in which the name of a cell is looked up.
        device: device for the network: "auto", "cpu" or "cuda".
        progress: called with (done, total) clips.

    Raises:
        UnknownNameError: there is no such cell.
        DataError: a file is damaged, is no audio or has an impossible sample rate, or the training of the cell is
            not finished.
        UsageError: another sample rate is requested from a model that is not a function of time.
    """
    with opened(cell, Results(results)) as folder:
        network = load_network(folder, choose(device))
        return rebuild_file(network, audio, sample_rate, progress), trained_on(folder.spec())


def trained_on(cell: Cell) -> str:
    """Return the corpus that a cell's network was trained on, such as "demo (synthetic speech)"."""
    part = cell.train_corpus or cell.corpus
    try:
        description = registry.corpus(part.name).description
    except UnknownNameError:
        description = ""
    return f"{part.name} ({description})" if description else part.name


def export(cell: str, output: Path, results: Path, licence: str = "") -> NetworkFile:
    """Write the trained network of a cell to one file with its card, and return what was written.

    Args:
        cell: folder of the cell, or name of that folder below the results folder.
        output: file to write, in the safetensors format; of an existing folder, a file in it that has the name of the
            network.
        results: results folder in which the name of a cell is looked up.
        licence: licence of the network, for the card; "" if it is not stated.

    Raises:
        UnknownNameError: there is no such cell.
        DataError: the training is not finished, or the model has no network that all clips share.
    """
    from hsbench.inference.export import export as write

    with opened(cell, Results(results)) as folder, _writing(output):
        return write(folder, output, licence)


def write_sound(output: Path, rebuilt: Rebuilt | Decoded) -> None:
    """Write a reconstructed or decoded sound to a 32-bit float WAV file; missing folders above it are created.

    Raises:
        UsageError: the file cannot be written there.
        StorageError: the file system refused the write.
    """
    with _writing(output):
        write_wav(output, rebuilt.waveform, rebuilt.sample_rate)


@contextlib.contextmanager
def _writing(output: Path) -> Iterator[None]:
    """Remove the folders above a file that were created for it if writing the file fails.

    Raises:
        UsageError: the file cannot be written there.
        StorageError: the file system refused the write.
    """
    missing = [folder for folder in output.absolute().parents if not folder.exists()]  # the innermost folder first
    try:
        yield
    except BaseException as error:
        for folder in missing:
            with contextlib.suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError):
            raise storage_error(error, output) or _unwritable(output, error) from error
        raise


def check_wav(output: Path) -> None:
    """Check that a file name does not end like another audio format than WAV.

    Raises:
        UsageError: the name has the ending of another audio format.
    """
    if output.suffix.lower() in ENDINGS - {".wav"}:
        raise UsageError(f"-o expects a WAV file to write, got {output}; name it {output.with_suffix('.wav')}.")


def shorten_thread_spinning() -> None:
    """Let idle OpenMP threads of this process sleep early, as worker processes do.

    The environment variables take effect only if this function is called before torch is imported.
    """
    for name, value in SPIN.items():
        os.environ.setdefault(name, value)


def check_output(output: Path) -> None:
    """Check that a file can be written, so that an impossible path fails before the work begins; create nothing.

    Missing folders above the file are accepted: they are created when the file is written.

    Raises:
        UsageError: the path is a folder or a device, or the folders above it cannot be created.
    """
    try:
        if output.is_dir():
            raise UsageError(f"-o expects a file to write, got the folder {output}; name a file in it.")
        if output.exists() and not output.is_file():
            raise UsageError(f"-o expects a file to write, and {output} is a device or a pipe; name another file.")
        folder = next(folder for folder in output.absolute().parents if folder.exists())
    except OSError as error:  # such as a name that is too long
        raise _unwritable(output, error) from error
    if not folder.is_dir():
        raise UsageError(f"-o expects a file in a folder, and {folder} is a file; name another path.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"-o expects a file in a writable folder, and writing in {folder} is not permitted.")


def _unwritable(output: Path, error: OSError) -> UsageError:
    """Return the error of a path that no file can have."""
    return UsageError(f"-o expects a file that can be written, got {output} ({error.strerror}); name another.")
