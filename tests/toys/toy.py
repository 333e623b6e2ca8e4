"""A model without torch that succeeds or fails as its settings say, for tests of all code that runs models.

A reconstruction is the clip plus white noise. Settings: `mood` is "ok" or the kind of failure (raise, segfault, hang,
exit, backend, silent, nan, liar); `noise` is the level of the noise; `seeded` says whether the noise depends on the
seed of the cell. Environment variables: HSBENCH_TOY_LOG names a file to which every reconstructed clip adds a line;
HSBENCH_TOY_DELAY is the duration of a reconstruction in seconds; HSBENCH_TOY_GAIN multiplies the noise, which imitates
a change of the code.
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
            self._fail()
            rng = np.random.default_rng(context.key("noise", clip.id) if self.seeded else number)
            y = clip.waveform + self.gain * self.noise * rng.standard_normal(clip.waveform.size)
            y = {"silent": 0 * y, "nan": np.nan * y}.get(self.mood, y).astype(np.float32)
            context.record({"step": number, "loss": float(np.mean(np.abs(clip.waveform)))})
            context.progress(number + 1, len(clips))
            status = {"silent": "collapsed", "nan": "diverged"}.get(self.mood, "ok")
            if self.mood != "liar":
                yield Reconstruction(clip.id, y, Payload(100, 3200), self.delay, status, weights={"w0": y[:3]})

    def _fail(self):
        """Fail as the setting `mood` says, if it names a failure that stops the process or raises."""
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
    """A row whose noise depends on the seed, beside one whose noise does not."""
    rows = (Row("loud", "toy-ok"), Row("steady", "toy-steady"))
    clips = freeze(dict.fromkeys(("smoke", "quick", "paper"), 8))
    return Experiment("steadiness", "Steadiness", rows, ("mse", "si_snr"), clips)


def moods():
    rows = tuple(Row(mood, f"toy-{mood}") for mood in MOODS)
    return Experiment("moods", "Moods", rows, ("mse", "si_snr"), freeze(dict.fromkeys(("smoke", "quick", "paper"), 4)))


def lacking():
    """An experiment with a metric whose package is not installed, and one that works."""
    rows = (Row("loud", "toy-ok"),)
    return Experiment(
        "lacking", "Lacking", rows, ("mse", "toy-lacking"), freeze(dict.fromkeys(("smoke", "quick", "paper"), 2))
    )


def places():
    """An experiment with a row that reads a folder, and one that needs no path."""
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
