"""Differences of paper and code: protocols.toml gives the protocol switches and the page of the documentation."""

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
FIXED_2 = {**FIXED_1, "bad_fit_is_status": False}

ENTRY = """
[[difference]]
area = "Loss"
item = "form"
paper = "one"
code = "another"
hsbench = "Either."
"""


@pytest.fixture
def read_text(tmp_path):
    """Function that reads differences from the text of a TOML file."""

    def read(text):
        path = tmp_path / "protocols.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return protocols.read(path)

    return read


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == differences.markdown(), f"docs/differences.md is stale; run: {differences.COMMAND}"


def test_the_command_prints_the_page():
    command = [sys.executable, *differences.COMMAND.split()[1:3]]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    assert process.stdout == differences.markdown()


def test_the_page_has_a_section_for_every_area_and_every_difference_and_no_long_line():
    lines = differences.markdown().splitlines()
    assert [line.removeprefix("## ") for line in lines if line.startswith("## ")] == list(protocols.AREAS)
    headings = [line.removeprefix("### ").lower() for line in lines if line.startswith("### ")]
    assert sorted(headings) == sorted(difference.item.lower() for difference in protocols.differences())
    assert max(map(len, lines)) <= differences.WIDTH


@pytest.mark.parametrize(
    ("switch", "values"),
    [
        ("inr_loss", "reference `l1`, paper `mse`, fixed-1 `l1`, fixed-2 `l1`"),
        ("width_at_cr_1", "reference `90`, paper none, fixed-1 none, fixed-2 none"),
        ("bad_fit_is_status", "reference `false`, paper `false`, fixed-1 `true`, fixed-2 `false`"),
    ],
)
def test_a_difference_with_a_switch_shows_its_values(switch, values):
    assert f"- **Switch `{switch}`:** {values}\n" in differences.markdown()
    (difference,) = [difference for difference in protocols.differences() if difference.switch == switch]
    assert differences.cells(difference)[-1].endswith(f" **`{switch}`**: {values}.")


def test_every_area_has_differences_and_no_text_is_empty():
    all_differences = protocols.differences()
    assert {difference.area for difference in all_differences} == set(protocols.AREAS)
    assert len(all_differences) > 50
    for difference in all_differences:
        for text in (difference.item, difference.paper, difference.code, difference.hsbench):
            assert text == " ".join(text.split())
            assert text


def test_the_switches_of_the_protocols_have_their_published_values():
    assert list(protocols.PROTOCOLS) == ["reference", "paper", "fixed-1", "fixed-2"]
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
    assert dict(protocols.PROTOCOLS["fixed-1"]) == FIXED_1, (
        "fixed-1 is frozen; a changed value belongs to a new protocol"
    )


def test_fixed_2_is_frozen_and_differs_from_fixed_1_in_one_switch():
    assert dict(protocols.PROTOCOLS["fixed-2"]) == FIXED_2, (
        "fixed-2 is frozen; a changed value belongs to a new protocol, fixed-3"
    )
    assert protocols.name("fixed") == "fixed-2"


def test_every_switch_has_values_of_one_type_under_all_protocols():
    assert {frozenset(table) for table in protocols.PROTOCOLS.values()} == {frozenset(FIXED_1)}
    for difference in protocols.differences():
        values, switch = difference.values(), difference.switch
        assert set(values) == set(protocols.PROTOCOLS)
        types = {type(value) for value in values.values()} - {type(None)}
        assert len(types) == (0 if switch is None else 1), difference.item
        if switch is not None:
            assert values == {name: table[switch] for name, table in protocols.PROTOCOLS.items()}


def test_models_read_exactly_the_switches_that_exist():
    read = {switch for name in registry.names("models") for switch in registry.get("models", name).switches}
    assert read <= set(FIXED_1), "a model reads a switch that no difference has"
    assert set(FIXED_1) <= read, "no model reads this switch"


def test_a_model_gets_only_the_switches_that_it_reads():
    assert protocols.switches("fixed", ["inr_loss", "width_at_cr_1"]) == {"inr_loss": "l1", "width_at_cr_1": None}
    assert protocols.switches("paper", []) == {}


def test_the_error_of_an_unknown_name_suggests_a_known_one():
    with pytest.raises(UnknownNameError, match="^unknown protocol 'referenc'; did you mean 'reference'?"):
        protocols.name("referenc")
    with pytest.raises(UnknownNameError, match="^unknown protocol 'fixed-3'; did you mean 'fixed-2'?"):
        protocols.switches("fixed-3", ["inr_loss"])
    with pytest.raises(UnknownNameError, match="^unknown protocol switch 'inr_los'; did you mean 'inr_loss'?"):
        protocols.switches("paper", ["inr_los"])


def test_protocols_cannot_be_changed():
    with pytest.raises(TypeError):
        protocols.PROTOCOLS["paper"]["inr_loss"] = "l1"
    with pytest.raises(TypeError):
        protocols.PROTOCOLS["mine"] = {}


def test_a_value_that_the_file_leaves_out_is_none(read_text):
    (difference,) = read_text(ENTRY + 'switch = "form"\nreference = 90\n')
    assert difference.values() == {"reference": 90, "paper": None, "fixed-1": None, "fixed-2": None}
    assert difference.consequence == ""
    (difference,) = read_text(ENTRY)
    assert difference.switch is None


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
        (ENTRY + ENTRY, "'form' is listed 2 times"),
    ],
)
def test_a_malformed_file_gives_one_sentence(read_text, text, reason):
    with pytest.raises(DataError, match=reason) as caught:
        read_text(text)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith("reinstall hsbench.")


def test_a_missing_file_gives_one_sentence(tmp_path):
    with pytest.raises(DataError, match="should list where the paper and its code differ, but .*; reinstall hsbench.$"):
        protocols.read(tmp_path / "absent.toml")
