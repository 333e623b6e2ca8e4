"""The model `rave` on stand-ins for both versions of the interface; test_real_export.py tests a real export."""

import itertools

import numpy as np
import pytest
import torch

from hsbench.audio.clip import Clip
from hsbench.errors import DataError, UnknownNameError, UsageError
from hsbench.models.base import rebuild
from hsbench.models.rave.export import Export
from hsbench.models.rave.wrapper import RaveExport, resolve

CPU = torch.device("cpu")
PAPER = {"latent": "full", "noise": True, "align": "none", "resample": False}


@pytest.fixture
def clips():
    generator = np.random.default_rng(1)
    return [Clip(name, generator.uniform(-1, 1, 32768).astype(np.float32), 22050) for name in ("a", "b", "c")]


@pytest.fixture
def reconstruct(bare):
    """Reconstruct clips with an export: returns {clip id: reconstruction} and the facts of `fit`."""

    def run(path, clips, **changes):
        settings = resolve({"path": str(path)} | PAPER | changes, {}, 32768)
        model = RaveExport(**settings)
        context = bare(32768)
        facts = model.fit([], context)
        return rebuild(model, clips, context), facts

    return run


@pytest.mark.parametrize(("kind", "generation"), [("Export1", "1.x"), ("Export2", "2.x")])
def test_both_versions_of_the_interface_state_their_facts(exported, kind, generation):
    export = Export(exported(kind, kept=4), CPU)
    facts = export.facts()
    assert (export.sample_rate, export.ratio, export.latents, export.lag) == (22050, 2048, 4, 16)
    assert (facts["generation"], facts["latents"], facts["filterbank_lag"]) == (generation, 8, 16)
    parts = (export.module.encoder, export.module.decoder)
    assert facts["total"] == sum(parameter.numel() for part in parts for parameter in part.parameters())


@pytest.mark.parametrize("kind", ["Export1", "Export2"])
def test_random_numbers_depend_on_the_clip_id_and_not_on_other_clips(exported, reconstruct, clips, kind):
    path = exported(kind)
    torch.manual_seed(123)
    before = torch.random.get_rng_state()
    three, _ = reconstruct(path, clips)
    assert torch.equal(torch.random.get_rng_state(), before), "torch's global generator is unchanged"
    alone, _ = reconstruct(path, clips[1:2])
    np.testing.assert_array_equal(three["b"].waveform, alone["b"].waveform)
    same = [Clip(name, clips[0].waveform, 22050) for name in ("a", "other")]
    estimates, _ = reconstruct(path, same)
    assert not np.array_equal(estimates["a"].waveform, estimates["other"].waveform)


@pytest.mark.parametrize("kind", ["Export1", "Export2"])
def test_the_deterministic_estimate_equals_the_parts_called_one_by_one(exported, reconstruct, clips, kind):
    path = exported(kind)
    estimates, _ = reconstruct(path, clips, latent="mean", noise=False)
    with torch.inference_mode():
        module = Export(path, CPU).module
        distribution = module.encoder(module.pqmf(torch.from_numpy(clips[0].waveform)[None, None]))
        mean = distribution[0] if kind == "Export1" else distribution.chunk(2, 1)[0]
        expected = module.pqmf.inverse(module.decoder.conv(mean))[0, 0].numpy()
    np.testing.assert_allclose(estimates["a"].waveform, expected, atol=1e-6)


def test_the_noise_can_be_switched_on_again(exported):
    export = Export(exported("Export2"), CPU)
    with torch.inference_mode():
        latents = torch.zeros(1, 8, 4)
        quiet = export.decode(latents, "mean", noise=False)
        assert float((export.decode(latents, "mean", noise=True) - quiet).abs().max()) > 1e-2


@pytest.mark.parametrize("kind", ["Export1", "Export2"])
def test_noise_and_sampled_latents_change_the_estimate_and_alignment_only_shifts_it(exported, reconstruct, clips, kind):
    path = exported(kind)
    rows = [{"latent": "mean", "noise": False}, {"latent": "mean"}, {"noise": False}, {}]
    estimates = [reconstruct(path, clips, **row)[0]["a"].waveform for row in rows]
    for first, second in itertools.combinations(estimates, 2):
        assert np.abs(first - second).max() > 1e-2
    aligned = reconstruct(path, clips, align="filterbank")[0]["a"]
    np.testing.assert_array_equal(aligned.waveform[:-16], estimates[-1][16:])
    assert not aligned.waveform[-16:].any()


def test_the_payload_is_frames_times_latents(exported, reconstruct, clips):
    path = exported("Export2", kept=4)
    for latent, numbers in (("full", 16 * 8), ("mean", 16 * 8), ("exported", 16 * 4)):
        reconstruction = reconstruct(path, clips[:1], latent=latent)[0]["a"]
        assert (reconstruction.payload.numbers, reconstruction.payload.bits) == (numbers, 32 * numbers)
        assert set(reconstruction.facts) == {"lag", "polarity", "correlation"}


def test_another_length_is_padded_to_whole_frames_and_cut_back(exported, reconstruct):
    clip = Clip("odd", np.random.default_rng(0).uniform(-1, 1, 30000).astype(np.float32), 22050)
    reconstruction = reconstruct(exported("Export2"), [clip])[0]["odd"]
    assert reconstruction.waveform.size == 30000
    assert reconstruction.payload.numbers == 15 * 8


def test_another_rate_is_refused_or_resampled_on_request(exported, reconstruct, clips):
    path = exported("Export2", sr=44100)
    with pytest.raises(UsageError, match=r"44100 Hz and the clips have 22050 Hz; .*rave.resample=true"):
        reconstruct(path, clips)
    reconstruction = reconstruct(path, clips, resample=True)[0]["a"]
    assert reconstruction.waveform.size == 32768
    assert reconstruction.payload.numbers == 32 * 8, "twice the samples, twice the frames"


@pytest.mark.parametrize("kind", ["Stereo", "Discrete"])
def test_an_export_without_usable_parts_runs_as_exported_only(exported, reconstruct, clips, kind):
    path = exported(kind)
    with pytest.raises(UsageError, match=r"use --set rave.latent=exported"):
        reconstruct(path, clips)
    reconstruction = reconstruct(path, clips, latent="exported")[0]["a"]
    assert reconstruction.waveform.size == 32768
    assert np.abs(reconstruction.waveform).max() > 0, "the first channel"


def test_an_export_that_cannot_leave_out_its_noise_is_refused(exported, reconstruct, clips):
    with pytest.raises(UsageError, match=r"cannot leave out its noise with latent exported"):
        reconstruct(exported("Export1"), clips, latent="exported", noise=False)


def test_streaming_exports_are_refused_and_the_error_says_what_to_do(exported):
    with pytest.raises(UsageError, match=r"expected an offline export.*without --streaming"):
        Export(exported("Streaming"), CPU)


def test_files_that_are_no_export_are_refused_in_a_sentence(exported, tmp_path):
    good = exported("Export2").read_bytes()
    for name, data in {"text.ts": b"no model", "empty.ts": b"", "short.ts": good[: len(good) // 2]}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(
            DataError, match=rf"expected a TorchScript file, and .*{name} is damaged or of another kind"
        ):
            Export(tmp_path / name, CPU)
    torch.save({"weight": torch.zeros(3)}, tmp_path / "weights.ts")
    with pytest.raises(DataError, match="expected a TorchScript file"):
        Export(tmp_path / "weights.ts", CPU)
    with pytest.raises(DataError, match="has no encode_params; give the .ts file"):
        Export(exported("Other"), CPU)
    with pytest.raises(UsageError, match=r"rave.path expects a TorchScript file of rave export, and .*none.ts is none"):
        resolve({"path": str(tmp_path / "none.ts")} | PAPER, {}, 32768)


def test_the_key_depends_on_the_content_and_a_changed_file_is_refused(exported, tmp_path):
    path = exported("Export2")
    settings = resolve({"path": str(path)} | PAPER, {}, 32768)
    copy = tmp_path / "copy.ts"
    copy.write_bytes(path.read_bytes())
    assert resolve({"path": str(copy)} | PAPER, {}, 32768)["content"] == settings["content"]
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(DataError, match="has content .* and this cell was planned for"):
        RaveExport(**settings)


def test_unknown_decode_settings_are_refused(exported):
    settings = resolve({"path": str(exported("Export2"))} | PAPER, {}, 32768)
    for change in ({"latent": "ful"}, {"align": "filter"}):
        with pytest.raises(UnknownNameError, match="did you mean"):
            RaveExport(**(settings | change))
