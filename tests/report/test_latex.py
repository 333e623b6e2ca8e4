"""LaTeX tables: their contents, and that pdflatex compiles them with any characters in the names."""

import dataclasses
import re
import shutil
import subprocess

import pytest

from hsbench.report import latex, tex
from hsbench.report.form import Form
from hsbench.report.table import build

from .conftest import ROWS, make_view

WILD = "[x] & 50 % $1 #2 a_b {c} ~ ^ \\d <e> | \"q\" 'r' `s` -- ω_0 × 3 → Ω ≥ 2 µ é ł ą ﬁ 中 🎵 Οο"

pdflatex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


def compiled(document, folder):
    """Run pdflatex; return its output."""
    (folder / "t.tex").write_text(document)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    process = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    printed = process.stdout.decode(errors="replace")
    assert process.returncode == 0, printed[-2000:]
    return printed


def wide():
    """Return a table with many metrics and rows, all with special characters in their names."""
    rows = [dataclasses.replace(row, name=f"{WILD} {n} {row.name}", notes=(WILD,)) for n in range(6) for row in ROWS]
    metrics = ("mse", "lsd", "si_snr", "pesq", "stoi", "cdpam", "mae", "snr")
    return make_view(title=WILD, rows=tuple(rows), metrics=metrics)


@pdflatex
def test_any_name_compiles_and_a_wide_table_fits_the_page(results, tmp_path):
    facts = {"generated": 32539, "total": 26900000, "steps": 1562500, "status": "ok"}
    results.folder("inr-fmlp--x").write_fit(facts)
    printed = compiled(latex.latex([build(wide(), results)], Form(False, True, True)), tmp_path)
    assert "Overfull" not in printed
    assert "Float too large" not in printed


@pdflatex
def test_tables_compile_in_a_document_that_loads_the_named_packages(results, tmp_path):
    body = latex.latex([build(make_view(), results), build(make_view(experiment="other"), results)])
    packages = re.search(r"needs (\S+) and (\S+)", body)
    document = "\\documentclass{article}" + "".join(packages.groups()) + "\\begin{document}" + body + "\\end{document}"
    assert "multiply defined" not in compiled(document, tmp_path)


@pytest.mark.parametrize(
    ("plain", "wanted"),
    [
        ("50 % & #1_a", "50 \\% \\& \\#1\\_a"),
        ("\\{~^}$", "\\textbackslash{}\\{\\textasciitilde{}\\textasciicircum{}\\}\\$"),
        ("<a>", "\\textless{}a\\textgreater{}"),
        ("ω → Ω × λ", "$\\omega$ $\\rightarrow$ $\\Omega$ $\\times$ $\\lambda$"),
        ("Αα", "A$\\alpha$"),
        ("é e\u0301 ł", "\\'{e} \\'{e} \\l{}"),
        ("a--b", "a-{}-b"),
        ("µ", "$\\mu$"),
        ("中", "U+4E2D"),
        ("a\nb\x00", "a b "),
    ],
)
def test_characters_are_shown_as_they_are_or_as_their_code_point(plain, wanted):
    assert tex.escaped(plain) == wanted


def test_a_name_in_brackets_is_not_read_as_an_argument_of_the_line_break(results):
    shown = latex.latex([build(make_view(rows=(dataclasses.replace(ROWS[0], name="[2cm]"),)), results)])
    assert "\n{}[2cm] " in shown


def test_footnotes_mark_their_rows(results):
    shown = latex.latex([build(make_view(), results)])
    marks = dict(re.findall(r"^(\w+) \[quick\]\\textsuperscript\{([a-z,]+)\}", shown, flags=re.MULTILINE))
    assert marks == {"FMLP": "a,b", "SIREN": "a"}
    assert "\\textsuperscript{a} steps 10 (paper 100000)." in shown
    assert "\\textsuperscript{b} scores without a value: 1 of si\\_snr (estimate\\_silent)." in shown
    assert "(5/6)" in shown


def test_intervals_stand_below_the_means(results):
    lines = latex.latex([build(make_view(), results)]).splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("SIREN"))
    assert "\\textbf{0.00133} & " in lines[place]
    assert re.match(r" &  &  & \{\\scriptsize \[0\.00\d+, 0\.00\d+\]\} & ", lines[place + 1])


def test_incomparable_published_values_are_grey_with_their_reasons(results):
    shown = latex.latex([build(make_view(), results)])
    ours, published = shown.split("\\textit{Published (not comparable):}")
    assert "27.53" in published
    assert "textcolor{gray}{27.53}" in published
    assert "gray}{17" not in ours
    assert "corpus demo (synthetic speech) instead of vctk" in published


def test_the_papers_columns_are_the_model_and_its_metrics(results):
    table = build(make_view(metrics=("mse", "si_snr", "mae")), results)
    shown = latex.latex([table], Form(paper_columns=True))
    assert "Model & \\textbf{MSE} & \\textbf{SI-SNR (dB)} \\\\" in shown
    assert "CR: samples" not in shown
    assert "MAE" in latex.latex([table])
    unpublished = build(make_view(table=None, metrics=("mse", "mae")), results)
    assert [metric.name for metric in Form(paper_columns=True).metrics(unpublished)] == ["mse"]


def test_means_of_the_published_aggregator_are_a_block_of_their_own(results):
    table = build(make_view(), results)
    assert "published aggregator" not in latex.latex([table])
    shown = latex.latex([table], Form(paper_means=True))
    block = shown.split("\\textit{By the published aggregator:}")[1].split("\\midrule")[0]
    assert "FMLP [quick] &  &  & 0.00300 & 13.2 " in block
    assert "averages this table clip by clip" in shown


def test_a_batch_with_a_missing_value_has_no_published_mean(results):
    table = build(make_view(table="2b"), results)
    assert table.batch == 16
    fmlp, siren = table.rows
    assert fmlp.entries["si_snr"].paper is None
    assert siren.entries["si_snr"].paper == pytest.approx(siren.entries["si_snr"].summary.mean)
    shown = latex.latex([table], Form(paper_means=True))
    assert "FMLP [quick] &  &  & 0.00300 & -- " in shown
    assert "batches of 16 clips in evaluation order" in shown
