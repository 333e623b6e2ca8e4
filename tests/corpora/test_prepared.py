"""Real layouts, made here: what is read, what is skipped and why, what survives a crash."""

import json
import os
import shutil

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsbench import registry
from hsbench.audio.clip import peak_normalise
from hsbench.audio.resample import resample
from hsbench.corpora import store
from hsbench.corpora.base import Source
from hsbench.corpora.prepared import last_share, last_speakers
from hsbench.errors import DataError, UsageError
from hsbench.spec import freeze

SMALL = {"block_samples": 4096, "clip_samples": 2048, "drop_first_samples": 1000}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HSBENCH_CACHE", str(tmp_path / "cache"))


def corpus(name, root, **changes):
    descriptor = registry.get("corpora", name)
    return descriptor.load()(Source(root, freeze({**descriptor.defaults, **changes})))


def prepare(name, root, workers=1, progress=lambda done, total: None, **changes):
    made = corpus(name, root, **{**SMALL, **changes})
    made.prepare(workers, progress)
    return made


def tone(seconds=1.0, rate=22050, seed=0):
    rng = np.random.default_rng(seed)
    n = int(seconds * rate)
    return 0.4 * np.sin(2 * np.pi * (200 + 50 * seed) * np.arange(n) / rate) + 0.01 * rng.standard_normal(n)


def write(path, x=None, rate=22050, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(rate=rate) if x is None else x, rate, **options)
    return path


@pytest.fixture
def vctk(tmp_path):
    base = tmp_path / "data" / "VCTK-Corpus-0.92"
    for number, speaker in enumerate(("p225", "p226", "p361", "s5")):
        for mic in (1, 2):
            write(
                base / "wav48_silence_trimmed" / speaker / f"{speaker}_001_mic{mic}.flac", tone(1, 48000, number), 48000
            )
    (base / "speaker-info.txt").write_text(  # a gap, an id without its letter, a row without a sex
        "ID  AGE  GENDER  ACCENTS\np225  23  F    English\n226  22  M  English\np361\n\ns5  18  F  British\n"
    )
    return tmp_path / "data"


def test_vctk_reads_both_microphones_speakers_and_sexes(vctk):
    made = prepare("vctk", vctk)
    train, validation = made.manifest("train"), made.manifest("validation")
    assert {item.speaker for item in validation.items} == {"p361", "s5"}
    assert {item.speaker for item in train.items} == {"p225", "p226"}
    both = (*train.items, *validation.items)
    assert {item.speaker: item.sex for item in both} == {
        "p225": "F",
        "p226": "M",
        "p361": "",
        "s5": "F",
    }
    assert [item.id for item in validation.items][:2] == ["p361_001_mic1-0", "p361_001_mic1-1"]
    blocks = (22050 - 1000) // 4096
    assert len(validation.items) == 4 * blocks
    assert validation.samples == 2048
    assert made.completeness() == ("partial corpus: 8 of 88328 files and 4 of 110 speakers of VCTK 0.92",)


@pytest.mark.parametrize(("mics", "count"), [("1", 4), ("2", 4), ("both", 8)])
def test_one_microphone_is_a_setting(vctk, mics, count):
    assert len(corpus("vctk", vctk, **SMALL, mics=mics).listing().files) == count


def test_a_clip_is_the_resampled_file_without_its_beginning(vctk):
    made = prepare("vctk", vctk)
    item = next(item for item in made.manifest("validation").items if item.id == "s5_001_mic1-1")
    assert item.offset == 1000 + 4096
    clip = made.load(item)
    assert clip.offset == item.offset
    samples, rate = soundfile.read(vctk / "VCTK-Corpus-0.92" / item.source, dtype="float32")
    by_hand = resample(samples, rate, 22050)[1000 + 4096 :][:2048]
    assert clip.waveform.shape == (2048,)
    assert np.abs(clip.waveform - peak_normalise(by_hand)).max() < 2e-4
    assert np.abs(clip.waveform).max() == 1
    assert clip.source == item.source


def test_the_root_may_be_the_folder_itself_or_one_or_two_levels_above(vctk, tmp_path):
    inside = vctk / "VCTK-Corpus-0.92"
    found = {root: len(corpus("vctk", root, **SMALL).listing().files) for root in (inside, vctk, vctk.parent)}
    assert set(found.values()) == {8}
    with pytest.raises(
        DataError, match="expected the folder VCTK-Corpus-0.92 of VCTK 0.92 at .* or up to two levels below"
    ):
        corpus("vctk", tmp_path / "data" / "VCTK-Corpus-0.92" / "wav48_silence_trimmed", **SMALL).listing()


def test_settings_and_content_move_the_fingerprint_and_place_does_not(vctk, tmp_path):
    first = prepare("vctk", vctk).manifest("validation").fingerprint
    shutil.copytree(vctk, tmp_path / "elsewhere")
    assert prepare("vctk", tmp_path / "elsewhere").manifest("validation").fingerprint == first
    assert prepare("vctk", vctk, clip_samples=1024).manifest("validation").fingerprint != first
    assert prepare("vctk", vctk, mics="1").manifest("validation").fingerprint != first
    write(
        tmp_path / "elsewhere" / "VCTK-Corpus-0.92" / "wav48_silence_trimmed" / "s5" / "s5_001_mic1.flac",
        tone(1, 48000, 9),
        48000,
    )
    assert prepare("vctk", tmp_path / "elsewhere").manifest("validation").fingerprint != first


def test_every_odd_file_is_read_or_skipped_with_a_reason(vctk):
    speaker = vctk / "VCTK-Corpus-0.92" / "wav48_silence_trimmed" / "p226"
    good = (speaker / "p226_001_mic1.flac").read_bytes()
    (speaker / "p226_010_mic1.flac").write_bytes(b"fLaC" + os.urandom(400))
    (speaker / "p226_011_mic1.flac").write_bytes(good[: len(good) // 2])
    (speaker / "p226_012_mic1.flac").write_bytes(b"")
    write(speaker / "p226_013_mic1.wav", np.stack([tone(), tone()], 1))
    write(speaker / "p226_014_mic1.wav", np.zeros(0))
    write(speaker / "p226_015_mic1.wav", tone(0.1))
    write(speaker / "p226_016_mic1.wav", np.where(np.arange(22050) == 7, np.nan, tone()), subtype="FLOAT")
    (speaker / "p226_017_mic1.flac").symlink_to("nowhere.flac")
    write(speaker / "p226-18-mic1.flac")
    write(speaker / "p225_019_mic1.flac")
    (speaker / "p226_020_mic1.flac").mkdir()
    write(speaker / "p226_030_mic1.wav", tone(), subtype="FLOAT")
    write(speaker / "p226_031_mic1.wav", tone(), subtype="PCM_U8")
    write(speaker / "p226_032_mic1.wav", tone(1, 96000), 96000, subtype="PCM_24")
    (speaker / "notes.txt").write_text("not audio")
    made = prepare("vctk", vctk)
    reasons = {path.rpartition("/")[2]: reason for path, reason in made.skipped()}
    expected = {
        "p226_010_mic1.flac": "cannot be read",
        "p226_012_mic1.flac": "cannot be read",
        "p226_013_mic1.wav": "has 2 channels instead of one",
        "p226_014_mic1.wav": "holds no samples",
        "p226_015_mic1.wav": "is shorter than one block (2205 of 5096 samples)",
        "p226_016_mic1.wav": "holds samples that are not finite",
        "p226_017_mic1.flac": "is a link to nothing",
        "p226-18-mic1.flac": "is not named <speaker>/",
        "p225_019_mic1.flac": "is not named <speaker>/",
    }
    for name, reason in expected.items():
        assert reasons[name].startswith(reason), (name, reasons[name])
    kept = {item.id.rpartition("-")[0] for item in made.manifest("train").items}
    assert {"p226_030_mic1", "p226_031_mic1", "p226_032_mic1"} <= kept
    assert ("p226_011_mic1.flac" in reasons) != ("p226_011_mic1" in kept)


def test_a_folder_that_cannot_be_opened_is_skipped_with_a_reason(vctk, monkeypatch):
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("p226"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    listing = corpus("vctk", vctk, **SMALL).listing()
    assert listing.skipped == [("wav48_silence_trimmed/p226", "cannot be opened (Permission denied)")]
    assert len(listing.files) == 6


def test_a_missing_or_ragged_speaker_table_leaves_the_sex_open(vctk):
    table = vctk / "VCTK-Corpus-0.92" / "speaker-info.txt"
    for content in (None, b"\xff\xfe\x00garbage", b"ID\np225\np226 M"):
        table.unlink(missing_ok=True)
        if content is not None:
            table.write_bytes(content)
        sexes = {file.speaker: file.sex for file in corpus("vctk", vctk, **SMALL).listing().files}
        assert sexes["p225"] == ""


class Stopped(BaseException):
    pass


def content(made):
    found = made._store
    return found.rows(), found.blocks().tobytes()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_preparation_that_is_stopped_goes_on_and_ends_the_same(tmp_path, monkeypatch, workers):
    for number in range(9):
        write(tmp_path / "in" / f"v{number % 3}" / f"{number}.wav", tone(seed=number))
    monkeypatch.setattr(store, "BATCH", 2)
    calm = content(prepare("folder", tmp_path / "in", clip_samples=1024))

    def stop(done, total):
        if done == 5:
            raise Stopped

    with pytest.raises(Stopped):
        prepare("folder", tmp_path / "in", workers, stop)
    half = corpus("folder", tmp_path / "in", **SMALL)
    assert not half.prepared()
    with pytest.raises(DataError, match="is not prepared, or its files have changed since"):
        half.manifest("train")
    with (half._store.path / "parts.jsonl").open("ab") as file:
        file.write(b'{"path": "torn')
    cuts = []
    original = store.cut
    monkeypatch.setattr(store, "cut", lambda path, facts: cuts.append(path) or original(path, facts))
    rough = content(prepare("folder", tmp_path / "in"))
    assert rough[1] == calm[1]
    assert [{k: v for k, v in row.items() if k != "time"} for row in rough[0]] == [
        {k: v for k, v in row.items() if k != "time"} for row in calm[0]
    ]
    assert len(cuts) == 5, "two batches of two were kept"


def test_threads_change_nothing(tmp_path):
    for number in range(5):
        write(tmp_path / "in" / f"v{number % 2}" / f"{number}.wav", tone(seed=number, rate=16000), 16000)
    alone = content(prepare("folder", tmp_path / "in"))
    shutil.rmtree(tmp_path / "cache")
    assert content(prepare("folder", tmp_path / "in", workers=2)) == alone


def test_files_that_change_or_appear_are_prepared_anew(tmp_path):
    path = write(tmp_path / "in" / "a" / "1.wav", tone(seed=1))
    write(tmp_path / "in" / "b" / "2.wav", tone(seed=2))
    first = content(prepare("folder", tmp_path / "in"))[1]
    assert corpus("folder", tmp_path / "in", **SMALL).prepared()
    write(path, tone(seed=3))
    assert not corpus("folder", tmp_path / "in", **SMALL).prepared()
    assert content(prepare("folder", tmp_path / "in"))[1] != first
    write(tmp_path / "in" / "c" / "3.wav", tone(seed=4))
    assert not corpus("folder", tmp_path / "in", **SMALL).prepared()
    assert len(prepare("folder", tmp_path / "in")._store.rows()) == 3


def test_a_cache_of_other_settings_is_refused(tmp_path):
    write(tmp_path / "in" / "a" / "1.wav")
    made = prepare("folder", tmp_path / "in")
    facts = made._store.path / "settings.json"
    facts.write_text(facts.read_text().replace("4096", "8192"))
    with pytest.raises(DataError, match="was prepared with other settings"):
        corpus("folder", tmp_path / "in", **SMALL).manifest("train")


def test_blocks_that_are_lost_are_noticed(tmp_path):
    write(tmp_path / "in" / "a" / "1.wav")
    made = prepare("folder", tmp_path / "in")
    (made._store.path / "complete.json").unlink()
    (made._store.path / "blocks.i16").write_bytes(b"")
    with pytest.raises(DataError, match="is shorter than its rows say"):
        prepare("folder", tmp_path / "in")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=400),
    head=st.sampled_from([b"", b"RIFF", b"fLaC", b"OggS", b"FORM", b"RIFF\x24\0\0\0WAVEfmt "]),
)
def test_no_bytes_make_the_reader_raise(tmp_path, data, head):
    path = tmp_path / "any.wav"
    path.write_bytes(head + data)
    blocks, reason = store.cut(str(path), {**SMALL, "sample_rate": 22050})
    assert isinstance(blocks, bytes)
    assert bool(blocks) != bool(reason)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 4000), junk=st.binary(min_size=1, max_size=40))
def test_no_damage_to_a_good_file_makes_the_reader_raise(tmp_path, place, junk):
    path = tmp_path / "good.flac"
    if not path.exists():
        write(path)
    data = bytearray(path.read_bytes())
    data[place : place + len(junk)] = junk
    damaged = tmp_path / "damaged.flac"
    damaged.write_bytes(bytes(data))
    blocks, reason = store.cut(str(damaged), {**SMALL, "sample_rate": 22050})
    assert bool(blocks) != bool(reason)


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


def test_folders_name_speakers_and_stems_stay_ids(tmp_path):
    write(tmp_path / "in" / "Anna Müller" / "take 1.wav", tone(seed=1))
    write(tmp_path / "in" / "Anna Müller" / "take_1.flac", tone(seed=2))
    write(tmp_path / "in" / "bob" / "deep" / "er.wav", tone(seed=3))
    write(tmp_path / "in" / "loose.wav", tone(seed=4))
    made = prepare("folder", tmp_path / "in")
    items = [*made.manifest("train").items, *made.manifest("validation").items]
    assert {item.speaker for item in items} == {"Anna Müller", "bob", "all"}
    assert {item.id.rpartition("-")[0] for item in items} == {"Anna_M_ller_take_1", "bob_deep_er", "loose"}
    assert [reason for _, reason in made.skipped()] == ["has the same name as Anna Müller/take 1.wav"]


def test_librispeech_and_lj_speech_layouts(tmp_path):
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
    made = prepare("librispeech", tmp_path, subset="dev-clean")
    assert {i.speaker: i.sex for i in (*made.manifest("train").items, *made.manifest("validation").items)} == {
        "19": "F",
        "1034": "",
        "200": "",
    }
    assert {i.speaker for i in made.manifest("train").items} == {"1034"}
    assert made.skipped()[0][1].startswith("is not named <speaker>/<chapter>/")
    with pytest.raises(UsageError, match="has no subset 'train-clean-360'; it has dev-clean. Choose with --set"):
        corpus("librispeech", tmp_path).listing()
    for number in range(3):
        write(tmp_path / "LJSpeech-1.1" / "wavs" / f"LJ001-000{number}.wav", tone(seed=number))
    write(tmp_path / "LJSpeech-1.1" / "wavs" / "LJ1.wav")
    made = prepare("ljspeech", tmp_path)
    assert len({item.source for item in made.manifest("validation").items}) == 1
    assert made.completeness() == ("partial corpus: 3 of 13100 files and 1 of 1 speakers of LJ Speech 1.1",)


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("vctk", {"mics": "3"}, "vctk.mics expects both, 1 or 2"),
        ("librispeech", {"subset": "train-clean-36"}, "LibriSpeech has no subset 'train-clean-36'"),
        ("folder", {"block_samples": 0}, "block_samples expects a whole number from 1, got 0"),
        ("folder", {"clip_samples": 9999999}, "clip_samples not above block_samples"),
        ("folder", {"drop_first_samples": -1}, "must not be negative"),
    ],
)
def test_bad_settings_are_sentences(vctk, name, changes, sentence):
    (vctk / "LibriSpeech").mkdir()
    with pytest.raises(UsageError, match=sentence):
        corpus(name, vctk, **changes).listing()


def test_an_empty_or_hopeless_folder_is_a_sentence(tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(DataError, match="no audio file is below"):
        prepare("folder", tmp_path / "in")
    write(tmp_path / "in" / "a.wav", tone(0.01))
    with pytest.raises(DataError, match="no file of the train split is long enough for one block"):
        prepare("folder", tmp_path / "in").manifest("train")


def settings_of(name):
    return [word for key, value in SMALL.items() for word in ("--set", f"{name}.{key}={value}")]


def test_the_verbs(hsbench_here, vctk, tmp_path):
    where = ["--data-root", vctk, *settings_of("vctk")]
    code, out, _ = hsbench_here("corpus", "info", "vctk", *where)
    assert code == 0
    assert "licence: CC BY 4.0" in out
    assert "not prepared yet" in out
    code, out, err = hsbench_here("corpus", "prepare", "vctk", *where, "--jobs", 1)
    assert code == 0
    assert "8/8 files" in err
    assert "partial corpus: 8 of 88328 files" in out
    assert "validation: 20 blocks of 4096 samples at 22050 Hz" in out
    (manifest,) = (tmp_path / "cache").rglob("manifest-validation.json")
    kept = json.loads(manifest.read_text())
    assert len(kept["items"]) == 20
    assert set(kept["items"][0]) == {"id", "speaker", "sex", "source", "offset", "samples", "sha256"}
    assert kept["fingerprint"][:16] in out
    assert f"prepared in {manifest.parent}" in out
    assert "preparing" not in hsbench_here("corpus", "prepare", "vctk", *where)[1]
    code, out, _ = hsbench_here("corpus", "export", "vctk", tmp_path / "wavs", *where)
    assert code == 0
    assert len(list((tmp_path / "wavs").glob("*.wav"))) == 20
    x, rate = soundfile.read(tmp_path / "wavs" / "s5_001_mic2-0.wav")
    assert (x.size, rate) == (2048, 22050)
    assert np.abs(x).max() == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("info", "vctk"), "vctk needs the folder that holds VCTK 0.92; give it with --data-root"),
        (("prepare", "vctk", "--data-root", "/nowhere"), "--data-root expects a folder, and /nowhere is none"),
        (("info", "vktc"), "unknown corpus 'vktc'; did you mean 'vctk'?"),
        (("info", "vctk", "--set", "vctk.mic=1"), "unknown setting of vctk 'mic'; did you mean 'mics'?"),
        (("download", "demo", "--data-root", "x"), "demo cannot be downloaded"),
        (("download", "vctk"), "expects the folder to put the corpus in"),
    ],
)
def test_bad_corpus_requests_are_one_sentence(hsbench_here, arguments, sentence):
    code, _, err = hsbench_here("corpus", *arguments)
    assert code == 2
    assert sentence in err


def test_a_download_without_a_network_says_what_to_do(hsbench_here, tmp_path, monkeypatch):
    from urllib.error import URLError

    import torchaudio

    def offline(**options):
        raise URLError("no network")

    monkeypatch.setattr(torchaudio.datasets, "LJSPEECH", offline)
    code, out, err = hsbench_here("corpus", "download", "ljspeech", "--data-root", tmp_path / "new", "--yes")
    assert code == 3
    assert "2.6 GB, licence public domain" in out
    assert "could not be downloaded (no network); get it on a machine with a network" in err


def test_passages_are_the_whole_blocks_of_the_split_in_the_store(vctk):
    made = prepare("vctk", vctk)
    passages, items = made.passages("train"), made.manifest("train").items
    assert len(passages) == len(items)
    assert set(passages.lengths.tolist()) == {4096}
    for number, item in enumerate(items):
        block = passages.samples[passages.starts[number] :][: passages.lengths[number]]
        assert np.array_equal(peak_normalise(block[:2048].astype(np.float32) / 32768), made.load(item).waveform)
    assert np.may_share_memory(passages.samples, made._blocks)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_the_truth_at_a_higher_rate_lies_on_the_clip(vctk, rate):
    """A slow tone read between the clip's samples says what the source says there."""
    made = prepare("vctk", vctk)
    for item in made.manifest("validation").items[:4]:
        truth, clip = made.load_at(item, rate), made.load(item).waveform.astype(np.float64)
        assert 0 <= truth.seconds[0] < 1 / rate
        assert truth.seconds[-1] <= 2047 / 22050 < truth.seconds[-1] + 1 / rate
        assert np.diff(truth.seconds) == pytest.approx(1 / rate)
        smooth = np.interp(truth.seconds, np.arange(2048) / 22050, clip)
        inner = slice(50, -50)
        error = np.square(smooth - truth.waveform)[inner].mean() / np.square(truth.waveform)[inner].mean()
        assert error < 2e-2
        shifted = np.square(smooth[:-3] - truth.waveform[3:])[inner].mean() / np.square(truth.waveform)[inner].mean()
        assert shifted > 1.2 * error


def test_there_is_no_truth_above_the_sources_rate(tmp_path):
    write(tmp_path / "data" / "a" / "1.wav", rate=22050)
    write(tmp_path / "data" / "b" / "1.wav", rate=22050)
    made = prepare("folder", tmp_path / "data")
    assert made.load_at(made.manifest("validation").items[0], 44100) is None


@pytest.mark.parametrize(
    ("name", "changes", "train", "validation"),
    [
        ("vctk", {}, 26, {"p360", "p361", "p363", "p364", "s5"}),
        ("ljspeech", {}, 1, {"LJ"}),
        ("librispeech", {"subset": "train-clean-100"}, 2, None),
        ("librispeech", {"subset": "test-other"}, 1, None),
    ],
)
def test_real_corpora(real_corpora, name, changes, train, validation):
    rule = {"block_samples": 32768, "drop_first_samples": 0, "clip_samples": 32768}
    made = prepare(name, real_corpora / name, **rule, **changes)
    parts = {split: made.manifest(split) for split in ("train", "validation")}
    speakers = {split: {item.speaker for item in part.items} for split, part in parts.items()}
    assert len(speakers["train"]) == train
    assert validation is None or speakers["validation"] == validation
    assert {item.source for item in parts["train"].items}.isdisjoint(item.source for item in parts["validation"].items)
    assert {item.sex for part in parts.values() for item in part.items} <= {"F", "M", ""}
    for item in parts["validation"].evaluation()[:3]:
        clip = made.load(item)
        assert clip.waveform.size == 32768
        assert np.abs(clip.waveform).max() == pytest.approx(1)
        assert clip.waveform.std() > 0.01
    assert made.completeness()[0].startswith("partial corpus")
