"""Do the INR weights of clips lie together when the clips share a voice? Coordinates, and nearest-neighbour accuracy.

Conventions: the INR of a clip has one vector of weights. Every weight is standardised over the clips (mean 0, standard
deviation 1; a weight that is the same for all clips is left out), so that no layer counts more for its scale. Distances
between clips are Euclidean over all standardised weights. Coordinates are [clips, dims].

Accuracy: each clip is given the label (voice, sex) that most of its k nearest clips have; a tie goes to the label of
the nearest clip among those tied. Clips that would give the answer away, such as those of the same utterance, are no
neighbours. Two values stand beside the accuracy: what the commonest label alone would reach (majority), and what
shuffled labels reach (chance: the mean over SHUFFLES shuffles, and their 95 % quantile). A shuffle gives all clips of a
group (an utterance or a voice) one label, as in the data.
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
"""Largest number of neighbours that vote."""
SHUFFLES = 1000
"""Shuffles of the labels from which chance is estimated."""
BLOCK = 8192
"""Weights that are standardised at a time, which bounds the memory."""


@dataclass(frozen=True)
class Accuracy:
    """Accuracy of the nearest neighbours.

    Attributes:
        share: share of the clips whose label their neighbours give.
        clips: number of clips counted; each has its label on at least one clip that may be its neighbour.
        majority: share of the commonest label among these clips.
        chance: mean share over all shuffles of the labels.
        chance_high: 95 % quantile of the share over the shuffles.
        k: number of neighbours that vote.
    """

    share: float
    clips: int
    majority: float
    chance: float
    chance_high: float
    k: int


def points(files: Sequence[Path]) -> NDArray[np.float64]:
    """Return coordinates of the clips that have exactly the distances of all their standardised weights.

    Args:
        files: one safetensors file per clip, with the same tensors in each. Tensors are read one at a time, so the
            weights of all clips together need not fit in memory.

    Returns:
        [clips, dims] with dims < clips, the direction of the largest variance first; dims is 0 where all clips have the
        same weights.
    """
    # Let Z [clips, weights] hold the standardised weights z_i of the clips: millions of columns, but only a few hundred
    # rows. Distances need the Gram matrix G = Z Z^T [clips, clips] alone, since
    #     |z_i - z_j|^2 = G_ii + G_jj - 2 G_ij.
    # 1. G is a sum over weights, so it can be summed block by block: G = sum over blocks b of Z_b Z_b^T.
    # 2. G is symmetric and positive semidefinite: G = U diag(s) U^T with U orthogonal and s >= 0 (eigh). The rows of
    #    P = U diag(sqrt(s)) have the Gram matrix P P^T = G, thus the same distances, with at most as many columns as
    #    there are clips. They are the principal components of Z.
    # 3. The columns of Z have mean 0, so G times a vector of ones is 0 and one eigenvalue at least is 0. Eigenvalues
    #    below 1e-10 of the largest are rounding errors and are left out.
    # eigh returns ascending eigenvalues; the reversal puts the largest variance first.
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
    coordinates: NDArray[np.float64],
    labels: Sequence[str],
    groups: Sequence[str],
    counted: Sequence[bool] | None = None,
) -> Accuracy | None:
    """Return the accuracy of the nearest neighbours; None where no clip can be counted or all have the same label.

    Args:
        coordinates: [clips, dims], as `points` returns them.
        labels: label of each clip, such as its voice.
        groups: group of each clip, such as its utterance. Clips of one group are no neighbours of each other, and a
            shuffle gives one label to a whole group.
        counted: which clips count towards the accuracy; None for all. The others are still neighbours.
    """
    label, group = np.unique(labels, return_inverse=True)[1], np.unique(groups, return_inverse=True)[1]
    allowed = group[:, None] != group[None, :]
    right = allowed & (label[:, None] == label[None, :])
    included = np.ones(len(labels), bool) if counted is None else np.asarray(counted, bool)
    included = included & right.any(axis=1)
    if not included.any() or label.max() == 0:
        return None
    # If only m clips may vote for the right label, k votes are right when all m are nearest and m > k - m, even where
    # the other k - m agree. So k is at most 2 m - 1, with m the least over the clips.
    least = right[included].sum(axis=1).min()
    k = int(min(NEIGHBOURS, 2 * least - 1, allowed[included].sum(axis=1).min()))
    nearest = _nearest(coordinates, allowed, k)
    generator = np.random.default_rng(0)
    first = np.unique(group, return_index=True)[1]
    chance = []
    for _ in range(SHUFFLES):
        shuffled = generator.permutation(label[first])[group]
        chance.append(_share(nearest, shuffled, included))
    return Accuracy(
        share=_share(nearest, label, included),
        clips=int(included.sum()),
        majority=max(Counter(label[included].tolist()).values()) / int(included.sum()),
        chance=float(np.mean(chance)),
        chance_high=float(np.quantile(chance, 0.95)),
        k=k,
    )


def right(coordinates: NDArray[np.float64], labels: Sequence[str], groups: Sequence[str]) -> NDArray[np.float64] | None:
    """Return for each clip whether its neighbours give its label (1) or not (0), minus the mean of shuffled labels.

    The neighbours, the number of them and the shuffles are those of `accuracy`.

    Args:
        coordinates: [clips, dims].
        labels: label of each clip.
        groups: group of each clip; clips of one group are no neighbours, and a shuffle gives them one label.

    Returns:
        [clips], NaN for a clip whose label no possible neighbour has; None where `accuracy` has no value.
    """
    overall = accuracy(coordinates, labels, groups)
    if overall is None:
        return None
    label, group = np.unique(labels, return_inverse=True)[1], np.unique(groups, return_inverse=True)[1]
    allowed = group[:, None] != group[None, :]
    counted = (allowed & (label[:, None] == label[None, :])).any(axis=1)
    nearest = _nearest(coordinates, allowed, overall.k)
    single = np.eye(len(label), dtype=bool)
    hits = np.array([_share(nearest, label, single[clip]) for clip in range(len(label))])
    return np.where(counted, hits - overall.chance, np.nan)


def _nearest(coordinates: NDArray[np.float64], allowed: NDArray[np.bool_], k: int) -> NDArray[np.intp]:
    """Return the k nearest neighbours of each clip, nearest first: [clips, dims] -> [clips, k] indices."""
    # |x - y|^2 = |x|^2 + |y|^2 - 2 x y, for all pairs with one matrix product.
    squares = (coordinates**2).sum(axis=1)
    distance = squares[:, None] + squares[None, :] - 2 * coordinates @ coordinates.T
    return np.argsort(np.where(allowed, distance, np.inf), axis=1, kind="stable")[:, :k]


def _share(nearest: NDArray[np.intp], label: NDArray[np.intp], included: NDArray[np.bool_]) -> float:
    """Return the share of the included clips whose label is the majority label of their neighbours."""
    votes = label[nearest[included]]
    count = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    # argmax takes the first of equals, which is the nearest neighbour.
    majority = votes[np.arange(len(votes)), count.argmax(axis=1)]
    return float((majority == label[included]).mean())


def embedded(coordinates: NDArray[np.float64], perplexity: float) -> NDArray[np.float64]:
    """Return a t-SNE embedding for a picture: [clips, dims] -> [clips, 2].

    The random state is fixed, and the embedding starts from the two principal components.

    Args:
        coordinates: [clips, dims], as `points` returns them.
        perplexity: of t-SNE, about the number of neighbours that each clip is kept close to.
    """
    from sklearn.manifold import TSNE

    picture = TSNE(perplexity=perplexity, init="pca", learning_rate="auto", random_state=0).fit_transform(coordinates)
    return np.asarray(picture, np.float64)


def perplexity_for(clips: int, wanted: float = 30.0) -> float:
    """Return the t-SNE perplexity for a number of clips.

    Args:
        clips: number of clips.
        wanted: perplexity where there are enough clips; otherwise it is a third of the number of other clips.
    """
    return min(wanted, (clips - 1) / 3)
