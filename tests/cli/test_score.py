"""`hsbench score` and `hsbench selftest` as users call them."""

import csv
import io
import json
import os
import re
import resource

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


def test_files_of_two_folders_are_paired_by_name(hsbench_here, folders):
    code, out, _ = hsbench_here("score", folders / "ref", folders / "est", *FAST)
    lines = [line.split() for line in out.splitlines()]
    assert code == 0
    assert lines[0] == ["clip", "mse", "si_snr", "stoi", "lag", "gain"]
    assert [line[0] for line in lines[1:]] == ["a", "b", "sub/c", "mean", "ci_low", "ci_high", "scored"]
    assert lines[-1][1:] == ["3/3"] * 3


def test_csv_and_json_hold_the_same_values(hsbench_here, folders):
    _, text, _ = hsbench_here("score", folders / "ref", folders / "est", *FAST, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    _, text, _ = hsbench_here("score", folders / "ref", folders / "est", *FAST, "--format", "json")
    document = json.loads(text)
    assert len(rows) == 9
    for row in rows:
        assert float(row["value"]) == pytest.approx(document["clips"][row["clip"]][row["metric"]]["value"], rel=1e-7)
    values = [document["clips"][clip]["mse"]["value"] for clip in document["clips"]]
    assert document["summary"]["mse"]["mean"] == pytest.approx(np.mean(values))
    assert document["summary"]["mse"]["ci_low"] < np.mean(values) < document["summary"]["mse"]["ci_high"]
    assert document["problems"] == []


def test_two_files_are_scored(hsbench_here, folders):
    code, out, _ = hsbench_here("score", folders / "ref" / "a.wav", folders / "est" / "reconstruction_a.flac", *FAST)
    assert code == 0
    assert out.splitlines()[1].split()[0] == "a"


def test_files_that_cannot_be_scored_are_named_and_the_others_are_scored(hsbench_here, folders):
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


def test_an_undefined_score_is_shown_by_its_status_and_counted(hsbench_here, tmp_path):
    write(tmp_path / "ref" / "a.wav", known.speech(0))
    write(tmp_path / "est" / "a.wav", np.zeros(32768))
    write(tmp_path / "ref" / "b.wav", known.speech(1))
    write(tmp_path / "est" / "b.wav", known.speech(1) + 0.001)
    code, out, _ = hsbench_here("score", tmp_path / "ref", tmp_path / "est", *FAST)
    assert code == 0
    assert "estimate_silent" in out
    assert out.splitlines()[-1].split()[1:] == ["2/2", "1/2", "1/2"]


def test_a_score_that_is_not_finite_is_incomplete(hsbench_here, tmp_path):
    x = known.speech(0)
    write(tmp_path / "x.wav", x)
    write(tmp_path / "nan.wav", np.where(np.arange(x.size) == 5, np.nan, x), subtype="FLOAT")
    code, out, err = hsbench_here("score", tmp_path / "x.wav", tmp_path / "nan.wav", "--metrics", "mse,si_snr")
    assert code == 3
    assert out.splitlines()[-1].split()[1:] == ["0/1", "0/1"]
    assert "0 of 1 pair was scored" in err
    assert "nan.wav: holds samples that are not finite" in err


def test_means_say_how_many_clips_they_leave_out(hsbench_here, tmp_path):
    for name, factor in (("a", 0.9), ("b", 0.0)):
        write(tmp_path / "ref" / f"{name}.wav", known.speech(0))
        write(tmp_path / "est" / f"{name}.wav", factor * known.speech(0))
    paths = (tmp_path / "ref", tmp_path / "est", "--metrics", "mse,si_snr")
    code, out, _ = hsbench_here("score", *paths)
    assert code == 0
    assert [line.split() for line in out.splitlines()[-2:]] == [["left_out", "0", "1"], ["scored", "2/2", "1/2"]]
    _, text, _ = hsbench_here("score", *paths, "--format", "json")
    assert {name: facts["left_out"] for name, facts in json.loads(text)["summary"].items()} == {"mse": 0, "si_snr": 1}


def test_only_undefined_scores_are_incomplete(hsbench_here, tmp_path):
    write(tmp_path / "x.wav", known.speech(0))
    write(tmp_path / "y.wav", np.zeros(32768))
    code, out, err = hsbench_here("score", tmp_path / "x.wav", tmp_path / "y.wav", "--metrics", "si_snr")
    assert code == 3
    assert "estimate_silent" in out
    assert "no metric has a value; its status says why" in err


def test_samples_of_16_bits_without_division_are_named(hsbench_here, folders):
    write(folders / "est" / "a.flac", known.speech(0))
    (folders / "est" / "reconstruction_a.flac").unlink()
    write(folders / "ref" / "a.wav", 32768 * known.speech(0), subtype="FLOAT")
    code, out, err = hsbench_here("score", folders / "ref", folders / "est", *FAST)
    assert code == 3
    assert out.splitlines()[-1].split()[1:] == ["2/3"] * 3
    assert re.search(r"a\.wav should have full scale \+-1 and has a peak of \d+.*; divide .* 32768 for 16 bits", err)


@pytest.mark.parametrize("rate", [1, 999, 44101, 10**9])
def test_a_sample_rate_that_would_fill_the_memory_is_named(hsbench_here, folders, rate):
    x = known.speech(0)
    for side in ("ref", "est"):
        write(folders / side / "odd.wav", x, rate)
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    code, out, err = hsbench_here("score", folders / "ref", folders / "est", "--metrics", "mse,pesq")
    assert code == 3
    assert out.splitlines()[-1].split()[1:] == ["3/4"] * 2
    assert re.search(rf"odd\.wav: .*{rate} Hz", err)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start < 2_000_000, "kilobytes, torch included"


def test_pipes_and_devices_named_like_audio_do_not_block(hsbench_here, folders):
    os.mkfifo(folders / "ref" / "pipe.wav")
    os.mkfifo(folders / "est" / "pipe.wav")
    (folders / "ref" / "zero.wav").symlink_to("/dev/zero")
    (folders / "est" / "zero.wav").symlink_to("/dev/zero")
    code, out, err = hsbench_here("score", folders / "ref", folders / "est", *FAST)
    assert code == 3
    assert out.splitlines()[-1].split()[1:] == ["3/3"] * 3
    assert err.count("is no regular file; leave it out") == 4
    for path in (folders / "ref" / "pipe.wav", "/dev/zero"):
        code, _, err = hsbench_here("score", path, folders / "ref" / "a.wav", *FAST)
        assert code == 2
        assert "is no regular file" in err


def test_a_file_name_that_is_not_utf8_is_named(hsbench_here, folders):
    odd = os.fsdecode(b"caf\xe9.wav")
    for side in ("ref", "est"):
        write(folders / side / "plain.wav", known.speech(0))
        (folders / side / "plain.wav").rename(folders / side / odd)
    for output_format in ("table", "json", "csv"):
        code, out, err = hsbench_here("score", folders / "ref", folders / "est", *FAST, "--format", output_format)
        assert code == 3
        assert "sub/c" in out
        assert r"caf\xe9.wav: has a name that is not UTF-8; rename it" in err
        (out + err).encode()
    code, _, err = hsbench_here("score", folders / "ref" / odd, folders / "est" / odd, *FAST)
    assert code == 2
    assert r"caf\xe9.wav has a name that is not UTF-8; rename it" in err


def test_pairs_with_different_sample_rates_are_scored_together(hsbench_here, tmp_path):
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
def test_invalid_requests_are_refused_in_one_sentence(hsbench_here, folders, monkeypatch, arguments, sentence):
    monkeypatch.chdir(folders)
    code, _, err = hsbench_here("score", *arguments)
    assert code == 2
    assert sentence in err


def test_empty_folders_are_incomplete(hsbench_here, tmp_path):
    (tmp_path / "ref").mkdir()
    (tmp_path / "est").mkdir()
    code, out, err = hsbench_here("score", tmp_path / "ref", tmp_path / "est")
    assert (code, out) == (3, "")
    assert "expected audio files in" in err


def test_the_mean_of_the_paper_omits_the_batch_of_an_undefined_clip():
    values = np.arange(40.0)
    assert paper_mean(values) == pytest.approx((values[:16].mean() + values[16:32].mean() + values[32:].mean()) / 3)
    values[3] = np.nan
    assert paper_mean(values) == pytest.approx((values[16:32].mean() + values[32:].mean()) / 2)
    assert paper_mean(values, batch=1) == pytest.approx(np.nanmean(values))
    assert paper_mean(np.full(4, np.nan)) is None


def test_aggregate_paper_prints_the_mean_of_the_paper(hsbench_here, folders):
    code, out, _ = hsbench_here(
        "score", folders / "ref", folders / "est", *FAST, "--aggregate", "paper", "--format", "json"
    )
    document = json.loads(out)
    assert code == 0
    assert document["summary"]["mse"]["aggregate"] == "paper"
    assert document["summary"]["mse"]["ci_low"] is None
    assert document["summary"]["mse"]["mean"] == pytest.approx(
        np.mean([clip["mse"]["value"] for clip in document["clips"].values()])
    )


@pytest.mark.slow
def test_selftest_agrees_on_this_machine(hsbench_here):
    code, out, _ = hsbench_here("selftest")
    assert code == 0, out
    assert "known values agree" in out
    assert {line.split()[0] for line in out.splitlines()[1:-1]} >= {"mse", "lsd", "si_snr", "pesq", "stoi", "cdpam"}


@pytest.mark.slow
def test_selftest_reports_a_metric_that_changed(hsbench_here, monkeypatch):
    monkeypatch.setattr("hsbench.metrics.spectral.EPS", 1e-8)
    code, out, err = hsbench_here("selftest")
    assert code == 1
    assert "differs" in out
    assert "known values differ" in err


def test_selftest_names_what_is_missing(hsbench_here, monkeypatch):
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
