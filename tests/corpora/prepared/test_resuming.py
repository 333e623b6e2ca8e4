"""A preparation ends the same whether or not it was stopped, and on any number of threads."""

import shutil

import pytest

from hsbench.corpora import store
from hsbench.errors import DataError


class Stopped(BaseException):
    pass


@pytest.mark.parametrize("workers", [1, 2])
def test_a_preparation_that_is_stopped_goes_on_and_ends_the_same(
    corpus, prepare, write, tone, content, tmp_path, monkeypatch, workers
):
    for number in range(9):
        write(tmp_path / "in" / f"v{number % 3}" / f"{number}.wav", tone(seed=number))
    monkeypatch.setattr(store, "BATCH", 2)
    calm = content(prepare("folder", tmp_path / "in", clip_samples=1024))

    def stop(done, total):
        if done == 5:
            raise Stopped

    with pytest.raises(Stopped):
        prepare("folder", tmp_path / "in", workers, stop)
    half = corpus("folder", tmp_path / "in")
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


def test_threads_change_nothing(prepare, write, tone, content, tmp_path):
    for number in range(5):
        write(tmp_path / "in" / f"v{number % 2}" / f"{number}.wav", tone(seed=number, rate=16000), 16000)
    alone = content(prepare("folder", tmp_path / "in"))
    shutil.rmtree(tmp_path / "cache")
    assert content(prepare("folder", tmp_path / "in", workers=2)) == alone
