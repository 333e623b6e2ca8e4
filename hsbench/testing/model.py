"""What every model promises, see hsbench.models.base."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench import protocols, registry
from hsbench.audio.clip import Clip
from hsbench.models.base import Payload, Reconstruction, rebuild
from hsbench.spec import BUDGETS
from hsbench.testing.checks import Checks, check_descriptor, is_count
from hsbench.testing.sounds import Sounds, Stopped, Watch, clip, context

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.descriptors import ModelDescriptor
    from hsbench.models.base import Model

STATUSES = ("ok", "diverged", "collapsed")
CLIPS = 3


def check_model(
    model: str | ModelDescriptor,
    *,
    settings: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
    samples: int = 4096,
    sample_rate: int = 22050,
    device: str = "cpu",
    tolerance: float = 1e-3,
) -> list[str]:
    """Check that a model keeps the promises of hsbench.models.base.Model, on three short synthetic clips.

    Args:
        model: registered name, or a descriptor.
        settings: what differs from its defaults; make it small, or say where its files lie.
        training: what differs from the training part of its budget `smoke`.
        samples: per clip.
        sample_rate: in Hz.
        device: "cpu" or "cuda".
        tolerance: by how much a clip may differ with the clips beside it in its group, full scale +-1: the rounding of
            a batched fit.

    Returns:
        Names of the checks that ran.

    Raises:
        ConformanceError: a promise is not kept.
        UnknownNameError: nothing is registered under that name.
    """
    descriptor = registry.model(model) if isinstance(model, str) else model
    checks = Checks(f"model {descriptor.name}")
    check_descriptor(checks, "models", descriptor)
    _check_budgets(checks, descriptor)
    _check_settings(checks, descriptor)
    with tempfile.TemporaryDirectory(prefix="hsbench-") as folder:
        bench = _Bench(checks, descriptor, Path(folder), samples, sample_rate, device, settings or {}, training or {})
        bench.check_made()
        bench.check_rebuilt()
        bench.check_repeated(tolerance)
        bench.check_silence()
        bench.check_kept()
        bench.check_interrupted_group()
    return checks.passed


def _check_budgets(checks: Checks, descriptor: ModelDescriptor) -> None:
    with checks.check("its budgets cover one another"):
        budgets = descriptor.budgets
        checks.require(
            not budgets or set(budgets) == set(BUDGETS),
            f"a model has training settings for none or for all of {', '.join(BUDGETS)}, got {', '.join(budgets)}.",
        )
        keys = {tuple(sorted(training)) for training in budgets.values()}
        checks.require(len(keys) <= 1, f"every budget should set the same keys, got {sorted(keys)}.")
        both = {key for training in budgets.values() for key in training} & set(descriptor.defaults)
        checks.require(not both, f"{', '.join(sorted(both))} stands in the defaults and in the budgets; keep one.")
        if descriptor.operations is not None and callable(registry.load_target(descriptor.operations)) is False:
            checks.fail(f"operations should name a function, got {descriptor.operations!r}.")


def _check_settings(checks: Checks, descriptor: ModelDescriptor) -> None:
    """Check that the descriptor speaks of settings that there are."""
    with checks.check("its decode_settings, places and neutral settings are settings of it"):
        training = {key for settings in descriptor.budgets.values() for key in settings}
        for attribute, known in (
            ("decode_settings", set(descriptor.defaults)),
            ("places", set(descriptor.defaults)),
            ("neutral", set(descriptor.defaults) | training),
        ):
            unknown = sorted(set(getattr(descriptor, attribute)) - known)
            checks.require(not unknown, f"{attribute} names {', '.join(unknown)}, and there is no such setting.")


@dataclass
class _Bench:
    """A model on the bench: made anew for each trial, in a folder of its own."""

    checks: Checks
    descriptor: ModelDescriptor
    folder: Path
    samples: int
    sample_rate: int
    device: str
    changed: Mapping[str, Any]
    training: Mapping[str, Any]
    trials: int = 0
    reference: dict[str, Reconstruction] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.switches = protocols.switches("fixed", self.descriptor.switches)
        self.clips = [clip(number, self.samples, self.sample_rate) for number in range(CLIPS)]

    def made(self) -> Model:
        """A new one, from its defaults and what the caller changed."""
        settings = {**self.descriptor.defaults, **self.changed}
        if self.descriptor.resolve is not None:
            settings = registry.load_target(self.descriptor.resolve)(settings, self.switches, self.samples)
        model: Model = self.descriptor.load()(**settings)
        return model

    def trial(self, clips: Sequence[Clip], watch: Watch | None = None, folder: Path | None = None) -> Any:
        """Fit a new model and rebuild clips in groups as small as it asks for: (reconstructions, folder)."""
        if folder is None:
            self.trials += 1
            folder = self.folder / f"trial{self.trials}"
        model, around = self.fitted(Watch(), folder)
        watch = watch or Watch()
        around = self.context(watch, folder)
        found: dict[str, Reconstruction] = {}
        for start in range(0, len(clips), model.group):
            found |= rebuild(model, clips[start : start + model.group], around)
        return found, folder

    def fitted(self, watch: Watch, folder: Path) -> tuple[Model, Any]:
        """A new model after its fit, and the context of it."""
        model, around = self.made(), self.context(watch, folder)
        model.fit(Sounds(clip(number + CLIPS, self.samples, self.sample_rate) for number in range(4)), around)
        return model, around

    def context(self, watch: Watch, folder: Path) -> Any:
        training = {**self.descriptor.budgets.get("smoke", {}), **self.training}
        facts = {"seed": 0, "switches": self.switches, "training": training, "device": self.device}
        return context(folder, watch, self.samples, self.sample_rate, **facts)

    def check_made(self) -> None:
        with self.checks.check("it is made from its defaults"):
            unknown = sorted(set(self.changed) - set(self.descriptor.defaults))
            self.checks.require(not unknown, f"there are no settings {unknown}; its defaults have no such keys.")
            model = self.made()
            for name in ("fit", "reconstruct"):
                self.checks.require(callable(getattr(model, name, None)), f"it has no method {name}.")
            self.checks.require(isinstance(getattr(model, "name", None), str), "its attribute name is no text.")
            group = getattr(model, "group", None)
            self.checks.require(
                is_count(group) and group != 0, f"its attribute group is a whole number from 1, got {group!r}."
            )
        with self.checks.check("function_of_time says whether it has play"):
            has = callable(getattr(model, "play", None))
            said = self.descriptor.function_of_time
            self.checks.require(
                said == has,
                f"its descriptor says function_of_time={said}, and the model has {'a' if has else 'no'} method play.",
            )
        with self.checks.check("the class says its group"):
            own = getattr(self.descriptor.load(), "group", None)
            self.checks.require(
                own == self.made().group,
                f"group should be an attribute of the class, for it is asked before one is made; got {own!r}.",
            )

    def check_rebuilt(self) -> None:
        checks = self.checks
        before = [one.waveform.copy() for one in self.clips]
        with checks.check("its fit gives facts or nothing"):
            facts = self.made().fit(Sounds(self.clips), self.context(Watch(), self.folder / "facts"))
            checks.require(facts is None or isinstance(facts, dict), f"fit gives a dict or None, got {facts!r}.")
            json.dumps(facts, allow_nan=False)
        with checks.check("each clip comes back once"):
            watch = Watch()
            self.reference, _ = self.trial(self.clips, watch)
        for one in self.clips:
            self._check_one(one, self.reference[one.id])
        with checks.check("the clips stay as they were"):
            same = all(np.array_equal(old, one.waveform) for old, one in zip(before, self.clips, strict=True))
            checks.require(same, "it changed the waveform of a clip that it was given; work on a copy.")
        with checks.check("it says how far it is"):
            checks.require(watch.told, "reconstruct never called context.progress(done, total).")
            checks.require(
                all(0 <= done <= total for done, total in watch.told),
                f"done lies between 0 and total, got {watch.told}.",
            )
            checks.require(
                watch.told[-1][0] == watch.told[-1][1], f"the last call says that all is done, got {watch.told[-1]}."
            )

    def _check_one(self, original: Clip, made: Reconstruction) -> None:
        checks, got = self.checks, made.waveform
        with checks.check(f"a waveform is float32 and as long as its clip ({original.id})"):
            checks.require(isinstance(got, np.ndarray), f"expected a numpy array, got {type(got).__name__}.")
            checks.require(
                got.dtype == np.float32 and got.shape == original.waveform.shape,
                f"expected float32 {list(original.waveform.shape)}, got {got.dtype} {list(got.shape)}.",
            )
            bad = int((~np.isfinite(got)).sum())
            checks.require(bad == 0, f"{bad} of its samples are not finite.")
        with checks.check(f"a payload counts what is stored ({original.id})"):
            paid = made.payload
            checks.require(isinstance(paid, Payload), f"expected a Payload, got {paid!r}.")
            checks.require(is_count(paid.numbers), f"numbers is a whole number from 0, got {paid.numbers!r}.")
            checks.require(
                paid.bits is None or is_count(paid.bits), f"bits is a whole number or None, got {paid.bits!r}."
            )
            checks.require(
                made.weights or not self.descriptor.function_of_time,
                "a function of time gives the weights of each clip, which play reads; got none.",
            )
            own = sum(np.asarray(value).size for value in (made.weights or {}).values())
            checks.require(
                own <= paid.numbers, f"it hands over {own} parameters of its own and counts {paid.numbers} numbers."
            )
        with checks.check(f"its facts are of their kind ({original.id})"):
            checks.require(made.status in STATUSES, f"a status is one of {', '.join(STATUSES)}, got {made.status!r}.")
            checks.require(is_count(made.steps), f"steps is a whole number from 0, got {made.steps!r}.")
            checks.require(np.isfinite(made.seconds) and made.seconds >= 0, f"seconds is a time, got {made.seconds!r}.")

    def check_repeated(self, tolerance: float) -> None:
        with self.checks.check("the same seed gives the same clip"):
            again, _ = self.trial(self.clips)
            self._compare(
                again, 0.0, "twice with the same seed; draw all randomness from context.key(purpose, clip id)"
            )
        with self.checks.check("a clip does not depend on its neighbours"):
            alone: dict[str, Reconstruction] = {}
            for one in reversed(self.clips):
                alone |= self.trial([one])[0]
            self._compare(alone, tolerance, "alone and in a group; key all randomness by the clip's id, not its place")

    def check_silence(self) -> None:
        with self.checks.check("silence is rebuilt as something finite"):
            quiet = Clip("check_silence", np.zeros(self.samples, np.float32), self.sample_rate)
            made = self.trial([quiet])[0]["check_silence"].waveform
            self.checks.require(np.isfinite(made).all(), "a silent clip came back with samples that are not finite.")

    def check_interrupted_group(self) -> None:
        with self.checks.check("a group that was stopped ends the same"):
            stopped = Watch(stop_at=1)
            self.trials += 1
            folder = self.folder / f"trial{self.trials}"
            try:
                self.trial(self.clips, stopped, folder)
            except Stopped:
                again, _ = self.trial(self.clips, folder=folder)
                self._compare(again, 0.0, "undisturbed and after an interrupt, from the same context.scratch")

    def check_kept(self) -> None:
        """Only for a model whose fit keeps something."""
        first, label = self.folder / "kept-once", "what fit kept is found again"
        watch = Watch()
        self.fitted(watch, first)
        if not any((first / "kept").glob("*")):
            self.checks.skip(label, "fit keeps nothing")
            return
        with self.checks.check(label):
            second = Watch()
            self.fitted(second, first)
            self.checks.require(
                not second.rows and not second.told, "a second fit trained again; load what is in context.kept."
            )
            self._compare(
                self.trial(self.clips, folder=first)[0], 0.0, "in the session that trained and in a later one"
            )
        if len(watch.told) < 2:
            self.checks.skip("a training that was stopped ends the same", "fit calls context.progress less than twice")
            return
        with self.checks.check("a training that was stopped ends the same"):
            folder = self.folder / "stopped"
            try:
                self.fitted(Watch(stop_at=max(1, len(watch.told) // 2)), folder)
            except Stopped:
                self._compare(
                    self.trial(self.clips, folder=folder)[0], 0.0, "undisturbed and after an interrupt of fit"
                )
        shutil.rmtree(first)

    def _compare(self, found: Mapping[str, Reconstruction], tolerance: float, when: str) -> None:
        for one in self.clips:
            apart = float(np.abs(found[one.id].waveform - self.reference[one.id].waveform).max())
            self.checks.require(apart <= tolerance, f"{one.id} differs by {apart:.3g} {when}.")
            same = found[one.id].payload == self.reference[one.id].payload
            self.checks.require(same, f"the payload of {one.id} differs {when}.")
