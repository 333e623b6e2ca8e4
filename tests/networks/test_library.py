"""Names, cards and files of trained networks: what a card says, how names are looked up, and what damage is found."""

import hashlib
import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from hsbench.errors import DataError
from hsbench.networks import card, tensors
from hsbench.networks.library import Library


def test_the_name_holds_model_corpus_ratio_budget_seed_and_digest(file):
    network = card.read(file)
    assert file.stem == f"hypersound-fmlp-demo-1x-smoke-s0-{network.card.sha256[:8]}" == network.name


def test_the_digest_is_that_of_the_tensors_alone(file, tmp_path):
    values = load_file(file)
    save_file(values, tmp_path / "other.safetensors", {"any": "text"})
    assert tensors.digest(file) == tensors.digest(tmp_path / "other.safetensors") == card.read(file).card.sha256
    name = next(iter(values))
    values[name] = values[name] + np.float32(1e-3)
    save_file(values, tmp_path / "moved.safetensors")
    assert tensors.digest(tmp_path / "moved.safetensors") != tensors.digest(file)


def test_a_card_says_what_was_trained(file, trained, hsbench_here, library):
    facts = card.read(file).card
    assert (facts.corpus, facts.seed, facts.steps, facts.weights_licence) == ("demo", 0, 1, "MIT")
    assert facts.fingerprint == json.loads((trained / "spec.json").read_text())["corpus"]["settings"]["fingerprint"]
    assert [sorted(of_clip) for of_clip in facts.scores.values()] == [["lsd", "mse", "si_snr"]] * 2, (
        "a clip of each split"
    )
    code, out, _ = hsbench_here("networks", "show", "hypersound-fmlp-demo", "--networks", library)
    assert code == 0
    assert f"sha256: {facts.sha256}" in out
    assert "weights_licence: MIT" in out


def test_a_network_that_is_exported_again_keeps_card_and_name(file, hsbench_here, tmp_path):
    (tmp_path / "again").mkdir()
    assert hsbench_here("export", file, "--into", tmp_path / "again")[0] == 0
    (again,) = (tmp_path / "again").iterdir()
    assert again.name == file.name
    assert card.read(again).card == card.read(file).card


def test_the_beginning_of_a_name_is_enough_where_it_is_unique(file, library, hsbench_here):
    found = Library([library])
    assert found.named("hypersound-fmlp-demo-1x") == found.named(file.stem) == file
    assert found.named("hypersound-fmlp-de") is None, "a word is not cut"
    shutil.copy(file, library / "hypersound-fmlp-demo-1x-quick-s0-00000000.safetensors")
    code, _, err = hsbench_here("networks", "show", "hypersound-fmlp-demo-1x", "--networks", library)
    assert code == 2
    assert "the name of a network should be unique" in err
    code, _, err = hsbench_here("networks", "show", "hypersond-fmlp-demo-1x-smoke", "--networks", library)
    assert code == 2
    assert "unknown network" in err


def test_a_network_is_loaded_by_its_name(file, library, monkeypatch, hsbench_here, tmp_path):
    import soundfile

    monkeypatch.setenv("HSBENCH_NETWORKS", str(library))
    soundfile.write(tmp_path / "in.wav", np.sin(np.arange(32768) / 9), 22050)
    outputs = []
    for number, name in enumerate((str(file), "hypersound-fmlp-demo-1x")):
        output = tmp_path / f"{number}.wav"
        assert hsbench_here("reconstruct", name, tmp_path / "in.wav", "-o", output)[0] == 0
        outputs.append(soundfile.read(output)[0])
    assert np.array_equal(*outputs)


def test_a_whole_network_verifies(file, library, hsbench_here):
    code, out, _ = hsbench_here("networks", "verify", file.stem, "--networks", library)
    assert code == 0
    assert "tensors whole, 6 scores the same" in out


def rewritten(file, change):
    """Write a file anew with another card."""
    texts = dict(tensors.header(file).texts)
    document = json.loads(texts["card"])
    change(document)
    save_file(load_file(file), file, {**texts, "card": json.dumps(document)})


def test_scores_that_the_network_does_not_give_are_found(file, library, hsbench_here):
    def better(document):
        for of_clip in document["scores"].values():
            of_clip["si_snr"] += 3

    rewritten(file, better)
    code, _, err = hsbench_here("networks", "verify", file.stem, "--networks", library)
    assert code == 1
    assert "does not give the scores on its card: clip k" in err


def test_tensors_that_are_not_those_of_the_card_are_found(file, library, hsbench_here):
    rewritten(file, lambda document: document.update(sha256=hashlib.sha256(b"other").hexdigest()))
    code, _, err = hsbench_here("networks", "verify", file.stem, "--networks", library)
    assert code == 2
    assert "so it was altered; restore the file" in err


def test_a_corpus_that_is_not_here_is_no_success(file, library, hsbench_here):
    texts = dict(tensors.header(file).texts)
    save_file(load_file(file), file, {**texts, "cell": texts["cell"].replace('"fingerprint":"', '"fingerprint":"f')})
    code, _, err = hsbench_here("networks", "verify", file.stem, "--networks", library)
    assert code == 3
    assert "does not open here in the same form" in err


@pytest.mark.parametrize("content", [b"", b"\xff" * 8, b"\x02\0\0\0\0\0\0\0{}", b"\x02\0\0\0\0\0\0\0[]", b"text" * 100])
def test_what_is_no_network_is_refused_in_one_sentence_and_listed_as_damaged(library, content, hsbench_here):
    path = library / "any-model-demo-quick-s0-00000000.safetensors"
    path.write_bytes(content)
    with pytest.raises(DataError):
        card.read(path)
    code, out, _ = hsbench_here("networks", "list", "--networks", library)
    assert code == 0
    assert "hypersound-fmlp-demo-1x" in out
    assert str(path) in out


def test_a_truncated_file_has_no_digest(file, tmp_path):
    (tmp_path / "short").write_bytes(file.read_bytes()[:-10])
    with pytest.raises(DataError, match="is truncated: tensor"):
        tensors.digest(tmp_path / "short")
