"""Cells that decode the parameters that another cell fitted."""

import dataclasses
import shutil

import pytest

from hsbench.planning import plan
from hsbench.planning.changes import parse
from hsbench.planning.request import Request
from hsbench.planning.selection import select
from hsbench.results.base_cell import base_of
from hsbench.results.store import Results
from hsbench.spec import Part, Resources

COMMAND = ("run", "rate", "--budget", "smoke", "-k", "row~FMLP 10x", "--limit", "2")


@pytest.fixture
def folders_by_format(hsbench):
    """INRs in three weight formats, of which only the cell with the default format fits: format -> cell folder."""
    # The run with the decoding cell comes first, so that this cell has to start the fit of its base. The second run has
    # two jobs: the other decoding cell may have to wait for the base.
    for selection in ("row~8 bit", "row~FMLP 10x"):
        process = hsbench(*COMMAND, "-k", selection, "--jobs", "2")
        assert process.returncode == 0, process.stderr
    results = Results(hsbench.results)
    folders = [results.folder(name) for name in results.cells()]
    return {folder.spec().model["weight_format"]: folder for folder in folders}


@pytest.mark.slow
def test_one_cell_fits_and_the_others_decode_its_parameters(folders_by_format):
    assert set(folders_by_format) == {"fp32", *(f"int{bits}-rows" for bits in (5, 6, 7, 8))}
    fitted = folders_by_format["fp32"]
    assert base_of(fitted.spec()) is None
    assert len(fitted.curve()) > 0
    rows = {
        weight_format: next(iter(folder.reconstructions().values()))
        for weight_format, folder in folders_by_format.items()
    }
    assert rows["fp32"]["steps"] > 0
    for weight_format in ("int8-rows", "int6-rows"):
        folder = folders_by_format[weight_format]
        assert base_of(folder.spec()) == fitted.spec()
        assert folder.curve() == []
        assert rows[weight_format]["steps"] == 0
        assert rows[weight_format]["numbers"] == rows["fp32"]["numbers"]
        assert len(folder.scores()) == 10
        assert {path.stem for path in folder.all_streams.iterdir()} == set(folder.reconstructions())
    bits = {weight_format: row["bits"] for weight_format, row in rows.items()}
    assert bits["int6-rows"] < bits["int8-rows"] < bits["fp32"] / 2
    assert fitted.status()["status"] == "done"
    values = {
        weight_format: [row["value"] for row in folder.scores().values()]
        for weight_format, folder in folders_by_format.items()
    }
    assert not fitted.all_streams.exists(), "float32 needs no stream"
    assert values["fp32"] != values["int8-rows"] != values["int6-rows"]


@pytest.mark.slow
def test_deleted_parameters_are_fitted_again_when_another_cell_decodes_them(folders_by_format, hsbench):
    shutil.rmtree(folders_by_format["fp32"].all_weights)
    shutil.rmtree(folders_by_format["int8-rows"].path)
    process = hsbench(*COMMAND, "-k", "row~8 bit")
    assert process.returncode == 0, process.stdout + process.stderr
    assert len(list(folders_by_format["fp32"].all_weights.iterdir())) == 2
    assert len(folders_by_format["int8-rows"].scores()) == 10


@pytest.mark.slow
def test_two_processes_train_the_base_and_the_first_one_decodes_it(hsbench):
    command = ("run", "table2b", "--budget", "smoke", "-k", "row~10x", "--limit", "2", "--processes", "2")
    process = hsbench(*command, "--set", "hypersound-fmlp.weight_format=int8-rows")
    assert process.returncode == 0, process.stdout + process.stderr
    results = Results(hsbench.results)
    folders = {results.folder(name).spec().model["weight_format"]: results.folder(name) for name in results.cells()}
    assert set(folders) == {"fp32", "int8-rows"}
    assert all(len(folder.reconstructions()) == 4 for folder in folders.values()), "two held-out and two seen clips"
    assert not folders["int8-rows"].kept.exists(), "nothing was trained twice"


def test_the_base_of_a_cell_was_trained_on_the_same_corpus(tmp_path):
    changes = parse(["hypersound-fmlp.weight_format=int8-rows"])
    request = Request(("table2b",), budget="smoke", filters=("row~10x",), changes=changes)
    ((planned),) = plan.make(select(request), Results(tmp_path), Resources()).cells
    trained_on = Part("folder", 2, planned.cell.corpus.settings)
    cell = dataclasses.replace(planned.cell, train_corpus=trained_on)
    plain, base = base_of(planned.cell), base_of(cell)
    assert plain is not None
    assert base == dataclasses.replace(plain, train_corpus=trained_on)
    assert base_of(base) is None
