"""`hsbench doctor` on complete and on broken installations."""

import json
import shutil
import sys

import pytest

from hsbench.device import EXPERIMENTAL
from hsbench.doctor import backends, checkup
from hsbench.results import provenance


def sections(out):
    """Return title of a section -> name of a fact -> the fact, from JSON output."""
    return {title: {fact["name"]: fact for fact in facts} for title, facts in json.loads(out)["sections"].items()}


def test_a_complete_installation_exits_with_0_and_shows_every_section(hsbench_here, tmp_path):
    code, out, err = hsbench_here("doctor", "--results", tmp_path / "none")
    assert (code, err) == (0, "")
    titles = [line for line in out.splitlines() if not line.startswith(" ")]
    assert titles == [
        "hsbench:",
        "packages:",
        "devices:",
        "back ends:",
        "disk:",
        "cannot run here:",
        "experimental:",
    ]
    assert f"{tmp_path / 'none'}, " in out
    assert "GB free" in out
    assert out.count(EXPERIMENTAL["cuda"]) == 1
    assert list(tmp_path.iterdir()) == [], "doctor writes nothing"


def test_names_states_and_values_are_aligned_in_columns(hsbench_here):
    _, out, _ = hsbench_here("doctor")
    lines = out.partition("packages:\n")[2].partition("devices:")[0].splitlines()
    assert len({line.index("  ok") for line in lines if "  ok" in line}) == 1


def test_a_missing_required_back_end_exits_with_4_and_names_the_remedy(hsbench_here, monkeypatch):
    monkeypatch.setitem(sys.modules, "pesq", None)
    code, out, err = hsbench_here("doctor", "--format", "json")
    assert code == 4
    assert err.startswith("hsbench: the main job needs pesq, missing or broken here; ")
    assert "pip install" in err
    document, facts = json.loads(out), sections(out)
    assert (document["works"], document["failing"]) == (False, ["pesq"])
    assert facts["back ends"]["pesq"]["ok"] is False
    assert facts["cannot run here"]["metrics pesq"]["value"] == "needs pesq; install with: pip install pesq"


def test_a_torchaudio_that_does_not_fit_torch_is_named_with_the_remedy(hsbench_here, monkeypatch):
    monkeypatch.delitem(sys.modules, "hsbench.audio.resample", raising=False)
    monkeypatch.setitem(sys.modules, "torchaudio.transforms", None)
    code, out, err = hsbench_here("doctor", "--format", "json")
    assert code == 4
    assert "install a pair that matches, such as: pip install --force-reinstall hsbench" in err
    assert sections(out)["cannot run here"]["corpora vctk"]["value"] == (
        "needs torchaudio, which does not work; see back ends"
    )


def test_cdpam_weights_with_another_checksum_are_named(hsbench_here, monkeypatch):
    monkeypatch.setattr("hsbench.metrics.cdpam_weights.SHA256", "0" * 64)
    code, out, err = hsbench_here("doctor", "--format", "json")
    assert code == 4
    assert "the main job needs cdpam weights" in err
    assert "should have the SHA-256 0000000000000000..." in err
    assert "metrics cdpam" in sections(out)["cannot run here"]


def test_missing_optional_back_ends_exit_with_0(hsbench_here, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    code, out, _ = hsbench_here("doctor", "--format", "json")
    facts = sections(out)
    assert code == 0
    assert facts["back ends"]["C compiler"]["value"].startswith("no cc or gcc or clang on PATH; ")
    assert not facts["back ends"]["pdflatex"]["ok"]
    assert facts["cannot run here"]["models opus"]["value"] == "needs av; install with: pip install 'hsbench[codecs]'"


def test_packages_that_are_not_installed_are_listed_as_missing(monkeypatch, tmp_path):
    wanted = ["torch<2.15", "tensorboard>=2.16; extra == 'tensorboard'"]
    monkeypatch.setattr(checkup, "requires", lambda name: wanted)
    monkeypatch.setattr(provenance, "installed", {"torch": "2.14.1"}.get)
    packages = {fact.name: fact for fact in checkup.examine(tmp_path).sections["packages"]}
    assert (packages["torch"].value, packages["torch"].ok) == ("2.14.1", True)
    assert (packages["tensorboard"].value, packages["tensorboard"].ok) == ("missing (extra tensorboard)", False)


def test_a_broken_torch_leaves_the_other_sections(monkeypatch, tmp_path):
    broken = backends.Backend("torch", works=False, detail="torch is not installed", required=True, module="torch")
    monkeypatch.setattr(backends, "all_backends", lambda: [broken])
    result = checkup.examine(tmp_path)
    assert result.failing == (broken,)
    assert result.sections["devices"][-1].value == "unknown: torch cannot be imported"
    assert "models inr-fmlp" in {fact.name for fact in result.sections["cannot run here"]}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--format", "jsn"), "unknown format 'jsn'; did you mean 'json'?"),
        (("--import", "none.py"), "--import expects a Python file"),
    ],
)
def test_invalid_options_are_refused_in_one_sentence(hsbench_here, arguments, sentence):
    code, out, err = hsbench_here("doctor", *arguments)
    assert (code, out) == (2, "")
    assert sentence in err
