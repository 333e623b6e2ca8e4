"""Rows that need what the user may not have given, as a user meets them."""

from hsbench.audio.io import read_mono, write_wav
from hsbench.files import read_jsonl

NOT_GIVEN = "not given: --set recon-dir.path=DIR"


def places(hsbench, *arguments):
    return hsbench("run", "places", "--budget", "smoke", *arguments)


def test_a_row_that_is_not_given_is_shown_and_does_not_make_the_run_incomplete(hsbench):
    done = places(hsbench)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"places/made elsewhere: {NOT_GIVEN}" in done.stdout
    assert f"- made elsewhere: {NOT_GIVEN}" in done.stdout
    assert len(hsbench.cells()) == 1


def test_nothing_but_a_row_that_is_not_given_measures_nothing(hsbench):
    done = places(hsbench, "-k", "model~recon-dir")
    assert done.returncode == 3
    assert f"nothing was measured: {NOT_GIVEN}" in done.stderr


def test_a_folder_is_scored_and_a_clip_that_it_lacks_is_named(hsbench, tmp_path):
    mine = tmp_path / "mine"
    assert places(hsbench, "-k", "row~loud").returncode == 0
    (toy,) = hsbench.cells()
    for path in (toy / "artifacts" / "audio").glob("*.wav"):
        write_wav(mine / f"reconstruction_{path.name}", *read_mono(path))
    done = places(hsbench, "--set", f"recon-dir.path={mine}")
    assert done.returncode == 0, done.stdout + done.stderr
    (own,) = hsbench.cells("recon-dir--*")
    assert values(own) == values(toy)
    assert str(tmp_path) not in (own / "spec.json").read_text()
    gone = next(mine.iterdir())
    gone.unlink()
    refused = places(hsbench, "--set", f"recon-dir.path={mine}")
    assert refused.returncode == 3
    assert f"expected a reconstruction {gone.stem.removeprefix('reconstruction_')}.wav" in refused.stderr


def values(cell):
    return {(row["clip"], row["metric"]): row["value"] for row in read_jsonl(cell / "scores.jsonl")}
