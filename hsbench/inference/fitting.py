"""Fit one INR to one sound of the user, with the models and training that the benchmark fits to its clips.

Conventions: waveforms are [samples] float32, full scale +-1; sample rates are in Hz. The sound is divided by its peak
before the fit and multiplied by it afterwards, as the clips of the benchmark are.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench import budgets, protocols, registry
from hsbench.audio.clip import Clip, peak_normalise
from hsbench.errors import DataError, UnknownNameError, UsageError
from hsbench.files import canonical_json, replace_atomically
from hsbench.models.base import FunctionOfTime, Payload, Streaming, rebuild
from hsbench.models.build import build_model, context_of
from hsbench.models.coding import container
from hsbench.models.coding.container import CodedClip
from hsbench.planning import changes
from hsbench.results.stream_header import header_of
from hsbench.spec import Cell, Part, freeze
from hsbench.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hsbench.descriptors import ModelDescriptor
    from hsbench.spec import Resources

    Waveform = NDArray[np.float32]

BUDGETS = tuple(budgets.BUDGETS)
"""Names of the training budgets."""


class FittedINR:
    """An INR that was fitted to one sound.

    Attributes:
        cell: model, settings, training and format of the sound, in the form of a cell of the benchmark.
        weights: name of a tensor -> array: the parameters of the INR, which represent the sound.
        peak: largest absolute sample of the sound, by which it was divided before the fit.
        payload: numbers (and bits) that have to be stored.
        status: "ok", or what went wrong with the fit: "diverged" or "collapsed".
    """

    def __init__(
        self, cell: Cell, weights: Mapping[str, NDArray[np.float32]], peak: float, payload: Payload, status: str
    ) -> None:
        self.cell, self.weights, self.peak = cell, dict(weights), peak
        self.payload, self.status = payload, status

    def __repr__(self) -> str:
        seconds = self.samples / self.sample_rate
        return f"<FittedINR {self.cell.model.name}: {seconds:.2f} s in {self.payload.numbers} numbers, {self.status}>"

    @property
    def sample_rate(self) -> int:
        """Sample rate of the sound that the INR was fitted to, in Hz."""
        return int(self.cell.corpus["sample_rate"])

    @property
    def samples(self) -> int:
        """Number of samples of the sound that the INR was fitted to."""
        return int(self.cell.corpus["samples"])

    @property
    def compression_ratio(self) -> float:
        """Compression ratio: samples per stored number."""
        return self.samples / self.payload.numbers

    @property
    def waveform(self) -> Waveform:
        """The sound as decoded from the INR at its own sample rate: [samples]."""
        return self.play(self.sample_rate)

    def play(self, sample_rate: int = 44100) -> Waveform:
        """Evaluate the INR at any sample rate: [samples].

        Args:
            sample_rate: sample rate of the result, in Hz. Nothing is filtered, so a rate below the INR's own aliases.

        Raises:
            UsageError: the rate is not positive.
        """
        if sample_rate < 1:
            raise UsageError(f"play expects a sample rate that is a positive whole number of Hz, got {sample_rate}.")
        # The INR takes coordinates c in [-1, 1]: -1 at the first of the N fitted samples and 1 at the last, which lies
        # span = (N - 1) / rate seconds later. Sample n of the result lies t = n / sample_rate seconds after the first,
        # and c = 2 t / span - 1 is linear in t with these two values. The result has as many samples as the sound has
        # when resampled, ceil(N sample_rate / rate). Its last ones may lie behind the last fitted sample, by less than
        # one fitted sample, where the INR was never fitted: there c stays at 1.
        total = -(-self.samples * sample_rate // self.sample_rate)
        span = max(1, self.samples - 1) / self.sample_rate
        coordinates = np.minimum(1.0, 2 * np.arange(total) / sample_rate / span - 1)
        model = build_model(self.cell, {})
        assert isinstance(model, FunctionOfTime)
        with tempfile.TemporaryDirectory(prefix="hsbench-") as folder:
            context = context_of(self.cell, device="cpu", threads=1, scratch=Path(folder), kept=Path(folder))
            return self.peak * model.play(self.weights, coordinates, context)

    def to_bytes(self) -> bytes:
        """Return the INR as a stream in the number format of its `weight_format`, which `hsbench.decode` reads."""
        model = build_model(self.cell, {})
        assert isinstance(model, Streaming)
        clip = CodedClip(self.peak, model.pack(self.weights))
        return container.write(header_of(self.cell, self.weights, self.samples), [clip])

    def save(self, path: str | Path) -> Path:
        """Write the INR into a file (safetensors) that `hsbench.load` reads, and return the path of the file."""
        from safetensors.numpy import save

        facts = {
            "peak": self.peak,
            "numbers": self.payload.numbers,
            "bits": self.payload.bits,
            "status": self.status,
        }
        texts = {
            "hsbench": __version__,
            "cell": canonical_json(self.cell.document()),
            "inr": canonical_json(facts),
        }
        replace_atomically(Path(path), save(self.weights, texts))
        return Path(path)


def is_saved_inr(path: Path) -> bool:
    """Return whether a file was written by `FittedINR.save`; nothing in the file is executed."""
    return "inr" in _metadata(path)


def read_inr(path: Path) -> FittedINR:
    """Read an INR that `FittedINR.save` wrote.

    Raises:
        DataError: the file is damaged, or of another kind.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    texts = _metadata(path)
    try:
        cell, facts = Cell.read(json.loads(texts["cell"])), json.loads(texts["inr"])
        payload = Payload(int(facts["numbers"]), None if facts["bits"] is None else int(facts["bits"]))
        return FittedINR(cell, load_file(path), float(facts["peak"]), payload, str(facts["status"]))
    except (KeyError, TypeError, ValueError, RecursionError, OSError, SafetensorError) as error:
        raise DataError(
            f"expected an INR that FittedINR.save wrote, and {path} is damaged or of another kind ({error!r}); "
            "save it again."
        ) from error


def fit_sound(
    name: str,
    waveform: Waveform,
    sample_rate: int,
    resources: Resources,
    budget: str,
    seed: int,
    settings: Mapping[str, Any],
) -> FittedINR:
    """Fit one INR to one sound; see `hsbench.fit_inr`.

    Args:
        name: registered name of an individual INR, such as "inr-siren".
        waveform: [samples] of floating-point numbers, full scale +-1.
        sample_rate: sample rate of the waveform, in Hz.
        resources: device and number of threads.
        budget: name of the training budget.
        seed: seed of all random numbers of the fit.
        settings: settings of the model and of its training that differ from the defaults.

    Raises:
        UnknownNameError: there is no such model, budget or setting.
        UsageError: the model is no individual INR, its start has to be learned, or the sound cannot be used.
    """
    sound = _checked(waveform, sample_rate)
    descriptor = registry.model(name)
    if not descriptor.function_of_time or not name.startswith("inr-"):
        known = [model_name for model_name in registry.names("models") if model_name.startswith("inr-")]
        raise UsageError(
            f"fit_inr expects a model that is fitted to one sound, got {name!r}; choose {' or '.join(known)}."
        )
    cell = _cell(descriptor, sound, sample_rate, budget, seed, settings)
    with tempfile.TemporaryDirectory(prefix="hsbench-") as folder:
        context = context_of(
            cell,
            device=resources.device,
            threads=resources.threads,
            scratch=Path(folder) / "scratch",
            kept=Path(folder) / "kept",
        )
        clip = Clip("sound", peak_normalise(sound), sample_rate)
        reconstruction = rebuild(build_model(cell, {}), [clip], context)["sound"]
    assert reconstruction.weights is not None
    peak = float(np.abs(sound).max())
    return FittedINR(cell, reconstruction.weights, peak, reconstruction.payload, reconstruction.status)


def _checked(waveform: Waveform, sample_rate: int) -> Waveform:
    """Return a waveform as float32 [samples].

    Raises:
        UsageError: it is not one channel of at least two finite floating-point samples, it is digital silence, or the
            sample rate is no positive whole number.
    """
    sound = np.asarray(waveform)
    if sound.ndim != 1 or sound.size < 2 or sound.dtype.kind != "f" or not np.isfinite(sound).all():
        raise UsageError(
            "fit_inr expects a waveform [samples] of finite floating-point numbers, full scale +-1, got "
            f"{sound.dtype} {list(sound.shape)}; give one channel, and divide integers by their full scale."
        )
    if not sound.any():
        raise UsageError("fit_inr expects a sound, got digital silence; give another one.")
    if isinstance(sample_rate, bool) or not isinstance(sample_rate, int) or sample_rate < 1:
        raise UsageError(f"fit_inr expects a sample rate that is a positive whole number of Hz, got {sample_rate!r}.")
    return np.asarray(sound, np.float32)


def _cell(
    descriptor: ModelDescriptor,
    sound: Waveform,
    sample_rate: int,
    budget: str,
    seed: int,
    settings: Mapping[str, Any],
) -> Cell:
    """Return the cell that specifies the fit; the sound is identified by the SHA-256 of its samples."""
    budgets.budget(budget)
    model, training = dict(descriptor.defaults), dict(descriptor.budgets.get(budget, {}))
    if training.get("coordinates") is not None and training["coordinates"] >= sound.size:
        training["coordinates"] = None  # a short sound has fewer coordinates than the budget draws for each step
    for key, value in settings.items():
        part = model if key in model or key in descriptor.in_hz else training
        if key not in part and key not in descriptor.in_hz:
            raise UnknownNameError(f"setting of {descriptor.name}", key, [*model, *training, *descriptor.in_hz])
        part[key] = changes.cast(f"{descriptor.name}.{key}", part.get(key, 1.0), value)
    model = descriptor.from_hz(model, sound.size, sample_rate)
    switches = protocols.switches("fixed", descriptor.switches)
    if descriptor.resolve is not None:
        model = registry.load_target(descriptor.resolve)(model, switches, sound.size)
    training = descriptor.effective_training(model, training)
    content = {
        "fingerprint": hashlib.sha256(sound.tobytes()).hexdigest(),
        "sample_rate": sample_rate,
        "samples": int(sound.size),
    }
    return Cell(
        model=Part(descriptor.name, descriptor.version, freeze(descriptor.key_settings(model))),
        corpus=Part("own-sound", 1, freeze(content)),
        budget=Part(budget, 1, freeze(descriptor.key_settings(training))),
        protocol=Part(protocols.name("fixed"), 1, freeze(switches)),
        seed=seed,
    )


def _metadata(path: Path) -> dict[str, str]:
    """Return the text metadata of a safetensors file; empty if it is no such file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            return dict(file.metadata() or {})
    except (OSError, SafetensorError, ValueError, TypeError, RuntimeError):
        return {}
