"""Families of individual INRs: sizes, settings in Hz, keys, and fits that learn a clip."""

import math

import numpy as np
import pytest
import torch

from hsbench import protocols, registry, score
from hsbench.audio.clip import Clip
from hsbench.errors import UnknownNameError, UsageError
from hsbench.models import quantise
from hsbench.models.base import Context
from hsbench.models.inr import sizes
from hsbench.models.inr.descriptors import FITTING
from hsbench.models.inr.families import activation
from hsbench.models.targets import create
from hsbench.models.targets.base import grid
from hsbench.planning.request import Request
from hsbench.planning.resolve import Resolved
from hsbench.planning.selection import select
from hsbench.testing import check_model

FAMILIES = ["hsiren", "finer", "incode", "gauss", "wire", "rff", "logff", "kan", "grid"]
OTHERS = (*FITTING, "compression_ratio", "kind", "width", "layers")


def resolved(name, **changes):
    descriptor = registry.model(name)
    settings = descriptor.from_hz({**descriptor.defaults, **changes}, 32768, 22050)
    return registry.load_target(descriptor.resolve)(settings, {"width_at_cr_1": None}, 32768)


def network(settings):
    made = {name: value for name, value in settings.items() if name not in OTHERS}
    return create(settings["kind"], [settings["width"]] * settings["layers"], **made)


@pytest.mark.parametrize("kind", FAMILIES)
@pytest.mark.parametrize("ratio", [1.0, 2.0, 4.0, 8.0])
def test_the_count_without_torch_is_that_of_the_network_and_near_the_ratio(kind, ratio):
    settings = resolved(f"inr-{kind}", compression_ratio=ratio)
    numbers = network(settings).count()
    assert numbers == sizes.parameters(settings)
    # Widths are whole numbers: a KAN of width 6 has a fifth fewer numbers than one of width 7, the nearest here.
    assert 32768 / numbers == pytest.approx(ratio, rel=0.09 if kind == "kan" else 0.05)


@pytest.mark.parametrize("kind", ["hsiren", "finer", "logff", "kan", "grid"])
def test_a_network_of_8_bits_plays_what_its_float32_self_plays(kind):
    """docs/rate.md has the families that do not bear 8 bits: their first or later layers magnify an error more."""
    net, times = network(resolved(f"inr-{kind}", compression_ratio=2.0)), grid(8192)
    drawn = net.draw(torch.Generator().manual_seed(0))
    params = {name: drawn[name][None] for name in net.shapes()}
    sounds = [net.apply(quantise.rounded(params, bits), times).double() for bits in (8, 6)]
    played = net.apply(params, times).double()
    levels = [10 * math.log10(float(played.var() / (played - sound).var())) for sound in sounds]
    assert levels[0] >= 35
    assert levels[0] > levels[1] > 15


@pytest.mark.parametrize("kind", FAMILIES)
def test_no_other_size_is_nearer(kind):
    settings = resolved(f"inr-{kind}")
    name = sizes.SIZES.get(kind, "width")

    def distance(size):
        return abs(32768 / sizes.parameters({**settings, name: size}) - 1)

    assert distance(settings[name]) <= min(distance(settings[name] - 1), distance(settings[name] + 1))
    given = resolved(f"inr-{kind}", **{name: settings[name], "compression_ratio": 5.0})
    assert given["compression_ratio"] == pytest.approx(32768 / sizes.parameters(settings))


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("inr-finer", {"width": 0}, "width expects a whole number from 1, got 0"),
        ("inr-finer", {"layers": 2.0}, "layers expects a whole number from 1"),
        ("inr-kan", {"intervals": True}, "intervals expects a whole number from 1"),
        ("inr-grid", {"compression_ratio": 60.0}, "no grid network with these settings is small enough"),
        ("inr-wire", {"compression_ratio": -1.0}, "a compression ratio is a positive number"),
        ("inr-finer", {"first_hz": -3.0}, "inr-finer.first_hz expects a positive frequency in Hz, got -3.0"),
        (
            "inr-siren",
            {"init": "winner"},
            "init=winner expects a positive winner_scale, got None; set it, or winner_hz",
        ),
        ("inr-siren", {"init": "scaled", "alpha": 0.0}, "init=scaled expects a positive alpha, got 0.0"),
        ("inr-siren", {"init": "winner", "winner_hz": 1.0, "shared_start": True}, "cannot share their start"),
    ],
)
def test_settings_out_of_range_are_sentences(name, changes, sentence):
    with pytest.raises(UsageError, match=sentence):
        resolved(name, **changes)


def test_unknown_names_are_sentences():
    with pytest.raises(UnknownNameError, match="did you mean 'winner'"):
        resolved("inr-siren", init="winer")
    with pytest.raises(UnknownNameError, match="did you mean 'learned'"):
        resolved("inr-finer", start="learnt")


def test_a_frequency_in_hz_is_a_number_of_periods():
    """A sine of omega_0 t with weight 1 has first_hz periods per second of the clip."""
    omega_0 = resolved("inr-siren", first_hz=860)["omega_0"]
    seconds = 32768 / 22050
    assert omega_0 * 2 / (2 * math.pi) / seconds == pytest.approx(860)
    assert resolved("inr-rff", first_hz=860)["sigma"] == resolved("inr-logff", first_hz=860)["top"] == omega_0
    assert resolved("inr-siren", init="winner", winner_hz=860.0)["winner_scale"] == omega_0


def cell(*changes):
    (selection,) = select(Request(("table2d",), budget="quick", changes=nested(*changes), filters=("row~SIREN",)))
    return Resolved(selection, "cpu").cell(selection.rows[0], 0)


def nested(*changes):
    from hsbench.planning.changes import parse

    return parse(f"inr-siren.{change}" for change in changes)


def test_only_what_changes_a_siren_enters_its_key():
    plain = cell()
    assert {"init", "alpha", "winner_scale", "first_hz"} & dict(plain.model.settings).keys() == set()
    assert cell("alpha=2.5").key == cell("winner_hz=900").key == cell("init=siren").key == plain.key
    assert cell("first_hz=860").model["omega_0"] == resolved("inr-siren", first_hz=860.0)["omega_0"]
    assert cell("first_hz=860").key == cell(f"omega_0={math.pi * 32768 / 22050 * 860}").key != plain.key
    scaled, winner = cell("init=scaled"), cell("init=winner", "winner_hz=900")
    assert (scaled.model["init"], scaled.model["alpha"]) == ("scaled", 1.5)
    assert "winner_scale" not in dict(scaled.model.settings)
    assert "alpha" not in dict(winner.model.settings)
    assert len({plain.key, scaled.key, winner.key}) == 3


def test_a_setting_of_the_user_replaces_the_frequency_of_a_row():
    (selection,) = select(
        Request(("zoo",), budget="quick", changes=nested("omega_0=500"), filters=("row~SIREN", "model~inr-siren"))
    )
    rows = {row.name: Resolved(selection, "cpu").cell(row, 0) for row in selection.rows}
    assert rows["SIREN"].model["omega_0"] == 500.0


def test_operations_of_a_step():
    training = {"steps": 1, "coordinates": 100}
    finer, wire = resolved("inr-finer"), resolved("inr-wire")
    assert sizes.operations(finer, training, 32768).each == 600 * sizes.parameters(finer)
    assert sizes.operations(wire, training, 32768).each == 1200 * sizes.parameters(wire)
    kan = resolved("inr-kan")
    edges = sizes.parameters(kan) / 13
    assert sizes.operations(kan, training, 32768).each == 100 * 3 * 2 * 12 * edges
    grid = resolved("inr-grid")
    dense = 12 * 16 + 16 + 16 * 16 + 16 + 16 + 1
    assert sizes.operations(grid, training, 32768).each == 100 * 3 * (3 * 12 + 2 * dense)
    learned = {"start_steps": 10, "start_batch": 2, "start_inner_steps": 3, "start_coordinates": 50}
    shared = sizes.operations(finer, {**training, **learned}, 32768).shared
    assert shared == 10 * 2 * 3 * 50 * 6 * sizes.parameters(finer)


def test_a_family_of_ones_own_activation():
    descriptor = activation("inr-mine", "math:sin", "mine", {"beta": 2.0}, learned="beta", omega_0=30.0)
    assert descriptor.defaults["activation"] == "math:sin"
    assert (descriptor.defaults["beta"], descriptor.defaults["learned"]) == (2.0, "beta")
    assert descriptor.in_hz == {"first_hz": "omega_0"}
    assert descriptor.origin != registry.model("inr-siren").origin


SMALL = {"layers": 2, "width": 8}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAMILIES)
def test_it_meets_the_requirements_of_a_model(kind):
    settings = {"highest": 64} if kind == "grid" else SMALL
    passed = check_model(f"inr-{kind}", settings=settings, training={"steps": 20, "coordinates": 1024})
    assert any("group" in name for name in passed)


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAMILIES)
def test_the_traced_network_is_the_network(kind):
    """As torch.compile traces it; the compiler itself is left out."""
    net = network(resolved(f"inr-{kind}", **({"highest": 64} if kind == "grid" else SMALL)))
    drawn = {name: value[None] for name, value in net.draw(torch.Generator().manual_seed(0)).items()}
    coords = torch.linspace(-1, 1, 100).view(1, -1, 1)
    plain = net.apply(drawn, coords)
    net.compile(backend="eager")
    torch.testing.assert_close(net.apply(drawn, coords), plain)


def tone(name="a"):
    t = np.linspace(-1, 1, 2048)
    return Clip(name, (0.6 * np.sin(60 * t) + 0.4 * np.sin(150 * t + 1)).astype(np.float32), 22050)


LEARNS = {
    "hsiren": (3e-3, {"omega_0": 60.0}),
    "finer": (3e-3, {"omega_0": 60.0}),
    "incode": (3e-3, {"omega_0": 60.0}),
    "wire": (1e-2, {"omega_0": 60.0, "omega_i": 10.0, "s": 5.0}),
    "rff": (1e-2, {"sigma": 60.0}),
    "logff": (1e-2, {"top": 400.0}),
    "kan": (1e-2, {"encoding_length": 6}),
    "grid": (1e-2, {"highest": 128}),
}
"""Family -> learning rate, and settings that suit two slow tones; none of Gauss is known (docs/zoo.md)."""


@pytest.mark.slow
@pytest.mark.parametrize("kind", LEARNS)
def test_it_learns_a_sound_of_two_tones(kind, tmp_path):
    rate, settings = LEARNS[kind]
    descriptor = registry.model(f"inr-{kind}")
    made = registry.load_target(descriptor.resolve)(
        {**descriptor.defaults, **({} if kind == "grid" else {"width": 24, "layers": 3}), **settings}, {}, 2048
    )
    context = Context(
        seed=0,
        sample_rate=22050,
        samples=2048,
        switches=protocols.switches("fixed", descriptor.switches),
        training={"steps": 300, "coordinates": 1024, "schedule": "one_cycle", "learning_rate": rate},
        device="cpu",
        threads=1,
        scratch=tmp_path / "scratch",
        kept=tmp_path / "kept",
        record=lambda row: None,
        progress=lambda done, total: None,
    )
    (reconstruction,) = descriptor.load()(**made).reconstruct([tone()], context)
    assert score(tone().waveform, reconstruction.waveform, 22050, ["si_snr"])["si_snr"].value > 15
    assert reconstruction.payload.numbers == sizes.parameters(made)
