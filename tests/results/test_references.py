"""References: the original clips of a results folder, which several processes may add at the same time."""

import pytest

from hsbench.files import read_jsonl, sha256_bytes
from hsbench.results.store import Results


@pytest.fixture
def two_processes(tmp_path):
    """The same results folder as opened by two processes."""
    return Results(tmp_path), Results(tmp_path)


def audio(clip):
    return f"{sha256_bytes(clip.encode())}.wav"


def row(clip, fingerprint="f"):
    facts = {"clip": clip, "fingerprint": fingerprint, "speaker": "s", "sex": "", "audio": audio(clip)}
    return facts, clip.encode()


def kept(store):
    return [
        (reference["fingerprint"], reference["clip"])
        for reference in read_jsonl(store.root / "references" / "clips.jsonl")
    ]


def test_a_reference_is_stored_once_even_if_two_processes_add_it(two_processes):
    mine, theirs = two_processes
    mine.add_references([row("a"), row("b")])
    theirs.add_references([row("b"), row("c")])
    mine.add_references([row("c"), row("a"), row("d")])
    mine.add_references([row("d"), row("d", "other")])
    assert kept(mine) == [("f", "a"), ("f", "b"), ("f", "c"), ("f", "d"), ("other", "d")]
    assert theirs.references().keys() == set(kept(mine))
    assert mine.reference_audio(audio("c")).read_bytes() == b"c"


def test_the_list_is_read_again_only_after_another_process_wrote(two_processes, monkeypatch):
    mine, theirs = two_processes
    reads = []
    monkeypatch.setattr(Results, "references", lambda self: reads.append(self) or dict.fromkeys(kept(self)))
    mine.add_references([row("a")])
    mine.add_references([row("b")])
    assert reads == []
    theirs.add_references([row("c")])
    mine.add_references([row("c"), row("d")])
    assert reads == [theirs, mine]
    assert kept(mine) == [("f", "a"), ("f", "b"), ("f", "c"), ("f", "d")]
