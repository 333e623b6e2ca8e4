"""A run adopts a network of the same specification: it does not train, has the same results, and says so everywhere."""

import json

import pytest

from hsbench.models.base import NETWORK
from hsbench.results.store import Results


def scores(folder):
    return [json.loads(line) for line in (folder / "scores.jsonl").read_text().splitlines()]


def test_an_adopted_network_gives_the_scores_of_the_training_and_is_named(train, trained, library, file, hsbench_here):
    arguments = ("--networks", library, "--results", library.parent / "none", "-k", "row~p = 0.0", "--limit", 1)
    changed = ("hidden=8", "channels=1", "epochs=1", "epoch_samples=4")
    settings = [text for setting in changed for text in ("--set", f"hypersound-fmlp.{setting}")]
    code, out, _ = hsbench_here("plan", "table4", "--budget", "smoke", *settings, *arguments)
    assert code == 0
    assert f"table4/p = 0.0: adopts {file.stem}" in out

    study, folder = train(networks=[library])
    assert study.complete
    assert not (folder / "fit.jsonl").exists(), "it trained"
    assert [(row["clip"], row["metric"], row["value"]) for row in scores(folder)] == [
        (row["clip"], row["metric"], row["value"]) for row in scores(trained)
    ]
    table = study.to_markdown()
    assert "p = 0.0 [smoke, adopted]" in table
    assert f"adopted: not trained here; the network is {file.stem}" in table.replace("\n  ", " ")
    adopted = json.loads((folder / "provenance.json").read_text())["sessions"][-1]["adopted"]
    assert (adopted["name"], adopted["steps"]) == (file.stem, 1)
    assert json.loads((trained / "provenance.json").read_text())["sessions"][-1]["trained"] is True


def test_the_latest_session_that_got_a_network_decides_whether_it_was_adopted(tmp_path):
    folder = Results(tmp_path).folder("model--corpus--budget--s0--0")
    code = {"code": {"hsbench": "0", "commit": None, "dirty": False}}
    found = []
    for facts in ({}, {"trained": True}, {"adopted": {"name": "net"}}, {}, {"trained": True}):
        folder.add_provenance({**code, **facts})
        found.append(folder.adopted())
    assert found == ["", "", "net", "net", ""]


@pytest.mark.slow
def test_retrain_trains(train, library):
    study, folder = train(networks=[library], retrain=True)
    assert study.complete
    assert (folder / "fit.jsonl").exists()
    assert "adopted" not in study.to_markdown()


def test_an_altered_network_is_not_adopted_and_the_cell_says_why(train, library, file):
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(bytes(data))
    study, folder = train(networks=[library])
    assert not study.complete
    assert "should hold tensors with the SHA-256" in " ".join(study.problems)
    assert "--retrain" in " ".join(study.problems)
    assert not (folder / "artifacts" / "model" / NETWORK).exists()


def test_a_folder_that_does_not_exist_is_refused_in_a_sentence(hsbench_here, tmp_path):
    code, _, err = hsbench_here("plan", "table4", "--networks", tmp_path / "none", "--results", tmp_path)
    assert code == 2
    assert "--networks expects a folder with networks" in err


@pytest.mark.parametrize("variable", ["HSBENCH_NETWORKS"])
def test_networks_are_found_by_the_environment(monkeypatch, hsbench_here, library, file, tmp_path, variable):
    monkeypatch.setenv(variable, f"{tmp_path / 'nothing'}:{library}")
    code, out, _ = hsbench_here("networks", "list")
    assert code == 0
    assert file.stem in out
