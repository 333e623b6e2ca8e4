"""Checkpoints: damaged files read as None, and the checkpoint of another fit is refused."""

import json

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from hsbench.errors import DataError
from hsbench.fit import checkpoint, loop
from hsbench.fit.recipe import Recipe

EXAMPLES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
WHOLE = save({"w": torch.arange(4.0)}, {"numbers": json.dumps({"step": 2, "seconds": 0.5})})


@st.composite
def damaged(draw):
    data = bytearray(WHOLE)
    for _ in range(draw(st.integers(0, 4))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


@EXAMPLES
@given(data=damaged() | st.binary(max_size=100))
def test_any_bytes_read_as_a_checkpoint_or_as_none(tmp_path, data):
    path = tmp_path / "x.safetensors"
    path.write_bytes(data)
    contents = checkpoint.read(path)
    assert contents is None or isinstance(contents[1], dict)
    assert checkpoint.metadata(path) is None or isinstance(checkpoint.metadata(path), dict)


@pytest.mark.parametrize("numbers", ["[1]", "3", "null", "NaN", "[" * 100_000, "{", None])
def test_invalid_numbers_in_the_metadata_make_no_checkpoint(tmp_path, numbers):
    path = tmp_path / "x.safetensors"
    path.write_bytes(save({"w": torch.zeros(1)}, None if numbers is None else {"numbers": numbers}))
    assert checkpoint.read(path) is None


def test_a_folder_is_no_checkpoint(tmp_path):
    assert checkpoint.read(tmp_path) is None
    assert checkpoint.metadata(tmp_path) is None


def fit(path):
    w = torch.nn.Parameter(torch.zeros(4))
    recipe = Recipe(5, 5, "constant", 0.1)
    hooks = loop.Hooks(record=lambda row: None, progress=lambda done: None, checkpoint=path)

    def step(number):
        loss = (w - 1).square().mean()
        loss.backward()
        return loss.detach()[None]

    loop.optimise({"w": w}, step, recipe, hooks)
    return w


@pytest.mark.parametrize(
    ("tensors", "numbers"),
    [
        ({"other": torch.zeros(4)}, {"step": 1, "seconds": 0.0}),
        ({"w": torch.zeros(3)}, {"step": 1, "seconds": 0.0}),
        ({"w": torch.zeros(4), "w.mean": torch.zeros(4)}, {"step": 1, "seconds": 0.0}),
        ({"w": torch.zeros(4), "w.mean": torch.zeros(3), "w.square": torch.zeros(4)}, {"step": 1, "seconds": 0.0}),
        ({"w": torch.zeros(4)}, {"step": "1", "seconds": 0.0}),
        ({"w": torch.zeros(4)}, {"step": 1}),
        ({"w": torch.zeros(4)}, {"step": -1, "seconds": 0.0}),
    ],
)
def test_the_checkpoint_of_another_fit_is_refused_in_a_sentence(tmp_path, tensors, numbers):
    path = tmp_path / "fit.safetensors"
    checkpoint.write(path, tensors, numbers)
    with pytest.raises(DataError, match=r"fit.safetensors is no checkpoint of this fit; remove it with: hsbench clean"):
        fit(path)


def test_a_fit_with_a_truncated_checkpoint_starts_from_the_beginning(tmp_path):
    path = tmp_path / "fit.safetensors"
    undisturbed = fit(None).detach()
    path.write_bytes(WHOLE[:-3])
    assert torch.equal(fit(path).detach(), undisturbed)
