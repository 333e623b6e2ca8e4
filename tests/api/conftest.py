"""Fixtures that run experiments from Python, with the toy plug-in."""

from pathlib import Path

import pytest

import hsbench

TOY = Path(__file__).parent.parent / "toys" / "toy.py"


@pytest.fixture
def toys(plug_ins, monkeypatch, tmp_path):
    """Return a function like `hsbench.run` that runs toy experiments with budget smoke into tmp_path/results."""
    monkeypatch.setenv("HSBENCH_TOY_LOG", str(tmp_path / "toy.log"))

    def run(*names, **options):
        defaults = {"budget": "smoke", "imports": [TOY], "results": tmp_path / "results", "progress": False}
        return hsbench.run(*names, **{**defaults, **options})

    return run
