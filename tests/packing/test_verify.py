"""Packed results: what is packed, what verifies, and what each check finds in a file that was tampered with."""

import dataclasses
import json
import shutil
import zipfile

import pytest

import hsbench
from hsbench import registry
from hsbench.api import packs

from .conftest import content

CHECKS = ["files", "cells", "rows", "originals"]


def verdicts(verification):
    return {finding.check: finding.verdict for finding in verification.findings}


def altered_scores(path, factor=0.9):
    """Return the scores of a packed file, each made smaller."""
    name, data = content(path, "scores.jsonl")
    rows = [json.loads(line) for line in data.splitlines()]
    lines = [json.dumps({**row, "value": row["value"] and row["value"] * factor}) + "\n" for row in rows]
    return {name: "".join(lines).encode()}


def test_the_same_results_give_the_same_file(results, tmp_path):
    digests = [packs.pack(results, tmp_path / name)[0] for name in ("a.hsr", "b.hsr")]
    assert digests[0] == digests[1]


def test_a_packed_file_verifies_and_becomes_the_same_tables(packed, results, tmp_path, hsbench_here):
    code, out, _ = hsbench_here("verify", packed, "--keep", tmp_path / "kept")
    assert code == 0
    assert [line.split()[:2] for line in out.splitlines()[:4]] == [[check, "ok"] for check in CHECKS]
    assert out.splitlines()[-1].endswith(": self-reported")
    tables = [hsbench.open_results(folder).table("sanity").summary() for folder in (results, tmp_path / "kept")]
    assert tables[0].equals(tables[1])


def test_scores_and_fits_are_computed_again(packed):
    verification = packs.verify(packed, rescore=True, refit=1)
    assert verdicts(verification) == dict.fromkeys([*CHECKS, "scores", "refits"], "ok")
    assert verification.badge == "refitted"
    assert packs.verify(packed, rescore=True).badge == "rescored"


def test_an_altered_file_is_named(packed, change, hsbench_here):
    name, _ = content(packed, "scores.jsonl")
    tampered = change(packed, altered_scores(packed), listed=False)
    code, _, err = hsbench_here("verify", tampered)
    assert code == 1
    assert f"files: {name} was altered after it was packed" in err


def test_scores_that_do_not_belong_to_the_sound_are_found(packed, change):
    tampered = change(packed, altered_scores(packed), listed=True)
    assert set(verdicts(packs.verify(tampered)).values()) == {"ok"}, "a hash that was replaced as well shows nothing"
    verification = packs.verify(tampered, rescore=True)
    assert verdicts(verification)["scores"] == "wrong"
    assert "row random phase, clip k" in verification.wrong[0].detail
    assert verification.badge == "wrong"


def test_scores_of_sound_that_the_model_does_not_give_are_found(packed, change):
    """A forger who replaces the estimates by the originals has consistent scores, and only a new fit shows it."""
    original = content_of_original(packed)
    with zipfile.ZipFile(packed) as archive:
        names = [name for name in archive.namelist() if "/artifacts/audio/" in name]
    forged = {name: original[name.rpartition("/")[2].removesuffix(".wav")] for name in names}
    name, data = content(packed, "scores.jsonl")
    perfect = {"mse": 0.0, "lsd": 0.0}
    rows = [json.loads(line) for line in data.splitlines()]
    kept = [{**row, "value": perfect[row["metric"]]} for row in rows if row["metric"] in perfect]
    others = [row for row in rows if row["metric"] not in perfect]
    lines = "".join(json.dumps(row) + "\n" for row in kept + others).encode()
    verification = packs.verify(change(packed, {**forged, name: lines}, listed=True), refit=2)
    assert verdicts(verification)["refits"] == "wrong"
    assert "mse: recorded 0.0, fitted again" in verification.wrong[-1].detail


def content_of_original(path):
    """Return clip -> original sound."""
    with zipfile.ZipFile(path) as archive:
        rows = [json.loads(line) for line in archive.read("results/references/clips.jsonl").splitlines()]
        return {row["clip"]: archive.read(f"results/references/audio/{row['audio']}") for row in rows}


def test_an_original_that_is_not_the_corpus_clip_is_found(packed, change):
    originals = content_of_original(packed)
    first, second = originals
    with zipfile.ZipFile(packed) as archive:
        name = next(n for n in archive.namelist() if "references/audio" in n and archive.read(n) == originals[first])
    verification = packs.verify(change(packed, {name: originals[second]}, listed=True))
    assert verdicts(verification)["originals"] == "wrong"
    assert f"original {first} of corpus demo is not the clip" in verification.wrong[0].detail


@pytest.mark.parametrize(
    ("end", "old", "new", "check", "sentence"),
    [
        ("spec.json", b'"seed": 0', b'"seed": 1', "cells", "should specify this cell"),
        ("scores.jsonl", b'"metric":"pesq"', b'"metric":"pesk"', "rows", "scores missing, the first is pesq of clip"),
        ("reconstructions.jsonl", b'"numbers":66177', b'"numbers":-5', "cells", "numbers"),
    ],
)
def test_records_that_cannot_be_are_found(packed, change, end, old, new, check, sentence):
    name, data = content(packed, end)
    assert old in data
    verification = packs.verify(change(packed, {name: data.replace(old, new)}, listed=True))
    assert verdicts(verification)[check] == "wrong"
    assert any(sentence in finding.detail for finding in verification.wrong)


def test_a_check_that_is_not_possible_here_is_no_success(packed, change, hsbench_here):
    with zipfile.ZipFile(packed) as archive:
        sound = [name for name in archive.namelist() if name.endswith(".wav")]
    silent = change(packed, dict.fromkeys(sound), listed=True)
    code, out, err = hsbench_here("verify", silent, "--rescore")
    assert code == 3
    assert "not checked" in out
    assert "scores of" in err
    assert "no sound was packed" in err


def test_sound_and_streams_stay_where_the_licence_keeps_them(results, tmp_path, monkeypatch):
    (folder,) = results.glob("random-phase*")
    stream = folder / "artifacts" / "streams" / "k09_004-1.hsb"
    stream.parent.mkdir()
    stream.write_bytes(b"bits")

    def names(free):
        demo = dataclasses.replace(registry.corpus("demo"), redistributable=free)
        monkeypatch.setitem(registry._table("corpora"), "demo", demo)
        _, left_out = packs.pack(results, tmp_path / "x.hsr")
        with zipfile.ZipFile(tmp_path / "x.hsr") as archive:
            return {name.rpartition(".")[2] for name in archive.namelist()}, left_out

    try:
        assert names(free=True) == ({"json", "jsonl", "wav", "hsb"}, ())
        endings, (sentence,) = names(free=False)
        assert endings == {"json", "jsonl"}
        assert "sound and streams of corpus demo" in sentence
    finally:
        stream.unlink()
        stream.parent.rmdir()


def test_what_cannot_be_packed_is_refused_in_one_sentence(results, tmp_path, hsbench_here):
    for arguments, code, sentence in [
        ((tmp_path / "none", "-o", tmp_path / "x.hsr"), 2, "holds no results"),
        ((results, "-o", tmp_path / "x.zip"), 2, "expects a file that ends with .hsr"),
        ((results, "-o", tmp_path / "x.hsr", "--experiment", "table2d"), 3, "table2d was not run into"),
        ((results, "-o", tmp_path / "x.hsr", "--experiment", "sanit"), 2, "did you mean 'sanity'"),
    ]:
        ended, _, err = hsbench_here("pack", *arguments)
        assert (ended, sentence in err) == (code, True), err
    assert not list(tmp_path.glob("x.*"))


def test_results_that_are_not_possible_are_not_packed(results, tmp_path, hsbench_here):
    folder = tmp_path / "results"
    shutil.copytree(results, folder)
    (file,) = folder.glob("random-phase*/reconstructions.jsonl")
    file.write_text(file.read_text().replace('"numbers":66177', '"numbers":-5'))
    code, _, err = hsbench_here("pack", folder, "-o", tmp_path / "x.hsr")
    assert code == 3
    assert "not possible" in err
