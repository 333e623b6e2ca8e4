"""A training split that must not be read, for a model that is trained already or learns nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hsbench.audio.clip import Clip
    from hsbench.audio.passages import Passages
    from hsbench.errors import HsbenchError
    from hsbench.models.base import Training


class NoTraining:
    """Placeholder for the training clips of a model; every access raises an error.

    Args:
        refusal: returns the error to raise.
    """

    def __init__(self, refusal: Callable[[], HsbenchError]) -> None:
        self._refusal = refusal

    def __len__(self) -> int:
        raise self._refusal()

    def __getitem__(self, index: int) -> Clip:
        raise self._refusal()

    def __iter__(self) -> Iterator[Clip]:
        raise self._refusal()

    def first(self, count: int) -> Training:
        """Raise the error, as every access does."""
        del count
        raise self._refusal()

    def passages(self) -> Passages:
        """Raise the error, as every access does."""
        raise self._refusal()
