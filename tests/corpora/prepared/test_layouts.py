"""The layouts of the public corpora and of a user's folder: files that are read, speakers, sexes and clip ids."""

import pytest

from hsbench.corpora.prepared import block_id
from hsbench.errors import DataError, UsageError


def test_vctk_reads_both_microphones_speakers_and_sexes(prepare, vctk):
    prepared = prepare("vctk", vctk)
    train, validation = prepared.manifest("train"), prepared.manifest("validation")
    assert {item.speaker for item in validation.items} == {"p361", "s5"}
    assert {item.speaker for item in train.items} == {"p225", "p226"}
    both = (*train.items, *validation.items)
    assert {item.speaker: item.sex for item in both} == {
        "p225": "F",
        "p226": "M",
        "p361": "",
        "s5": "F",
    }
    assert [item.id for item in validation.items][:2] == ["p361_001_mic1-1", "p361_001_mic1-2"]
    blocks = (22050 - 1000) // 4096
    assert len(validation.items) == 4 * blocks
    assert validation.samples == 2048
    assert prepared.completeness() == ("partial corpus: 8 of 88328 files and 4 of 110 speakers of VCTK 0.92",)


@pytest.mark.parametrize(("mics", "count"), [("1", 4), ("2", 4), ("both", 8)])
def test_a_setting_chooses_the_microphones(corpus, vctk, mics, count):
    assert len(corpus("vctk", vctk, mics=mics).listing().files) == count


def test_the_data_root_is_the_folder_of_the_corpus_or_one_or_two_levels_above(corpus, vctk, tmp_path):
    inside = vctk / "VCTK-Corpus-0.92"
    assert {len(corpus("vctk", root).listing().files) for root in (inside, vctk, vctk.parent)} == {8}
    with pytest.raises(
        DataError, match="expected the folder VCTK-Corpus-0.92 of VCTK 0.92 at .* or up to two levels below"
    ):
        corpus("vctk", tmp_path / "data" / "VCTK-Corpus-0.92" / "wav48_silence_trimmed").listing()


def test_the_sex_is_unknown_if_the_speaker_table_is_missing_or_malformed(corpus, vctk):
    table = vctk / "VCTK-Corpus-0.92" / "speaker-info.txt"
    for content in (None, b"\xff\xfe\x00garbage", b"ID\np225\np226 M"):
        table.unlink(missing_ok=True)
        if content is not None:
            table.write_bytes(content)
        sexes = {file.speaker: file.sex for file in corpus("vctk", vctk).listing().files}
        assert sexes["p225"] == ""


def test_librispeech_reads_subset_speakers_and_sexes(corpus, prepare, write, tone, tmp_path):
    for speaker in (19, 1034, 200):
        write(
            tmp_path / "LibriSpeech" / "dev-clean" / str(speaker) / "7" / f"{speaker}-7-0000.flac",
            tone(1, 16000, speaker % 7),
            16000,
        )
    write(tmp_path / "LibriSpeech" / "dev-clean" / "19" / "7" / "20-7-0001.flac", tone(1, 16000), 16000)
    (tmp_path / "LibriSpeech" / "SPEAKERS.TXT").write_text(
        ";ID |SEX\n19 | F | dev-clean | 25 | X\n1034 | ? |\nbroken\n"
    )
    prepared = prepare("librispeech", tmp_path, subset="dev-clean")
    train, validation = prepared.manifest("train").items, prepared.manifest("validation").items
    assert {item.speaker: item.sex for item in (*train, *validation)} == {"19": "F", "1034": "", "200": ""}
    assert {item.speaker for item in train} == {"1034"}
    assert prepared.skipped()[0][1].startswith("is not named <speaker>/<chapter>/")
    assert prepared.completeness() == ("partial corpus: 3 of 2703 files and 3 of 40 speakers of LibriSpeech",)
    with pytest.raises(UsageError, match="has no subset 'train-clean-360'; it has dev-clean. Choose with --set"):
        corpus("librispeech", tmp_path).listing()


def test_lj_speech_reads_one_speaker(prepare, write, tone, tmp_path):
    for number in range(3):
        write(tmp_path / "LJSpeech-1.1" / "wavs" / f"LJ001-000{number}.wav", tone(seed=number))
    write(tmp_path / "LJSpeech-1.1" / "wavs" / "LJ1.wav")
    prepared = prepare("ljspeech", tmp_path)
    assert len({item.source for item in prepared.manifest("validation").items}) == 1
    assert prepared.completeness() == ("partial corpus: 3 of 13100 files and 1 of 1 speaker of LJ Speech 1.1",)


def test_in_a_users_folder_the_first_level_names_speakers_and_paths_become_ids(prepare, write, tone, tmp_path):
    write(tmp_path / "in" / "Anna Müller" / "take 1.wav", tone(seed=1))
    write(tmp_path / "in" / "Anna Müller" / "take_1.flac", tone(seed=2))
    write(tmp_path / "in" / "bob" / "deep" / "er.wav", tone(seed=3))
    write(tmp_path / "in" / "loose.wav", tone(seed=4))
    prepared = prepare("folder", tmp_path / "in")
    items = [*prepared.manifest("train").items, *prepared.manifest("validation").items]
    assert {item.speaker for item in items} == {"Anna Müller", "bob", "all"}
    assert {item.id.rpartition("-")[0] for item in items} == {"Anna_M_ller_take_1", "bob_deep_er", "loose"}
    assert [reason for _, reason in prepared.skipped()] == ["has the same name as Anna Müller/take 1.wav"]


def test_blocks_are_counted_from_one_so_that_their_text_order_is_that_of_the_reference():
    ids = sorted(block_id("a", block) for block in range(11))
    assert ids == ["a-1", "a-10", "a-11", *(f"a-{number}" for number in range(2, 10))]
