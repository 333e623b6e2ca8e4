"""The zoo: equal counts of numbers, settings that only training voices chose, and rows of other packages."""

import pytest

from hsbench import registry
from hsbench.experiments.zoo import ALL, BY_RATIO, FAMILIES, FREQUENCIES, TUNED, rates
from hsbench.models.inr.families import activation
from hsbench.planning import definition
from hsbench.planning.request import Request
from hsbench.planning.resolve import Resolved
from hsbench.planning.selection import select
from hsbench.report.figures.first_layer import first_hz


def cells(name, budget="quick", protocol="fixed"):
    (selection,) = select(Request((name,), budget=budget, protocol=protocol))
    resolved = Resolved(selection, "cpu")
    return resolved, {row.name: resolved.cell(row, 0) for row in selection.rows}


def test_every_row_of_zoo_stores_as_many_numbers_as_a_clip_has_samples():
    _, found = cells("zoo")
    ratios = {name: cell.model["compression_ratio"] for name, cell in found.items() if cell.model.name[:4] == "inr-"}
    assert set(ratios.values()) == {1.0}
    assert set(FAMILIES) | {"SIREN of the paper", "FMLP of the paper", "grid"} == set(ratios)
    assert found["MDCT top k"].model["compression_ratio"] == 1.0


def test_the_rows_of_the_paper_are_the_cells_of_table_2d_but_for_the_length_of_their_training():
    _, mine = cells("zoo", "standard")
    _, table = cells("table2d", "standard")
    assert mine["SIREN of the paper"].key == table["SIREN"].key
    assert mine["FMLP of the paper"].key == table["FMLP"].key


@pytest.mark.parametrize("name", ["zoo-tune", "zoo-rate"])
def test_settings_are_chosen_on_voices_that_are_not_scored(name):
    tune, _ = cells(name)
    scored, _ = cells("zoo")
    corpora = [resolved.corpora["demo"].manifest for resolved in (tune, scored)]
    voices = [{item.speaker for item in corpus.items} for corpus in corpora]
    assert (corpora[0].split, corpora[1].split) == ("train", "validation")
    assert not voices[0] & voices[1]


def test_every_family_is_tuned_at_three_frequencies_at_least():
    _, tune = cells("zoo-tune")
    for label, family in FAMILIES.items():
        assert TUNED[label] in family.frequencies, label
        own = {name: cell for name, cell in tune.items() if name.rpartition(" ")[0] == label}
        assert len({cell.key for cell in own.values()}) == len(family.frequencies) >= 3
        for hz in FREQUENCIES:
            stated = first_hz(own[f"{label} {hz:g}Hz"])
            low = 0.8 if family.frequency == "encoding_length" else 0.999
            assert low * hz <= stated <= 1.001 * hz, label


def test_every_family_is_tuned_at_three_rates_and_scored_with_that_of_its_model():
    _, tune = cells("zoo-tune")
    _, tried = cells("zoo-rate")
    _, scored = cells("zoo")
    for label, family in ALL.items():
        own = {rate: tried[f"{label} {rate:g}"] for rate in rates(label)}
        assert len({cell.key for cell in own.values()}) == 3, label
        assert [dict(cell.budget.settings)["learning_rate"] for cell in own.values()] == list(rates(label))
        lowest, chosen, highest = rates(label)
        assert lowest < chosen < highest
        assert chosen == registry.model(family.model).budgets["quick"]["learning_rate"]
        assert own[chosen].key == scored[label].key, label
        if label in FAMILIES:
            assert own[chosen].key == tune[f"{label} {TUNED[label]:g}Hz"].key, label


def test_the_ratios_share_their_cells_with_zoo():
    _, by_ratio = cells("zoo-cr")
    _, scored = cells("zoo")
    for label in BY_RATIO:
        assert by_ratio[f"{label} 1x"].key == scored[label].key
        sizes = [by_ratio[f"{label} {ratio}x"].model["width"] for ratio in (8, 4, 2, 1)]
        assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("name", ["zoo", "zoo-tune", "zoo-rate", "zoo-cr"])
def test_only_the_budget_quick_is_shortened(name):
    for budget in ("smoke", "quick", "standard", "paper"):
        (selection,) = select(Request((name,), budget=budget))
        resolved = Resolved(selection, "cpu")
        for row in selection.rows:
            training = registry.model(row.model).budgets.get(budget, {})
            short = dict(row.quick) if budget == "quick" else {}
            assert resolved._settings(row)[1] == {**training, **dict(row.training), **short}, row.name


def test_a_family_that_another_package_registers_is_a_row(monkeypatch):
    mine = activation("inr-mine", "math:sin", "mine", origin="me")
    monkeypatch.setitem(registry._table("models"), mine.name, mine)
    rows = {row.name: row.model for row in definition.load("zoo").rows}
    assert rows["inr-mine"] == "inr-mine"
    assert "inr-mine" not in {row.name for row in definition.load("zoo-cr").rows}
