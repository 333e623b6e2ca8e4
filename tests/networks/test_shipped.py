"""The networks that ship with hsbench: they are those of the index, whole, adopted by a run, and used by their name."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

import hsbench
from hsbench.networks import card, index, tensors
from hsbench.networks.library import SHIPPED, Library

NAMES = sorted(index.index())


def test_the_index_is_that_of_the_files():
    assert index.text(SHIPPED) == index.INDEX.read_text()
    assert sum(entry["bytes"] for entry in index.index().values()) < 3_000_000


@pytest.mark.parametrize("name", NAMES)
def test_each_network_is_whole_and_says_where_it_comes_from(name):
    network = card.read(SHIPPED / f"{name}.safetensors")
    assert network.name == name
    assert tensors.digest(network.path) == network.card.sha256
    assert (network.card.corpus, network.card.weights_licence) == ("demo", "Apache-2.0")
    assert len(network.card.scores) == 8


@pytest.mark.parametrize("name", ["patch-inr-demo-8x", "coinpp-demo-2x"])
def test_a_network_has_the_scores_of_its_card(hsbench_here, name):
    code, out, err = hsbench_here("networks", "verify", name)
    assert code == 0, err
    assert "24 scores the same" in out


def test_the_first_experiment_adopts_them(hsbench_here, tmp_path):
    code, out, _ = hsbench_here("plan", "overview", "--budget", "quick", "--results", tmp_path)
    assert code == 0
    assert "overview/patch INR 8x: adopts patch-inr-demo-8x-quick-s0-" in out
    code, out, _ = hsbench_here("plan", "overview", "--budget", "quick", "--retrain", "--results", tmp_path)
    assert code == 0
    assert "adopts" not in out


@pytest.mark.parametrize(
    ("pattern", "rate", "least"),
    [("ljspeech/**/LJ001-0002.wav", 22050, 10), ("vctk/**/p360_189_mic1.flac", 48000, 7)],
)
def test_a_real_voice_is_rebuilt_right_after_the_install(hsbench_here, tmp_path, pattern, rate, least):
    """At its own rate and length, by a network whose training voices were synthetic."""
    if (folder := os.environ.get("HSBENCH_TEST_CORPORA")) is None:
        pytest.skip("HSBENCH_TEST_CORPORA names no folder with real corpora")
    audio = next(Path(folder).glob(pattern))
    code, out, err = hsbench_here("reconstruct", "patch-inr-demo-2x", audio, "-o", tmp_path / "out.wav")
    assert code == 0, err
    assert "trained on demo (synthetic speech)" in out
    (x, own), (y, written) = soundfile.read(audio), soundfile.read(tmp_path / "out.wav")
    assert (own, written, x.shape) == (rate, rate, y.shape)
    assert 10 * np.log10((x**2).mean() / ((y - x) ** 2).mean()) > least


@pytest.mark.slow
def test_a_network_can_be_trained_again(tmp_path):
    """Another processor adds in another order, so the network is another one; its scores differ by little."""
    study = hsbench.run(
        "generalise",
        filters=["row~patch INR 8x"],
        limit=8,
        budget="quick",
        device="cpu",
        retrain=True,
        results=tmp_path / "results",
        progress=False,
    )
    assert study.complete
    (folder,) = (tmp_path / "results").glob("patch-inr--*")
    assert not json.loads((folder / "provenance.json").read_text())["sessions"][-1].get("adopted")
    rows = [json.loads(line) for line in (folder / "scores.jsonl").read_text().splitlines()]
    now = {row["clip"]: row["value"] for row in rows if row["metric"] == "si_snr"}
    path = Library().named("patch-inr-demo-8x")
    assert path is not None
    on_card = {clip: of_clip["si_snr"] for clip, of_clip in card.read(path).card.scores.items()}
    assert sorted(now) == sorted(on_card)
    assert np.mean(list(now.values())) == pytest.approx(np.mean(list(on_card.values())), abs=0.5)
