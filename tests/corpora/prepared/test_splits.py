"""Which files are kept for validation."""

from hsbench.corpora.prepared import last_share, last_speakers


def files(*stems):
    return [{"path": stem, "stem": stem, "speaker": stem[0]} for stem in stems]


def test_split_rules():
    many = files(*(f"{letter}{number}" for letter in "abcdefghijklmno" for number in range(2)))
    assert {stem[0] for stem in last_speakers(many, 10)} == set("fghijklmno")
    assert last_speakers(files("a1", "b1", "b2"), 10) == {"b1", "b2"}
    one = files(*(f"a{number:02}" for number in range(40)))
    assert len(last_speakers(one, 10)) == 2
    assert len(last_share(files("a", "b"))) == 1
    assert last_share(files("a")) == {"a"}


def test_the_split_of_lj_speech_is_the_published_one():
    import random

    stems = [f"LJ{number // 300:03}-{number % 300:04}" for number in range(13100)]
    shuffled = sorted(stems)
    random.Random(1).shuffle(shuffled)
    chosen = last_share([{"path": stem, "stem": stem, "speaker": "LJ"} for stem in reversed(stems)])
    assert chosen == set(shuffled[-655:])
