"""The subcommands of `hsbench corpus`, as users call them."""

import io
import json
import os

import numpy as np
import pytest
import soundfile


def test_info_prepare_and_export(small, hsbench_here, vctk, tmp_path):
    settings = [word for key, value in small.items() for word in ("--set", f"vctk.{key}={value}")]
    options = ["--data-root", vctk, *settings]
    code, out, _ = hsbench_here("corpus", "info", "vctk", *options)
    assert code == 0
    assert "licence: CC BY 4.0" in out
    assert "not prepared yet" in out
    code, out, err = hsbench_here("corpus", "prepare", "vctk", *options, "--jobs", 1)
    assert code == 0
    assert "8/8 files" in err
    assert "partial corpus: 8 of 88328 files" in out
    assert "validation: 20 blocks of 4096 samples at 22050 Hz" in out
    (manifest,) = (tmp_path / "cache").rglob("manifest-validation.json")
    document = json.loads(manifest.read_text())
    assert len(document["items"]) == 20
    assert set(document["items"][0]) == {"id", "speaker", "sex", "source", "offset", "samples", "sha256"}
    assert document["fingerprint"][:16] in out
    assert f"prepared in {manifest.parent}" in out
    assert "preparing" not in hsbench_here("corpus", "prepare", "vctk", *options)[1]
    code, out, _ = hsbench_here("corpus", "export", "vctk", tmp_path / "wavs", *options)
    assert code == 0
    assert len(list((tmp_path / "wavs").glob("*.wav"))) == 20
    x, rate = soundfile.read(tmp_path / "wavs" / "s5_001_mic2-1.wav")
    assert (x.size, rate) == (2048, 22050)
    assert np.abs(x).max() == 1


def test_a_download_without_a_network_fails_with_advice(hsbench_here, tmp_path, monkeypatch):
    from urllib.error import URLError

    import torchaudio

    def offline(**options):
        raise URLError("no network")

    monkeypatch.setattr(torchaudio.datasets, "LJSPEECH", offline)
    code, out, err = hsbench_here("corpus", "download", "ljspeech", "--data-root", tmp_path / "new", "--yes")
    assert code == 3
    assert "2.6 GB, licence public domain" in out
    assert "could not be downloaded (no network); get it on a machine with a network" in err


@pytest.mark.parametrize(("answer", "reason"), [("n\n", "the answer was no"), ("", "nobody answered")])
def test_a_declined_download_ends_with_130_and_creates_nothing(hsbench_here, tmp_path, monkeypatch, answer, reason):
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    code, out, err = hsbench_here("corpus", "download", "ljspeech", "--data-root", tmp_path / "new")
    assert code == 130
    assert "2.6 GB, licence public domain" in out
    assert err == f"hsbench: nothing was downloaded, because {reason}; to download without the question, add --yes.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_not_utf8_is_printed_readably(small, hsbench_here, write, tmp_path):
    for speaker in ("a", "b"):
        write(tmp_path / "in" / speaker / "1.wav")
    odd = write(tmp_path / "in" / "b" / "2.wav")
    try:
        odd.rename(odd.with_name(os.fsdecode(b"caf\xe9.wav")))
    except OSError:
        pytest.skip("the file system accepts UTF-8 names only")
    settings = [word for key, value in small.items() for word in ("--set", f"folder.{key}={value}")]
    for verb in ("prepare", "info"):
        code, out, err = hsbench_here("corpus", verb, "folder", "--data-root", tmp_path / "in", *settings)
        assert (code, "Traceback" in err) == (0, False)
        assert "skipped 1 file:\n  b/caf\\xe9.wav: has a name that is not UTF-8; rename it" in out
