"""Conformance test of a model: the requirements of hsbench.models.base.Model."""

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
from hsbench.budgets import BUDGETS
from hsbench.errors import DataError
from hsbench.models.base import Context, Reconstruction, rebuild
from hsbench.models.no_training import NoTraining
from hsbench.testing.checks import Checks, check_descriptor, is_count
from hsbench.testing.reconstruction import check_reconstruction
from hsbench.testing.sounds import Sounds, Stopped, Watch, context, voice_clip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.descriptors import ModelDescriptor
    from hsbench.models.base import Model

CLIPS = 3
"""Number of clips that are reconstructed in each check."""
TRAINING_CLIPS = 4
"""Number of clips in the training split."""


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
    """Check that a model meets the requirements of hsbench.models.base.Model, on three short synthetic clips.

    Args:
        model: registered name or descriptor.
        settings: settings that differ from the defaults, for example a small width, or the path of a file.
        training: training settings that differ from those of the model's budget `smoke`.
        samples: samples per clip.
        sample_rate: sample rate in Hz.
        device: "cpu" or "cuda".
        tolerance: largest permitted difference between a clip that is reconstructed alone and the same clip in a group,
            full scale +-1; it allows for the rounding of batched operations.

    Returns:
        Names of the checks that passed.

    Raises:
        ConformanceError: the model violates a requirement.
        UnknownNameError: no model has that name.
    """
    descriptor = registry.model(model) if isinstance(model, str) else model
    checks = Checks(f"model {descriptor.name}")
    check_descriptor(checks, "models", descriptor)
    _check_budgets(checks, descriptor)
    _check_settings(checks, descriptor)
    with tempfile.TemporaryDirectory(prefix="hsbench-") as folder:
        test = _ModelTest(
            checks, descriptor, Path(folder), samples, sample_rate, device, settings or {}, training or {}
        )
        test.check_construction()
        test.check_learning()
        test.check_reconstruction()
        test.check_repetition(tolerance)
        test.check_silence()
        test.check_kept_training()
        test.check_interrupted_group()
    return checks.passed


def _check_budgets(checks: Checks, descriptor: ModelDescriptor) -> None:
    """Check the training settings of the budgets."""
    with checks.check("its budgets have the same training settings"):
        budgets = descriptor.budgets
        checks.require(
            not budgets or set(budgets) == set(BUDGETS),
            f"a model has training settings for none or for all of {', '.join(BUDGETS)}, got {', '.join(budgets)}.",
        )
        keys = {tuple(sorted(training)) for training in budgets.values()}
        checks.require(len(keys) <= 1, f"every budget must have the same training settings, got {sorted(keys)}.")
        both = {key for training in budgets.values() for key in training} & set(descriptor.defaults)
        checks.require(
            not both, f"{', '.join(sorted(both))}: in the defaults and in the budgets; keep one of the two entries."
        )
        if descriptor.operations is not None and callable(registry.load_target(descriptor.operations)) is False:
            checks.fail(f"operations must name a function, got {descriptor.operations!r}.")


def _check_settings(checks: Checks, descriptor: ModelDescriptor) -> None:
    """Check that the settings that the descriptor names exist."""
    with checks.check("the settings that its descriptor names exist"):
        training = {key for settings in descriptor.budgets.values() for key in settings}
        for attribute, known in (
            ("decode_settings", set(descriptor.defaults)),
            ("places", set(descriptor.defaults)),
            ("trains_when", set(descriptor.defaults)),
            ("neutral", set(descriptor.defaults) | training),
        ):
            unknown = sorted(set(getattr(descriptor, attribute)) - known)
            checks.require(not unknown, f"{attribute} names {', '.join(unknown)}, but there is no such setting.")
        for name, target in descriptor.in_hz.items():
            checks.require(
                target in descriptor.defaults and name not in {*descriptor.defaults, *training},
                f"in_hz expects a name of its own and a setting of the model, got {name!r} and {target!r}.",
            )
        for name, (key, _) in descriptor.only_with.items():
            checks.require(
                name in training & set(descriptor.neutral) and key in descriptor.defaults,
                f"only_with expects a training setting with a neutral value and a setting of the model, got {name!r} "
                f"and {key!r}.",
            )


@dataclass
class _ModelTest:
    """The checks of one model, which construct and fit it several times, each time in a folder of its own.

    Attributes:
        folder: folder of all trials.
        changed: settings that differ from the defaults.
        training: training settings that differ from the budget `smoke`.
        trials: number of folders that were used so far.
        reference: clip id -> reconstruction of the first trial, which the later ones are compared with.
    """

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
        self.clips = [voice_clip(number, self.samples, self.sample_rate) for number in range(CLIPS)]

    def new_model(self) -> Model:
        """Construct the model from its defaults and the changed settings."""
        settings = {**self.descriptor.defaults, **self.changed}
        if self.descriptor.resolve is not None:
            settings = registry.load_target(self.descriptor.resolve)(settings, self.switches, self.samples)
        model: Model = self.descriptor.load()(**settings)
        return model

    def trial(
        self, clips: Sequence[Clip], watch: Watch | None = None, folder: Path | None = None
    ) -> dict[str, Reconstruction]:
        """Fit a new model and reconstruct clips in groups of the model's size.

        Args:
            clips: clips to reconstruct.
            watch: records the progress of the reconstruction.
            folder: folder of the trial, a new one by default.

        Returns:
            Clip id -> reconstruction.
        """
        folder = self.new_folder() if folder is None else folder
        model = self.fitted_model(Watch(), folder)
        context = self.context(watch or Watch(), folder)
        reconstructions: dict[str, Reconstruction] = {}
        for start in range(0, len(clips), model.group):
            reconstructions |= rebuild(model, clips[start : start + model.group], context)
        return reconstructions

    def new_folder(self) -> Path:
        """Return the folder of a new trial."""
        self.trials += 1
        return self.folder / f"trial{self.trials}"

    def fitted_model(self, watch: Watch, folder: Path) -> Model:
        """Construct and fit a model, and return it."""
        model = self.new_model()
        numbers = range(CLIPS, CLIPS + TRAINING_CLIPS)
        model.fit(
            Sounds(voice_clip(number, self.samples, self.sample_rate) for number in numbers),
            self.context(watch, folder),
        )
        return model

    def context(self, watch: Watch, folder: Path) -> Context:
        """Return the context of a fit with the training settings of the test."""
        training = {**self.descriptor.budgets.get("smoke", {}), **self.training}
        facts = {"seed": 0, "switches": self.switches, "training": training, "device": self.device}
        return context(folder, watch, self.samples, self.sample_rate, **facts)

    def check_construction(self) -> None:
        """Check the attributes and methods of a new model, and that its descriptor agrees with them."""
        with self.checks.check("it is constructed from its defaults"):
            unknown = sorted(set(self.changed) - set(self.descriptor.defaults))
            self.checks.require(not unknown, f"settings {unknown} do not exist; the defaults have no such names.")
            model = self.new_model()
            for name in ("fit", "reconstruct"):
                self.checks.require(callable(getattr(model, name, None)), f"it has no method {name}.")
            self.checks.require(isinstance(getattr(model, "name", None), str), "its attribute name is not a text.")
            group = getattr(model, "group", None)
            self.checks.require(
                is_count(group) and group != 0, f"its attribute group must be a whole number from 1, got {group!r}."
            )
        with self.checks.check("function_of_time agrees with the method play"):
            has_play, declared = callable(getattr(model, "play", None)), self.descriptor.function_of_time
            self.checks.require(
                declared == has_play,
                f"its descriptor says function_of_time={declared}, but the model has {'a' if has_play else 'no'} "
                "method play.",
            )
        with self.checks.check("group is an attribute of the class"):
            of_class = getattr(self.descriptor.load(), "group", None)
            self.checks.require(
                of_class == self.new_model().group,
                f"group must be an attribute of the class, because it is read before a model exists; got {of_class!r}.",
            )

    def check_learning(self) -> None:
        """Check that a model reads training clips only if its descriptor says so."""
        if self.descriptor.learns({**self.descriptor.defaults, **self.changed}):
            return
        with self.checks.check("it learns nothing, as its descriptor says"):
            error = DataError("fit reads the training clips, but its descriptor says trains=False; say trains=True.")
            self.new_model().fit(NoTraining(lambda: error), self.context(Watch(), self.new_folder()))

    def check_reconstruction(self) -> None:
        """Check a fit and the reconstruction of all clips, which later checks compare with."""
        checks = self.checks
        before = [clip.waveform.copy() for clip in self.clips]
        with checks.check("its fit returns facts or None"):
            facts = self.new_model().fit(Sounds(self.clips), self.context(Watch(), self.folder / "facts"))
            checks.require(facts is None or isinstance(facts, dict), f"fit must return a dict or None, got {facts!r}.")
            json.dumps(facts, allow_nan=False)
        with checks.check("each clip is reconstructed once"):
            watch = Watch()
            self.reference = self.trial(self.clips, watch)
        for clip in self.clips:
            check_reconstruction(checks, self.descriptor, clip, self.reference[clip.id])
        with checks.check("the clips are not changed"):
            same = all(np.array_equal(old, clip.waveform) for old, clip in zip(before, self.clips, strict=True))
            checks.require(same, "reconstruct changed the waveform of a clip; work on a copy.")
        with checks.check("it reports its progress"):
            calls = watch.calls
            checks.require(calls, "reconstruct never called context.progress(done, total).")
            checks.require(
                all(0 <= done <= total for done, total in calls), f"done must lie between 0 and total, got {calls}."
            )
            checks.require(
                calls[-1][0] == calls[-1][1], f"done must equal total in the last call of progress, got {calls[-1]}."
            )

    def check_repetition(self, tolerance: float) -> None:
        """Check that a second fit gives the same clips, all together and one by one."""
        with self.checks.check("the same seed gives the same clip"):
            self._compare(
                self.trial(self.clips),
                0.0,
                "between two fits with the same seed; draw all random numbers from context.key(purpose, clip id)",
            )
        with self.checks.check("a clip does not depend on its group"):
            alone: dict[str, Reconstruction] = {}
            for clip in reversed(self.clips):
                alone |= self.trial([clip])
            self._compare(
                alone,
                tolerance,
                "between a fit alone and in a group; key all random numbers by the clip's id, not by its position",
            )

    def check_silence(self) -> None:
        """Check the reconstruction of a silent clip."""
        with self.checks.check("the reconstruction of silence is finite"):
            silent = Clip("check_silence", np.zeros(self.samples, np.float32), self.sample_rate)
            waveform = self.trial([silent])["check_silence"].waveform
            self.checks.require(
                np.isfinite(waveform).all(), "the reconstruction of a silent clip has samples that are not finite."
            )

    def check_interrupted_group(self) -> None:
        """Check that `reconstruct` gives the same clips after an interruption."""
        with self.checks.check("a group that was interrupted ends the same"):
            folder = self.new_folder()
            try:
                self.trial(self.clips, Watch(stop_at=1), folder)
            except Stopped:
                self._compare(
                    self.trial(self.clips, folder=folder),
                    0.0,
                    "between a run without interruption and one that was resumed from context.scratch",
                )

    def check_kept_training(self) -> None:
        """Check that a second fit loads the result of the first; only for a model whose fit keeps files."""
        first, label = self.folder / "kept-once", "a second fit loads what the first one kept"
        watch = Watch()
        self.fitted_model(watch, first)
        if not any((first / "kept").glob("*")):
            self.checks.skip(label, "fit keeps no files")
            return
        with self.checks.check(label):
            second = Watch()
            self.fitted_model(second, first)
            self.checks.require(
                not second.rows and not second.calls, "a second fit trained again; load what is in context.kept."
            )
            self._compare(
                self.trial(self.clips, folder=first), 0.0, "between the process that trained and a later process"
            )
        shutil.rmtree(first)
        self._check_interrupted_training(len(watch.calls))

    def _check_interrupted_training(self, calls: int) -> None:
        """Check a training that is interrupted after half of its calls of progress."""
        label = "a training that was interrupted ends the same"
        if calls < 2:
            self.checks.skip(label, "fit calls context.progress less than twice")
            return
        with self.checks.check(label):
            folder = self.folder / "interrupted"
            try:
                self.fitted_model(Watch(stop_at=max(1, calls // 2)), folder)
            except Stopped:
                self._compare(
                    self.trial(self.clips, folder=folder),
                    0.0,
                    "between a training without interruption and a resumed one",
                )

    def _compare(self, other: Mapping[str, Reconstruction], tolerance: float, when: str) -> None:
        """Compare reconstructions with those of the first trial."""
        for clip in self.clips:
            first, second = self.reference[clip.id], other[clip.id]
            difference = float(np.abs(second.waveform - first.waveform).max())
            self.checks.require(difference <= tolerance, f"{clip.id} differs by {difference:.3g} {when}.")
            self.checks.require(second.payload == first.payload, f"the payload of {clip.id} differs {when}.")
