"""What a terminal shows: tables drawn to its width; the first commands; and Markdown where there is no terminal."""

import json

import pytest

from hsbench.results.store import Results
from hsbench.results.view import View, ViewCorpus, ViewRow

CLIPS = ("v1_0-0", "v1_1-0")


@pytest.fixture
def screen(monkeypatch):
    """Return a function that makes standard output a terminal of a width."""

    def resize(columns):
        monkeypatch.setattr("hsbench.cli.screen.interactive", lambda: True)
        monkeypatch.setenv("COLUMNS", str(columns))

    return resize


@pytest.fixture
def folder(tmp_path):
    """Return a function that writes a results folder with one row, whose MSE is a number, and a changed setting."""

    def write(name, mse, changed=()):
        store = Results(tmp_path / name)
        scored = {"metric": "mse", "version": 1, "status": "ok", "seconds": 0}
        store.folder("cell").append_scores({"clip": clip, "value": mse + n, **scored} for n, clip in enumerate(CLIPS))
        corpora = {"demo": ViewCorpus("synthetic speech", "f", 32768, 22050, clips=CLIPS)}
        view = View(
            *("demo--quick--fixed-1", "mine", "Mine", None, None, corpora, {}, "quick", "fixed-1", "validation", 9),
            limit=None,
            metrics=("mse",),
            rows=(ViewRow("one", "inr-fmlp", "demo", cells=("cell",), changed=changed),),
        )
        store.write_view(view)
        return store.root

    return write


def test_hsbench_alone_prints_the_first_three_commands(hsbench_here):
    code, out, err = hsbench_here()
    assert (code, err) == (0, "")
    commands = [line.split("   ")[0].strip() for line in out.splitlines() if line.startswith("  ")]
    assert [command.split()[:2] for command in commands] == [
        ["hsbench", "run"],
        ["hsbench", "report"],
        ["hsbench", "score"],
    ]
    assert max(map(len, out.splitlines())) <= 80


def test_a_report_is_drawn_on_a_terminal_and_is_markdown_elsewhere(hsbench_here, folder, screen):
    results = folder("a", 0.25, ("steps=3",))
    assert hsbench_here("report", "--results", results)[1].startswith("### Mine")
    screen(70)
    _, out, _ = hsbench_here("report", "--results", results)
    assert out.startswith("Mine\n")
    assert max(map(len, out.splitlines())) <= 70
    assert "one: settings changed: steps=3." in out
    assert hsbench_here("report", "--results", results, "--format", "markdown")[1].startswith("### Mine")


def test_wide_shows_everything_even_into_a_pipe(hsbench_here, folder):
    _, out, _ = hsbench_here("report", "--results", folder("a", 0.25), "--wide")
    assert "95 % bootstrap interval" in out
    assert "|" not in out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--format", "csv", "--wide"), "--wide goes with --format text, got --format csv; leave --wide out."),
        (
            ("--format", "text", "--output", "x"),
            "--format text is for a terminal; write --output with --format markdown",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(hsbench_here, folder, options, sentence):
    code, out, err = hsbench_here("report", "--results", folder("a", 0.25), *options)
    assert (code, out) == (2, "")
    assert sentence in err


def test_a_comparison_matches_rows_with_other_settings_and_names_the_settings(hsbench_here, folder, screen):
    a, b = folder("a", 0.25), folder("b", 0.5, ("steps=3",))
    code, out, _ = hsbench_here("compare", a, b)
    assert code == 0
    assert "- one: settings changed: steps=3 in B" in out
    (line, *_) = json.loads(hsbench_here("compare", a, b, "--format", "json")[1])["lines"]
    assert (line["verdict"], line["settings"]) == ("worse", "settings changed: steps=3 in B")
    screen(60)
    out = hsbench_here("compare", a, b)[1]
    assert "+0.250 [+0.250, +0.250]" in out
    assert "|" not in out


def test_lists_plans_and_checkups_fit_the_terminal(hsbench_here, screen, tmp_path):
    screen(60)
    for arguments in (("list", "metrics"), ("plan", "sanity", "--budget", "smoke", "--results", tmp_path)):
        code, out, _ = hsbench_here(*arguments)
        assert code == 0
        assert max(len(line.rstrip()) for line in out.splitlines()) <= 60
    assert "sanity/decimation 10x" in out
    assert "--s0--" not in out, "hashes are the first to go"


def test_a_plan_names_hashes_last(hsbench_here, tmp_path):
    _, out, _ = hsbench_here("plan", "sanity", "--budget", "smoke", "-k", "row~silence", "--results", tmp_path)
    head, line, *_ = out.splitlines()
    assert head.split()[:2] == ["state", "row"]
    assert line.split()[-1].startswith("silence--demo--smoke--s0--")
