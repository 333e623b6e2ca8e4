"""`hsbench selftest`: known values of the installed metrics; the answer to "why does my number differ?"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.cli import options

if TYPE_CHECKING:
    from hsbench.api.checkups import Comparison


def selftest(device: options.Device = "cpu") -> None:
    """Compare every metric with its known values: want, got, verdict. Exits with 1 where one differs."""
    from hsbench.api import checkups
    from hsbench.errors import BackendMissingError, DriftError

    made = checkups.known_values(device)
    print(f"{'metric':8} {'pair':18} {'want':>12} {'got':>12} {'tolerance':>10}  verdict")
    for one in made:
        print(_line(one))
    verdicts = [one.verdict for one in made]
    if "differs" in verdicts:
        raise DriftError(f"{verdicts.count('differs')} of {len(verdicts)} known values differ; see the lines above.")
    if "unavailable" in verdicts:
        raise BackendMissingError(
            f"{verdicts.count('unavailable')} of {len(verdicts)} known values could not be computed."
        )
    print(f"all {len(verdicts)} known values agree")


def _line(one: Comparison) -> str:
    known, score = one.known, one.score
    shown = score.status if score.value is None else f"{score.value:.7g}"
    note = f": {score.detail}" if score.value is None and score.detail else ""
    numbers = f"{known.metric:8} {known.pair:18} {known.want:12.7g} {shown:>12} {known.tolerance:10.2g}"
    return f"{numbers}  {one.verdict}{note}"
