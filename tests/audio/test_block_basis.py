"""Bases for blocks: the correlation matrix equals its definition, and the learned basis is the same everywhere."""

import numpy as np
import pytest
from scipy.fft import dct

from hsbench.audio.block_basis import block_correlation, dct_basis, karhunen_loeve
from hsbench.audio.passages import joined

SIZE = 16


def recordings():
    """Return the noise, filtered in a different way each, of three recordings, int16."""
    noise = np.random.default_rng(0).standard_normal((3, 500))
    return [
        np.int16(4000 * np.convolve(noise[number], np.ones(3 + number), "same")[: 400 + 50 * number])
        for number in range(3)
    ]


def correlation(*recorded, size=SIZE):
    passages = joined([np.asarray(recording, np.int16) for recording in recorded])
    return block_correlation(passages, range(len(passages)), size, lambda *call: None)


def blocks(*recorded, size=SIZE):
    """Return every block of the recordings, [blocks, size], each recording divided by its peak."""
    return np.stack(
        [
            recording[at : at + size] / np.abs(recording).max()
            for recording in recorded
            for at in range(len(recording) - size + 1)
        ]
    )


@pytest.mark.parametrize("size", [1, 2, SIZE])
@pytest.mark.parametrize("stretch", [1, 20, 100, 1 << 15])
def test_the_correlation_matrix_is_the_mean_over_all_blocks(stretch, size, monkeypatch):
    monkeypatch.setattr("hsbench.audio.block_basis.STRETCH", stretch)
    every = blocks(*recordings(), size=size)
    assert np.abs(correlation(*recordings(), size=size) - every.T @ every / len(every)).max() < 1e-12


def test_only_the_chosen_passages_count_and_progress_is_reported():
    calls = []
    first, _, last = recordings()
    found = block_correlation(joined(recordings()), [0, 2], SIZE, lambda *call: calls.append(call))
    assert np.array_equal(found, correlation(first, last))
    assert calls == [(1, 2), (2, 2)]


def test_every_passage_is_divided_by_its_peak_and_a_short_one_is_filled_up():
    wave, short = np.arange(-40, 41) ** 3 // 500, np.array([3, -5, 2])
    both = correlation(wave, short)
    assert np.abs(both - correlation(-31 * wave, 1000 * short)).max() < 1e-12
    assert np.abs(both - correlation(wave, np.pad(short, (0, SIZE - 3)))).max() < 1e-12
    assert np.abs(both - correlation(wave)).max() > 1e-3
    assert np.abs(correlation([-32768] * SIZE) - 1).max() < 1e-12, "-32768 has no positive counterpart in int16"


def test_the_dct_is_that_of_scipy():
    block = np.random.default_rng(1).standard_normal(SIZE)
    assert np.abs(block @ dct_basis(SIZE) - dct(block, norm="ortho")).max() < 1e-12
    assert np.array_equal(dct_basis(1), [[1.0]])


def test_eigenvalues_fall_and_are_the_energies_of_the_coefficients():
    every = blocks(*recordings())
    values, basis = karhunen_loeve(correlation(*recordings()))
    energies = np.mean((every @ basis) ** 2, axis=0)
    assert (np.diff(values) < 0).all()
    assert energies == pytest.approx(values, abs=1e-8)
    assert np.abs(basis.T @ basis - np.eye(SIZE)).max() < 1e-12


def test_equal_eigenvalues_give_dct_vectors_in_the_order_of_frequency():
    tone = dct_basis(SIZE)[:, 9]
    others = [*range(9), *range(10, SIZE)]
    for matrix, order in (
        (np.zeros((SIZE, SIZE)), range(SIZE)),
        (np.eye(SIZE), range(SIZE)),
        (np.outer(tone, tone), [9, *others]),
    ):
        assert np.abs(karhunen_loeve(matrix)[1] - dct_basis(SIZE)[:, list(order)]).max() < 1e-4


def test_the_signs_of_the_vectors_are_fixed(monkeypatch):
    before, eigh = karhunen_loeve(correlation(*recordings()))[1], np.linalg.eigh
    flips = np.where(np.arange(SIZE) % 3 == 0, -1.0, 1.0)

    def flipped(matrix):
        values, vectors = eigh(matrix)
        return values, vectors * flips

    monkeypatch.setattr(np.linalg, "eigh", flipped)
    assert np.array_equal(karhunen_loeve(correlation(*recordings()))[1], before)
