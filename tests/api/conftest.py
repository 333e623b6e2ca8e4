"""Running experiments from Python, with the toy plug-in."""

from pathlib import Path

import pytest

import hsbench
from hsbench import registry

TOY = Path(__file__).parent.parent / "toys" / "toy.py"


@pytest.fixture
def plug_ins():
    """What a test registers is gone when it is over."""
    before = {kind: dict(registry._table(kind)) for kind in registry.KINDS}
    yield
    for kind, table in before.items():
        registry._table(kind).clear()
        registry._table(kind).update(table)
    registry._from_file.clear()


@pytest.fixture
def toys(plug_ins, monkeypatch, tmp_path):
    """Runs toy experiments at smoke into tmp_path/results, with the options of `hsbench.run`."""
    monkeypatch.setenv("HSBENCH_TOY_LOG", str(tmp_path / "toy.log"))

    def run(*names, **options):
        given = {"budget": "smoke", "imports": [TOY], "results": tmp_path / "results", "progress": False}
        return hsbench.run(*names, **{**given, **options})

    return run
