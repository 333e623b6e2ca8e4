"""Rows that need an option, such as a folder of reconstructions: with the option and without it."""

from hsbench.audio.io import read_mono, write_wav
from hsbench.files import read_jsonl

NOT_GIVEN = "not given: --set recon-dir.path=DIR"


def places(hsbench, *arguments):
    return hsbench("run", "places", "--budget", "smoke", *arguments)


def test_a_row_without_its_option_is_listed_and_the_run_is_complete(hsbench):
    result = places(hsbench)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"places/made elsewhere: {NOT_GIVEN}" in result.stdout
    assert f"- made elsewhere: {NOT_GIVEN}" in result.stdout
    assert len(hsbench.cells()) == 1


def test_a_run_of_only_such_rows_is_incomplete(hsbench):
    result = places(hsbench, "-k", "model~recon-dir")
    assert result.returncode == 3
    assert f"nothing was measured: {NOT_GIVEN}" in result.stderr


def test_a_folder_of_reconstructions_is_scored_and_a_missing_clip_is_named(hsbench, tmp_path):
    mine = tmp_path / "mine"
    assert places(hsbench, "-k", "row~loud").returncode == 0
    (toy,) = hsbench.cells()
    for path in (toy / "artifacts" / "audio").glob("*.wav"):
        write_wav(mine / f"reconstruction_{path.name}", *read_mono(path))
    result = places(hsbench, "--set", f"recon-dir.path={mine}")
    assert result.returncode == 0, result.stdout + result.stderr
    (scored,) = hsbench.cells("recon-dir--*")
    assert values(scored) == values(toy)
    assert str(tmp_path) not in (scored / "spec.json").read_text()
    removed = next(mine.iterdir())
    removed.unlink()
    refused = places(hsbench, "--set", f"recon-dir.path={mine}")
    assert refused.returncode == 3
    assert f"expected a reconstruction {removed.stem.removeprefix('reconstruction_')}.wav" in refused.stderr


def values(cell):
    return {(row["clip"], row["metric"]): row["value"] for row in read_jsonl(cell / "scores.jsonl")}
