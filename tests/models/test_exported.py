"""An exported network of any specification is scored as it is, under a key of its own."""

import json
import shutil

import pytest

import hsbench
from hsbench.networks import card
from hsbench.networks.library import Library

NETWORK = "patch-inr-demo-8x"


@pytest.fixture
def file(tmp_path):
    """Return a copy of a network that ships with hsbench, under another name."""
    return shutil.copy(Library().need(NETWORK), tmp_path / "mine.safetensors")


def run(folder, file, **options):
    """Score the network on two clips; return the study and the folder of the cell."""
    chosen = {"filters": ["model~exported"], "limit": 2, "budget": "smoke", "device": "cpu", "progress": False}
    chosen |= {"changes": {"exported.path": str(file)}, "results": folder}
    study = hsbench.run("generalise", **{**chosen, **options})
    return study, next(iter(folder.glob("exported--*")), None)


def test_its_scores_are_those_of_its_card(file, tmp_path):
    study, folder = run(tmp_path / "results", file)
    assert study.complete
    rows = [json.loads(line) for line in (folder / "scores.jsonl").read_text().splitlines()]
    values = {(row["clip"], row["metric"]): row["value"] for row in rows}
    known = card.read(file).card.scores
    for clip in {clip for clip, _ in values}:
        assert values[clip, "si_snr"] == pytest.approx(known[clip]["si_snr"], abs=0.05)
    facts = json.loads((folder / "fit.json").read_text())
    assert facts["exported"].startswith("patch-inr--demo--quick--s0--")
    assert facts["trained_on"] == "demo"


def test_the_key_has_the_content_and_not_the_path(file, tmp_path, hsbench_here):
    def planned(path):
        arguments = ("--set", f"exported.path={path}", "-k", "model~exported", "--results", tmp_path / "none")
        code, out, err = hsbench_here("plan", "generalise", "--format", "json", *arguments)
        assert code == 0, err
        (cell,) = json.loads(out)["cells"]
        return cell["key"]

    assert planned(file) == planned(shutil.copy(file, tmp_path / "copy.safetensors"))
    assert planned(file) != planned(Library().need("patch-inr-demo-2x"))


def test_without_a_path_the_row_is_not_given(hsbench_here, tmp_path):
    code, out, _ = hsbench_here("plan", "generalise", "-k", "model~exported", "--results", tmp_path / "none")
    assert code == 0
    assert "not given" in out


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "expects a file that hsbench export wrote"), (b"text", "is damaged or of another kind")],
)
def test_what_is_no_exported_network_is_refused_in_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "none.safetensors"
    if content is None:
        with pytest.raises(hsbench.errors.UsageError, match=sentence):
            run(tmp_path / "results", path)
        return
    path.write_bytes(content)
    study, _ = run(tmp_path / "results", path)
    assert sentence in " ".join(study.problems)


def test_clips_of_another_length_are_refused_in_one_sentence(file, tmp_path):
    study, _ = run(tmp_path / "results", file, changes={"exported.path": str(file), "demo.clip_samples": 16384})
    assert "was made for clips of 32768 samples at 22050 Hz, got 16384 at 22050 Hz" in " ".join(study.problems)
