"""Payloads of clips: the decoded parameters are the quantised ones, and other bytes give a sentence."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hsbench.errors import DataError
from hsbench.models import quantise
from hsbench.models.coding import payload
from hsbench.models.targets import create

NETS = {kind: create(kind, [24] * 5) for kind in ("siren", "fmlp")}
LATENTS = {"latents": (16, 40)}


def parameters(kind, clips=2):
    generator = torch.Generator().manual_seed(3)
    if kind == "latents":
        return {"latents": torch.randn(clips, *LATENTS["latents"], generator=generator)}
    draws = [NETS[kind].draw(generator) for _ in range(clips)]
    return {name: torch.stack([draw[name] for draw in draws]) for name in NETS[kind].shapes()}


def shapes(params):
    return {name: tuple(value.shape[1:]) for name, value in params.items()}


@pytest.mark.parametrize("bits", [5, 6, 7, 8, None])
@pytest.mark.parametrize("kind", ["siren", "fmlp", "latents"])
def test_what_is_decoded_from_bytes_is_what_the_quantiser_keeps(kind, bits):
    params = parameters(kind)
    stored = payload.stored(params, bits)
    expected = quantise.rounded(params, bits)
    assert list(stored.params) == list(params)
    assert all(torch.equal(stored.params[name], expected[name]) for name in params)
    again = payload.stored(stored.params, bits)
    assert again.streams == stored.streams, "decoded parameters give the same bytes"
    alone = payload.pack({name: value[1] for name, value in params.items()}, bits)
    assert alone == stored.streams[1], "a clip is coded alone"


@pytest.mark.parametrize("bits", [5, 6, 7, 8])
@pytest.mark.parametrize("kind", ["siren", "fmlp", "latents"])
def test_the_parts_add_up_and_coding_never_costs_more_than_2_percent(kind, bits):
    params = parameters(kind, clips=1)
    (stream,) = payload.stored(params, bits).streams
    parts = payload.parts(stream, shapes(params), bits)
    assert parts["bits_side"] + parts["bits_coded"] == 8 * len(stream)
    assert parts["bits_plain"] == quantise.plain_bits(shapes(params), bits)
    assert 8 * len(stream) <= 1.02 * parts["bits_plain"]


def test_float32_is_stored_as_it_is():
    params = parameters("siren", clips=1)
    (stream,) = payload.stored(params, None).streams
    assert len(stream) == 4 * NETS["siren"].count()
    assert np.array_equal(np.frombuffer(stream, "<f4")[: params["w0"].numel()], params["w0"].flatten().numpy())


def test_what_is_not_finite_stays_so():
    params = parameters("fmlp", clips=1)
    params["w1"][0, 3, 4], params["b0"][0, 2] = torch.nan, torch.inf
    decoded = payload.stored(params, 8).params
    assert decoded["w1"][0, 3].isnan().all()
    assert decoded["b0"][0, 2].isinf()
    assert torch.isfinite(decoded["w1"][0, :3]).all()


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_cut_and_altered_payloads_give_parameters_or_a_sentence(data):
    params = {"w0": torch.ones(3, 1), "b0": torch.ones(3), "w1": torch.ones(2, 3), "b1": torch.ones(2)}
    stream = bytearray(payload.pack(params, 6))
    for _ in range(data.draw(st.integers(0, 3))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    stream = stream[: data.draw(st.integers(0, len(stream)))] + data.draw(st.binary(max_size=9))
    names = {name: tuple(value.shape) for name, value in params.items()}
    try:
        decoded = payload.unpack(bytes(stream), names, 6)
    except DataError as error:
        decoded, message = params, str(error)
    else:
        message = "expected a stream"
    assert message.startswith("expected a stream")
    assert {name: tuple(value.shape) for name, value in decoded.items()} == names


def test_the_payload_of_another_network_is_refused():
    stream = payload.stored(parameters("siren", clips=1), 6).streams[0]
    with pytest.raises(DataError, match=r"expected a stream of at least .* decode with the network that encoded it"):
        payload.unpack(stream[:50], NETS["fmlp"].shapes(), 6)
    with pytest.raises(DataError, match="expected a stream of"):
        payload.unpack(stream, NETS["siren"].shapes(), None)


def test_tensors_with_more_axes_come_back():
    params = {"w1": torch.randn(2, 2, 9, 20), "c1": torch.randn(2, 6, 5, 7), "learned": torch.randn(2, 4)}
    decoded, expected = payload.stored(params, 7).params, quantise.rounded(params, 7)
    assert all(torch.equal(decoded[name], expected[name]) for name in params)
