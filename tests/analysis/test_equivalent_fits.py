"""The file that holds how far equivalent fits differ."""

import json

import pytest

from hsbench.analysis.equivalent_fits import Spread, measured
from hsbench.errors import DataError


def spread(median, largest, mean):
    return {"clip_median": median, "clip_max": largest, "mean_range": mean}


DOCUMENT = {
    "schema": 1,
    "corpus": "demo",
    "clips": 8,
    "fits": 5,
    "cpu": "some processor",
    "torch": "2.14",
    "versions": {"inr-fmlp": 2, "inr-siren": 3},
    "spread": {
        "inr-fmlp": {"smoke": {"si_snr": spread(0.8, 2.1, 0.2), "mse": spread(1e-4, 1e-3, 1e-5)}},
        "inr-siren": {"smoke": {"si_snr": spread(0.5, 3.0, 0.1)}, "quick": {"si_snr": spread(0.1, 0.2, 0.05)}},
    },
}


@pytest.fixture
def baselines(tmp_path):
    write(tmp_path, DOCUMENT)
    return tmp_path


def write(folder, document):
    (folder / "equivalent_fits").mkdir(exist_ok=True)
    (folder / "equivalent_fits" / "spread.json").write_text(json.dumps(document))


def test_the_larger_number_of_all_models_counts(baselines):
    fits = measured({"inr-fmlp": 2, "inr-siren": 3, "silence": 1}, "smoke", baselines)
    assert (fits.corpus, fits.clips, fits.budget) == ("demo", 8, "smoke")
    assert fits.models == {"inr-fmlp", "inr-siren"}
    assert fits.spread == {"si_snr": Spread(0.8, 3.0, 0.2), "mse": Spread(1e-4, 1e-3, 1e-5)}


def test_only_models_that_were_measured_in_this_version_and_budget_count(baselines):
    assert measured({"inr-fmlp": 1, "inr-siren": 3}, "smoke", baselines).models == {"inr-siren"}
    assert measured({"inr-fmlp": 2, "inr-siren": 3}, "quick", baselines).models == {"inr-siren"}
    assert measured({"inr-fmlp": 2}, "quick", baselines) is None
    assert measured({"silence": 1}, "smoke", baselines) is None
    assert measured({}, "smoke", baselines) is None


def test_without_the_file_nothing_was_measured(tmp_path):
    assert measured({"inr-fmlp": 2}, "smoke", tmp_path) is None
    (tmp_path / "equivalent_fits").mkdir()
    assert measured({"inr-fmlp": 2}, "smoke", tmp_path) is None


@pytest.mark.parametrize("change", [{"spread": []}, {"versions": None}, {"clips": None}, {"spread": {"inr-fmlp": 3}}])
def test_a_garbled_file_is_named(baselines, change):
    write(baselines, DOCUMENT | change)
    with pytest.raises(DataError, match=r"spread.json is garbled .*restore the file"):
        measured({"inr-fmlp": 2}, "smoke", baselines)


def test_a_file_of_another_schema_is_refused(baselines):
    write(baselines, DOCUMENT | {"schema": 2})
    with pytest.raises(DataError, match="expected .* in schema 1, got 2; update hsbench"):
        measured({"inr-fmlp": 2}, "smoke", baselines)
    (baselines / "equivalent_fits" / "spread.json").write_text("[]")
    with pytest.raises(DataError, match="garbled"):
        measured({"inr-fmlp": 2}, "smoke", baselines)
