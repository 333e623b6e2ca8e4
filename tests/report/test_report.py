"""Tables as values, and as Markdown, CSV and LaTeX."""

import csv
import dataclasses
import io

import pytest

from hsbench.analysis.frame import COLUMNS, long_frame
from hsbench.metrics.base import info
from hsbench.report import text
from hsbench.report.form import Form
from hsbench.report.latex import latex
from hsbench.report.markdown import WIDTH, markdown, wrapped
from hsbench.report.summary_csv import summary_csv
from hsbench.report.table import build

from .conftest import CLIPS, CORPUS, ROWS, make_view


def corpus(**changes):
    return dataclasses.replace(CORPUS, **changes)


def test_a_table_holds_means_intervals_coverage_and_exact_ratio(results):
    table = build(make_view(), results)
    fmlp, siren = table.rows
    assert fmlp.entries["mse"].summary.mean == pytest.approx(0.003)
    assert fmlp.entries["mse"].summary.low < 0.003 < fmlp.entries["mse"].summary.high
    assert (fmlp.entries["si_snr"].summary.n, fmlp.entries["si_snr"].summary.n_total) == (5, 6)
    assert fmlp.ratio == pytest.approx(32768 / 33031)
    assert siren.entries["mse"].bold
    assert not fmlp.entries["mse"].bold
    assert fmlp.missing == {("si_snr", "estimate_silent"): 1}
    assert fmlp.badge == "quick"


def test_rows_of_an_older_metric_version_do_not_count(results):
    folder = results.folder("inr-fmlp--x")
    folder.append_scores(
        [{"clip": CLIPS[0], "metric": "mse", "version": 0, "value": 9.0, "status": "ok", "seconds": 0}]
    )
    assert build(make_view(), results).rows[0].entries["mse"].summary.mean == pytest.approx(0.003)


def test_the_later_of_two_rows_counts(results):
    folder = results.folder("inr-fmlp--x")
    folder.append_scores(
        [{"clip": CLIPS[0], "metric": "mse", "version": 1, "value": 9.0, "status": "ok", "seconds": 0}]
    )
    assert build(make_view(), results).rows[0].entries["mse"].summary.mean == pytest.approx((9 + 0.016) / 6)


def test_numbers_and_kbit_are_columns_where_a_row_stores_only_bits(results):
    assert "kbit" not in markdown([build(make_view(), results)])
    coded = {"status": "ok", "numbers": 0, "steps": 0, "seconds": 0.1, "clipped": 0.0}
    folder = results.folder("inr-siren--x")
    folder.append_reconstructions({"clip": clip, "bits": 8000 + 100 * n, **coded} for n, clip in enumerate(CLIPS))
    table = build(make_view(), results)
    fmlp, siren = table.rows
    assert (siren.ratio, siren.numbers, siren.kbit) == (None, 0, 8.25)
    assert text.fact_columns(table) == ["numbers", "kbit"]
    assert text.fact_cells(siren, ["numbers", "kbit"]) == ["", "8.25"]
    assert text.fact_cells(fmlp, ["numbers", "kbit"]) == ["33031", "0.00100"]
    assert "a codec stores bits and no numbers" in markdown([table])
    assert "& numbers & kbit &" in latex([table])


def test_a_row_without_cells_has_its_note_and_does_not_affect_other_rows(results):
    mine = dataclasses.replace(ROWS[0], name="mine", cells=(), departures=(), notes=("not given",))
    table = build(make_view(rows=(*ROWS, mine)), results)
    assert [row.entries["mse"].bold for row in table.rows] == [False, True, False]
    assert (table.rows[2].built, table.rows[2].wanted, table.rows[2].missing) == (0, 0, {})
    assert "- mine: not given" in markdown([table])


def test_markdown_shows_what_a_reviewer_asks_for(results):
    shown = markdown([build(make_view(), results)])
    assert "### Table 2d: Individual INRs (upper bound)" in shown
    assert "corpus demo (synthetic speech; fingerprint f), 6 clips of 32768 samples at 22050 Hz; split" in shown
    assert max(len(line) for line in shown.splitlines() if not line.startswith("|")) <= WIDTH
    assert "FMLP [quick]" in shown
    assert "**0.00133**" in shown
    assert "(5/6)" in shown
    assert "0.992" in shown
    assert "scores without a value: 1 of si_snr (estimate_silent)" in shown
    assert "steps 10 (paper 100000)" in shown
    assert "**not comparable**" in shown
    assert "corpus demo (synthetic speech) instead of vctk" in shown
    assert "< 0.001" in shown
    ours, published = shown.split("Published (Szatkowski et al. 2023")
    assert "27.53" in published
    assert "27.53" not in ours
    widths = {len(line) for line in ours.splitlines() if line.startswith("|")}
    assert len(widths) == 1


@pytest.mark.parametrize("sign", ["-", "*", "#", ">", "1.", "2)"])
def test_a_wrapped_paragraph_never_starts_a_list(sign):
    lines = wrapped(f"{'x' * 60} {'y' * 38} {sign} {'z' * 60}").splitlines()
    assert lines == [f"{'x' * 60} {'y' * 38} {sign} {'z' * 60}"] or all(not line.startswith(sign) for line in lines)


def test_every_rendering_names_a_partial_corpus(results):
    reasons = ("partial corpus: 3 of 9 files", "corpus settings changed: mics=1")
    partial = make_view(corpora={"demo": corpus(incomplete=reasons)})
    table = build(partial, results)
    assert "synthetic speech, partial corpus; fingerprint" in markdown([table])
    assert "- partial corpus: 3 of 9 files" in markdown([table])
    assert "partial corpus: 3 of 9 files" in latex([table])
    assert "partial corpus: 3 of 9 files | corpus settings changed: mics=1" in summary_csv([table])


def test_csv_has_the_promised_columns_and_no_published_rows(results):
    lines = list(csv.reader(io.StringIO(summary_csv([build(make_view(), results)]))))
    assert ",".join(lines[0]) == (
        "experiment,row,metric,mean,ci_low,ci_high,n,n_total,published,published_bound,corpus,budget,protocol,comparable"
    )
    assert len(lines) == 1 + 4
    rows = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    assert [(row["row"], row["metric"]) for row in rows] == [
        ("FMLP", "mse"),
        ("FMLP", "si_snr"),
        ("SIREN", "mse"),
        ("SIREN", "si_snr"),
    ]
    siren = rows[2]
    assert (siren["published"], siren["published_bound"], siren["n"], siren["n_total"]) == ("0.001", "<", "6", "6")
    assert siren["comparable"].startswith("no: corpus demo")
    assert "steps 10 (paper 100000)" in siren["comparable"]
    assert float(siren["mean"]) == pytest.approx(8 / 6000)


def test_a_row_without_values_is_empty_and_not_zero(results):
    table = build(make_view(corpora={"demo": corpus(clips=("k99_001-0",))}), results)
    shown = markdown([table])
    assert "- (0/1)" in shown
    line = next(csv.DictReader(io.StringIO(summary_csv([table]))))
    assert (line["mean"], line["n"], line["n_total"]) == ("", "0", "1")


def test_latex_escapes_and_greys(results):
    shown = latex([build(make_view(title="50 % of R&D_{x} ~ ^ \\ $ #"), results)])
    assert "50 \\% of R\\&D\\_\\{x\\} \\textasciitilde{} \\textasciicircum{} \\textbackslash{} \\$ \\#" in shown
    assert "\\textcolor{gray}{$<$ 0.001}" in shown
    assert "\\toprule" in shown
    assert shown.count("\\begin{") == shown.count("\\end{")
    assert "\\textbf{0.00133}" in shown


def test_markdown_can_have_the_papers_columns_and_means(results):
    table = build(make_view(), results)
    shown = markdown([table], Form(paper_columns=True, paper_means=True))
    heads = [line.split("|")[1:3] for line in shown.splitlines() if line.startswith("| ") and "MSE" in line]
    assert [first.strip() for first, _ in heads] == ["model", "by the published aggregator", "published"]
    assert " CR " not in shown.split("Mean over clips")[0]
    assert "(5/6)" in shown
    assert "published aggregator" not in markdown([table])


def test_csv_can_have_the_published_mean_as_last_column(results):
    table = build(make_view(table="2b"), results)
    lines = list(csv.DictReader(io.StringIO(summary_csv([table], Form(paper_means=True)))))
    assert list(lines[0])[-2:] == ["comparable", "paper_mean"]
    means = {(line["row"], line["metric"]): line["paper_mean"] for line in lines}
    assert float(means["FMLP", "mse"]) == pytest.approx(0.003)
    assert means["FMLP", "si_snr"] == "", "one clip without a value removes its batch"


def test_values_of_metrics_have_three_significant_digits():
    assert text.number(0.00123456, info("mse")) == "0.00123"
    assert text.number(0.00000123456, info("mse")) == "1.23e-06"
    assert text.number(12.3456, info("si_snr")) == "12.3"
    assert text.heading(info("si_snr")) == "SI-SNR (dB)"


def test_a_comparable_table_says_so(results):
    complete = make_view(
        corpora={"vctk": corpus()},
        budget="paper",
        protocol="reference",
        clips_paper=6,
        rows=tuple(dataclasses.replace(row, corpus="vctk", departures=()) for row in ROWS),
    )
    table = build(complete, results)
    assert table.reasons == ()
    assert "comparable:" in markdown([table])
    assert "textcolor" not in latex([table])
    assert next(csv.DictReader(io.StringIO(summary_csv([table]))))["comparable"] == "yes"


def test_rows_of_several_corpora_stand_in_one_table_and_none_is_bold(results):
    first, second = ROWS
    gone = dataclasses.replace(first, name="gone", corpus="vctk", cells=())
    table = build(
        make_view(
            corpora={"demo": corpus(), "ljspeech": corpus(fingerprint="g", description="read English speech")},
            absent={"vctk": "VCTK is not at hand; get it"},
            rows=(first, dataclasses.replace(second, corpus="ljspeech"), gone),
        ),
        results,
    )
    shown = markdown([table])
    assert "**0.00" not in shown
    assert "corpus ljspeech (read English speech; fingerprint g)" in " ".join(shown.split())
    assert "gone: VCTK is not at hand; get it" in shown
    assert table.rows[2].entries["mse"].summary.n == 0
    lines = list(csv.DictReader(io.StringIO(summary_csv([table]))))
    assert [line["corpus"] for line in lines[::2]] == ["demo", "ljspeech", "vctk"]


def test_facts_of_a_shared_training_are_columns(results):
    results.folder("inr-fmlp--x").write_fit({"generated": 32539, "total": 26900000, "steps": 320, "status": "ok"})
    results.folder("inr-siren--x").write_fit(
        {"generated": 33031, "total": 27100000, "steps": 320, "status": "collapsed"}
    )
    shown = markdown([build(make_view(), results)])
    assert "| generated |    total | steps |" in shown
    assert "|     32539 | 26900000 |   320 |" in shown
    assert "SIREN: the training collapsed" in shown
    assert "FMLP: the training" not in shown
    assert "26900000" in latex([build(make_view(), results)])


def test_a_departure_of_all_rows_is_listed_once(results):
    shown = markdown([build(make_view(), results)])
    assert shown.count("steps 10 (paper 100000)") == 1
    assert "all rows [quick]: steps 10 (paper 100000)" in shown


def test_a_score_that_was_never_computed_is_counted_in_the_table_and_missing_in_the_long_one(results):
    view = make_view(metrics=("mse", "lsd"))
    assert [row.missing for row in build(view, results).rows] == [{("lsd", "not run"): 6}] * 2
    frame = long_frame(view, results)
    assert tuple(frame.columns) == COLUMNS
    assert set(frame[frame.metric == "lsd"].status) == {"missing"}
    assert frame[frame.metric == "lsd"].value.isna().all()
    assert set(frame[frame.metric == "mse"].status) == {"ok"}
