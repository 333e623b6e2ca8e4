"""The space of INR weights: where clips lie in it, and whether their neighbours share a voice.

Conventions: a clip is a point [dims]; a point per clip, [clips, dims]. Every weight is standardised over the clips
(mean 0, deviation 1; a weight that never changes is 0), so no layer counts for its scale, and distances are Euclidean
over all weights.

Numbers: k-nearest-neighbour accuracy, each clip named by the majority of its nearest clips (ties: the nearest of those
tied), with clips left out that would give the answer away; beside it what always naming the commonest label would reach
(majority), and what shuffled labels reach (mean, and the 95 % quantile over SHUFFLES). Shuffling keeps the labels of
one group (an utterance, a voice) together, as they are in truth. k is NEIGHBOURS, or fewer where a label has so few
clips that the right ones could be outvoted though they are all nearest: at most twice their number less one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from safetensors import safe_open

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

NEIGHBOURS = 5
SHUFFLES = 1000
BLOCK = 8192
"""Weights that are standardised at once."""


@dataclass(frozen=True)
class Accuracy:
    """How often the neighbours of a clip name its label.

    Attributes:
        right: share of the judged clips.
        judged: clips that could be named: some allowed clip has their label.
        majority: share of the commonest label among them.
        shuffled: mean share with shuffled labels.
        high: 95 % quantile of that.
        k: neighbours asked.
    """

    right: float
    judged: int
    majority: float
    shuffled: float
    high: float
    k: int


def points(files: Sequence[Path]) -> NDArray[np.float64]:
    """Clips in weight space: [clips, clips - 1 or fewer], with exactly the distances of all standardised weights.

    No dimension is left where all clips have the same weights.

    Args:
        files: one safetensors file per clip, with the same tensors in each; read one tensor at a time, so the weights
            of all clips together need not fit in memory.
    """
    with safe_open(files[0], "np") as file:
        names = sorted(file.keys())
    gram = np.zeros((len(files), len(files)))
    for name in names:
        weights = np.stack([_tensor(path, name) for path in files])
        for start in range(0, weights.shape[1], BLOCK):
            part = weights[:, start : start + BLOCK].astype(np.float64)
            spread = part.std(axis=0)
            changing = spread > 0
            standard = (part[:, changing] - part[:, changing].mean(axis=0)) / spread[changing]
            gram += standard @ standard.T
    sizes, axes = np.linalg.eigh(gram)
    kept = sizes > max(float(sizes.max()), 0.0) * 1e-10
    return np.asarray((axes[:, kept] * np.sqrt(sizes[kept]))[:, ::-1])


def _tensor(path: Path, name: str) -> NDArray[np.float32]:
    with safe_open(path, "np") as file:
        return np.asarray(file.get_tensor(name), np.float32).ravel()


def accuracy(
    where: NDArray[np.float64], labels: Sequence[str], together: Sequence[str], judged: Sequence[bool] | None = None
) -> Accuracy | None:
    """Accuracy of the nearest neighbours; None where no clip can be judged or all have one label.

    Args:
        where: [clips, dims].
        labels: what is to be named, one per clip.
        together: group of each clip, such as its utterance; clips of a clip's own group are no neighbours of it, and
            shuffling gives one label to a whole group.
        judged: which clips count; all by default. The others are still neighbours.
    """
    names, groups = np.unique(labels, return_inverse=True)[1], np.unique(together, return_inverse=True)[1]
    allowed = groups[:, None] != groups[None, :]
    wanted = np.ones(len(labels), bool) if judged is None else np.asarray(judged, bool)
    wanted = wanted & (allowed & (names[:, None] == names[None, :])).any(axis=1)
    if not wanted.any() or names.max() == 0:
        return None
    own = (allowed & (names[:, None] == names[None, :]))[wanted].sum(axis=1).min()
    k = int(min(NEIGHBOURS, 2 * own - 1, allowed[wanted].sum(axis=1).min()))
    nearest = _nearest(where, allowed, k)
    generator = np.random.default_rng(0)
    first = np.unique(groups, return_index=True)[1]
    chance = []
    for _ in range(SHUFFLES):
        shuffled = generator.permutation(names[first])[groups]
        chance.append(_share(nearest, shuffled, wanted))
    return Accuracy(
        right=_share(nearest, names, wanted),
        judged=int(wanted.sum()),
        majority=max(Counter(names[wanted].tolist()).values()) / int(wanted.sum()),
        shuffled=float(np.mean(chance)),
        high=float(np.quantile(chance, 0.95)),
        k=k,
    )


def _nearest(where: NDArray[np.float64], allowed: NDArray[np.bool_], k: int) -> NDArray[np.intp]:
    """The k nearest allowed clips of each, nearest first: [clips, k]."""
    squares = (where**2).sum(axis=1)
    distance = squares[:, None] + squares[None, :] - 2 * where @ where.T
    return np.argsort(np.where(allowed, distance, np.inf), axis=1, kind="stable")[:, :k]


def _share(nearest: NDArray[np.intp], names: NDArray[np.intp], wanted: NDArray[np.bool_]) -> float:
    """Share of the wanted clips that the majority of their neighbours names rightly."""
    votes = names[nearest[wanted]]
    count = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    # argmax takes the first of equals, which is the nearest neighbour.
    said = votes[np.arange(len(votes)), count.argmax(axis=1)]
    return float((said == names[wanted]).mean())


def embedded(where: NDArray[np.float64], perplexity: float) -> NDArray[np.float64]:
    """A t-SNE picture of the points: [clips, 2]. Seeded; started from the two main directions."""
    from sklearn.manifold import TSNE

    made = TSNE(perplexity=perplexity, init="pca", learning_rate="auto", random_state=0).fit_transform(where)
    return np.asarray(made, np.float64)


def perplexity_for(clips: int, wanted: float = 30.0) -> float:
    """The perplexity for so many clips: the one wanted, or a third of the others where they are too few."""
    return min(wanted, (clips - 1) / 3)
