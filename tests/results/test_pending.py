"""Pending work of a cell, by the one definition that plan, worker, report, check and bless use."""

import pytest

from hsbench.metrics.base import info
from hsbench.results.pending import NOT_RUN, PendingWork, score_status
from hsbench.results.store import Results

CLIPS = ("a", "b")


@pytest.fixture
def folder(tmp_path):
    """A cell with both clips rebuilt and scored by MSE, audio and weights included."""
    folder = Results(tmp_path).folder("cell")
    facts = {"status": "ok", "numbers": 3, "bits": 96, "steps": 1, "seconds": 0.1, "clipped": 0.0}
    folder.append_reconstructions({"clip": clip, **facts} for clip in CLIPS)
    for clip in CLIPS:
        for path in (folder.audio(clip), folder.weights(clip)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        add_score(folder, clip, "mse")
    return folder


def add_score(folder, clip, metric, status="ok", version=None):
    value = 0.5 if status == "ok" else None
    version = info(metric).version if version is None else version
    row = {"clip": clip, "metric": metric, "version": version, "value": value, "status": status, "seconds": 0.1}
    folder.append_scores([row])


def pending(folder, metrics=("mse",), model="inr-siren", **options):
    return PendingWork(folder, model, CLIPS, metrics, **options)


def test_nothing_is_pending_if_every_row_exists(folder):
    work = pending(folder)
    assert not work
    assert (work.rebuilds(), work.scores) == ([], 0)


def test_everything_is_pending_if_nothing_was_run(tmp_path):
    work = pending(Results(tmp_path).folder("new"), ("mse", "lsd"))
    assert (work.rebuilds(), work.scores) == (["a", "b"], 4)


def test_a_new_metric_needs_no_fit_while_the_audio_is_kept(folder):
    work = pending(folder, ("mse", "lsd"))
    assert (work.rebuilds(), work.scores, work.scores_of("b")) == ([], 2, ["lsd"])
    folder.audio("b").unlink()
    assert pending(folder, ("mse", "lsd")).rebuilds() == ["b"]
    assert pending(folder).rebuilds() == [], "audio may be deleted once every score exists"


def test_another_version_of_a_metric_is_scored_again(folder):
    add_score(folder, "a", "lsd", version=info("lsd").version + 1)
    work = pending(folder, ("mse", "lsd"))
    assert (work.scores_of("a"), work.scores) == (["lsd"], 2)


def test_a_score_whose_package_was_missing_is_pending_and_an_undefined_score_is_not(folder):
    add_score(folder, "a", "lsd", "unavailable")
    add_score(folder, "b", "lsd", "target_silent")
    work = pending(folder, ("mse", "lsd"))
    assert (work.scores_of("a"), work.scores_of("b")) == (["lsd"], [])
    scores = folder.scores()
    assert [score_status(scores, clip, "lsd", info("lsd").version) for clip in (*CLIPS, "c")] == [
        "unavailable",
        "target_silent",
        NOT_RUN,
    ]


@pytest.mark.parametrize(
    ("metrics", "options", "lost"),
    [
        (("mse", "lsd@48000"), {}, ["a"]),
        (("mse", "lsd"), {}, []),
        (("mse",), {"weights_needed": True}, ["a"]),
        (("mse",), {}, []),
        (("mse", "lsd@48000"), {"model": "identity"}, []),
        (("mse",), {"model": "identity", "weights_needed": True}, []),
    ],
)
def test_deleted_weights_are_needed_only_if_they_are_decoded_again(folder, metrics, options, lost):
    folder.weights("a").unlink()
    assert pending(folder, metrics, **options).rebuilds() == lost


def test_work_that_the_worker_records_is_no_longer_pending(folder):
    work = pending(folder, ("mse", "lsd"))
    work.add_scores("a", ["lsd"])
    assert work.scores == 1
    work.add_scores("b", ["lsd"])
    assert not work
    new = PendingWork(folder, "inr-siren", ("c",), ())
    assert new.rebuilds() == ["c"]
    new.add_rebuilt([{"clip": "c"}])
    assert not new
