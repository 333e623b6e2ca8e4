"""The differences of paper and code: one file, from which the switches and the page of the documentation come."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hsbench import differences, protocols, registry
from hsbench.errors import DataError, UnknownNameError

PAGE = Path(__file__).parent.parent / "docs" / "differences.md"

FIXED_1 = {
    "additive_bias": "sum",
    "bad_fit_is_status": True,
    "frequency_weighting": "mel_amplitude",
    "hyper_schedule": "one_cycle_per_epoch",
    "inr_loss": "l1",
    "inr_output": "before_last_update",
    "inr_siren_init": "omega_i",
    "multiplicative_bias": "product",
    "width_at_cr_1": None,
}

ENTRY = """
[[difference]]
area = "Loss"
item = "form"
paper = "one"
code = "another"
hsbench = "Either."
"""


@pytest.fixture
def listed(tmp_path):
    """Read differences from a text."""

    def read(text):
        path = tmp_path / "protocols.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return protocols.read(path)

    return read


def test_the_page_is_made_from_the_file():
    assert PAGE.read_text() == differences.markdown(), f"docs/differences.md is stale; run: {differences.COMMAND}"


def test_the_command_prints_the_page():
    command = [sys.executable, *differences.COMMAND.split()[1:3]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == differences.markdown()


def test_every_table_of_the_page_has_five_columns_and_every_difference_a_row():
    tables = [line for line in differences.markdown().splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables} == {6}
    assert len(tables) == len(protocols.differences()) + 2 * len(protocols.AREAS)


def test_a_difference_with_a_switch_shows_its_values():
    page = differences.markdown()
    assert "**`inr_loss`**: reference `l1`, paper `mse`, fixed-1 `l1`." in page
    assert "**`width_at_cr_1`**: reference `90`, paper none, fixed-1 none." in page
    assert "**`bad_fit_is_status`**: reference `false`, paper `false`, fixed-1 `true`." in page


def test_every_area_has_its_differences_and_no_text_is_empty():
    every = protocols.differences()
    assert {one.area for one in every} == set(protocols.AREAS)
    assert len(every) > 50
    for one in every:
        for text in (one.item, one.paper, one.code, one.hsbench):
            assert text == " ".join(text.split())
            assert text


def test_the_protocols_are_these():
    assert list(protocols.PROTOCOLS) == ["reference", "paper", "fixed-1"]
    assert protocols.PROTOCOLS["reference"] == {
        "width_at_cr_1": 90,
        "inr_loss": "l1",
        "inr_siren_init": "omega_0",
        "inr_output": "before_last_update",
        "bad_fit_is_status": False,
        "hyper_schedule": "one_cycle_per_epoch",
        "additive_bias": "generated",
        "multiplicative_bias": "scale",
        "frequency_weighting": "mel_amplitude",
    }
    assert protocols.PROTOCOLS["paper"] == {
        "width_at_cr_1": None,
        "inr_loss": "mse",
        "inr_siren_init": "omega_i",
        "inr_output": "after_last_update",
        "bad_fit_is_status": False,
        "hyper_schedule": "one_cycle",
        "additive_bias": "sum",
        "multiplicative_bias": "product",
        "frequency_weighting": "spectrum",
    }


def test_fixed_1_is_frozen():
    assert dict(protocols.PROTOCOLS["fixed-1"]) == FIXED_1, "fixed-1 is frozen; a change of it makes fixed-2"
    assert protocols.name("fixed") == "fixed-1"


def test_every_switch_has_a_value_of_one_kind_under_every_protocol():
    assert {frozenset(table) for table in protocols.PROTOCOLS.values()} == {frozenset(FIXED_1)}
    for one in protocols.differences():
        assert set(one.values()) == set(protocols.PROTOCOLS)
        kinds = {type(value) for value in one.values().values()}
        assert len(kinds - {type(None)}) == (0 if one.switch is None else 1), one.item
        if one.switch is not None:
            assert one.values() == {name: table[one.switch] for name, table in protocols.PROTOCOLS.items()}


def test_models_and_switches_know_each_other():
    read = {switch for name in registry.names("models") for switch in registry.get("models", name).switches}
    assert read <= set(FIXED_1), "a model names a switch that no difference has"
    assert set(FIXED_1) <= read, "a switch that no model reads decides nothing"


def test_a_model_gets_the_switches_that_it_reads_alone():
    assert protocols.switches("fixed", ["inr_loss", "width_at_cr_1"]) == {"inr_loss": "l1", "width_at_cr_1": None}
    assert protocols.switches("paper", []) == {}


def test_unknown_names_get_a_sentence_and_a_suggestion():
    with pytest.raises(UnknownNameError, match="^unknown protocol 'referenc'; did you mean 'reference'?"):
        protocols.name("referenc")
    with pytest.raises(UnknownNameError, match="^unknown protocol 'fixed-2'; did you mean 'fixed-1'?"):
        protocols.switches("fixed-2", ["inr_loss"])
    with pytest.raises(UnknownNameError, match="^unknown protocol switch 'inr_los'; did you mean 'inr_loss'?"):
        protocols.switches("paper", ["inr_los"])


def test_tables_cannot_be_changed():
    with pytest.raises(TypeError):
        protocols.PROTOCOLS["paper"]["inr_loss"] = "l1"
    with pytest.raises(TypeError):
        protocols.PROTOCOLS["mine"] = {}


def test_what_is_left_out_is_none(listed):
    (one,) = listed(ENTRY + 'switch = "form"\nreference = 90\n')
    assert one.values() == {"reference": 90, "paper": None, "fixed-1": None}
    assert one.consequence == ""
    (one,) = listed(ENTRY)
    assert one.switch is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[difference]\n", "but .*line 1"),
        (b"\xff\xfe", "decode"),
        ("", r"no \[\[difference\]\]"),
        ("difference = [1]\n", r"no \[\[difference\]\]"),
        (ENTRY.replace('code = "another"\n', ""), "'form' has no code"),
        (ENTRY.replace('"another"', "3"), "'form' has the code 3"),
        (ENTRY.replace('item = "form"\n', ""), "None has no item"),
        (ENTRY + 'consequences = "x"\n', "'form' has the unknown key 'consequences'"),
        (ENTRY.replace('"Loss"', '"Lost"'), "'form' has the unknown area 'Lost'"),
        (ENTRY + 'switch = "form"\n', "switch without values"),
        (ENTRY + "fixed = 1\n", "values without a switch"),
        (ENTRY + 'switch = "form"\nfixed = [1]\n', r"'form' has the fixed \[1\]"),
        (ENTRY + ENTRY, "'form' stands there twice"),
    ],
)
def test_a_garbled_file_gives_one_sentence(listed, text, reason):
    with pytest.raises(DataError, match=reason) as caught:
        listed(text)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith("reinstall hsbench.")


def test_a_missing_file_gives_one_sentence(tmp_path):
    with pytest.raises(DataError, match="should list where the paper and its code part, but .*; reinstall hsbench.$"):
        protocols.read(tmp_path / "absent.toml")
