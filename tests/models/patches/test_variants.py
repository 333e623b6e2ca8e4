"""Shared layers and the frequency weighting of patch INRs."""

import pytest
import torch

from hsbench import registry
from hsbench.errors import UsageError
from hsbench.models.patches.descriptors import resolve
from hsbench.models.patches.network import SharedSIREN


@pytest.mark.parametrize("shared", [0, 1, 2])
def test_shared_layers_have_the_same_shifts_in_all_patches(shared):
    siren = SharedSIREN(4, 6, 3, 20.0, 30.0, shared)
    siren.initialise(torch.Generator().manual_seed(0))
    shifts = siren.shifts(torch.randn(5, 4, generator=torch.Generator().manual_seed(1)))
    spread = (shifts - shifts[:1]).abs().amax(dim=(0, 2))
    assert [bool(value > 0) for value in spread] == [layer >= shared for layer in range(3)]
    assert torch.allclose(shifts[0, :shared], siren.get_buffer("omegas")[:shared] * siren.biases[:shared])


def test_neutral_settings_leave_no_trace_in_the_key():
    descriptor = registry.model("patch-inr")
    settings = resolve(descriptor.defaults, {}, 32768)
    assert not {"shared_layers", "frequency_weight_p"} & set(descriptor.key_settings(settings))
    assert descriptor.key_settings({**settings, "shared_layers": 1})["shared_layers"] == 1


@pytest.mark.parametrize("shared", [-1, 3, 1.5])
def test_all_layers_cannot_be_shared(shared):
    with pytest.raises(UsageError, match="shared_layers expects a whole number from 0 and below layers"):
        resolve({**registry.model("patch-inr").defaults, "shared_layers": shared}, {}, 32768)


def test_the_frequency_weighting_changes_the_spectral_loss():
    defaults = dict(registry.model("patch-inr").defaults)
    context = type("Context", (), {"sample_rate": 22050})()
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(16, 256, generator=generator) for _ in range(2))

    def loss(**settings):
        model = registry.model("patch-inr").load()(**resolve({**defaults, **settings}, {}, 32768))
        return float(model._loss(context)(x, y))

    plain = loss(spectral_weight=1.0)
    assert loss() < plain
    assert loss(spectral_weight=1.0, frequency_weight_p=1.0) != pytest.approx(plain, rel=1e-4)
    assert loss(frequency_weight_p=1.0) == loss()  # nothing to weight
