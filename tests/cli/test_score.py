import csv
import io
import json

import numpy as np
import pytest
import soundfile

from hsbench.analysis.stats import paper_mean
from hsbench.metrics import known


@pytest.fixture
def folders(tmp_path):
    for number, name in enumerate(("a", "b", "sub/c")):
        x = known.speech(number)
        y = x + 0.01 * np.random.default_rng(number).standard_normal(x.size)
        write(tmp_path / "ref" / f"{name}.wav", x)
        folder, _, stem = name.rpartition("/")
        write(tmp_path / "est" / folder / f"reconstruction_{stem}.flac", y)
    return tmp_path


def write(path, x, rate=22050, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, x, rate, **options)


FAST = ("--metrics", "mse,si_snr,stoi")


def test_two_folders_are_matched_by_name(hsbench_here, folders):
    code, out, _ = hsbench_here("score", folders / "ref", folders / "est", *FAST)
    lines = [line.split() for line in out.splitlines()]
    assert code == 0
    assert lines[0] == ["clip", "mse", "si_snr", "stoi"]
    assert [line[0] for line in lines[1:]] == ["a", "b", "sub/c", "mean", "ci_low", "ci_high", "scored"]
    assert lines[-1][1:] == ["3/3"] * 3


def test_csv_and_json_hold_the_same_values(hsbench_here, folders):
    _, text, _ = hsbench_here("score", folders / "ref", folders / "est", *FAST, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    _, document, _ = hsbench_here("score", folders / "ref", folders / "est", *FAST, "--format", "json")
    found = json.loads(document)
    assert len(rows) == 9
    for row in rows:
        assert float(row["value"]) == pytest.approx(found["clips"][row["clip"]][row["metric"]]["value"], rel=1e-7)
    values = [found["clips"][clip]["mse"]["value"] for clip in found["clips"]]
    assert found["summary"]["mse"]["mean"] == pytest.approx(np.mean(values))
    assert found["summary"]["mse"]["ci_low"] < np.mean(values) < found["summary"]["mse"]["ci_high"]
    assert found["problems"] == []


def test_two_files(hsbench_here, folders):
    code, out, _ = hsbench_here("score", folders / "ref" / "a.wav", folders / "est" / "reconstruction_a.flac", *FAST)
    assert code == 0
    assert out.splitlines()[1].split()[0] == "a"


def test_what_cannot_be_scored_is_named_and_the_rest_is_scored(hsbench_here, folders):
    x = known.speech(0)
    write(folders / "ref" / "lonely.wav", x)
    write(folders / "est" / "stranger.wav", x)
    for name, estimate, rate in (("short", x[:-7], 22050), ("slow", x, 16000)):
        write(folders / "ref" / f"{name}.wav", x)
        write(folders / "est" / f"{name}.wav", estimate, rate)
    write(folders / "ref" / "stereo.wav", np.stack([x, x], 1))
    write(folders / "est" / "stereo.wav", np.stack([x, x], 1))
    write(folders / "ref" / "broken.wav", x)
    (folders / "est" / "broken.wav").write_bytes(b"RIFF")
    write(folders / "ref" / "a.flac", x)
    code, out, err = hsbench_here("score", folders / "ref", folders / "est", *FAST)
    assert code == 3
    assert out.splitlines()[-1].split()[1:] == ["3/7"] * 3
    assert "3 of 7 pairs were scored; these files were not:" in err
    for sentence in (
        "lonely.wav: no partner in",
        "stranger.wav: no partner in",
        "short.wav: 32761 samples, its reference has 32768",
        "slow.wav: 16000 Hz, its reference has 22050",
        "stereo.wav: expected one channel, got 2",
        "broken.wav: cannot be read",
        "has the same name as",
    ):
        assert sentence in err, sentence


def test_unscored_clips_are_statuses_and_coverage_says_so(hsbench_here, tmp_path):
    write(tmp_path / "ref" / "a.wav", known.speech(0))
    write(tmp_path / "est" / "a.wav", np.zeros(32768))
    write(tmp_path / "ref" / "b.wav", known.speech(1))
    write(tmp_path / "est" / "b.wav", known.speech(1) + 0.001)
    code, out, _ = hsbench_here("score", tmp_path / "ref", tmp_path / "est", *FAST)
    assert code == 0
    assert "estimate_silent" in out
    assert out.splitlines()[-1].split()[1:] == ["2/2", "1/2", "1/2"]


def test_rates_of_their_own_are_scored_side_by_side(hsbench_here, tmp_path):
    for name, rate in (("a", 16000), ("b", 22050)):
        write(tmp_path / "ref" / f"{name}.wav", known.speech(0), rate)
        write(tmp_path / "est" / f"{name}.wav", known.speech(0) * 0.9, rate)
    code, out, _ = hsbench_here("score", tmp_path / "ref", tmp_path / "est", "--metrics", "stoi,pesq")
    assert code == 0
    assert out.splitlines()[-1].split()[1:] == ["2/2", "2/2"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nowhere", "est"), "does not exist; check the path"),
        (("ref", "ref/a.wav"), "expected two audio files or two folders, got one of each"),
        (("ref", "est", "--metrics", "mse,pesk"), "unknown metric 'pesk'; did you mean 'pesq'?"),
        (("ref", "est", "--format", "xml"), "unknown format 'xml'"),
        (("ref", "est", "--aggregate", "median"), "unknown aggregate 'median'"),
    ],
)
def test_bad_requests_are_one_sentence(hsbench_here, folders, monkeypatch, arguments, sentence):
    monkeypatch.chdir(folders)
    code, _, err = hsbench_here("score", *arguments)
    assert code == 2
    assert sentence in err


def test_empty_folders_measure_nothing_and_say_so(hsbench_here, tmp_path):
    (tmp_path / "ref").mkdir()
    (tmp_path / "est").mkdir()
    code, out, err = hsbench_here("score", tmp_path / "ref", tmp_path / "est")
    assert (code, out) == (3, "")
    assert "no audio file is in" in err


def test_the_papers_average_loses_the_batch_of_an_undefined_clip():
    values = np.arange(40.0)
    assert paper_mean(values) == pytest.approx((values[:16].mean() + values[16:32].mean() + values[32:].mean()) / 3)
    values[3] = np.nan
    assert paper_mean(values) == pytest.approx((values[16:32].mean() + values[32:].mean()) / 2)
    assert paper_mean(values, batch=1) == pytest.approx(np.nanmean(values))
    assert paper_mean(np.full(4, np.nan)) is None


def test_the_papers_average_on_request(hsbench_here, folders):
    code, out, _ = hsbench_here(
        "score", folders / "ref", folders / "est", *FAST, "--aggregate", "paper", "--format", "json"
    )
    found = json.loads(out)
    assert code == 0
    assert found["summary"]["mse"]["aggregate"] == "paper"
    assert found["summary"]["mse"]["ci_low"] is None
    assert found["summary"]["mse"]["mean"] == pytest.approx(
        np.mean([c["mse"]["value"] for c in found["clips"].values()])
    )


def test_selftest_agrees_here(hsbench_here):
    code, out, _ = hsbench_here("selftest")
    assert code == 0, out
    assert "known values agree" in out
    assert {line.split()[0] for line in out.splitlines()[1:-1]} >= {"mse", "lsd", "si_snr", "pesq", "stoi", "cdpam"}


def test_selftest_notices_a_metric_that_moved(hsbench_here, monkeypatch):
    monkeypatch.setattr("hsbench.metrics.spectral.EPS", 1e-8)
    code, out, err = hsbench_here("selftest")
    assert code == 1
    assert "differs" in out
    assert "known values differ" in err


def test_selftest_says_what_is_missing(hsbench_here, monkeypatch):
    from hsbench.errors import BackendMissingError
    from hsbench.metrics import cdpam_network, cdpam_weights

    def gone():
        raise BackendMissingError("CDPAM needs the weight file")

    cdpam_network.network.cache_clear()
    monkeypatch.setattr(cdpam_weights, "find", gone)
    monkeypatch.setenv("HSBENCH_CACHE", "/nonexistent")
    code, out, _ = hsbench_here("selftest")
    assert code == 4
    assert "unavailable: CDPAM needs the weight file" in out
