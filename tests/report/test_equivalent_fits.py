"""The remark below tables of individual fits: how far the same fit moves with another order of summation."""

import json

import pytest

from hsbench.report.html import index
from hsbench.report.html.group import read
from hsbench.report.latex import latex
from hsbench.report.markdown import markdown
from hsbench.report.table import build
from hsbench.spec import Cell, Part, freeze

from .conftest import ROWS, make_view

REMARK = (
    "the same fits with another order of summation (another processor or a GPU) differ: MSE by 0.000200 on a median "
    "clip and up to 0.00110 on one clip, 0.000100 in the mean over 8 clips of demo; SI-SNR by 0.800 dB, 2.13 dB and "
    "0.200 dB (measured at quick); smaller differences between rows are no findings"
)


def spread(median, largest, mean):
    return {"clip_median": median, "clip_max": largest, "mean_range": mean}


@pytest.fixture
def baselines(tmp_path):
    """A folder with what was measured for inr-fmlp of version 2 at quick."""
    by_metric = {"mse": spread(0.0002, 0.0011, 0.0001), "si_snr": spread(0.8, 2.13, 0.2), "pesq": spread(1, 2, 3)}
    document = {"schema": 1, "corpus": "demo", "clips": 8, "fits": 5, "cpu": "c", "torch": "2"}
    document |= {"versions": {"inr-fmlp": 2, "inr-siren": 2}, "spread": {"inr-fmlp": {"quick": by_metric}}}
    (tmp_path / "baselines" / "equivalent_fits").mkdir(parents=True)
    (tmp_path / "baselines" / "equivalent_fits" / "spread.json").write_text(json.dumps(document))
    return tmp_path / "baselines"


def run_version(results, version, model="inr-fmlp"):
    part = Part(model, version, freeze({"width": 87}))
    corpus = Part("demo", 1, freeze({"fingerprint": "f", "sample_rate": 22050, "samples": 32768}))
    results.folder(f"{model}--x").write_spec(Cell(part, corpus, Part("quick", 1), Part("fixed-1", 1), 0))


def view(**changes):
    return make_view(table=None, **changes)


def test_a_table_of_individual_fits_has_the_remark(results, baselines):
    run_version(results, 2)
    table = build(view(), results, baselines)
    assert f"- individual fits: {REMARK}" in " ".join(markdown([table]).split())
    typeset = latex([table])
    assert f"\\textsuperscript{{c}} {REMARK}." in typeset
    assert "FMLP [quick]\\textsuperscript{a,b,c}" in typeset, "the row that was measured has the mark"
    assert "SIREN [quick]\\textsuperscript{a} " in typeset, "the other one has not"
    assert f"<li>individual fits: {REMARK}</li>" in index.page([read(results, view(), baselines)], {})


def test_a_table_without_what_was_measured_has_no_remark(results, baselines):
    def remarked(shown, folder):
        return "order of summation" in markdown([build(shown, results, folder)])

    assert not remarked(view(), baselines), "a cell without a specification"
    run_version(results, 1)
    assert not remarked(view(), baselines), "another version of the model"
    run_version(results, 2)
    assert remarked(view(), baselines)
    assert not remarked(view(budget="standard"), baselines), "another budget"
    assert not remarked(view(metrics=("lsd",)), baselines), "no metric of the table"
    assert not remarked(view(rows=ROWS[1:]), baselines), "no row of the model"
    (baselines / "equivalent_fits" / "spread.json").unlink()
    assert not remarked(view(), baselines), "no file"


def test_a_garbled_specification_leaves_the_table_as_it_is(results, baselines):
    (results.folder("inr-fmlp--x").path / "spec.json").write_text("{")
    assert build(view(), results, baselines).equivalent_fits is None
