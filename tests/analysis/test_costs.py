"""Costs of a row: derived operations, mean seconds and border error."""

import dataclasses

import pytest

from hsbench import registry
from hsbench.analysis import costs
from hsbench.errors import DataError
from hsbench.planning.request import Request
from hsbench.planning.resolve import Resolved
from hsbench.planning.selection import select
from hsbench.spec import Part, freeze
from hsbench.widths import parameters


def cell(experiment, row):
    (selection,) = select(Request((experiment,), budget="quick", filters=(f"row~{row}",)))
    return Resolved(selection, "cpu").cell(selection.rows[0], 0)


class Folder:
    def __init__(self, spec):
        self._spec = spec

    def spec(self):
        if isinstance(self._spec, Exception):
            raise self._spec
        return self._spec


def test_an_individual_fit_costs_its_steps():
    width = cell("table2d", "SIREN").model["width"]
    assert costs.encoding_operations(cell("table2d", "SIREN")) == 6 * 1000 * 4096 * parameters("siren", width)


def test_transform_coding_costs_a_matrix_product():
    assert costs.encoding_operations(cell("sanity", "MDCT top k 2x")) == 65 * 2 * 1024 * 512


def test_a_model_that_counts_nothing_has_no_operations():
    assert costs.encoding_operations(cell("sanity", "identity")) is None
    assert costs.encoding_operations(cell("sanity", "decimation 2x")) is None


def test_another_version_of_a_model_has_no_operations():
    siren = cell("table2d", "SIREN")
    other = dataclasses.replace(siren.model, version=siren.model.version + 1)
    assert costs.encoding_operations(dataclasses.replace(siren, model=other)) is None


@pytest.mark.parametrize(
    "settings", [{}, {"kind": "siren", "width": "wide", "layers": 5}, {"kind": "siren", "width": None, "layers": 5}]
)
def test_a_garbled_specification_has_no_operations_and_keeps_the_other_costs(settings):
    siren = cell("table2d", "SIREN")
    garbled = dataclasses.replace(siren, model=Part(siren.model.name, siren.model.version, freeze(settings)))
    found = costs.costs([Folder(garbled)], [{"seconds": 1.0}, {"seconds": 3.0}], 1.5)
    assert (found.operations, found.seconds, found.border_error) == (None, 2.0, None)
    assert costs.costs([Folder(DataError("garbled."))], [], 1.5).operations is None


def test_values_that_are_no_numbers_are_left_out():
    found = costs.costs([], [{"seconds": None, "border_error": 0.5}, {"seconds": "x"}, {"border_error": 1.5}], 1.5)
    assert (found.seconds, found.border_error) == (None, 1.0)


def test_only_bits_that_were_written_have_a_rate():
    codec, numbers = {"bits": 30000, "numbers": 0}, {"bits": 30000, "numbers": 1000}
    assert costs.costs([], [codec, codec], 1.5).kbps == pytest.approx(20)
    assert costs.costs([], [numbers], 1.5).kbps is None
    assert costs.costs([], [codec], 0.0).kbps is None


def test_every_approach_that_a_model_names_is_known():
    from hsbench.descriptors import APPROACHES

    named = {registry.model(name).approach for name in registry.names("models")}
    assert named - {""} == set(APPROACHES)
