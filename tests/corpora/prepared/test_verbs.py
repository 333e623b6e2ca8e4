"""`hsbench corpus` as users call it."""

import json

import numpy as np
import soundfile


def test_the_verbs(small, hsbench_here, vctk, tmp_path):
    changed = [word for key, value in small.items() for word in ("--set", f"vctk.{key}={value}")]
    where = ["--data-root", vctk, *changed]
    code, out, _ = hsbench_here("corpus", "info", "vctk", *where)
    assert code == 0
    assert "licence: CC BY 4.0" in out
    assert "not prepared yet" in out
    code, out, err = hsbench_here("corpus", "prepare", "vctk", *where, "--jobs", 1)
    assert code == 0
    assert "8/8 files" in err
    assert "partial corpus: 8 of 88328 files" in out
    assert "validation: 20 blocks of 4096 samples at 22050 Hz" in out
    (manifest,) = (tmp_path / "cache").rglob("manifest-validation.json")
    kept = json.loads(manifest.read_text())
    assert len(kept["items"]) == 20
    assert set(kept["items"][0]) == {"id", "speaker", "sex", "source", "offset", "samples", "sha256"}
    assert kept["fingerprint"][:16] in out
    assert f"prepared in {manifest.parent}" in out
    assert "preparing" not in hsbench_here("corpus", "prepare", "vctk", *where)[1]
    code, out, _ = hsbench_here("corpus", "export", "vctk", tmp_path / "wavs", *where)
    assert code == 0
    assert len(list((tmp_path / "wavs").glob("*.wav"))) == 20
    x, rate = soundfile.read(tmp_path / "wavs" / "s5_001_mic2-0.wav")
    assert (x.size, rate) == (2048, 22050)
    assert np.abs(x).max() == 1


def test_a_download_without_a_network_says_what_to_do(hsbench_here, tmp_path, monkeypatch):
    from urllib.error import URLError

    import torchaudio

    def offline(**options):
        raise URLError("no network")

    monkeypatch.setattr(torchaudio.datasets, "LJSPEECH", offline)
    code, out, err = hsbench_here("corpus", "download", "ljspeech", "--data-root", tmp_path / "new", "--yes")
    assert code == 3
    assert "2.6 GB, licence public domain" in out
    assert "could not be downloaded (no network); get it on a machine with a network" in err
