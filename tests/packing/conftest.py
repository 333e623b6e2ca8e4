"""A small results folder, packed: two clips of a control that is computed again in a moment."""

import json
import os
import subprocess
import sys
import zipfile

import pytest

from hsbench.files import sha256_bytes


@pytest.fixture(scope="package")
def results(tmp_path_factory):
    """Return the results folder."""
    folder = tmp_path_factory.mktemp("packed") / "results"
    command = [sys.executable, "-m", "hsbench", "run", "sanity", "--budget", "smoke", "--limit", "2", "--cold"]
    selection = ["-k", "row~random phase", "--device", "cpu", "--results", str(folder)]
    subprocess.run([*command, *selection], check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    return folder


@pytest.fixture
def packed(results, tmp_path, hsbench_here):
    """Return the packed file."""
    path = tmp_path / "mine.hsr"
    code, out, _ = hsbench_here("pack", results, "-o", path)
    assert code == 0, out
    return path


@pytest.fixture
def change(tmp_path):
    """Return a function that writes a copy of a packed file with some files replaced, added or (None) removed."""

    def write(path, changes, *, listed):
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        files |= changes
        files = {name: data for name, data in files.items() if data is not None}
        if listed:  # as a forger would do who knows the format
            table = json.loads(files["pack.json"])
            table["files"] = {
                name: {"bytes": len(data), "sha256": sha256_bytes(data)}
                for name, data in files.items()
                if name != "pack.json"
            }
            files["pack.json"] = json.dumps(table).encode()
        changed = tmp_path / "changed.hsr"
        with zipfile.ZipFile(changed, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return changed

    return write


def content(path, end):
    """Return name and content of the only file whose name ends so."""
    with zipfile.ZipFile(path) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(end))
        return name, archive.read(name)
