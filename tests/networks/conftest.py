"""A small hypernetwork that a run trained and exported."""

from pathlib import Path

import pytest

import hsbench

SMALL = {
    "hypersound-fmlp.hidden": "8",
    "hypersound-fmlp.channels": 1,
    "hypersound-fmlp.epochs": 1,
    "hypersound-fmlp.epoch_samples": 4,
}


@pytest.fixture(scope="package")
def train(tmp_path_factory):
    """Return a function that runs the small hypernetwork into a new results folder and returns study and folder."""

    def run(**options):
        folder = tmp_path_factory.mktemp("study") / "results"
        study = hsbench.run(
            "table4",
            budget="smoke",
            limit=1,
            filters=["row~p = 0.0"],
            changes=SMALL,
            device="cpu",
            results=folder,
            progress=False,
            **options,
        )
        return study, next(folder.glob("hypersound-fmlp*"))

    return run


@pytest.fixture(scope="package")
def trained(train):
    """Return the folder of the cell that was trained."""
    study, folder = train()
    assert study.complete
    return folder


@pytest.fixture
def library(trained, tmp_path, hsbench_here):
    """Return a folder with the exported network."""
    (tmp_path / "networks").mkdir()
    arguments = ("--into", tmp_path / "networks", "--results", trained.parent, "--licence", "MIT")
    code, out, _ = hsbench_here("export", trained.name, *arguments)
    assert code == 0
    (file,) = (tmp_path / "networks").iterdir()
    assert f"network {file.stem}" in out
    return tmp_path / "networks"


@pytest.fixture
def file(library):
    """Return the exported file."""
    return next(Path(library).iterdir())
