"""`hsbench report` as users call it: the files that it writes, and its messages about what it cannot write."""

import sys

import pandas as pd
import pytest

from hsbench.results.store import Results
from hsbench.results.view import View, ViewCorpus, ViewRow
from hsbench.spec import Cell, Part, freeze

CLIPS = ["v1_0-0", "v1_1-0", "v2_0-0"]


@pytest.fixture
def folder(tmp_path):
    """Return a results folder with an experiment of one row and three clips, without audio."""
    store = Results(tmp_path / "results")
    part = Part("demo", 1, freeze({"fingerprint": "f"}))
    store.folder("cell").write_spec(Cell(Part("inr-fmlp", 1), part, Part("quick", 1), Part("fixed-1", 1), 0))
    facts = {"status": "ok", "numbers": 100, "bits": 3200, "steps": 1, "seconds": 1.0, "clipped": 0.0}
    store.folder("cell").append_reconstructions({"clip": clip, **facts} for clip in CLIPS)
    scored = {"metric": "mse", "version": 1, "status": "ok", "seconds": 0}
    store.folder("cell").append_scores({"clip": clip, "value": n / 8, **scored} for n, clip in enumerate(CLIPS[:2]))
    view = View(
        group="demo--quick--fixed-1",
        experiment="mine",
        title="Mine",
        table=None,
        source="hypersound_2023",
        corpora={"demo": ViewCorpus("synthetic speech", "f", 32768, 22050, clips=tuple(CLIPS))},
        absent={},
        budget="quick",
        protocol="fixed-1",
        split="validation",
        clips_paper=9,
        limit=None,
        metrics=("mse",),
        rows=(ViewRow("one", "inr-fmlp", "demo", cells=("cell",)),),
    )
    store.write_view(view)
    return store.root


def test_figures_are_written_with_captions_and_missing_figures_are_explained(folder, hsbench_here, tmp_path):
    code, out, err = hsbench_here(
        "report", "mine", "--format", "figures", "--output", tmp_path / "out", "--results", folder
    )
    assert (code, err) == (0, "")
    stem = "spread-mine--demo--quick--fixed-1"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "figures.md",
        f"{stem}.pdf",
        f"{stem}.png",
    ]
    assert f"wrote {tmp_path / 'out' / stem}.png" in out
    assert "not drawn, mine, demo--quick--fixed-1: Reconstructions: the original of clip v1_0-0 is not in" in out
    page = (tmp_path / "out" / "figures.md").read_text()
    assert f"![Distributions over clips]({stem}.png)" in page
    assert "Not drawn: Omegas: " in page


@pytest.mark.parametrize(
    ("options", "written"),
    [
        ((), "### Mine"),
        (("--format", "csv"), "experiment,row,metric,mean,"),
        (("--format", "figures", "--output"), "wrote "),
        (("--format", "html", "--output"), "index.html"),
    ],
)
def test_an_experiment_that_was_not_run_is_named_and_the_others_are_reported(
    folder, hsbench_here, tmp_path, options, written
):
    options = (*options, tmp_path / "out") if options[-1:] == ("--output",) else options
    code, out, err = hsbench_here("report", "figure3", "mine", "table2b", *options, "--results", folder)
    assert code == 3
    assert written in out
    assert err == (
        f"hsbench: {folder} holds nothing to report on for figure3, table2b; run them first: "
        f"hsbench run figure3 --results {folder}; hsbench run table2b --results {folder}\n"
    )


@pytest.mark.parametrize(
    ("arguments", "missing", "advice"),
    [
        (("figure3",), "figure3", ": hsbench run figure3"),
        (
            ("figure3", "--budget", "smoke", "--corpus", "vctk"),
            "figure3 with --corpus vctk --budget smoke",
            ": hsbench run figure3 --corpus vctk --budget smoke",
        ),
        ((), "any experiment", ", for instance: hsbench run table2d"),
    ],
)
def test_the_advice_names_the_experiment_that_was_asked_for(
    hsbench_here, tmp_path, monkeypatch, arguments, missing, advice
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HSBENCH_RESULTS", raising=False)
    sentence = f"hsbench: results holds nothing to report on for {missing}; run it first{advice}\n"
    assert hsbench_here("report", *arguments) == (3, "", sentence)


def test_results_that_other_options_exclude_are_named(folder, hsbench_here):
    code, out, err = hsbench_here("report", "mine", "--budget", "paper", "--results", folder)
    assert (code, out) == (3, "")
    assert "nothing to report on for mine with --budget paper; run it first: hsbench run mine --budget paper" in err


def test_nothing_to_draw_is_incomplete(folder, hsbench_here, tmp_path):
    (folder / "cell" / "scores.jsonl").unlink()
    code, _, err = hsbench_here(
        "report", "mine", "--format", "figures", "--output", tmp_path / "o", "--results", folder
    )
    assert code == 3
    assert "nothing to draw yet" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "figures", "--output", "o", "--clip", "v1_0-1"], "unknown clip 'v1_0-1'; did you mean 'v1_0-0'?"),
        (["--clip", "v1_0-0"], "--clip goes with --format figures, got --format markdown; leave --clip out."),
        (["--standalone"], "--standalone goes with --format latex, got --format markdown; leave --standalone out."),
        (["--per-clip"], "--per-clip goes with --format csv, got --format markdown; leave --per-clip out."),
        (["--format", "parquet"], "--format parquet writes a binary file"),
        (["--format", "figures"], "--format figures writes into a folder; name it with --output DIR."),
        (["--columns", "papers"], "unknown choice of columns 'papers'; did you mean 'paper'?"),
        (["--aggregate", "median"], "unknown aggregate 'median'; known: ours, paper, penalised."),
        (["--format", "figure"], "unknown format 'figure'; did you mean 'figures'?"),
    ],
)
def test_contradictory_options_are_refused_in_one_sentence(folder, hsbench_here, options, message):
    code, out, err = hsbench_here("report", "mine", "--results", folder, *options)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_parquet_and_csv_hold_the_same_long_table(folder, hsbench_here, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    code, out, _ = hsbench_here("report", "--format", "parquet", "--output", tmp_path / "long", "--results", folder)
    path = tmp_path / "long" / "per-clip.parquet"
    assert (code, out) == (0, f"wrote {path}\n")
    frame = pd.read_parquet(path)
    assert frame["value"].tolist()[:2] == [0.0, 0.125]
    assert pd.isna(frame["value"][2])
    assert frame["status"].tolist() == ["ok", "ok", "missing"]
    assert (frame["seed"].dtype, frame["version"].dtype, frame["value"].dtype) == ("int64", "int64", "float64")
    code, out, _ = hsbench_here("report", "--format", "csv", "--per-clip", "--results", folder)
    assert code == 0
    assert out.splitlines()[0] == ",".join(frame.columns)
    assert len(out.splitlines()) == 1 + len(frame)


def test_parquet_without_pyarrow_names_the_missing_package(folder, hsbench_here, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, _, err = hsbench_here("report", "--format", "parquet", "--output", tmp_path, "--results", folder)
    assert code == 4
    assert 'pip install "hsbench[parquet]"' in err
    assert list(tmp_path.glob("*.parquet")) == []


def test_a_standalone_document_is_complete(folder, hsbench_here, tmp_path):
    code, out, _ = hsbench_here("report", "--format", "latex", "--standalone", "--results", folder)
    assert code == 0
    assert out.startswith("\\documentclass")
    assert out.rstrip().endswith("\\end{document}")
    code, out, _ = hsbench_here("report", "--format", "latex", "--columns", "paper", "--results", folder)
    assert "\\documentclass" not in out
    assert "Model & \\textbf{MSE} \\\\" in out
