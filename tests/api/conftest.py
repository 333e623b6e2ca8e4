"""Fixtures that run experiments from Python, with the toy plug-in."""

from pathlib import Path

import pytest

import hsbench
from hsbench import registry

TOY = Path(__file__).parent.parent / "toys" / "toy.py"


@pytest.fixture
def plug_ins():
    """Restore the registry after a test that registers something."""
    before = {kind: dict(registry._table(kind)) for kind in registry.KINDS}
    yield
    for kind, table in before.items():
        registry._table(kind).clear()
        registry._table(kind).update(table)
    registry._from_file.clear()


@pytest.fixture
def toys(plug_ins, monkeypatch, tmp_path):
    """Return a function like `hsbench.run` that runs toy experiments with budget smoke into tmp_path/results."""
    monkeypatch.setenv("HSBENCH_TOY_LOG", str(tmp_path / "toy.log"))

    def run(*names, **options):
        defaults = {"budget": "smoke", "imports": [TOY], "results": tmp_path / "results", "progress": False}
        return hsbench.run(*names, **{**defaults, **options})

    return run
