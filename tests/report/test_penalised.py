"""Penalised means: a failed estimate counts as the worst value, a score that is missing otherwise is left out."""

import csv
import io

import pytest

from hsbench.metrics.base import ESTIMATE_FAULTS, info
from hsbench.report.form import Form
from hsbench.report.latex import latex
from hsbench.report.markdown import markdown
from hsbench.report.summary_csv import summary_csv
from hsbench.report.table import build

from .conftest import CLIPS, make_view

FORM = Form(penalised_means=True)
WORST = -50.7
OTHERS = [13, 14, 12, 13, 14]
"""SI-SNR of FMLP in the folder of the tests, without the first clip, whose estimate is silent."""


def lose(results, status, clip=CLIPS[1], metric="si_snr"):
    row = {"clip": clip, "metric": metric, "version": 1, "value": None, "status": status, "seconds": 0.0}
    results.folder("inr-fmlp--x").append_scores([row])


def entry(results, metric="si_snr"):
    return build(make_view(), results).rows[0].entries[metric]


def test_a_silent_estimate_counts_as_the_worst_value(results):
    assert info("si_snr").worst == WORST
    assert entry(results).summary.mean == pytest.approx(sum(OTHERS) / 5)
    assert entry(results).penalised == pytest.approx((WORST + sum(OTHERS)) / 6)
    assert build(make_view(), results).rows[1].entries["si_snr"].penalised == pytest.approx(10 + 8000 / 6000)


@pytest.mark.parametrize("status", sorted(ESTIMATE_FAULTS))
def test_every_fault_of_the_estimate_counts(results, status):
    lose(results, status)
    assert entry(results).penalised == pytest.approx((2 * WORST + sum(OTHERS[1:])) / 6)


@pytest.mark.parametrize(
    "status", ["target_silent", "non_finite_target", "too_short", "no_utterances", "unavailable", "error:ValueError"]
)
def test_a_score_that_is_missing_otherwise_is_left_out(results, status):
    lose(results, status)
    assert entry(results).penalised == pytest.approx((WORST + sum(OTHERS[1:])) / 5)


def test_a_clip_that_was_never_scored_is_left_out(results):
    view = make_view(metrics=("mse", "si_snr", "pesq"))
    assert build(view, results).rows[0].entries["pesq"].penalised is None


def test_a_metric_without_a_worst_value_has_no_mean_where_an_estimate_failed(results):
    assert info("mse").worst is None
    assert entry(results, "mse").penalised == pytest.approx(0.003)
    lose(results, "diverged", metric="mse")
    assert entry(results, "mse").penalised is None
    table = build(make_view(), results)
    assert "| FMLP [quick] | - | 2.55 |" in " ".join(markdown([table], FORM).split())
    assert "FMLP [quick] &  &  & -- & 2.55 \\\\" in latex([table], FORM)


def test_tables_show_the_means_in_a_block_that_names_the_worst_values(results):
    table = build(make_view(metrics=("mse", "si_snr", "pesq", "stoi")), results)
    shown = " ".join(markdown([table], FORM).split())
    assert "| penalised, with failed estimates | MSE | SI-SNR (dB) |" in shown
    assert "collapsed, diverged, estimate_silent, length_mismatch, non_finite_estimate" in shown
    assert "the worst value: SI-SNR -50.7 dB, PESQ 1, STOI 0." in shown
    assert "\\textit{Penalised, with failed estimates:}" in latex([table], FORM)
    assert "enalised" not in markdown([table]) + latex([table]) + summary_csv([table])


def test_csv_has_the_mean_as_its_last_column(results):
    lines = list(csv.DictReader(io.StringIO(summary_csv([build(make_view(), results)], FORM))))
    assert list(lines[0])[-2:] == ["comparable", "penalised_mean"]
    means = {(line["row"], line["metric"]): float(line["penalised_mean"]) for line in lines}
    assert means["FMLP", "si_snr"] == pytest.approx((WORST + sum(OTHERS)) / 6)
    assert means["SIREN", "mse"] == pytest.approx(8 / 6000)


def test_the_command_has_the_choice(hsbench_here, results):
    results.write_view(make_view())
    report = ("report", "--results", results.root, "--format", "csv", "--aggregate")
    _, out, _ = hsbench_here(*report, "penalised")
    assert out.splitlines()[0].endswith(",comparable,penalised_mean")
    assert hsbench_here(*report, "median")[0] == 2
