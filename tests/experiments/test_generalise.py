"""The experiments of methods that generalise compare rows at equal counts of numbers and share their cells."""

import pytest

from hsbench import registry
from hsbench.planning.request import Request
from hsbench.planning.resolve import Resolved
from hsbench.planning.selection import select


def cells(name, budget="quick"):
    (selection,) = select(Request((name,), budget=budget))
    resolved = Resolved(selection, "cpu")
    return {row.name: resolved.cell(row, 0) for row in selection.rows if row.model != "exported"}  # wants a file


def payload(cell):
    """Numbers per clip of 32768 samples that a method of patches or blocks stores."""
    if cell.model.name in ("patch-inr", "coinpp"):
        return cell.model["latent"] * 128
    return 32768 / cell.model["compression_ratio"]


@pytest.mark.parametrize("ratio", [16, 8, 4, 2])
def test_learned_methods_and_controls_store_equally_many_numbers(ratio):
    found = cells("generalise")
    names = ("patch INR", "COIN++", "KLT", "DCT", "MDCT top k", "decimation")
    assert {payload(found[f"{name} {ratio}x"]) for name in names} == {32768 / ratio}


def test_the_experiments_share_the_cells_at_compression_ratio_2():
    generalise, cost = cells("generalise"), cells("encode-cost")
    assert cost["patch INR"].key == generalise["patch INR 2x"].key
    assert cost["COIN++ 3 steps"].key == generalise["COIN++ 2x"].key
    assert cost["SIREN learned start 128 steps"].key == generalise["SIREN 128 steps 2x learned start"].key
    assert cost["KLT"].key == generalise["KLT 2x"].key


@pytest.mark.parametrize(("budget", "steps"), [("quick", 1000), ("standard", 20000), ("paper", 100000)])
def test_individual_fits_have_the_steps_of_the_budget(budget, steps):
    assert cells("encode-cost", budget)["SIREN steps of the budget"].budget["steps"] == steps


def test_every_learned_row_has_an_approach_and_every_approach_a_row():
    approaches = {registry.model(cell.model.name).approach for cell in cells("encode-cost").values()}
    assert approaches == {"one pass", "few steps", "individual fit", "transform coding", ""}
