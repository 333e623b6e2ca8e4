"""Entropy coding of matrices of whole numbers: one range coder for all matrices of a clip.

Layout: for each matrix one byte with the code of its table (hsbench.models.coding.tables) and two bytes with its
largest |k|; then the words of the range coder, 32 bits each. All numbers are little-endian. A matrix of zeros has no
words.

For each matrix the encoder takes whatever is smallest: the uniform table, a geometric or a Gaussian one, or tables that
adapt to the neighbours. The uniform table costs log2(2 M + 1) bits a number, which is less than the bits of a plain
whole number, so coding can only add the bytes named above and at most two words at the end.

Range coder: package constriction (Bamler 2022, arXiv 2201.01741). It codes a number of probability p in -log2 p bits.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.errors import DataError, UsageError
from hsbench.models.coding import tables
from hsbench.models.coding.adaptive import EVEN, ODD, Classes
from hsbench.models.coding.tables import ADAPTIVE, LARGEST, UNIFORM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.int32]

HEAD = 3
"""Bytes before the words, for each matrix."""


def encode(matrices: Sequence[Matrix]) -> bytes:
    """Return matrices [rows, columns] of whole numbers as bytes.

    Raises:
        UsageError: a number is larger than a table holds.
    """
    import constriction

    encoder, head = constriction.stream.queue.RangeEncoder(), bytearray()
    for matrix in matrices:
        largest = int(np.abs(matrix).max(initial=0))
        if largest > LARGEST:
            raise UsageError(f"expected whole numbers within +-{LARGEST} to code, got {largest}; use a larger step.")
        code = _smallest(matrix, largest)
        head += bytes([code]) + largest.to_bytes(2, "little")
        _write(encoder, matrix, code, largest)
    words: NDArray[np.uint32] = encoder.get_compressed()
    return bytes(head) + words.astype("<u4").tobytes()


def decode(data: bytes, shapes: Sequence[tuple[int, int]]) -> list[Matrix]:
    """Return the matrices that `encode` wrote.

    Args:
        data: the bytes.
        shapes: rows and columns of each matrix.

    Raises:
        DataError: the bytes are not those of such matrices.
    """
    import constriction

    head, words = data[: HEAD * len(shapes)], data[HEAD * len(shapes) :]
    if len(head) < HEAD * len(shapes) or len(words) % 4:
        raise _damaged(f"{len(data)} bytes for {len(shapes)} matrices")
    decoder = constriction.stream.queue.RangeDecoder(np.frombuffer(words, "<u4").astype(np.uint32))
    matrices = []
    for number, shape in enumerate(shapes):
        code, largest = head[HEAD * number], int.from_bytes(head[HEAD * number + 1 : HEAD * (number + 1)], "little")
        if not tables.known(code) or largest > LARGEST:
            raise _damaged(f"table {code} of numbers up to {largest}")
        try:
            matrices.append(_read(decoder, shape, code, largest))
        except (AssertionError, ValueError) as error:
            raise _damaged(str(error)) from error
    if not decoder.maybe_exhausted():
        raise _damaged("more words than the matrices need")
    return matrices


def _write(encoder: Any, matrix: Matrix, code: int, largest: int) -> None:
    """Append a matrix to the range coder's words."""
    if largest == 0 or matrix.size == 0:
        return
    symbols = np.ascontiguousarray(matrix + largest, np.int32)
    if code != ADAPTIVE:
        encoder.encode(symbols.reshape(-1), _model(code, largest))
        return
    classes = Classes(matrix.shape[1])
    for row, numbers in zip(symbols, matrix, strict=True):
        for odd, part in ((False, EVEN), (True, ODD)):
            codes, given = classes.codes(odd), row[part]
            for each in np.unique(codes):
                encoder.encode(np.ascontiguousarray(given[codes == each]), _model(int(each), largest))
            classes.learn(odd, numbers[part])
        classes.end_row()


def _read(decoder: Any, shape: tuple[int, int], code: int, largest: int) -> Matrix:
    """Return the next matrix of the range coder's words."""
    matrix = np.zeros(shape, np.int32)
    if largest == 0 or matrix.size == 0:
        return matrix
    if code != ADAPTIVE:
        flat: Matrix = decoder.decode(_model(code, largest), matrix.size) - np.int32(largest)
        return flat.reshape(shape)
    classes = Classes(shape[1])
    for row in matrix:
        for odd, part in ((False, EVEN), (True, ODD)):
            codes, numbers = classes.codes(odd), row[part]
            for each in np.unique(codes):
                here = codes == each
                numbers[here] = decoder.decode(_model(int(each), largest), int(here.sum())) - np.int32(largest)
            classes.learn(odd, numbers)
        classes.end_row()
    return matrix


def _smallest(matrix: Matrix, largest: int) -> int:
    """Return the code that takes the fewest bits for a matrix."""
    import constriction

    if largest == 0 or matrix.size == 0:
        return UNIFORM
    sizes = np.abs(matrix.astype(np.float64))
    geometric = tables.geometric_code(float(sizes.mean()))
    gaussian = tables.gaussian_code(float(np.sqrt(np.mean(sizes**2))))
    # The best Gaussian for numbers that are cut off at +-M may be much wider than their own deviation.
    candidates = (UNIFORM, *range(geometric - 2, geometric + 3), *range(gaussian - 2, gaussian + 9))
    costs = {code: _cost(matrix, code, largest) for code in candidates if tables.known(code)}
    encoder = constriction.stream.queue.RangeEncoder()
    _write(encoder, matrix, ADAPTIVE, largest)
    costs[ADAPTIVE] = float(encoder.num_bits())
    smallest: int = min(sorted(costs), key=costs.__getitem__)
    return smallest


def _cost(matrix: Matrix, code: int, largest: int) -> float:
    """Return the bits of a matrix by one table."""
    frequency = tables.frequencies(code, largest)
    return float(np.log2(frequency.sum() / frequency)[matrix.reshape(-1) + largest].sum())


@functools.lru_cache(maxsize=1024)
def _model(code: int, largest: int) -> Any:
    """Return constriction's model of a table."""
    import constriction

    return constriction.stream.model.Categorical(tables.frequencies(code, largest), perfect=False)


def _damaged(found: str) -> DataError:
    return DataError(
        f"expected a stream of hsbench, and its coded numbers are damaged: {found}; encode the sound again."
    )
