"""Toys that show which clips they were trained on: a model that learns, and one that says it does not.

`toy-learner` learns the mean of its training clips; every estimate is that waveform. `toy-sneak` has trains=False, and
reads the training clips nevertheless if its setting `sneak` is true. The results of the experiment `learners` thus say
on which corpus each row was trained.
"""

import hashlib

import numpy as np

from hsbench import registry
from hsbench.descriptors import ExperimentDescriptor, ModelDescriptor
from hsbench.files import read_json, write_json
from hsbench.models.base import Payload, Reconstruction
from hsbench.spec import Experiment, Row, freeze


class Learner:
    name, version, group = "toy-learner", 1, 4

    def __init__(self, mode):
        self.mode = mode

    def fit(self, train, context):
        kept = context.kept / "mean.json"
        if not kept.exists():
            clips = list(train.first(2))
            lengths = sorted({clip.waveform.size for clip in clips})
            passages = train.passages()
            write_json(
                kept,
                {
                    "mean": np.mean([clip.waveform for clip in clips], axis=0).tolist(),
                    "facts": {
                        "clips": " ".join(clip.id for clip in clips),
                        "number": len(train),
                        "lengths": str(lengths),
                        "passages": hashlib.sha256(passages.samples.tobytes()).hexdigest(),
                    },
                },
            )
        learned = read_json(kept)
        self.mean = np.array(learned["mean"], np.float32)
        return learned["facts"]

    def reconstruct(self, clips, context):
        for number, clip in enumerate(clips):
            context.progress(number + 1, len(clips))
            yield Reconstruction(clip.id, self.mean, Payload(10, 320), 0.0)


class Sneak(Learner):
    name = "toy-sneak"

    def __init__(self, sneak, start):
        super().__init__(start)
        self.sneak, self.start, self.mean = sneak, start, None

    def fit(self, train, context):
        if self.sneak or self.start == "learned":
            return super().fit(train, context)
        return None

    def reconstruct(self, clips, context):
        for number, clip in enumerate(clips):
            context.progress(number + 1, len(clips))
            yield Reconstruction(clip.id, 0 * clip.waveform if self.mean is None else self.mean, Payload(10, 320), 0.0)


def learners():
    return Experiment(
        name="learners",
        title="Learners",
        rows=(Row("learner", "toy-learner"), Row("control", "toy-sneak")),
        metrics=("mse",),
        clips=freeze(dict.fromkeys(("smoke", "quick", "paper"), 3)),
        table="2b",
    )


def mixed():
    """One row has a corpus of its own."""
    rows = (Row("own", "toy-learner", corpus="demo"), Row("other", "toy-learner"))
    return Experiment("mixed", "Mixed", rows, ("mse",), freeze(dict.fromkeys(("smoke", "quick", "paper"), 2)))


registry.register(
    ModelDescriptor("toy-learner", "hsbench_import_learner:Learner", defaults={"mode": "mean"}, origin="tests")
)
registry.register(
    ModelDescriptor(
        "toy-sneak",
        "hsbench_import_learner:Sneak",
        defaults={"sneak": False, "start": "random"},
        trains=False,
        trains_when={"start": "learned"},
        origin="tests",
    )
)
for _name in ("learners", "mixed"):
    registry.register(ExperimentDescriptor(_name, f"hsbench_import_learner:{_name}", origin="tests"))
