"""ViSQOL: agreement with its package, physical properties, and cases without a value."""

import sys

import numpy as np
import pytest

from hsbench import registry, score
from hsbench.audio.resample import resample
from hsbench.metrics import known
from hsbench.metrics.base import Undefined, info
from hsbench.metrics.visqol import visqol

pytest.importorskip("visqol", reason="the extra hsbench[visqol] is not installed")

SPEECH = resample(known.speech(3).astype(np.float32), 22050, 16000).astype(np.float64)
NOISY = SPEECH + 0.02 * np.random.default_rng(0).standard_normal(SPEECH.size)


def test_it_is_what_the_package_computes_with_the_polynomial_mapper():
    from visqol.api import VisqolApi

    package = VisqolApi()
    package.create(mode="speech", use_lattice_model=False)
    assert visqol(SPEECH, NOISY, 16000) == package.measure_from_arrays(SPEECH, NOISY, 16000).moslqo
    assert score(SPEECH, NOISY, 16000, ["visqol"])["visqol"].value == visqol(SPEECH, NOISY, 16000)


def test_identity_is_ideal_and_noise_lowers_it():
    worse = SPEECH + 0.2 * np.random.default_rng(0).standard_normal(SPEECH.size)
    values = [visqol(SPEECH, estimate, 16000) for estimate in (SPEECH, NOISY, worse)]
    assert values[0] == pytest.approx(info("visqol").ideal, abs=1e-6)
    assert values[0] > values[1] > values[2] >= 1


@pytest.mark.parametrize("gain", [0.5, -1.0])
def test_level_and_polarity_do_not_matter(gain):
    assert visqol(SPEECH, gain * NOISY, 16000) == pytest.approx(visqol(SPEECH, NOISY, 16000), abs=1e-6)


def test_a_delay_that_ruins_si_snr_hardly_matters():
    late = np.concatenate([np.zeros(16), SPEECH[:-16]])
    assert visqol(SPEECH, late, 16000) > 4.9
    assert score(SPEECH, late, 16000, ["si_snr"])["si_snr"].value < 10


def test_pairs_without_a_value_have_a_status():
    with pytest.raises(Undefined, match="too_short"):
        visqol(SPEECH[:11000], NOISY[:11000], 16000)
    with pytest.raises(Undefined, match="estimate_silent"):  # the package gives NaN
        visqol(SPEECH, 0 * SPEECH, 16000)
    assert score(SPEECH, 0 * SPEECH, 16000, ["visqol"])["visqol"].status == "estimate_silent"
    assert score(0 * SPEECH, SPEECH, 16000, ["visqol"])["visqol"].status == "target_silent"


def test_without_the_extra_it_is_unavailable_and_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "visqol", None)
    monkeypatch.setattr("hsbench.descriptors._is_installed", lambda name: name != "visqol")
    got = score(SPEECH, NOISY, 16000, ["visqol", "mse"])
    assert (got["visqol"].value, got["visqol"].status) == (None, "unavailable")
    assert "hsbench[visqol]" in got["visqol"].detail
    assert got["mse"].status == "ok"
    assert registry.metric("visqol").extra == "visqol"
