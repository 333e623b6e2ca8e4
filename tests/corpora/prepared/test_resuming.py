"""An interrupted preparation, and one on several threads, has the same result as an uninterrupted one."""

import shutil

import pytest

from hsbench.corpora import store
from hsbench.errors import DataError


class Stopped(BaseException):
    pass


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_preparation_continues_and_ends_the_same(
    corpus, prepare, write, tone, content, tmp_path, monkeypatch, workers
):
    for number in range(9):
        write(tmp_path / "in" / f"v{number % 3}" / f"{number}.wav", tone(seed=number))
    monkeypatch.setattr(store, "BATCH", 2)
    uninterrupted = content(prepare("folder", tmp_path / "in", clip_samples=1024))

    def stop(done, total):
        if done == 5:
            raise Stopped

    with pytest.raises(Stopped):
        prepare("folder", tmp_path / "in", workers, stop)
    partial = corpus("folder", tmp_path / "in")
    assert not partial.prepared()
    with pytest.raises(DataError, match="is not prepared, or its files have changed since"):
        partial.manifest("train")
    with (partial._store.path / "parts.jsonl").open("ab") as file:
        file.write(b'{"path": "torn')
    cuts = []
    original = store.cut
    monkeypatch.setattr(store, "cut", lambda path, facts: cuts.append(path) or original(path, facts))
    resumed = content(prepare("folder", tmp_path / "in"))
    assert resumed[1] == uninterrupted[1]
    assert [{k: v for k, v in row.items() if k != "time"} for row in resumed[0]] == [
        {k: v for k, v in row.items() if k != "time"} for row in uninterrupted[0]
    ]
    assert len(cuts) == 5, "two batches of two files were already prepared"


def test_the_number_of_threads_does_not_change_the_result(prepare, write, tone, content, tmp_path):
    for number in range(5):
        write(tmp_path / "in" / f"v{number % 2}" / f"{number}.wav", tone(seed=number, rate=16000), 16000)
    one_thread = content(prepare("folder", tmp_path / "in"))
    shutil.rmtree(tmp_path / "cache")
    assert content(prepare("folder", tmp_path / "in", workers=2)) == one_thread
