"""Small synthetic corpora in the layouts of the public ones; each test has a cache folder of its own."""

import numpy as np
import pytest
import soundfile

from hsbench import registry
from hsbench.corpora.base import Source
from hsbench.spec import freeze

SMALL = {"block_samples": 4096, "clip_samples": 2048, "drop_first_samples": 1000}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HSBENCH_CACHE", str(tmp_path / "cache"))


def corpus(name, root, **changes):
    """Open a corpus with small blocks, or with the settings that a test gives."""
    descriptor = registry.corpus(name)
    return descriptor.load()(Source(root, freeze({**descriptor.defaults, **SMALL, **changes})))


def prepare(name, root, workers=1, progress=lambda done, total: None, **changes):
    prepared = corpus(name, root, **changes)
    prepared.prepare(workers, progress)
    return prepared


def tone(seconds=1.0, rate=22050, seed=0):
    rng = np.random.default_rng(seed)
    n = int(seconds * rate)
    return 0.4 * np.sin(2 * np.pi * (200 + 50 * seed) * np.arange(n) / rate) + 0.01 * rng.standard_normal(n)


def write(path, x=None, rate=22050, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(rate=rate) if x is None else x, rate, **options)
    return path


def content(corpus):
    return corpus._store.rows(), corpus._store.blocks().tobytes()


@pytest.fixture
def vctk(tmp_path):
    base = tmp_path / "data" / "VCTK-Corpus-0.92"
    for number, speaker in enumerate(("p225", "p226", "p361", "s5")):
        for mic in (1, 2):
            write(
                base / "wav48_silence_trimmed" / speaker / f"{speaker}_001_mic{mic}.flac", tone(1, 48000, number), 48000
            )
    (base / "speaker-info.txt").write_text(  # an empty line, an id without its letter, a row without a sex
        "ID  AGE  GENDER  ACCENTS\np225  23  F    English\n226  22  M  English\np361\n\ns5  18  F  British\n"
    )
    return tmp_path / "data"


@pytest.fixture
def small():
    """Settings that cut a second of sound into several blocks."""
    return SMALL


@pytest.fixture(name="corpus")
def _corpus():
    return corpus


@pytest.fixture(name="prepare")
def _prepare():
    return prepare


@pytest.fixture(name="tone")
def _tone():
    return tone


@pytest.fixture(name="write")
def _write():
    return write


@pytest.fixture(name="content")
def _content():
    return content
