import numpy as np
import pytest

import hsbench
from hsbench import registry, score
from hsbench.descriptors import MetricDescriptor
from hsbench.errors import UnknownNameError, UsageError
from hsbench.metrics.base import info

ALL = ("mse", "mae", "snr", "psnr", "si_snr", "si_sdr", "lsd", "mr_stft", "mel", "pesq", "stoi", "estoi", "cdpam")
rng = np.random.default_rng(0)
LOUD = rng.standard_normal(4096) * 0.1
OTHER = rng.standard_normal(4096) * 0.1
ZERO = np.zeros(4096)
NAN = np.where(np.arange(4096) == 5, np.nan, LOUD)


def statuses(x, y, names=ALL):
    return {name: (result.value is not None, result.status) for name, result in score(x, y, 22050, names).items()}


@pytest.mark.parametrize(
    ("x", "y", "status"),
    [
        (LOUD, NAN, "non_finite_estimate"),
        (NAN, LOUD, "non_finite_target"),
        (LOUD, np.where(np.arange(4096) == 5, np.inf, LOUD), "non_finite_estimate"),
        (LOUD, OTHER[:-1], "length_mismatch"),
        (LOUD, np.zeros(0), "length_mismatch"),
    ],
)
def test_pairs_for_which_no_metric_has_a_value(x, y, status):
    assert statuses(x, y) == dict.fromkeys(ALL, (False, status))


def test_metrics_that_have_a_value_for_a_silent_reference():
    got = statuses(ZERO, LOUD)
    have_value = {"mse", "mae", "mel", "cdpam"}
    assert {name for name in ALL if got[name][0]} == have_value
    assert {got[name][1] for name in set(ALL) - have_value} == {"target_silent"}


@pytest.mark.parametrize(
    "quiet", [ZERO, np.full(4096, 0.25), np.full(4096, 1e-9)], ids=["zero", "constant", "denormal"]
)
def test_metrics_that_have_a_value_for_a_silent_estimate(quiet):
    got = statuses(LOUD, quiet)
    have_value = {"mse", "mae", "lsd", "mr_stft", "mel", "cdpam"}
    assert {name for name in ALL if got[name][0]} == have_value
    assert {got[name][1] for name in set(ALL) - have_value} == {"estimate_silent"}


def test_metrics_that_have_no_value_for_a_short_clip():
    got = statuses(LOUD[:500], OTHER[:500])
    no_value = {
        "lsd": "too_short",
        "mr_stft": "too_short",
        "mel": "too_short",
        "pesq": "too_short",
        "stoi": "not_enough_frames",
        "estoi": "not_enough_frames",
        "cdpam": "too_short",
    }
    assert {name: got[name][1] for name in no_value} == no_value
    assert all(got[name][0] for name in ALL if name not in no_value)
    assert set(statuses(LOUD[:0], OTHER[:0]).values()) == {(False, "too_short")}


def test_an_identical_estimate_has_no_psnr():
    assert statuses(LOUD, LOUD)["psnr"] == (False, "identical")


def test_every_score_of_a_pair_states_lag_and_gain():
    late = np.concatenate([np.zeros(16), 0.5 * LOUD[:-16]])
    got = score(LOUD, late, 22050, ["mse", "si_snr"])
    assert [(got[name].lag, round(got[name].gain, 3)) for name in got] == [(16, 0.5)] * 2
    assert got["si_snr"].value < 0  # a late estimate looks like noise
    for estimate in (OTHER, ZERO, NAN, OTHER[:-1]):
        result = score(LOUD, estimate, 22050, ["mse"])["mse"]
        assert (result.lag, result.gain) == (None, None)


def test_an_exception_in_a_metric_becomes_a_status_and_never_a_number(monkeypatch):
    def broken(x, y, rate):
        raise ZeroDivisionError("by design")

    monkeypatch.setattr("hsbench.metrics.waveform.mse", broken)
    got = score(LOUD, OTHER, 22050, ["mse", "mae"])
    assert (got["mse"].value, got["mse"].status, got["mse"].detail) == (None, "error:ZeroDivisionError", "by design")
    assert got["mae"].status == "ok"


def test_a_metric_that_returns_nan_has_a_status(monkeypatch):
    monkeypatch.setattr("hsbench.metrics.waveform.mse", lambda x, y, rate: float("nan"))
    assert score(LOUD, OTHER, 22050, ["mse"])["mse"].status == "error:NonFiniteValue"


def test_a_missing_package_makes_only_its_own_metric_unavailable(monkeypatch):
    table = dict(registry._table("metrics"))
    missing = MetricDescriptor("mse", "x:y", needs=("no_such_module",), info=table["mse"].info)
    monkeypatch.setattr(registry, "_table", lambda kind: {**table, "mse": missing})
    got = score(LOUD, OTHER, 22050, ["mse", "mae"])
    assert got["mse"].status == "unavailable"
    assert "no_such_module" in got["mse"].detail
    assert got["mae"].status == "ok"


def test_hsbench_score_computes_all_metrics_by_default():
    assert set(hsbench.score(LOUD, OTHER, 22050)) == set(registry.names("metrics"))
    assert hsbench.score(LOUD.astype(np.float32), list(OTHER), 22050, ["mse"])["mse"].status == "ok"


def test_wrong_arguments_are_refused_in_a_sentence():
    with pytest.raises(UsageError, match=r"the estimate should have the shape \[samples\], got \[1, 4096\]"):
        hsbench.score(LOUD, OTHER[None], 22050)
    with pytest.raises(UsageError, match="positive number of Hz, got 0"):
        hsbench.score(LOUD, OTHER, 0)
    with pytest.raises(UnknownNameError, match="did you mean 'si_snr'"):
        hsbench.score(LOUD, OTHER, 22050, ["sisnr"])


@pytest.mark.parametrize("name", registry.names("metrics"))
def test_the_facts_of_every_metric_are_complete_and_consistent(name):
    facts = info(name)
    assert facts.better in ("lower", "higher")
    assert facts.label
    assert facts.tolerance > 0
    assert len(facts.bounds) == 2
    low, high = facts.bounds
    if facts.ideal is not None:
        assert low is None or facts.ideal >= low
        assert high is None or facts.ideal <= high


@pytest.mark.parametrize("name", ALL)
def test_ceiling_and_worst_value_fit_the_scale(name):
    facts = info(name)
    low, high = facts.bounds
    assert facts.ceiling is None or (facts.better == "higher" and high is None)
    if facts.worst is not None:
        assert low is None or facts.worst >= low
        assert high is None or facts.worst <= high
        assert facts.ideal is None or (facts.worst < facts.ideal) == (facts.better == "higher")
