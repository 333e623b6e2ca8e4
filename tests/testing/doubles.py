"""Plug-ins that violate one requirement each; tests load this file through hsbench.registry.import_file."""

import json
import zlib
from dataclasses import replace

import numpy as np

from hsbench.audio.clip import Clip
from hsbench.corpora.base import Item, Manifest, check_split
from hsbench.metrics.base import Undefined
from hsbench.models.base import Payload, Reconstruction


class Model:
    """A model that learns one number, adds keyed noise, and violates the requirement that `fault` names."""

    name, version, group = "double", 1, 2

    def __init__(self, fault):
        if fault == "does not construct":
            raise TypeError("no")
        self.fault = fault
        if fault == "group of its own":
            self.group = 3
        if fault == "group is nothing":
            self.group = 0

    def fit(self, train, context):
        path = context.kept / "level.json"
        if path.exists() and self.fault != "trains again":
            self.level = json.loads(path.read_text())
            return {"steps": 3}
        context.kept.mkdir(parents=True, exist_ok=True)
        start, checkpoint = 0, context.kept / "checkpoint.json"
        self.level = 0.0
        if checkpoint.exists() and self.fault != "trains again":
            start, self.level = json.loads(checkpoint.read_text())
        for step in range(start, 3):
            self.level += float(np.abs(train[step].waveform).mean())
            if self.fault == "resumes from the wrong place":
                checkpoint.write_text(json.dumps([0, self.level]))
            else:
                checkpoint.write_text(json.dumps([step + 1, self.level]))
            context.record({"step": step})
            context.progress(step + 1, 3)
        if self.fault == "keeps another level":
            path.write_text(json.dumps(self.level + 1))
        else:
            path.write_text(json.dumps(self.level))
        return {"steps": object()} if self.fault == "facts are no JSON" else {"steps": 3}

    def reconstruct(self, clips, context):
        for number, clip in enumerate(clips):
            if self.fault == "drops a clip" and clip.id.endswith("1"):
                continue
            yield self._reconstruct_clip(number, clip, context)
            if self.fault == "progress beyond the total":
                context.progress(number + 2, len(clips))
            elif self.fault == "progress stops early":
                context.progress(number, len(clips))
            elif self.fault != "reports no progress":
                context.progress(number + 1, len(clips))
        if self.fault == "gives a clip twice":
            yield self._reconstruct_clip(0, clips[0], context)

    def _reconstruct_clip(self, number, clip, context):
        purpose = number if self.fault == "randomness by place" else clip.id
        rng = np.random.default_rng(context.key("noise", purpose))
        if self.fault == "global randomness":
            rng = np.random.mtrand._rand
        checkpoint = context.scratch / "begun"
        x = clip.waveform
        if self.fault == "misreads its checkpoint":
            x = x * 2 if checkpoint.exists() else x
            context.scratch.mkdir(parents=True, exist_ok=True)
            checkpoint.touch()
        if self.fault == "divides by the peak":
            with np.errstate(invalid="ignore"):
                x = x / np.abs(x).max()
        if self.fault == "changes the clip":
            x *= 0.5
        y = (x + 0.1 * self.level * rng.standard_normal(x.size)).astype(np.float32)
        reconstruction = Reconstruction(clip.id, y, Payload(3, 96), 0.0, weights={"w": y[:3]})
        changed = {
            "wrong length": {"waveform": y[:-1]},
            "wrong type": {"waveform": y.astype(np.float64)},
            "a list": {"waveform": list(y)},
            "not finite": {"waveform": np.where(np.arange(y.size) == 1, np.nan, y).astype(np.float32)},
            "negative payload": {"payload": Payload(-1)},
            "half a bit": {"payload": Payload(3, 0.5)},
            "stores more than it counts": {"payload": Payload(2)},
            "unknown status": {"status": "fine"},
            "negative time": {"seconds": -1.0},
            "half a step": {"steps": 0.5},
        }
        return replace(reconstruction, **changed.get(self.fault, {}))


class TimeFunction(Model):
    """A model that can be evaluated between samples."""

    def play(self, weights, coordinates, context):
        return np.zeros(coordinates.size, np.float32)


class WithoutWeights(TimeFunction):
    """A model with the method `play` that returns no weights for it."""

    def _reconstruct_clip(self, number, clip, context):
        return replace(super()._reconstruct_clip(number, clip, context), weights=None)


def good_metric(x, y, rate):
    """Root mean squared error."""
    return float(np.sqrt(np.mean((x - y) ** 2)))


def nan_metric(x, y, rate):
    return float("nan")


def array_metric(x, y, rate):
    return np.abs(x - y)


def below_metric(x, y, rate):
    return good_metric(x, y, rate) - 1


def upside_down_metric(x, y, rate):
    return 1 / (1e-3 + good_metric(x, y, rate))


def constant_metric(x, y, rate):
    return 1.0


def offset_metric(x, y, rate):
    return good_metric(x, y, rate) + 0.5


def modifying_metric(x, y, rate):
    value = good_metric(x, y, rate)
    y *= 0.5
    return value


def unstable_metric(x, y, rate):
    unstable_metric.calls = getattr(unstable_metric, "calls", 0) + 1
    return good_metric(x, y, rate) + 0.01 * unstable_metric.calls


def silence_metric(x, y, rate):
    """Raise an error for a silent reference instead of Undefined."""
    if not x.any():
        raise ZeroDivisionError("silent")
    return good_metric(x, y, rate)


def short_metric(x, y, rate):
    if x.size < 100:
        raise ValueError("too short")
    return good_metric(x, y, rate)


def undefined_metric(x, y, rate):
    if not x.any():
        raise Undefined("target_silent")
    return good_metric(x, y, rate)


class Prepared:
    """A metric with a prepared state, which an incorrect one changes at every use."""

    def __init__(self, *, changes_state):
        self.changes_state = changes_state

    def __call__(self, x, y, rate):
        return good_metric(x, y, rate)

    def prepare(self, x, rate):
        return x.copy()

    def compare(self, state, y, rate):
        value = good_metric(state, y, rate)
        if self.changes_state:
            state *= 1.5
        return value


prepared_metric, state_changing_metric = Prepared(changes_state=False), Prepared(changes_state=True)


class Corpus:
    """Four clips of two voices in each split; `fault` names the requirement that the corpus violates."""

    name, version = "double", 1
    instances = 0

    def __init__(self, source):
        self.fault = dict(source.settings)["fault"]
        self.name = "another" if self.fault == "another name" else "double"
        Corpus.instances += 1
        self.number = Corpus.instances

    def completeness(self):
        return ["partial"] if self.fault == "reasons in a list" else ()

    def manifest(self, split):
        if self.fault != "accepts every split":
            check_split(split)
        items = [self._item(split, number) for number in range(4)]
        if self.fault == "duplicate ids":
            items[1] = replace(items[1], id=items[0].id)
        if self.fault == "unsorted":
            items.reverse()
        preparation = (("clip_samples", 100), ("peak_normalise", True))
        return Manifest("double", 2 if self.fault == "another version" else 1, split, 8000, preparation, tuple(items))

    def _item(self, split, number):
        speaker = f"{split}{number % 2}"
        item = Item(f"{split}_{number}-0", speaker, "F", f"{split}/{number}.wav", 0, 100, "0" * 64)
        changed = {
            "path in an id": {"id": f"../{split}_{number}"},
            "shared clips": {"id": f"clip_{number}"},
            "shared sources": {"source": f"{number}.wav"},
            "shared speakers": {"speaker": f"voice{number}"},
            "path out of the folder": {"source": f"../../{split}{number}.wav"},
            "checksum cut short": {"sha256": "abc"},
            "sex in words": {"sex": "female"},
            "negative offset": {"offset": -1},
            "other length": {"samples": 90},
            "not stable": {"offset": self.number},
        }
        return replace(item, **changed.get(self.fault, {}))

    def load(self, item):
        size = 99 if self.fault == "short clip" else item.samples
        seed = self.number if self.fault == "changes when loaded again" else zlib.crc32(item.id.encode())
        waveform = np.random.default_rng(seed).uniform(-0.5, 0.5, size)
        waveform = waveform / np.abs(waveform).max() if self.fault != "not normalised" else waveform
        waveform = waveform * 2 if self.fault == "too loud" else waveform
        rate = 16000 if self.fault == "another rate" else 8000
        speaker = "somebody" if self.fault == "another speaker" else item.speaker
        return Clip(item.id, waveform.astype(np.float32), rate, speaker, item.sex, item.source, item.offset)
