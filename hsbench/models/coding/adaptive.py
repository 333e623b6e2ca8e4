"""Which table codes which number of a matrix whose neighbours are alike: spectra, and latents of successive patches.

Rows are moments in time and columns are frequencies or latent variables. Speech is loud and quiet by turns and has few
loud frequencies at a time, so the size of a number is predicted from numbers that are coded already:

* f: running mean of |k| in its column, half of it the row before, and s: one of the last sixteen rows;
* f of the two columns beside it;
* for odd columns, which are coded after the even ones of a row, |k| of both neighbours in the row itself.

The prediction v falls into one of some thirty classes. Every class counts how large its numbers were so far, and codes
the next one by the geometric table of that mean. Nothing of this is stored: the decoder makes the same predictions from
the same numbers. All arithmetic is in whole numbers, so that it does so on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hsbench.models.coding.tables import BOUNDARIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNIT = 64
"""Predictions are in units of 1 / UNIT."""
EDGES = np.array([1, *(base << shift for shift in range(1, 22) for base in (2, 3))], dtype=np.int64) // 2
"""Lower edges of the classes of a prediction."""
PRIOR = 4
"""Numbers that a class is taken to have seen before its first, each as large as its prediction."""
EVEN, ODD = slice(0, None, 2), slice(1, None, 2)


class Classes:
    """The classes of one matrix, which learn row by row.

    Args:
        columns: number of columns of the matrix.
    """

    def __init__(self, columns: int) -> None:
        # One column of zeros on either side, so that every column has two neighbours.
        self._fast, self._slow = np.zeros(columns + 2, np.int64), np.zeros(columns + 2, np.int64)
        self._row = np.zeros(columns + 2, np.int64)
        self._sums = np.tile(PRIOR * EDGES, (2, 1))
        self._counts = np.full((2, EDGES.size), PRIOR, np.int64)

    def codes(self, odd: bool) -> NDArray[np.int64]:
        """Return the code of the table of every even or every odd column of the next row.

        Args:
            odd: whether to do so for the odd columns, once `learn` knows the even ones.
        """
        self._chosen = self._classes()[ODD if odd else EVEN]
        if odd:
            beside = UNIT // 2 * (self._row[:-2] + self._row[2:])
            self._chosen = _number((self._prediction() + beside)[ODD] >> 1)
        means = (self._sums[int(odd)] << 20) // (UNIT * self._counts[int(odd)])
        codes: NDArray[np.int64] = 1 + np.searchsorted(BOUNDARIES, means)[self._chosen]
        return codes

    def learn(self, odd: bool, numbers: NDArray[np.int32]) -> None:
        """Take note of the numbers of the columns that `codes` was last asked for.

        Args:
            odd: whether they are the odd columns.
            numbers: the numbers.
        """
        sizes = np.abs(numbers.astype(np.int64))
        self._row[1:-1][ODD if odd else EVEN] = sizes
        np.add.at(self._sums[int(odd)], self._chosen, UNIT * sizes)
        np.add.at(self._counts[int(odd)], self._chosen, 1)

    def end_row(self) -> None:
        """Take note that all columns of a row are known."""
        self._fast[1:-1] += (UNIT * self._row[1:-1] - self._fast[1:-1]) >> 1
        self._slow[1:-1] += (UNIT * self._row[1:-1] - self._slow[1:-1]) >> 4
        self._row[:] = 0

    def _prediction(self) -> NDArray[np.int64]:
        """Return v of every column."""
        fast = self._fast
        return (2 * fast[1:-1] + fast[:-2] + fast[2:] + 2 * self._slow[1:-1]) // 6

    def _classes(self) -> NDArray[np.int64]:
        return _number(self._prediction())


def _number(prediction: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of the classes of some predictions."""
    numbers: NDArray[np.int64] = np.maximum(np.searchsorted(EDGES, prediction, side="right") - 1, 0)
    return numbers
