"""The number that a row has for each clip in a contrast: a score, a band error, or what its neighbours say.

error_below, error_above   energy of the error below and above half the Nyquist frequency, in dB relative to the energy
                           of the reference there: 0 is silence, negative is better
error_contrast             error_above - error_below
same_voice, same_sex       1 where the nearest neighbours of a clip in weight space name its voice or its sex, else 0,
                           minus the share that shuffled labels reach (hsbench.analysis.weight_space)

Half the Nyquist frequency, a quarter of the sample rate, is the Nyquist frequency of a fit to every second sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import safe_open

from hsbench.analysis import frame, stats, weight_space
from hsbench.audio.io import read_mono

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hsbench.results.cell_folder import CellFolder
    from hsbench.results.store import Results
    from hsbench.results.view import View, ViewRow

    Values = NDArray[np.float64]

BANDS = ("error_below", "error_above", "error_contrast")
NEIGHBOURS = {"same_voice": "speaker", "same_sex": "sex"}
LATENTS = "latents"
"""Tensor of a patch INR: [patches, numbers of a patch]. Its mean over the patches stands for the clip."""


def column(results: Results, view: View, row: ViewRow, clips: Sequence[str], quantity: str) -> Values:
    """Return a quantity of a row for each clip, the mean over seeds: [clips], NaN where there is none.

    Args:
        results: the results folder.
        view: the view of the row.
        row: the row.
        clips: identifiers of the clips.
        quantity: registered metric, or one of the quantities above.
    """
    folders = [results.folder(cell) for cell in row.cells]
    if quantity in BANDS:
        values = np.array([[_band(results, view, row, folder, clip, quantity) for clip in clips] for folder in folders])
    elif quantity in NEIGHBOURS:
        values = np.array([_neighbours(results, view, row, folder, clips, quantity) for folder in folders])
    else:
        values = frame.values([folder.scores() for folder in folders], clips, quantity)
    return stats.per_clip(values.reshape(len(folders), len(clips)))


def band_errors(reference: Values, estimate: Values) -> tuple[float, float]:
    """Return the error below and above half the Nyquist frequency in dB relative to the reference; both [samples].

    The energies are those of the discrete Fourier transform of the whole clip (Parseval). NaN where the reference has
    no energy in a band.
    """
    error, truth = np.abs(np.fft.rfft(reference - estimate)) ** 2, np.abs(np.fft.rfft(reference)) ** 2
    middle = error.size // 2
    return _decibel(error[:middle], truth[:middle]), _decibel(error[middle:], truth[middle:])


def _decibel(error: Values, truth: Values) -> float:
    numerator, denominator = float(error.sum()), float(truth.sum())
    if denominator == 0:
        return float("nan")
    return 10 * float(np.log10(max(numerator, 1e-12 * denominator) / denominator))


def _band(results: Results, view: View, row: ViewRow, folder: CellFolder, clip: str, quantity: str) -> float:
    """Return a band error of one clip; NaN where a file is missing or a sample is not finite."""
    facts = results.references().get((view.corpus(row).fingerprint, clip))
    if facts is None or not folder.audio(clip).exists():
        return float("nan")
    reference, estimate = (
        read_mono(path)[0].astype(np.float64) for path in (results.reference_audio(facts["audio"]), folder.audio(clip))
    )
    if reference.shape != estimate.shape or not np.isfinite(estimate).all():
        return float("nan")
    below, above = band_errors(reference, estimate)
    return {"error_below": below, "error_above": above, "error_contrast": above - below}[quantity]


def _neighbours(
    results: Results, view: View, row: ViewRow, folder: CellFolder, clips: Sequence[str], quantity: str
) -> Values:
    """Return for each clip whether its neighbours are right, minus chance: [clips], NaN where that is not defined.

    A clip is no neighbour of those of its utterance; where the sex is asked for, of those of its voice.
    """
    known, values = results.references(), np.full(len(clips), np.nan)
    facts = [known.get((view.corpus(row).fingerprint, clip), {}) for clip in clips]
    present = [
        index
        for index, clip in enumerate(clips)
        if facts[index].get(NEIGHBOURS[quantity]) and folder.weights(clip).exists()
    ]
    if len(present) < 3:
        return values
    label, group = NEIGHBOURS[quantity], "source" if quantity == "same_voice" else "speaker"
    labels, groups = ([str(facts[index][key]) for index in present] for key in (label, group))
    coordinates = _coordinates(folder, [clips[index] for index in present])
    right = weight_space.right(coordinates, labels, groups)
    if right is not None:
        values[present] = right
    return values


def _coordinates(folder: CellFolder, clips: Sequence[str]) -> Values:
    """Return coordinates [clips, dims] of the weights of clips; of their mean latents where the model has patches."""
    files = [folder.weights(clip) for clip in clips]
    with safe_open(files[0], "np") as file:
        patches = LATENTS in file.keys()  # noqa: SIM118  the file is no mapping
    if not patches:
        return weight_space.points(files)
    latents = np.stack([_mean_latent(path) for path in files])
    spread = latents.std(axis=0)
    standard: Values = (latents - latents.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return standard


def _mean_latent(path: Any) -> Values:
    with safe_open(path, "np") as file:
        mean: Values = np.asarray(file.get_tensor(LATENTS), np.float64).mean(axis=0)
    return mean


def floors_of(results: Results, view: View, rows: Mapping[str, ViewRow], clips: Sequence[str]) -> dict[str, Any]:
    """Return model of a floor -> metric -> scores [seeds, clips], for the floors of a view on some clips.

    Args:
        results: the results folder.
        view: the view.
        rows: name -> row, those on the wanted split.
        clips: identifiers of the clips.
    """
    from hsbench.spec import FLOOR_MODELS

    return {row.model: scores(results, view, row, clips) for row in rows.values() if row.model in FLOOR_MODELS}


def scores(results: Results, view: View, row: ViewRow, clips: Sequence[str]) -> dict[str, Values]:
    """Return metric -> scores [seeds, clips] of a row, NaN where there is none."""
    cells = [results.folder(cell).scores() for cell in row.cells]
    return {metric: frame.values(cells, clips, metric) for metric in view.metrics}
