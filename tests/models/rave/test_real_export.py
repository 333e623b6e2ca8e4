"""A real export of acids-rave, named by HSBENCH_RAVE_TS: its facts, and the reimplementation against its parts."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from hsbench.audio import pqmf
from hsbench.models.rave.encoder import MIN_DEVIATION, Encoder
from hsbench.models.rave.export import Export
from hsbench.models.rave.generator import Generator

pytestmark = pytest.mark.skipif(
    "HSBENCH_RAVE_TS" not in os.environ, reason="HSBENCH_RAVE_TS names no export of acids-rave (docs/rave.md makes one)"
)


@pytest.fixture(scope="module")
def export():
    return Export(Path(os.environ["HSBENCH_RAVE_TS"]), torch.device("cpu"))


@pytest.fixture
def noise():
    return 0.1 * torch.randn(1, 32768, generator=torch.Generator().manual_seed(0))


def test_the_export_reconstructs_noise(export, noise):
    assert export.ratio == 2048
    assert export.lag == 16
    with torch.inference_mode():
        means = export.encode(noise, "mean")
        assert means.shape == (1, 128, 16)
        for latent in ("full", "mean", "exported"):
            estimate = export.decode(export.encode(noise, latent), latent, noise=True)
            assert estimate.shape == (1, 32768)
            assert bool(estimate.isfinite().all())
            assert float(estimate.abs().max()) > 0


def test_the_filter_bank_equals_that_of_the_export(export, noise):
    with torch.inference_mode():
        bands = export.module.pqmf(noise[:, None])
        torch.testing.assert_close(pqmf.analyse(noise), bands, atol=2e-6, rtol=0)
        torch.testing.assert_close(pqmf.synthesise(bands), export.module.pqmf.inverse(bands)[:, 0], atol=5e-6, rtol=0)


@torch.inference_mode()
def test_encoder_and_generator_with_its_weights_equal_those_of_the_export(export, noise):
    """For an export of the configuration v1 of 2.3: no biases outside batch norm, and dilations 1, 3, 5."""
    exported_weights = dict(export.module.decoder.named_parameters())
    if export.generation != "2.x" or any(name.endswith("bias") for name in exported_weights):
        pytest.skip("not an export of the configuration v1 of acids-rave 2.3")
    capacity = exported_weights["synth.branches.0.weight"].shape[1]
    generator = _filled(Generator(capacity, (1, 3, 5)), exported_weights)
    latents = torch.randn(1, 128, 16)
    export.module.decoder.warmed_up.fill_(1)
    torch.manual_seed(1)
    expected = export.module.decoder(latents)
    torch.manual_seed(1)
    white = (2 * torch.rand(1, 32, 16, 64) - 1).transpose(1, 2).reshape(1, 16, 2048)
    scale = float(expected.abs().max())
    torch.testing.assert_close(generator(latents, white), expected, atol=1e-5 * scale, rtol=0)
    quiet = generator(latents, None)
    export.module.decoder.warmed_up.zero_()
    torch.testing.assert_close(quiet, export.module.decoder(latents), atol=1e-5 * scale, rtol=0)

    encoder = _filled(Encoder(capacity), dict(export.module.encoder.named_parameters()))
    buffers = dict(export.module.encoder.named_buffers())
    norms = [module for module in encoder.modules() if isinstance(module, nn.BatchNorm1d)]
    for name in ("running_mean", "running_var"):
        values = [value for key, value in buffers.items() if key.endswith(name)]
        for norm, value in zip(norms, values, strict=True):
            getattr(norm, name).copy_(value)
    mean, scale = export.module.encoder(pqmf.analyse(noise)).chunk(2, 1)
    distribution = encoder.eval()(pqmf.analyse(noise))
    torch.testing.assert_close(distribution[0], mean, atol=1e-5, rtol=0)
    torch.testing.assert_close(distribution[1], nn.functional.softplus(scale) + MIN_DEVIATION, atol=1e-5, rtol=0)


def _filled(network, exported_weights):
    """Copy weights into a network layer by layer, in order; a layer whose source has no bias gets a bias of 0."""
    kinds = nn.Conv1d | nn.ConvTranspose1d | nn.BatchNorm1d
    layers = [module for module in network.modules() if isinstance(module, kinds)]
    names = list(dict.fromkeys(name.rpartition(".")[0] for name in exported_weights))
    for layer, name in zip(layers, names, strict=True):
        weight = exported_weights[f"{name}.weight"]
        assert layer.weight.shape == weight.shape
        if hasattr(layer, "parametrizations"):
            layer.weight = weight.clone()
        else:
            layer.weight.copy_(weight)
        if layer.bias is not None:
            layer.bias.copy_(exported_weights.get(f"{name}.bias", torch.zeros_like(layer.bias)))
    return network


def test_the_three_rows_of_table_2a(export, bare, golden_speech):
    from hsbench.audio.clip import Clip
    from hsbench.models.base import rebuild
    from hsbench.models.rave.wrapper import RaveExport, resolve

    clip = Clip("clip", golden_speech[0].numpy(), 22050)
    estimates = {}
    default = {"path": str(export.path), "latent": "full", "noise": True, "align": "none", "resample": False}
    for name, changes in {
        "published": {},
        "deterministic": {"latent": "mean", "noise": False},
        "aligned": {"align": "filterbank"},
    }.items():
        settings = default | changes
        model, context = RaveExport(**resolve(settings, {}, 32768)), bare(32768)
        assert model.fit([], context)["total"] > 0
        reconstruction = rebuild(model, [clip], context)["clip"]
        assert reconstruction.payload.numbers == 2048
        estimates[name] = reconstruction.waveform
    np.testing.assert_array_equal(estimates["aligned"][:-16], estimates["published"][16:])
    assert not np.array_equal(estimates["deterministic"], estimates["published"])
