"""Measured times: kept in the cache, robust against damage, and the source of estimates."""

import dataclasses
import json
import multiprocessing

import pytest

from hsbench.planning import timings
from hsbench.planning.estimate import START, Estimator, makespan
from hsbench.results.pending import PendingWork
from hsbench.results.store import Results
from hsbench.spec import Cell, Part, Resources, freeze

RESOURCES = Resources("cpu", 1, 2, None, 1)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HSBENCH_CACHE", str(tmp_path / "cache"))


def cell(name="silence", seed=0, **settings):
    corpus = Part("demo", 1, freeze({"fingerprint": "f", "samples": 32768, "sample_rate": 22050}))
    return Cell(Part(name, 1, freeze(settings)), corpus, Part("quick", 1), Part("fixed-1", 1), seed)


def pending(tmp_path, wanted, clips=10, metrics=("mse", "lsd")):
    folder = Results(tmp_path / "results").cell(wanted)
    return PendingWork(folder, wanted.model.name, [f"c{n}" for n in range(clips)], metrics)


def measure(wanted, **seconds):
    timings.record({timings.of_cell(wanted, "cpu"): seconds}, 2)


def estimate(tmp_path, wanted, clips=10):
    return Estimator(RESOURCES).seconds(wanted, pending(tmp_path, wanted, clips))


def test_the_estimate_is_what_this_machine_measured(tmp_path):
    measure(cell(), training=30.0, setup=2.0, clip=0.5)
    scores = {timings.of_scores(["lsd", "mse"], "cpu"): {"setup": 3.0, "clip": 0.1}}
    timings.record({**scores, timings.of_start("cpu"): {"start": 1.0, "first": 9.0}}, 2)
    assert estimate(tmp_path, cell(), 10) == pytest.approx(1 + 30 + 2 + 10 * 0.5 + 3 + 10 * 0.1)
    assert estimate(tmp_path, cell(seed=1), 20) == pytest.approx(1 + 30 + 2 + 20 * 0.5 + 3 + 20 * 0.1)


def test_the_first_cell_of_a_run_starts_later():
    timings.record({timings.of_start("cpu"): {"start": 1.0, "first": 9.0}}, 2)
    assert Estimator(RESOURCES).first_start() == 8.0


def test_other_settings_are_estimated_from_cells_of_the_model(tmp_path):
    nothing_measured = estimate(tmp_path, cell())
    timings.record({timings.of_model(cell(), "cpu"): {"setup": 7.0, "clip": 2.0}}, 2)
    assert estimate(tmp_path, cell(level=1)) == pytest.approx(nothing_measured + 7 + 20)
    assert nothing_measured >= START


def test_the_median_of_the_latest_measurements_counts(tmp_path):
    for clip in (100.0, 1.0, 1.0, 5.0, 1.0, 1.0):
        measure(cell(), clip=clip)
    (values,) = [entry["threads"]["2"]["clip"] for entry in stored().values()]
    assert values == [1.0, 1.0, 5.0, 1.0, 1.0]
    assert timings.Timings().get(timings.of_cell(cell(), "cpu"), 2) == {"clip": 1.0}


def test_the_nearest_number_of_threads_stands_in_for_one_without_measurements(tmp_path):
    key = timings.of_cell(cell(), "cpu")
    timings.record({key: {"clip": 4.0}}, 1)
    timings.record({key: {"clip": 1.0}}, 8)
    assert [timings.Timings().get(key, threads)["clip"] for threads in (1, 2, 6, 8, 64)] == [4.0, 4.0, 1.0, 1.0, 1.0]


def stored():
    return json.loads(timings.path().read_text())["entries"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff{",
        b"[]",
        b'{"schema": 2, "entries": {}}',
        b'{"schema": 1, "entries": 3}',
        b'{"schema": 1, "entries": {"a": {"at": 1, "threads": {"0": {"clip": [1]}}}}}',
        b'{"schema": 1, "entries": {"a": {"at": 1, "threads": {"two": {"clip": [1]}}}}}',
        b'{"schema": 1, "entries": {"a": {"at": 1, "threads": {"2": {"clip": []}}}}}',
        b'{"schema": 1, "entries": {"a": {"at": 1, "threads": {"2": {"clip": [-1]}}}}}',
        b'{"schema": 1, "entries": {"a": {"at": 1, "threads": {"2": {"clip": ["1"]}}}}}',
        b'{"schema": 1, "entries": {"a": {"at": "x", "threads": {"2": {"clip": [1]}}}}}',
    ],
)
def test_a_damaged_file_counts_as_absent_and_is_written_anew(tmp_path, content):
    timings.path().parent.mkdir(parents=True)
    timings.path().write_bytes(content)
    assert timings.Timings().get("a", 2) == {}
    measure(cell(), clip=1.0)
    assert list(stored()) == [timings.of_cell(cell(), "cpu")]


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "cache").write_text("a file")
    measure(cell(), clip=1.0)
    assert timings.Timings().get(timings.of_cell(cell(), "cpu"), 2) == {}


def test_the_file_is_bounded(monkeypatch):
    monkeypatch.setattr(timings, "ENTRIES", 3)
    for number in range(5):
        measure(cell(level=number), clip=1.0)
    assert set(stored()) == {timings.of_cell(cell(level=number), "cpu") for number in (2, 3, 4)}


def _write(numbers):
    for number in numbers:
        measure(cell(level=number), clip=1.0)


def test_writers_at_the_same_time_lose_nothing():
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_write, args=(range(first, 12, 4),)) for first in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    assert len(stored()) == 12


def test_another_version_of_a_model_is_another_entry():
    old = cell()
    new = dataclasses.replace(old, model=dataclasses.replace(old.model, version=2))
    assert timings.of_cell(old, "cpu") != timings.of_cell(new, "cpu")
    assert timings.of_model(old, "cpu") != timings.of_model(new, "cpu")


def test_cells_start_as_soon_as_a_place_is_free():
    assert makespan([3, 1, 1, 1], 2) == 3
    assert makespan([1, 1, 3], 2) == 4
    assert makespan([1, 2], 1) == 3
    assert makespan([], 2) == 0
