"""Descriptors: the facts of a model, metric, corpus or experiment that are needed before its code is imported.

A descriptor gives the name, the settings and the facts of a registered object, and the place of its code as a text
("module:attribute"). `hsbench list` and `hsbench plan` read descriptors alone, so a module that declares them imports
neither torch nor pandas nor anything else that is slow to import.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from hsbench.errors import BackendMissingError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Descriptor:
    """Fields that the descriptors of all kinds have in common; plug-ins declare one of the subclasses below.

    Attributes:
        kind: the registry table that the descriptor belongs to: "models", "metrics", "corpora" or "experiments".
        noun: singular of the kind, for messages.
        name: the name that users type.
        target: "module:attribute" of the object itself, which `load` imports.
        version: whole number from 1, raised whenever the object's numbers change.
        summary: one line for `hsbench list`.
        needs: modules that must be importable before the object can run.
        defaults: name of each setting -> its default value, which `--set name.key=value` changes.
        extra: the optional extra of hsbench that installs the needed modules; None where there is none.
        origin: the package that registers the object.
    """

    kind: ClassVar[str]
    noun: ClassVar[str]

    name: str
    target: str
    _: KW_ONLY
    version: int = 1
    summary: str = ""
    needs: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    extra: str | None = None
    origin: str = "hsbench"

    def missing(self) -> tuple[str, ...]:
        """Return the needed modules that are not installed."""
        return tuple(name for name in self.needs if not _is_installed(name))

    def load(self) -> Any:
        """Import the object itself.

        Raises:
            BackendMissingError: a needed module is not installed.
        """
        if missing := self.missing():
            raise BackendMissingError(
                f"{self.noun} {self.name!r} needs {', '.join(missing)}, which is not installed; "
                f"install it with: {self.remedy()}"
            )
        return load_target(self.target)

    def remedy(self) -> str:
        """Return the command that installs the missing modules."""
        if self.extra is not None:
            return f"pip install 'hsbench[{self.extra}]'"
        return f"pip install {' '.join(self.missing())}"


APPROACHES = ("one pass", "few steps", "individual fit", "transform coding")
"""Ways to encode a clip: one pass of a trained network, a few gradient steps from a trained start, many steps from a
random or a trained start, and a transform without a network."""


@dataclass(frozen=True, kw_only=True)
class ModelDescriptor(Descriptor):
    """Descriptor of a model, an hsbench.models.base.Model.

    Attributes:
        budgets: budget name -> training settings; every budget has the same settings.
        switches: protocol switches that the model reads; no other switch enters the keys of its cells.
        resolve: "module:function" with (settings, switches, samples per clip) -> settings, which computes derived
            settings such as a layer width; None where there are none.
        operations: "module:function" with (settings, training settings, samples per clip) ->
            hsbench.widths.Operations, from which run times are estimated; None for a model that needs no time.
        places: settings that hold a path -> what belongs there, such as {"path": "DIR"}. They are None until the user
            gives them, reach the model, and stay out of the key; `resolve` adds a hash of the content instead.
        decode_settings: settings that change how a clip is decoded from fitted parameters, and not how these are
            fitted. A cell in which only they differ from the defaults decodes the parameters of the cell with the
            defaults (see hsbench.results.base_cell).
        function_of_time: whether the model also has the method `play` (hsbench.models.base.FunctionOfTime): it keeps
            the parameters of each clip and can be evaluated between the clip's samples.
        neutral: setting that was added after the model's first release -> its neutral value, at which the model does
            exactly what it did before the setting existed. The neutral value is fixed for ever, whatever becomes of
            the default. It belongs to a setting of `defaults` or of the training settings in `budgets`.
        approach: how the model encodes a clip, one of APPROACHES, or "" where it is none of these; figures of encoding
            cost have one colour per approach.
        trains: whether `fit` reads the training split. The cells of a model that does are other ones where it is
            trained on another corpus (--train-corpus). True is always right; a model that learns nothing should say
            False, so that the option does not make it compute the same reconstructions again.
        trains_when: setting -> value at which `fit` reads the training split, for a model that does so with some of its
            settings only and has trains=False.
        only_with: training setting that has an effect only where a setting of the model has a certain value -> (name of
            that setting, the value). The training setting must be in `neutral`; elsewhere it has its neutral value.
        in_hz: name of a frequency in Hz, which may be given instead of a setting -> that setting, an angular frequency
            in radians per unit of t, where a clip lasts from t = -1 to 1. Only the setting enters the key of a cell.
    """

    kind = "models"
    noun = "model"

    budgets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    switches: tuple[str, ...] = ()
    resolve: str | None = None
    operations: str | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    decode_settings: tuple[str, ...] = ()
    function_of_time: bool = False
    neutral: Mapping[str, Any] = field(default_factory=dict)
    approach: str = ""
    trains: bool = True
    trains_when: Mapping[str, Any] = field(default_factory=dict)
    only_with: Mapping[str, tuple[str, Any]] = field(default_factory=dict)
    in_hz: Mapping[str, str] = field(default_factory=dict)

    def learns(self, settings: Mapping[str, Any]) -> bool:
        """Return whether the model's `fit` reads the training split.

        Args:
            settings: settings of the model, by name; a setting that is absent has its neutral value.
        """
        values = self.model_settings(settings)
        return self.trains or any(name in values and values[name] == value for name, value in self.trains_when.items())

    def from_hz(self, settings: Mapping[str, Any], samples: int, sample_rate: int) -> dict[str, Any]:
        """Return settings in which frequencies in Hz are replaced by the settings that they stand for.

        A clip of T seconds has 2 units of t, so f Hz are f T / 2 cycles or pi T f radians per unit of t.

        Args:
            settings: settings of the model, with names of `in_hz` among them where the user gave them.
            samples: samples per clip.
            sample_rate: in Hz.

        Raises:
            UsageError: a frequency is not positive.
        """
        converted = {name: value for name, value in settings.items() if name not in self.in_hz}
        for name in self.in_hz.keys() & settings.keys():
            hz = settings[name]
            if isinstance(hz, bool) or not isinstance(hz, int | float) or not 0 < hz < math.inf:
                raise UsageError(f"{self.name}.{name} expects a positive frequency in Hz, got {hz!r}.")
            converted[self.in_hz[name]] = math.pi * samples / sample_rate * hz
        return converted

    def not_given(self, settings: Mapping[str, Any]) -> str | None:
        """Return what the user has to add before the model can run, an extra or a path; None if nothing is missing.

        Args:
            settings: resolved settings of the model, including those of `places`.
        """
        if self.extra is not None and self.missing():
            return f"not given: {self.remedy()}"
        for key, what in self.places.items():
            if settings[key] is None:
                return f"not given: --set {self.name}.{key}={what}"
        return None

    # A cell's key is SHA-256(JSON(document)), and the document lists the settings. Say a setting s is added to a model
    # whose cells already have keys. Their documents lack s, so a cell keeps its key exactly if the document of the
    # same cell written today lacks s too. At the neutral value the model does what it did before s existed: it *is*
    # the same cell, and leaving s out there gives the same JSON and the same hash. At any other value s is written, so
    # two different cells still have different documents: "s is absent" stands for one value only, the neutral one.
    # This holds as long as that value never changes. If `neutral` moved from a to b, documents without s, which were
    # computed at a, would be read as b. The default may move freely: a default that is not neutral is written.

    def key_settings(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings that a cell's key hashes: those without the settings that have their neutral value.

        Args:
            settings: model settings or training settings, by name.
        """
        return {name: value for name, value in settings.items() if not self._has_neutral_value(name, value)}

    def all_settings(self, settings: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
        """Return the settings with the neutral value of each neutral setting that is absent; undoes `key_settings`.

        Args:
            settings: as `key_settings` returns them.
            names: the settings that belong there; neutral settings of other names are not added.
        """
        return {name: self.neutral[name] for name in names if name in self.neutral} | dict(settings)

    def model_settings(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return `all_settings` of a cell's model settings."""
        return self.all_settings(settings, self.defaults)

    def training_settings(self, settings: Mapping[str, Any], budget: str) -> dict[str, Any]:
        """Return `all_settings` of a cell's training settings under a budget."""
        return self.all_settings(settings, self.budgets.get(budget, {}))

    def effective_training(self, settings: Mapping[str, Any], training: Mapping[str, Any]) -> dict[str, Any]:
        """Return training settings in which those without an effect (see `only_with`) have their neutral value.

        Args:
            settings: all settings of the model, resolved.
            training: training settings, by name.
        """
        idle = {name for name, (key, value) in self.only_with.items() if settings[key] != value}
        return {name: self.neutral[name] if name in idle else value for name, value in training.items()}

    def _has_neutral_value(self, name: str, value: Any) -> bool:
        """The type counts: JSON, and so the key, tells 1 from 1.0 and from true, while Python's == does not."""
        if name not in self.neutral:
            return False
        neutral = self.neutral[name]
        return type(value) is type(neutral) and bool(value == neutral)


@dataclass(frozen=True, kw_only=True)
class MetricInfo:
    """Facts of a metric.

    Attributes:
        name: registered name, "lsd@48000" for a metric at another rate; hsbench.metrics.base.info fills it in.
        version: version of the metric; hsbench.metrics.base.info fills it in.
        label: heading of the metric's column in a table.
        better: "lower" or "higher".
        bounds: smallest and largest possible value, None where there is no limit.
        tolerance: absolute difference below which two values count as equal.
        unit: unit of the values, "" for a bare number.
        ideal: value in the paper's row of ideals, or None.
        sample_rate: sample rate in Hz that the definition needs, or None for any.
        undefined_for: which of "target_silent" and "estimate_silent" have no value.
        min_samples: shortest signal that has a value; below it the status is "too_short".
        ceiling: value above which a constant of the definition limits the value, such as the eps of SI-SNR. Tables for
            readers show "> ceiling" there; files of numbers keep the number. None where there is no such limit.
        worst: value that stands for a failed estimate in the penalised mean: the worst value of the scale or, where
            the scale has no end, the expected value of noise at the level of the reference. None where neither is one
            number for all clips.
        in_pool: whether the metric holds Python's interpreter lock, so that clips are scored in several processes.
        shortest_seconds: length of the clips that the metric was developed for, in seconds; tables remark that theirs
            are shorter. Unlike below `min_samples`, there is a value.
    """

    name: str = ""
    version: int = 1
    label: str
    better: str
    bounds: tuple[float | None, float | None]
    tolerance: float
    unit: str = ""
    ideal: float | None = None
    sample_rate: int | None = None
    undefined_for: tuple[str, ...] = ()
    min_samples: int = 1
    ceiling: float | None = None
    worst: float | None = None
    in_pool: bool = False
    shortest_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class MetricDescriptor(Descriptor):
    """Descriptor of a metric, an hsbench.metrics.base.Metric.

    Attributes:
        info: facts that reports and the scorer need.
    """

    kind = "metrics"
    noun = "metric"

    info: MetricInfo


@dataclass(frozen=True, kw_only=True)
class CorpusDescriptor(Descriptor):
    """Descriptor of a corpus, an hsbench.corpora.base.Corpus.

    Attributes:
        description: what the recordings are, for reports.
        licence: the licence of the recordings.
        citation: the publication to cite, or "".
        download: class of torchaudio.datasets that downloads the corpus, or "" where it cannot be downloaded.
        size: size of the download in words, such as "11 GB".
        redistributable: whether the licence lets its sound travel with packed results.
    """

    kind = "corpora"
    noun = "corpus"

    description: str = ""
    licence: str = ""
    citation: str = ""
    download: str = ""
    size: str = ""
    redistributable: bool = False


@dataclass(frozen=True, kw_only=True)
class ExperimentDescriptor(Descriptor):
    """Descriptor of an experiment; its target is a function that returns an hsbench.spec.Experiment."""

    kind = "experiments"
    noun = "experiment"


CLASSES: dict[str, type[Descriptor]] = {
    cls.kind: cls for cls in (ModelDescriptor, MetricDescriptor, CorpusDescriptor, ExperimentDescriptor)
}
"""Kind -> class of its descriptors."""


def load_target(target: str) -> Any:
    """Import and return the object that a text of the form "module:attribute" names."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
