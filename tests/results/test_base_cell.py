"""Cells that play what another cell fitted."""

import shutil

import pytest

from hsbench.results.base_cell import base_of
from hsbench.results.store import Results

ASKED = ("run", "codecs", "--budget", "smoke", "-k", "row~INR FMLP 10x", "--limit", "2")


@pytest.fixture
def played(hsbench):
    """INRs at three weight formats, of which one fits; gives their folders by format."""
    # The cells that play are asked for first and at once: one of them has to see to the fit, the other to wait for it.
    for form in ("row~int8", "row~INR FMLP 10x"):
        done = hsbench(*ASKED, "-k", form, "--jobs", "2")
        assert done.returncode == 0, done.stderr
    results = Results(hsbench.results)
    folders = [results.folder(name) for name in results.cells()]
    return {folder.spec().model["weight_format"]: folder for folder in folders}


def test_one_cell_fits_and_the_others_play_its_parameters(played):
    assert set(played) == {"fp32", "fp16", "int8"}
    fitted = played["fp32"]
    assert base_of(fitted.spec()) is None
    assert len(fitted.curve()) > 0
    rows = {form: next(iter(folder.reconstructions().values())) for form, folder in played.items()}
    assert rows["fp32"]["steps"] > 0
    for form in ("fp16", "int8"):
        folder = played[form]
        assert base_of(folder.spec()) == fitted.spec()
        assert folder.curve() == []
        assert rows[form]["steps"] == 0
        assert rows[form]["numbers"] == rows["fp32"]["numbers"]
        assert len(folder.scores()) == 10
    bits = {form: row["bits"] for form, row in rows.items()}
    assert bits["fp16"] == bits["fp32"] // 2
    assert bits["fp32"] // 4 < bits["int8"] < bits["fp16"]
    assert fitted.status()["status"] == "done"
    values = {form: [row["value"] for row in folder.scores().values()] for form, folder in played.items()}
    assert values["fp32"] != values["fp16"] != values["int8"]


@pytest.mark.slow
def test_parameters_that_were_cleaned_away_are_fitted_again_when_they_are_to_be_played(played, hsbench):
    shutil.rmtree(played["fp32"].all_weights)
    shutil.rmtree(played["int8"].path)
    done = hsbench(*ASKED, "-k", "row~int8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(played["fp32"].all_weights.iterdir())) == 2
    assert len(played["int8"].scores()) == 10


@pytest.mark.slow
def test_a_team_trains_the_base_and_the_first_process_plays_it(hsbench):
    asked = ("run", "table2b", "--budget", "smoke", "-k", "row~10x", "--limit", "2", "--processes", "2")
    done = hsbench(*asked, "--set", "hypersound-fmlp.weight_format=int8")
    assert done.returncode == 0, done.stdout + done.stderr
    results = Results(hsbench.results)
    forms = {results.folder(name).spec().model["weight_format"]: results.folder(name) for name in results.cells()}
    assert set(forms) == {"fp32", "int8"}
    assert all(len(folder.reconstructions()) == 2 for folder in forms.values())
    assert not forms["int8"].kept.exists(), "nothing was trained twice"
