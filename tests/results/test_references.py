import pytest

from hsbench.files import read_jsonl, sha256_bytes
from hsbench.results.store import Results


@pytest.fixture
def two(tmp_path):
    """Two programs' views of one folder."""
    return Results(tmp_path), Results(tmp_path)


def audio(clip):
    return f"{sha256_bytes(clip.encode())}.wav"


def row(clip, fingerprint="f"):
    facts = {"clip": clip, "fingerprint": fingerprint, "speaker": "s", "sex": "", "audio": audio(clip)}
    return facts, clip.encode()


def kept(store):
    return [(one["fingerprint"], one["clip"]) for one in read_jsonl(store.root / "references" / "clips.jsonl")]


def test_a_reference_is_kept_once_whoever_adds_it(two):
    mine, theirs = two
    mine.add_references([row("a"), row("b")])
    theirs.add_references([row("b"), row("c")])
    mine.add_references([row("c"), row("a"), row("d")])
    mine.add_references([row("d"), row("d", "other")])
    assert kept(mine) == [("f", "a"), ("f", "b"), ("f", "c"), ("f", "d"), ("other", "d")]
    assert theirs.references().keys() == set(kept(mine))
    assert mine.reference_audio(audio("c")).read_bytes() == b"c"


def test_the_list_is_read_again_only_where_another_program_wrote(two, monkeypatch):
    mine, theirs = two
    reads = []
    monkeypatch.setattr(Results, "references", lambda self: reads.append(self) or dict.fromkeys(kept(self)))
    mine.add_references([row("a")])
    mine.add_references([row("b")])
    assert reads == []
    theirs.add_references([row("c")])
    mine.add_references([row("c"), row("d")])
    assert reads == [theirs, mine]
    assert kept(mine) == [("f", "a"), ("f", "b"), ("f", "c"), ("f", "d")]
