"""`hsbench selftest`: known values of the installed metrics; the answer to "why does my number differ?"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.cli import options

if TYPE_CHECKING:
    from hsbench.metrics.base import Score
    from hsbench.metrics.known import Known


def selftest(device: options.Device = "cpu") -> None:
    """Compare every metric with its known values: want, got, verdict. Exits with 1 where one differs."""
    from hsbench.cli import asking
    from hsbench.errors import BackendMissingError, DriftError
    from hsbench.metrics import known
    from hsbench.metrics.suite import Scorer

    chosen, pairs, wanted = asking.resources(device, 1, None, None).device, known.pairs(), known.values()
    metrics = {pair: [one.metric for one in wanted if one.pair == pair] for pair in pairs}
    with Scorer(known.RATE, chosen) as scorer:
        scores = dict(scorer.score((name, *pair, metrics[name]) for name, pair in pairs.items()))
    print(f"{'metric':8} {'pair':18} {'want':>12} {'got':>12} {'tolerance':>10}  verdict")
    verdicts = [_line(one, scores[one.pair][one.metric]) for one in wanted]
    if "differs" in verdicts:
        raise DriftError(f"{verdicts.count('differs')} of {len(verdicts)} known values differ; see the lines above.")
    if "unavailable" in verdicts:
        raise BackendMissingError(
            f"{verdicts.count('unavailable')} of {len(verdicts)} known values could not be computed."
        )
    print(f"all {len(verdicts)} known values agree")


def _line(one: Known, got: Score) -> str:
    """Print a comparison; gives its verdict."""
    if got.value is None:
        verdict = "unavailable" if got.status == "unavailable" else "differs"
        shown, note = got.status, f": {got.detail}" if got.detail else ""
    else:
        verdict = "ok" if abs(got.value - one.want) <= one.tolerance else "differs"
        shown, note = f"{got.value:.7g}", ""
    print(f"{one.metric:8} {one.pair:18} {one.want:12.7g} {shown:>12} {one.tolerance:10.2g}  {verdict}{note}")
    return verdict
