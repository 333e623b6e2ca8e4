"""The rules that select the files of the validation set."""

from hsbench.corpora.prepared import last_share, last_speakers


def files(*stems):
    return [{"path": stem, "stem": stem, "speaker": stem[0]} for stem in stems]


def test_the_last_speakers_in_string_order_are_selected_but_never_all():
    many = files(*(f"{letter}{number}" for letter in "abcdefghijklmno" for number in range(2)))
    assert {stem[0] for stem in last_speakers(many, 10)} == set("fghijklmno")
    assert last_speakers(files("a1", "b1", "b2"), 10) == {"b1", "b2"}


def test_of_a_single_speaker_five_percent_of_the_files_are_selected():
    one_speaker = files(*(f"a{number:02}" for number in range(40)))
    assert len(last_speakers(one_speaker, 10)) == 2


def test_at_least_one_file_is_selected_and_of_two_files_one_is_left():
    assert len(last_share(files("a", "b"))) == 1
    assert last_share(files("a")) == {"a"}


def test_the_split_of_lj_speech_is_the_published_one():
    import random

    stems = [f"LJ{number // 300:03}-{number % 300:04}" for number in range(13100)]
    shuffled = sorted(stems)
    random.Random(1).shuffle(shuffled)
    chosen = last_share([{"path": stem, "stem": stem, "speaker": "LJ"} for stem in reversed(stems)])
    assert chosen == set(shuffled[-655:])
