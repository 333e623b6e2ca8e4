"""Small stand-ins for exports of acids-rave, scripted into files."""

import importlib.util
from pathlib import Path

import pytest
import torch


@pytest.fixture(scope="session")
def doubles():
    """The module doubles.py."""
    spec = importlib.util.spec_from_file_location("rave_doubles", Path(__file__).with_name("doubles.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def exported(doubles, tmp_path):
    """Script a class of doubles.py into a file and return its path, for example exported("Export2", kept=4)."""

    def build(kind, **settings):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return doubles.save(getattr(doubles, kind)(**settings), tmp_path / f"{kind}.ts")

    return build
