"""`hsbench report` as users call it: what it writes, and what it says of what it cannot."""

import sys

import pandas as pd
import pytest

from hsbench.results.store import Results
from hsbench.results.view import View, ViewCorpus, ViewRow
from hsbench.spec import Cell, Part, freeze

CLIPS = ["v1_0-0", "v1_1-0", "v2_0-0"]


@pytest.fixture
def folder(tmp_path):
    """An experiment of one row and three clips, without sound."""
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


def test_figures_are_written_with_their_captions_and_the_rest_is_explained(folder, hsbench_here, tmp_path):
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


def test_nothing_to_draw_is_incomplete(folder, hsbench_here, tmp_path):
    (folder / "cell" / "scores.jsonl").unlink()
    code, _, err = hsbench_here(
        "report", "mine", "--format", "figures", "--output", tmp_path / "o", "--results", folder
    )
    assert code == 3
    assert "nothing to draw yet" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "figures", "--output", "o", "--clip", "v1_0-1"], "unknown clip 'v1_0-1'; did you mean 'v1_0-0'?"),
        (["--clip", "v1_0-0"], "--clip goes with --format figures, got --format markdown."),
        (["--standalone"], "--standalone goes with --format latex, got --format markdown."),
        (["--per-clip"], "--per-clip goes with --format csv, got --format markdown."),
        (["--format", "parquet"], "--format parquet writes a binary file"),
        (["--format", "figures"], "--format figures writes into a folder; name it with --output DIR."),
        (["--columns", "papers"], "unknown choice of columns 'papers'; did you mean 'paper'?"),
        (["--aggregate", "median"], "unknown aggregate 'median'; known: ours, paper."),
        (["--format", "figure"], "unknown format 'figure'; did you mean 'figures'?"),
    ],
)
def test_options_that_cannot_be_meant_are_one_sentence(folder, hsbench_here, options, said):
    code, out, err = hsbench_here("report", "mine", "--results", folder, *options)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_the_long_table_as_parquet_says_what_the_csv_says(folder, hsbench_here, tmp_path):
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


def test_parquet_needs_its_package(folder, hsbench_here, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, _, err = hsbench_here("report", "--format", "parquet", "--output", tmp_path, "--results", folder)
    assert code == 4
    assert 'pip install "hsbench[parquet]"' in err
    assert list(tmp_path.glob("*.parquet")) == []


def test_a_standalone_document_begins_and_ends(folder, hsbench_here, tmp_path):
    code, out, _ = hsbench_here("report", "--format", "latex", "--standalone", "--results", folder)
    assert code == 0
    assert out.startswith("\\documentclass")
    assert out.rstrip().endswith("\\end{document}")
    code, out, _ = hsbench_here("report", "--format", "latex", "--columns", "paper", "--results", folder)
    assert "\\documentclass" not in out
    assert "Model & \\textbf{MSE} \\\\" in out
