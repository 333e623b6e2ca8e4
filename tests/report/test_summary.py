"""What a table says in sentences: computed from its rows, with clips, voices and the best control at equal numbers."""

import dataclasses

import numpy as np
import pytest

from hsbench.analysis import stats
from hsbench.analysis.costs import Costs
from hsbench.metrics.base import info
from hsbench.report.summary import budget, sentences
from hsbench.report.table import BELOW_FLOOR, Entry, Table, TableRow

from .conftest import make_view


def row(name, model, si_snr, **facts):
    values = np.full((1, 4), float(si_snr))
    entry = Entry(stats.summarise(values), False, None, None, values)
    pesq = np.full((1, 4), 2.5)
    entries = {"si_snr": entry, "pesq": Entry(stats.summarise(pesq), False, None, None, pesq)}
    plain = {"ratio": 2.0, "numbers": 16384, "kbit": None, "built": 4, "wanted": 4, "bad": {}, "missing": {}}
    rest = {"clipped": 0.0, "badge": "", "departures": (), "notes": (), "fit": {}, "printed": {}, "reasons": ()}
    return TableRow(name, "demo", entries, **{**plain, **rest, "model": model, "voices": 2, **facts})


def table(*rows, name="quick"):
    view = dataclasses.replace(make_view(), budget=name)
    return Table(view, (info("si_snr"), info("pesq")), rows, None)


ROWS = (
    row("patch INR", "patch-inr", 12.5),
    row("patch INR seen", "patch-inr", 12.9, split="train"),
    row("fitted SIREN", "inr-siren", 11.0),
    row("KLT 2x", "klt", 28.4),
    row("MDCT 2x", "mdct-top-k", 38.4),
    row("MDCT 8x", "mdct-top-k", 50, ratio=8.0),
    row("MP3", "mp3-soundfile", 14, ratio=None, numbers=0, costs=Costs(kbps=12.34)),
    row("HyperSound", "hypersound-fmlp", -40, below_floor=BELOW_FLOOR),
    row("noise", "noise", -50, ratio=None),
)


def test_a_learned_method_is_named_with_the_best_control_that_stores_as_many_numbers():
    (sentence,) = [sentence for sentence in sentences(table(*ROWS)) if sentence.startswith("Of the learned")]
    assert "patch INR has the highest SI-SNR on held-out clips, 12.5 dB (4 clips of 2 voices)" in sentence
    assert "MDCT 2x, the best control with as many numbers, has 38.4 dB" in sentence
    assert "MDCT 8x" not in sentence


def test_the_gap_between_seen_and_held_out_clips_is_named_for_rows_that_learn():
    (sentence,) = [sentence for sentence in sentences(table(*ROWS)) if "overfitting" in sentence]
    assert "patch INR 12.9 dB and 12.5 dB" in sentence
    assert "noise" not in sentence


def test_codecs_are_named_with_their_rate_and_rows_below_the_floor_by_name():
    said = sentences(table(*ROWS))
    assert any("MP3 2.50 at 12.3 kbit/s" in sentence for sentence in said)
    assert any(sentence.startswith("HyperSound: no better than silence") for sentence in said)
    assert len(said) == 5


def test_what_cannot_be_said_is_left_out():
    assert sentences(table(row("noise", "noise", -50, ratio=None))) == []
    (only,) = sentences(table(row("patch INR", "patch-inr", 12.5)))
    assert only.endswith("no control of this table stores as many numbers.")
    unknown = row("mine", "a-plug-in-that-is-not-installed", 3.0)
    assert sentences(table(unknown)) == []


@pytest.mark.parametrize(("name", "said"), [("smoke", True), ("quick", True), ("standard", False), ("paper", False)])
def test_a_short_budget_says_what_it_can_show(name, said):
    assert bool(budget(table(*ROWS, name=name))) is said
    assert budget(table(ROWS[0], name=name)) == ""
