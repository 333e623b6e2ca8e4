"""The outermost boundary of the command line: how exceptions and interrupts end, and what cannot be printed."""

import os
import sys

import pytest
from typer.core import TyperGroup

from hsbench import __main__
from hsbench.errors import UsageError


@pytest.fixture
def failing(hsbench_here, monkeypatch):
    """Return a function that runs `hsbench list`, which raises an exception."""

    def run(error):
        def fail(*_, **__):
            raise error

        monkeypatch.setattr("hsbench.api.registered.descriptors", fail)
        return hsbench_here("list", "models")

    return run


def test_an_interrupt_is_one_sentence_and_130(failing):
    assert failing(KeyboardInterrupt()) == (130, "", "hsbench: interrupted; run the same command again to go on.\n")


def test_an_interrupt_during_the_imports_of_the_command_line_is_one_sentence_and_130(monkeypatch, capsys):
    class Interrupted:
        @staticmethod
        def find_spec(name, *_):
            if name == "hsbench.cli.app":
                raise KeyboardInterrupt

    from hsbench import cli

    monkeypatch.delitem(sys.modules, "hsbench.cli.app", raising=False)
    monkeypatch.delattr(cli, "app", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted, *sys.meta_path])
    with pytest.raises(SystemExit) as end:
        __main__.main()
    assert end.value.code == 130
    assert capsys.readouterr() == ("", "hsbench: interrupted; run the same command again to go on.\n")


def test_an_interrupt_before_the_verb_begins_is_one_sentence_and_130(hsbench_here, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(TyperGroup, "parse_args", interrupted)
    assert hsbench_here("list") == (130, "", "hsbench: interrupted; run the same command again to go on.\n")


def test_an_invalid_request_is_one_sentence_and_2(failing):
    assert failing(UsageError("no such thing; look.")) == (2, "", "hsbench: no such thing; look.\n")


@pytest.mark.parametrize("error", [OSError(36, "File name too long"), ValueError("odd")])
def test_an_unexpected_error_asks_for_a_report_and_ends_with_70(failing, error):
    code, _, err = failing(error)
    assert code == 70
    assert f"unexpected {type(error).__name__}: {error}. This is a defect of hsbench; please report" in err


def test_an_error_of_the_disk_is_one_sentence_and_3(failing):
    code, _, err = failing(OSError(28, "No space left on device"))
    assert code == 3
    assert "the disk is full" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("option", ["--results", "--import"])
def test_a_path_that_is_not_utf8_is_refused_before_anything_is_written(hsbench_here, tmp_path, option):
    path = tmp_path / os.fsdecode(b"caf\xe9.py")
    if option == "--import":
        path.write_text("")
    arguments = ("run", "sanity", "--budget", "smoke", "--limit", "1", "-k", "row~identity")
    code, out, err = hsbench_here(
        *arguments, *(() if option == "--results" else ("--results", tmp_path / "r")), option, path
    )
    assert (code, out) == (2, "")
    assert f"{option} expects a path that is UTF-8, got {tmp_path}/caf\\xe9.py; rename it." in err
    assert not (tmp_path / "r").exists()
