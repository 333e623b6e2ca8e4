"""Cutting a clip into patches, coordinates within a patch, and the border error."""

import numpy as np
import pytest
import torch

from hsbench.models.patches import cutting

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("samples", "patches"), [(1, 1), (5, 1), (8, 1), (9, 2), (16, 2), (23, 3), (64, 8)])
def test_joining_undoes_cutting(samples, patches):
    waveform = RNG.standard_normal(samples).astype(np.float32)
    cut = cutting.cut(waveform, 8)
    assert cut.shape == (patches, 8)
    assert cutting.count(samples, 8) == patches
    assert np.array_equal(cutting.join(cut, samples), waveform)


def test_the_last_patch_is_completed_by_reflection():
    assert cutting.cut(np.array([1, 2, 3, 4, 5], np.float32), 4)[1].tolist() == [5, 4, 3, 2]


def test_the_times_of_a_clips_own_samples_are_the_coordinates_of_its_patches():
    patch, within = cutting.located(np.linspace(-1, 1, 20), 20, 8)
    assert patch.tolist() == [0] * 8 + [1] * 8 + [2] * 4
    grid = cutting.coordinates(8, torch.zeros(1)).double().numpy()
    assert np.allclose(within, np.concatenate([grid, grid, grid[:4]]), atol=1e-6)


def test_a_time_between_two_patches_belongs_to_the_nearer_one():
    times = 2 * np.array([7.4, 7.6]) / 15 - 1
    patch, within = cutting.located(times, 16, 8)
    assert patch.tolist() == [0, 1]
    assert within == pytest.approx([5 + 0.4 * 10 / 7, -5 - 0.4 * 10 / 7])


def test_times_beyond_the_clip_belong_to_the_first_and_the_last_patch():
    assert cutting.located(np.array([-1.1, 1.1]), 16, 8)[0].tolist() == [0, 1]


def test_the_border_error():
    clip = RNG.standard_normal(64).astype(np.float32)
    assert cutting.border_error(clip, clip, 8) == 0
    assert cutting.border_error(clip, clip + np.float32(0.5), 8) == pytest.approx(0, abs=1e-6)  # no jump
    steps = np.repeat(np.arange(8), 8).astype(np.float32)  # jumps by 1 at every border, and nowhere else
    own = np.sqrt(np.mean(np.diff(clip.astype(float)) ** 2))
    assert cutting.border_error(clip, clip + steps, 8) == pytest.approx(1 / own, rel=1e-5)
    inside = np.tile([0, 1, 0, 1, 0, 1, 0, 0], 8).astype(np.float32)  # jumps inside of patches only
    assert cutting.border_error(clip, clip + inside, 8) == pytest.approx(0, abs=1e-6)


def test_a_clip_without_borders_or_steps_has_no_border_error():
    assert cutting.border_error(np.ones(8, np.float32), np.zeros(8, np.float32), 8) is None
    assert cutting.border_error(np.ones(16, np.float32), np.zeros(16, np.float32), 8) is None
