"""The entropy coder: exact, never larger than plain whole numbers, near the entropy, and safe on foreign bytes."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from hsbench.audio.mdct import mdct
from hsbench.errors import DataError, UsageError
from hsbench.models.coding import entropy, tables

SUMS = [81, 4464709, 15260737, 238764291, 339489143, 4194385, 35363321, 331890467, 339738535]
BOUNDS = [71467, 404281, 73182735, 26494980234]
CODED = "6806007c4f10016e071162"
"""Values of the first release."""


def drawn(kind, shape, largest, seed=0):
    rng = np.random.default_rng(seed)
    numbers = {
        "even": lambda: rng.integers(-largest, largest + 1, shape),
        "gauss": lambda: rng.normal(0, largest / 4, shape),
        "laplace": lambda: rng.laplace(0, largest / 12, shape),
        "zeros": lambda: np.zeros(shape),
    }[kind]()
    return np.clip(np.rint(numbers), -largest, largest).astype(np.int32)


def entropy_of(matrix):
    _, counts = np.unique(matrix, return_counts=True)
    return float(-(counts * np.log2(counts / matrix.size)).sum())


@given(
    matrices=st.lists(
        arrays.arrays(np.int32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(-300, 300)),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=60, deadline=None)
def test_every_matrix_comes_back(matrices):
    coded = entropy.encode(matrices)
    decoded = entropy.decode(coded, [matrix.shape for matrix in matrices])
    assert all(np.array_equal(one, other) for one, other in zip(matrices, decoded, strict=True))


@pytest.mark.parametrize("bits", [5, 6, 7, 8])
@pytest.mark.parametrize("kind", ["even", "gauss", "laplace"])
def test_it_is_never_larger_than_plain_numbers_plus_2_percent_and_near_the_entropy(kind, bits):
    matrix = drawn(kind, (30, 30), 2 ** (bits - 1) - 1)
    size = 8 * len(entropy.encode([matrix]))
    assert size <= 1.02 * bits * matrix.size
    assert size <= 1.06 * entropy_of(matrix) + 8 * entropy.HEAD + 64


def test_zeros_take_three_bytes():
    assert len(entropy.encode([drawn("zeros", (40, 50), 1)])) == 3


def test_neighbours_in_time_and_frequency_tell_almost_as_much_as_the_true_loudness():
    rng = np.random.default_rng(1)
    loudness = 30 * np.repeat(rng.uniform(0.01, 1, 20), 10)[:, None] * np.linspace(1, 0.01, 64) ** 4
    spectra = np.rint(rng.laplace(0, loudness, (200, 64))).astype(np.int32)
    coded = entropy.encode([spectra])
    assert coded[0] == tables.ADAPTIVE
    inside = np.exp(-(np.abs(spectra) - 0.5).clip(0) / loudness)  # P(|x| > |k| - 1/2), and half the mass outside 0
    outside = np.exp(-(np.abs(spectra) + 0.5) / loudness)
    known = -np.log2(np.where(spectra == 0, 1 - outside, (inside - outside) / 2)).sum()
    assert known < 8 * len(coded) < 1.1 * known
    assert 8 * len(coded) < 0.9 * entropy_of(spectra), "less than any single table"
    assert np.array_equal(entropy.decode(coded, [spectra.shape])[0], spectra)


def test_spectra_of_a_chirp_with_large_numbers_come_back():
    times = np.arange(20000) / 22050
    spectra = np.rint(mdct(np.sin(2000 * times**2), 64) / 1e-3).astype(np.int32)
    assert np.abs(spectra).max() > 1000
    assert np.array_equal(entropy.decode(entropy.encode([spectra]), [spectra.shape])[0], spectra)


def test_numbers_beyond_the_tables_are_refused():
    with pytest.raises(UsageError, match=r"whole numbers within \+-32767 to code, got 32768"):
        entropy.encode([np.full((1, 2), 32768, np.int32)])


@given(data=st.binary(max_size=80))
@settings(max_examples=300, deadline=None)
def test_foreign_bytes_give_numbers_within_range_or_one_sentence(data):
    try:
        (matrix,) = entropy.decode(data, [(4, 6)])
    except DataError as error:
        matrix, message = np.zeros((4, 6)), str(error)
    else:
        message = "its coded numbers are damaged"
    assert "its coded numbers are damaged" in message
    assert matrix.shape == (4, 6)
    assert np.abs(matrix).max() <= tables.LARGEST


def test_another_process_decodes_the_same_numbers(tmp_path):
    matrices = [drawn("gauss", (20, 20), 31), drawn("laplace", (30, 16), 63), drawn("even", (5, 90), 127)]
    matrices[1][::2] //= 8
    np.save(tmp_path / "shapes.npy", [matrix.shape for matrix in matrices])
    (tmp_path / "coded").write_bytes(entropy.encode(matrices))
    script = (
        "import sys, numpy, pathlib; from hsbench.models.coding import entropy; folder = pathlib.Path(sys.argv[1]);"
        "shapes = [tuple(map(int, shape)) for shape in numpy.load(folder / 'shapes.npy')];"
        "matrices = entropy.decode((folder / 'coded').read_bytes(), shapes);"
        "numpy.savez(folder / 'decoded.npz', *matrices)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
    decoded = np.load(tmp_path / "decoded.npz")
    assert all(np.array_equal(matrix, decoded[f"arr_{n}"]) for n, matrix in enumerate(matrices))


def test_the_tables_are_those_of_the_first_release():
    """A table that changes makes streams of earlier versions unreadable: raise container.FORMAT then."""
    sums = [int(tables.frequencies(code, 40).sum()) for code in (0, 1, 20, 40, 76, 77, 100, 120, 152)]
    assert sums == SUMS
    assert tables.BOUNDARIES[[0, 10, 40, 74]].tolist() == BOUNDS
    assert entropy.encode([np.arange(-6, 6, dtype=np.int32).reshape(3, 4)]).hex() == CODED


def test_means_and_deviations_of_tables_are_those_they_are_named_after():
    for code in (10, 20, 30):
        scale = tables.scale(code - 1)
        largest = 5 + int(20 * scale)
        numbers = np.arange(-largest, largest + 1)
        geometric, gauss = (tables.frequencies(each, largest) for each in (code, code + tables.SCALES))
        assert np.abs(numbers) @ geometric / geometric.sum() == pytest.approx(scale, rel=0.01)
        if scale > 1:  # the deviation of a narrower Gaussian on whole numbers is another one
            assert np.sqrt(numbers**2 @ gauss / gauss.sum()) == pytest.approx(scale, rel=0.01)
