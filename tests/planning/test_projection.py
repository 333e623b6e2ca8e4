"""GPU times projected from steps that were measured on another card."""

import pytest

from hsbench.planning import plan, projection, text
from hsbench.planning.request import Request
from hsbench.planning.resources import resources_of
from hsbench.planning.selection import select
from hsbench.results.store import Results


@pytest.fixture(autouse=True)
def without_measurements_and_cards(tmp_path, monkeypatch):
    monkeypatch.setenv("HSBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(projection, "CARDS", tmp_path / "cards")


def install(card, tmp_path):
    description = tmp_path / "cards" / "0000:01:00.0" / "information"
    description.parent.mkdir(parents=True)
    description.write_text(f"Model: \t\t {card}\nIRQ: 5\n")


def planned(tmp_path, budget="standard", device="cuda", **options):
    selections = select(Request(("table2b",), budget=budget, device=device, filters=("row~1x",), **options))
    resources = resources_of(selections)
    made = plan.make(selections, Results(tmp_path / "results"), resources)
    return made, text.remarks(made, resources)


def test_a_row_takes_its_steps_times_the_measured_step(tmp_path):
    """100 000 steps of 13.3 ms in bf16; a paper row has 1 562 500, in tf32 no faster than fp32 at 29.6 ms."""
    made, sentences = planned(tmp_path)
    row = next(cell for cell in made.cells if cell.cell.model.name == "hypersound-fmlp")
    assert row.seconds == pytest.approx(100_000 * 0.0133, rel=0.15)
    assert sentences[-1] == "times are projected, from steps measured on an NVIDIA H100 80GB HBM3 at 28dda25"
    made, _ = planned(tmp_path, "paper")
    row = next(cell for cell in made.cells if cell.cell.model.name == "hypersound-fmlp")
    assert row.seconds == pytest.approx(1_562_500 * 0.0296, rel=0.15)


def test_another_card_is_scaled_by_its_peak_rate(tmp_path):
    h100 = projection.speed("inr-fmlp", "bf16")
    assert h100 == pytest.approx(30 * 32768 * 6 * 34741 / 4.25e-3)
    install("NVIDIA A100-SXM4-80GB", tmp_path)
    assert projection.speed("inr-fmlp", "bf16") == pytest.approx(h100 * 312 / 989)
    _, sentences = planned(tmp_path)
    assert sentences[-1].endswith("scaled to this NVIDIA A100-SXM4-80GB by the ratio of peak rates")


def test_an_unknown_card_counts_as_the_measured_one(tmp_path):
    install("NVIDIA Imaginary 1", tmp_path)
    assert projection.card() == "NVIDIA H100 80GB HBM3"


def test_what_was_not_measured_is_not_projected(tmp_path):
    assert projection.speed("rave-v1", "fp32") is None
    for options in ({"device": "cpu"}, {"eager": True}):
        made, sentences = planned(tmp_path, **options)
        assert made.projection == ""
        assert not any("projected" in sentence for sentence in sentences)


def test_the_document_says_so_too(tmp_path):
    made, _ = planned(tmp_path)
    selections = select(Request(("table2b",), budget="standard", device="cuda"))
    document = text.document(made, Results(tmp_path / "results"), resources_of(selections), [])
    assert document["projection"] == made.projection != ""
