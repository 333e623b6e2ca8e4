"""hsbench: benchmark and evaluation suite for implicit neural representations of sound.

`hsbench.score(reference, estimate, sample_rate)` scores one pair; everything else is reached through the command line
or the modules below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hsbench.metrics.suite import score

__version__ = "0.1.0"
__all__ = ["__version__", "score"]


def __getattr__(name: str) -> Any:
    """Import `score` when it is first asked for, so that `import hsbench` stays light."""
    if name == "score":
        from hsbench.metrics.suite import score

        return score
    raise AttributeError(f"module 'hsbench' has no attribute {name!r}")
