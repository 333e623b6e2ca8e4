"""Every form of a report says which corpus models were trained on, where it is not the scored one."""

import csv
import dataclasses
import io
import re

import pytest

from hsbench.analysis import comparisons
from hsbench.report import readme
from hsbench.report.figures import style
from hsbench.report.html import write
from hsbench.report.latex import latex
from hsbench.report.long_table import gathered, long_csv
from hsbench.report.markdown import markdown
from hsbench.report.summary_csv import summary_csv
from hsbench.report.table import build
from hsbench.results.view import ViewTrainCorpus

from .conftest import ROWS, make_view

DEMO = ViewTrainCorpus("noises", "coloured noise", "e" * 64)
SENTENCE = (
    "models that learn were trained on noises (coloured noise), fingerprint eeeeeeeeeeee, and not on the scored corpus"
)
REASON = "trained on noises (coloured noise) instead of the training split of demo"


@pytest.fixture
def trained():
    """A view whose first row was trained on another corpus; its second row learns nothing."""
    rows = (dataclasses.replace(ROWS[0], trained_on="noises"), ROWS[1])
    return make_view(group="demo--quick--fixed-1--trained-on-noises", rows=rows, train_corpus=DEMO)


def words(text):
    return " ".join(text.split())


def test_a_table_says_it_once_and_names_it_beside_published_values(results, trained):
    table = build(trained, results)
    shown = words(markdown([table]))
    assert shown.count(SENTENCE) == 1
    assert shown.index(SENTENCE) < shown.index("| model")
    assert shown.count(f"- {REASON}") == 1
    assert table.rows[0].reasons.count(REASON) == 1
    assert REASON not in table.rows[1].reasons
    assert "trained on" not in markdown([build(make_view(), results)])


def test_latex_has_it_in_the_caption_and_in_the_label(results, trained):
    tables = latex([build(make_view(), results), build(trained, results)])
    assert tables.count(SENTENCE) == 1
    labels = re.findall(r"label{(tab:[^}]*)}", tables)
    assert labels == ["tab:table2d-demo-quick-fixed-1", "tab:table2d-demo-quick-fixed-1-trained-on-noises"]


def test_files_of_numbers_have_a_column_for_it_only_where_it_is_needed(results, trained):
    plain = build(make_view(), results)
    assert "train_corpus" not in summary_csv([plain])
    both = list(csv.DictReader(io.StringIO(summary_csv([plain, build(trained, results)]))))
    assert [row["train_corpus"] for row in both] == [""] * 4 + ["noises"] * 2 + [""] * 2
    assert "train_corpus" not in gathered(results, [make_view()])
    frame = gathered(results, [make_view(), trained])
    assert frame.train_corpus.value_counts().to_dict() == {"": 36, "noises": 12}
    assert long_csv(frame).decode().splitlines()[0].endswith("value,status,train_corpus")


def test_a_figure_says_it_in_its_heading(trained):
    def head(view):
        chart = style.COLUMN.sheet(1)
        style.head(chart, view)
        return chart.get_suptitle().splitlines()

    assert head(trained)[1:] == ["trained on noises (coloured noise)"]
    assert len(head(make_view())) == 1


def test_the_page_of_the_results_folder_says_it_in_the_list_of_runs(results, trained):
    results.write_view(make_view())
    results.write_view(trained)
    page = readme.markdown(results)
    assert "| demo, trained on noises (coloured noise) |" in page
    assert words(page).count(SENTENCE) == 1


def test_every_html_page_of_the_group_says_it(results, trained, tmp_path):
    write.write(results, [trained], tmp_path / "site")
    pages = sorted((tmp_path / "site").rglob("*.html"))
    about = [page for page in pages if page.name == "index.html" or page.parent.name == "demo"]
    assert len(about) == 1 + 6 + 2
    for page in about:
        assert "rained on noises (coloured noise)" in page.read_text(), page


def test_a_comparison_needs_the_same_training_corpus(results, trained):
    other = dataclasses.replace(trained, train_corpus=dataclasses.replace(DEMO, fingerprint="d" * 64))
    same = comparisons.compare((results, [trained]), (results, [trained]), ["mse"])
    assert [line.verdict for line in same.lines] == ["same", "same"]
    changed = comparisons.compare((results, [trained]), (results, [other]), ["mse"])
    assert [line.verdict for line in changed.lines] == ["incomparable", "same"]
    assert changed.lines[0].reason == "fingerprints of the training corpus differ: eeeeeeeeeeee in A, dddddddddddd in B"
    apart = comparisons.compare((results, [make_view()]), (results, [trained]), ["mse"])
    assert not apart.lines
    assert len(apart.alone) == 4
