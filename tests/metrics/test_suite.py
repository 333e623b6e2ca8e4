import numpy as np
import pytest

import hsbench
from hsbench import registry, score
from hsbench.descriptors import MetricDescriptor
from hsbench.errors import UnknownNameError, UsageError
from hsbench.metrics.base import info

ALL = ("mse", "mae", "snr", "psnr", "si_snr", "lsd", "mr_stft", "pesq", "stoi", "cdpam")
rng = np.random.default_rng(0)
LOUD = rng.standard_normal(4096) * 0.1
OTHER = rng.standard_normal(4096) * 0.1
ZERO = np.zeros(4096)
NAN = np.where(np.arange(4096) == 5, np.nan, LOUD)


def statuses(x, y, names=ALL):
    return {name: (one.value is not None, one.status) for name, one in score(x, y, 22050, names).items()}


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
def test_cases_without_any_value(x, y, status):
    assert statuses(x, y) == dict.fromkeys(ALL, (False, status))


def test_a_silent_reference():
    got = statuses(ZERO, LOUD)
    with_value = {"mse", "mae", "cdpam"}
    assert {name for name in ALL if got[name][0]} == with_value
    assert {got[name][1] for name in set(ALL) - with_value} == {"target_silent"}


@pytest.mark.parametrize(
    "quiet", [ZERO, np.full(4096, 0.25), np.full(4096, 1e-9)], ids=["zero", "constant", "denormal"]
)
def test_a_silent_estimate(quiet):
    got = statuses(LOUD, quiet)
    with_value = {"mse", "mae", "lsd", "mr_stft", "cdpam"}
    assert {name for name in ALL if got[name][0]} == with_value
    assert {got[name][1] for name in set(ALL) - with_value} == {"estimate_silent"}


def test_too_short():
    got = statuses(LOUD[:500], OTHER[:500])
    without = {
        "lsd": "too_short",
        "mr_stft": "too_short",
        "pesq": "too_short",
        "stoi": "not_enough_frames",
        "cdpam": "too_short",
    }
    assert {name: got[name][1] for name in without} == without
    assert all(got[name][0] for name in ALL if name not in without)
    assert set(statuses(LOUD[:0], OTHER[:0]).values()) == {(False, "too_short")}


def test_an_identical_estimate_has_no_psnr():
    assert statuses(LOUD, LOUD)["psnr"] == (False, "identical")


def test_a_metric_that_raises_is_a_status_and_never_a_number(monkeypatch):
    def broken(x, y, rate):
        raise ZeroDivisionError("by design")

    monkeypatch.setattr("hsbench.metrics.waveform.mse", broken)
    got = score(LOUD, OTHER, 22050, ["mse", "mae"])
    assert (got["mse"].value, got["mse"].status, got["mse"].detail) == (None, "error:ZeroDivisionError", "by design")
    assert got["mae"].status == "ok"


def test_a_metric_that_gives_nan_is_a_status(monkeypatch):
    monkeypatch.setattr("hsbench.metrics.waveform.mse", lambda x, y, rate: float("nan"))
    assert score(LOUD, OTHER, 22050, ["mse"])["mse"].status == "error:NonFiniteValue"


def test_a_missing_backend_is_unavailable_for_that_metric_alone(monkeypatch):
    table = dict(registry._table("metrics"))
    gone = MetricDescriptor("mse", "x:y", needs=("no_such_module",), info=table["mse"].info)
    monkeypatch.setattr(registry, "_table", lambda kind: {**table, "mse": gone})
    got = score(LOUD, OTHER, 22050, ["mse", "mae"])
    assert got["mse"].status == "unavailable"
    assert "no_such_module" in got["mse"].detail
    assert got["mae"].status == "ok"


def test_the_public_name_takes_all_metrics_by_default():
    assert set(hsbench.score(LOUD, OTHER, 22050)) == set(registry.names("metrics"))
    assert hsbench.score(LOUD.astype(np.float32), list(OTHER), 22050, ["mse"])["mse"].status == "ok"


def test_bad_arguments_are_sentences():
    with pytest.raises(UsageError, match=r"the estimate should have the shape \[samples\], got \[1, 4096\]"):
        hsbench.score(LOUD, OTHER[None], 22050)
    with pytest.raises(UsageError, match="positive number of Hz, got 0"):
        hsbench.score(LOUD, OTHER, 0)
    with pytest.raises(UnknownNameError, match="did you mean 'si_snr'"):
        hsbench.score(LOUD, OTHER, 22050, ["sisnr"])


@pytest.mark.parametrize("name", registry.names("metrics"))
def test_every_metric_states_its_facts(name):
    facts = info(name)
    assert facts.better in ("lower", "higher")
    assert facts.label
    assert facts.tolerance > 0
    assert len(facts.bounds) == 2
    low, high = facts.bounds
    if facts.ideal is not None:
        assert low is None or facts.ideal >= low
        assert high is None or facts.ideal <= high
