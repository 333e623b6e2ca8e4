"""Parameter counts of target networks, and the width that is nearest to a compression ratio."""

import pytest

from hsbench import protocols, widths
from hsbench.errors import UsageError

NOMINAL = ("10", "4", "2", "1", "0.5", "0.125")


@pytest.mark.parametrize("kind", ["fmlp", "siren"])
@pytest.mark.parametrize("ratio", NOMINAL)
def test_widths_of_the_published_ratios(golden_models, kind, ratio):
    expected = golden_models[f"compression/{ratio}"][kind]
    width = widths.nearest_width(kind, float(ratio))
    assert (width, widths.parameters(kind, width)) == (expected["nearest_width"], expected["params"])
    assert 32768 / widths.parameters(kind, width) == pytest.approx(expected["real_cr"], rel=1e-12)


def test_parameter_counts_of_the_reference(golden_models):
    assert widths.parameters("fmlp", 90) == golden_models["params/target_fmlp_90"]
    assert widths.parameters("siren", 90) == golden_models["params/target_siren_90"]


@pytest.mark.parametrize("samples", [2048, 16384, 32768, 65536])
@pytest.mark.parametrize("layers", [1, 2, 5])
@pytest.mark.parametrize("ratio", [0.1, 0.7, 1.0, 3.3, 12.0])
def test_no_other_width_is_nearer(samples, layers, ratio):
    nearest = widths.nearest_width("siren", ratio, samples, layers)

    def distance(width):
        return abs(samples / widths.parameters("siren", width, layers) - ratio)

    assert distance(nearest) <= min(distance(width) for width in range(1, nearest + 40))


@pytest.mark.parametrize(("protocol", "width"), [("reference", 90), ("paper", 87), ("fixed", 87)])
def test_the_protocol_decides_the_width_at_ratio_one(protocol, width):
    switches = protocols.switches(protocol, ["width_at_cr_1"])
    settings = {"kind": "fmlp", "compression_ratio": 1.0, "width": None, "layers": 5, "encoding_length": 10}
    assert widths.resolve(settings, switches, 32768)["width"] == width
    assert widths.resolve(settings | {"compression_ratio": 2.0}, switches, 32768)["width"] == 61


def test_a_given_width_determines_the_ratio():
    settings = {"kind": "siren", "compression_ratio": 1.0, "width": 63, "layers": 5}
    resolved = widths.resolve(settings, {"width_at_cr_1": None}, 32768)
    assert resolved["compression_ratio"] == pytest.approx(2.0080892266209096)


@pytest.mark.parametrize("ratio", [0.0, -1.0, float("nan")])
def test_a_ratio_must_be_positive(ratio):
    with pytest.raises(UsageError, match="positive number"):
        widths.nearest_width("fmlp", ratio)


def test_a_ratio_that_no_width_reaches_is_refused():
    with pytest.raises(UsageError, match="small enough for compression ratio 4000"):
        widths.nearest_width("fmlp", 4000.0)


@pytest.mark.parametrize(("key", "value"), [("width", 0), ("width", "broad"), ("layers", 0), ("layers", 1.5)])
def test_invalid_sizes_are_refused(key, value):
    settings = {"kind": "siren", "compression_ratio": 1.0, "width": None, "layers": 5, key: value}
    with pytest.raises(UsageError, match=f"{key} expects a whole number"):
        widths.resolve(settings, {"width_at_cr_1": None}, 32768)
