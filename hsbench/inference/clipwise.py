"""Reconstruct a sound clip by clip: the clips that a trained model processes, and the joined result.

Conventions: waveforms are [samples] float32, full scale +-1, not clipped; sample rates are in Hz.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from hsbench.audio.clip import Clip, peak_normalise
from hsbench.models.base import FunctionOfTime, rebuild, verdict
from hsbench.planning.text import quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from hsbench.audio.overlap import Layout, Span
    from hsbench.models.base import Context, Model, Reconstruction

    Waveform = NDArray[np.float32]
    Progress = Callable[[float, float], None]


def reconstructions(
    model: Model, context: Context, clips: NDArray[np.float32], progress: Progress | None = None
) -> Iterator[Reconstruction]:
    """Yield the reconstructions of those clips that are not silent, in groups of the size that the model declares.

    The identifier of a reconstruction contains the index of its clip. The random numbers of a fit depend on this
    identifier, and not on the other clips of the group.

    Args:
        model: the trained model.
        context: context in which the model works.
        clips: [clips, samples], full scale +-1; each is divided by its peak here.
        progress: function that receives the progress as (done, total), counted in clips.
    """
    sounding = [index for index, clip in enumerate(clips) if clip.any()]
    size = max(1, int(getattr(model, "group", 1)))
    for first in range(0, len(sounding), size):
        group = sounding[first : first + size]

        def count(done: float, of: float, first: int = first, group: list[int] = group) -> None:
            if progress is not None:
                progress(first + len(group) * done / max(of, 1), len(sounding))

        normalised = [Clip(f"clip-{index}", peak_normalise(clips[index]), context.sample_rate) for index in group]
        yield from rebuild(model, normalised, dataclasses.replace(context, progress=count)).values()


def clip_index(reconstruction: Reconstruction) -> int:
    """Return the index of a reconstruction's clip among the clips of the sound."""
    return int(reconstruction.clip_id.removeprefix("clip-"))


class SoundReconstruction:
    """The reconstruction of one sound, with the status of each of its clips.

    Args:
        model: the trained model.
        context: context in which the model works.
        layout: how the sound is cut into clips, and how these are joined.
        progress: function that receives the progress as (done, total), counted in clips.
    """

    def __init__(self, model: Model, context: Context, layout: Layout, progress: Progress) -> None:
        self.model, self.context, self.layout, self.progress = model, context, layout, progress
        self.statuses = ["ok"] * len(layout.starts)

    def rebuild(self, waveform: Waveform) -> Waveform:
        """Return the reconstruction of the sound: [samples] -> [samples at the rate of the result]."""
        clips, spans = self.layout.cut(waveform), self.layout.spans
        parts = [np.zeros(span.end - span.first, np.float32) for span in spans]
        for reconstruction in reconstructions(self.model, self.context, clips, self.progress):
            index = clip_index(reconstruction)
            decoded = self._decoded(reconstruction, spans[index])
            status = reconstruction.status
            normalised = peak_normalise(clips[index])
            self.statuses[index] = status if status != "ok" else verdict(normalised, reconstruction.waveform)
            if np.isfinite(decoded).all():
                parts[index] = decoded * np.abs(clips[index]).max()
            else:  # the clip stays silent, and a complaint says so
                self.statuses[index] = "diverged"
        return self.layout.join(parts)

    def _decoded(self, reconstruction: Reconstruction, span: Span) -> Waveform:
        """Return a clip at the sample rate of the result, as long as its span there: [samples]."""
        if self.layout.played == self.layout.rate:
            return reconstruction.waveform[: span.end - span.first]
        assert isinstance(self.model, FunctionOfTime)
        assert reconstruction.weights is not None
        return self.model.play(reconstruction.weights, self.layout.coordinates(span), self.context)

    def complaints(self) -> list[str]:
        """Return a phrase about the clips whose fit is not ok; empty if all are."""
        bad = [index for index, status in enumerate(self.statuses) if status != "ok"]
        if not bad:
            return []
        counts = ", ".join(f"{count} {status}" for status, count in Counter(self.statuses).items() if status != "ok")
        seconds = self.layout.starts[bad[0]] / self.layout.rate
        remark = " (silent where not finite)" if "diverged" in self.statuses else ""
        return [f"of {quantity(len(self.statuses), 'clip')} {counts}, the first at {seconds:.2f} s{remark}"]
