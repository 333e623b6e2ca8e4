"""`hsbench selftest`: compare the installed metrics with known values, to explain numbers that differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.cli import options

if TYPE_CHECKING:
    from hsbench.api.checkups import Comparison


def selftest(device: options.Device = "cpu") -> None:
    """Compute every metric on test sounds and compare it with its known values. Exit code 1: a value differs."""
    from hsbench.api import checkups
    from hsbench.errors import BackendMissingError, DriftError

    comparisons = checkups.known_values(device)
    print(f"{'metric':8} {'pair':18} {'expected':>12} {'computed':>12} {'tolerance':>10}  verdict")
    for comparison in comparisons:
        print(_line(comparison))
    verdicts = [comparison.verdict for comparison in comparisons]
    if count := verdicts.count("differs"):
        verb = "differs" if count == 1 else "differ"
        raise DriftError(f"{count} of {len(verdicts)} known values {verb}; see the lines above.")
    if "unavailable" in verdicts:
        raise BackendMissingError(
            f"{verdicts.count('unavailable')} of {len(verdicts)} known values could not be computed."
        )
    print(f"all {len(verdicts)} known values agree")


def _line(comparison: Comparison) -> str:
    """Return the line of one known value."""
    known, score = comparison.known, comparison.score
    shown = score.status if score.value is None else f"{score.value:.7g}"
    note = f": {score.detail}" if score.value is None and score.detail else ""
    numbers = f"{known.metric:8} {known.pair:18} {known.want:12.7g} {shown:>12} {known.tolerance:10.2g}"
    return f"{numbers}  {comparison.verdict}{note}"
