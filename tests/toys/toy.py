"""A torch-free model that behaves well or badly on demand, for tests of everything around models.

Settings: mood (ok, raise, segfault, hang, exit, backend, silent, nan, liar), the level of the noise that stands for
its error, and whether the cell's seed moves that noise. HSBENCH_TOY_LOG names a file that gets a line per clip that is
really rebuilt, HSBENCH_TOY_DELAY the seconds that each takes, and HSBENCH_TOY_GAIN a factor on the noise, as a change
of the code would make one.
"""

import ctypes
import os
import time
from pathlib import Path

import numpy as np

from hsbench import registry
from hsbench.descriptors import ExperimentDescriptor, MetricDescriptor, MetricInfo, ModelDescriptor
from hsbench.errors import BackendMissingError
from hsbench.models.base import Payload, Reconstruction
from hsbench.spec import Experiment, Row, freeze


class Toy:
    name, version, group = "toy", 1, 2

    def __init__(self, mood, noise, seeded):
        self.mood, self.noise, self.seeded = mood, noise, seeded
        self.delay = float(os.environ.get("HSBENCH_TOY_DELAY", "0"))
        self.gain = float(os.environ.get("HSBENCH_TOY_GAIN", "1"))

    def fit(self, train, context):
        print("the toy is fitted on", len(train), "clips")

    def reconstruct(self, clips, context):
        for number, clip in enumerate(clips):
            time.sleep(self.delay)
            if (path := os.environ.get("HSBENCH_TOY_LOG")) is not None:
                with Path(path).open("a") as file:
                    file.write(f"{self.mood} {self.noise} {context.seed} {clip.id}\n")
            self._strike()
            rng = np.random.default_rng(context.key("noise", clip.id) if self.seeded else number)
            y = clip.waveform + self.gain * self.noise * rng.standard_normal(clip.waveform.size)
            y = {"silent": 0 * y, "nan": np.nan * y}.get(self.mood, y).astype(np.float32)
            context.record({"step": number, "loss": float(np.mean(np.abs(clip.waveform)))})
            context.progress(number + 1, len(clips))
            status = {"silent": "collapsed", "nan": "diverged"}.get(self.mood, "ok")
            if self.mood != "liar":
                yield Reconstruction(clip.id, y, Payload(100, 3200), self.delay, status, weights={"w0": y[:3]})

    def _strike(self):
        if self.mood == "raise":
            raise RuntimeError("the toy raises, as asked")
        if self.mood == "backend":
            raise BackendMissingError("the toy lacks a package; install nothing")
        if self.mood == "segfault":
            ctypes.string_at(0)
        if self.mood == "exit":
            os._exit(7)
        if self.mood == "hang":
            time.sleep(600)


def _model(name, mood, *, seeded=True):
    registry.register(
        ModelDescriptor(
            name,
            "hsbench_import_toy:Toy",
            defaults={"mood": mood, "noise": 0.1, "seeded": seeded},
            budgets={"smoke": {"steps": 1}, "quick": {"steps": 1}, "paper": {"steps": 2}},
            switches=("bad_fit_is_status",),
            origin="tests",
        )
    )


MOODS = ("ok", "raise", "segfault", "hang", "exit", "backend", "silent", "nan", "liar")
for _mood in MOODS:
    _model(f"toy-{_mood}", _mood)
_model("toy-steady", "ok", seeded=False)

TWO = freeze({"noise": 0.01})


def toys():
    return Experiment(
        name="toys",
        title="Toys",
        rows=(Row("loud", "toy-ok"), Row("quiet", "toy-ok", TWO)),
        metrics=("mse", "si_snr"),
        clips=freeze({"smoke": 4, "quick": 8, "standard": 8, "paper": 46}),
    )


def steadiness():
    """A row that its seed moves, beside one that nothing moves."""
    rows = (Row("loud", "toy-ok"), Row("steady", "toy-steady"))
    clips = freeze(dict.fromkeys(("smoke", "quick", "paper"), 8))
    return Experiment("steadiness", "Steadiness", rows, ("mse", "si_snr"), clips)


def moods():
    rows = tuple(Row(mood, f"toy-{mood}") for mood in MOODS)
    return Experiment("moods", "Moods", rows, ("mse", "si_snr"), freeze(dict.fromkeys(("smoke", "quick", "paper"), 4)))


def lacking():
    """A metric whose package is not installed, beside one that works."""
    rows = (Row("loud", "toy-ok"),)
    return Experiment(
        "lacking", "Lacking", rows, ("mse", "toy-lacking"), freeze(dict.fromkeys(("smoke", "quick", "paper"), 2))
    )


def places():
    """A row that reads a folder, beside one that needs nothing."""
    rows = (Row("loud", "toy-ok"), Row("made elsewhere", "recon-dir"))
    return Experiment("places", "Places", rows, ("mse",), freeze(dict.fromkeys(("smoke", "quick", "paper"), 2)))


registry.register(
    MetricDescriptor(
        "toy-lacking",
        "no_such_module:metric",
        needs=("no_such_module",),
        info=MetricInfo(label="Lacking", better="lower", bounds=(0.0, None), tolerance=1e-6),
        origin="tests",
    )
)

for _name in ("toys", "steadiness", "moods", "lacking", "places"):
    registry.register(ExperimentDescriptor(_name, f"hsbench_import_toy:{_name}", origin="tests"))
