from types import SimpleNamespace

import pytest

from hsbench.metrics.base import info
from hsbench.report import late, lengths


def scores(*lags):
    facts = [{} if lag is None else {"lag": lag, "gain": 1.0} for lag in lags]
    return {(f"c{number}", metric, 1): fact for number, fact in enumerate(facts) for metric in ("mse", "si_snr")}


@pytest.mark.parametrize("lags", [(0, 0), (None, None), (0, None)])
def test_estimates_that_are_not_late_have_no_remark(lags):
    assert late.remark([scores(*lags)], ["c0", "c1"]) == ""


def test_late_estimates_are_named_with_the_median_lag():
    remark = late.remark([scores(16, 16, 18, 0, None)], [f"c{number}" for number in range(5)])
    assert remark.startswith("3 of 4 estimates are late by 16 samples")
    assert "SI-SNR" in remark
    assert "early by 3 samples" in late.remark([scores(-3)], ["c0"])


def test_only_the_clips_of_the_row_count():
    assert late.remark([scores(16, 0)], ["c1"]) == ""
    assert late.remark([scores(16, 0), scores(0, 8)], ["c0", "c1"]).startswith("2 of 4 estimates")


def test_a_metric_for_longer_clips_is_remarked_on():
    corpora = {"demo": SimpleNamespace(samples=32768, sample_rate=22050)}
    table = SimpleNamespace(view=SimpleNamespace(corpora=corpora), metrics=(info("mse"), info("visqol")))
    ((label, remark),) = lengths.short_clips(table)
    assert label == "ViSQOL"
    assert "developed for clips of 3 s or more, and these have 1.49 s" in remark
    corpora["demo"].samples = 3 * 22050
    assert lengths.short_clips(table) == []
