"""A cell, and one document of each kind that a results folder holds, as hsbench writes them."""

from types import SimpleNamespace

import pytest

from hsbench.planning.job import Job
from hsbench.results.store import Results
from hsbench.spec import Cell, Part, freeze

CELL = Cell(
    Part("toy", 1, freeze({"width": 8})),
    Part("demo", 1, freeze({"fingerprint": "f", "samples": 4, "sample_rate": 8000})),
    Part("smoke", 1),
    Part("fixed-1", 1),
    0,
)
SCORE = {"clip": "a", "metric": "mse", "version": 1, "value": 0.5, "status": "ok", "seconds": 0.1}
RECONSTRUCTION = {"clip": "a", "status": "ok", "numbers": 3, "bits": 96, "steps": 1, "seconds": 0.1, "clipped": 0.0}
REFERENCE = {"clip": "a", "fingerprint": "f", "speaker": "s", "sex": "F", "audio": "0" * 64 + ".wav"}
GROUP = {
    "experiment": "toys",
    "title": "Toys",
    "table": None,
    "source": "hypersound_2023",
    "corpora": {
        "demo": {
            "description": "d",
            "incomplete": [],
            "fingerprint": "f",
            "samples": 4,
            "sample_rate": 8000,
            "clips": ["a"],
        }
    },
    "absent": {},
    "budget": "smoke",
    "protocol": "fixed-1",
    "split": "validation",
    "clips_paper": 4,
    "limit": None,
    "metrics": ["mse"],
    "rows": [
        {
            "row": "loud",
            "model": "toy",
            "corpus": "demo",
            "published": None,
            "cells": [CELL.folder],
            "changed": [],
            "departures": [],
            "notes": [],
        }
    ],
}
VIEW = {"schema": 2, "groups": {"demo--smoke--fixed-1": GROUP}}
PROVENANCE = {"schema": 1, "sessions": [{"code": {"hsbench": "0.1.0", "commit": None, "dirty": False}}]}
STATUS = {"schema": 1, "status": "done", "message": ""}
SPEC = CELL.document()
JOB = Job(CELL, ("a",), ("mse",), "cpu", 1).document()


@pytest.fixture
def documents():
    """The documents by kind; `group` is the one group of `view`."""
    return SimpleNamespace(
        spec=SPEC,
        job=JOB,
        score=SCORE,
        reconstruction=RECONSTRUCTION,
        reference=REFERENCE,
        group=GROUP,
        view=VIEW,
        provenance=PROVENANCE,
        status=STATUS,
    )


@pytest.fixture
def cell():
    return CELL


@pytest.fixture
def folder(tmp_path):
    """The folder of the cell below tmp_path, which does not exist yet."""
    return Results(tmp_path).cell(CELL)
