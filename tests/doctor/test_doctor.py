"""What `doctor` says of an installation, whole or broken."""

import json
import shutil
import sys

import pytest

from hsbench.device import EXPERIMENTAL, SWITCHES
from hsbench.doctor import backends, checkup
from hsbench.results import provenance


def sections(out):
    return {title: {fact["name"]: fact for fact in facts} for title, facts in json.loads(out)["sections"].items()}


def test_a_whole_installation_is_exit_zero_with_every_section(hsbench_here, tmp_path):
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
    assert out.count(EXPERIMENTAL["cuda"]) == 1 + len(SWITCHES)
    assert "HSBENCH_TRITON=1" in out
    assert list(tmp_path.iterdir()) == [], "doctor writes nothing"


def test_names_states_and_values_stand_in_columns(hsbench_here):
    _, out, _ = hsbench_here("doctor")
    lines = out.partition("packages:\n")[2].partition("devices:")[0].splitlines()
    assert len({line.index("  ok") for line in lines if "  ok" in line}) == 1


def test_a_missing_required_back_end_is_exit_four_named_once_with_its_remedy(hsbench_here, monkeypatch):
    monkeypatch.setitem(sys.modules, "pesq", None)
    code, out, err = hsbench_here("doctor", "--format", "json")
    assert code == 4
    assert err.startswith("hsbench: the main job needs pesq, missing or broken here; ")
    assert "pip install" in err
    document, found = json.loads(out), sections(out)
    assert (document["works"], document["failing"]) == (False, ["pesq"])
    assert found["back ends"]["pesq"]["ok"] is False
    assert found["cannot run here"]["metrics pesq"]["value"] == "needs pesq; install with: pip install pesq"


def test_torchaudio_that_does_not_load_beside_this_torch_gives_the_sentence_of_the_house(hsbench_here, monkeypatch):
    monkeypatch.delitem(sys.modules, "hsbench.audio.resample", raising=False)
    monkeypatch.setitem(sys.modules, "torchaudio.transforms", None)
    code, out, err = hsbench_here("doctor", "--format", "json")
    assert code == 4
    assert "install a pair that matches, such as: pip install --force-reinstall hsbench" in err
    assert sections(out)["cannot run here"]["corpora vctk"]["value"] == (
        "needs torchaudio, which does not work; see back ends"
    )


def test_weights_of_another_content_are_named(hsbench_here, monkeypatch):
    monkeypatch.setattr("hsbench.metrics.cdpam_weights.SHA256", "0" * 64)
    code, out, err = hsbench_here("doctor", "--format", "json")
    assert code == 4
    assert "the main job needs cdpam weights" in err
    assert "should have the SHA-256 0000000000000000..." in err
    assert "metrics cdpam" in sections(out)["cannot run here"]


def test_what_is_optional_may_be_missing(hsbench_here, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    code, out, _ = hsbench_here("doctor", "--format", "json")
    found = sections(out)
    assert code == 0
    assert found["back ends"]["C compiler"]["value"].startswith("no cc or gcc or clang on PATH; ")
    assert not found["back ends"]["pdflatex"]["ok"]
    assert found["cannot run here"]["models opus"]["value"] == "needs av; install with: pip install 'hsbench[codecs]'"


def test_packages_that_are_not_installed_are_missing(monkeypatch, tmp_path):
    wanted = ["torch<2.15", "tensorboard>=2.16; extra == 'tensorboard'"]
    monkeypatch.setattr(checkup, "requires", lambda name: wanted)
    monkeypatch.setattr(provenance, "installed", {"torch": "2.14.1"}.get)
    packages = {fact.name: fact for fact in checkup.make(tmp_path).sections["packages"]}
    assert (packages["torch"].value, packages["torch"].ok) == ("2.14.1", True)
    assert (packages["tensorboard"].value, packages["tensorboard"].ok) == ("missing (extra tensorboard)", False)


def test_a_broken_torch_leaves_the_other_sections(monkeypatch, tmp_path):
    broken = backends.Backend("torch", works=False, detail="torch is not installed", required=True, module="torch")
    monkeypatch.setattr(backends, "all_backends", lambda: [broken])
    made = checkup.make(tmp_path)
    assert made.failing == (broken,)
    assert made.sections["devices"][-1].value == "unknown: torch does not import"
    assert "models inr-fmlp" in {fact.name for fact in made.sections["cannot run here"]}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--format", "jsn"), "unknown format 'jsn'; did you mean 'json'?"),
        (("--import", "none.py"), "--import expects a Python file"),
    ],
)
def test_bad_input_is_a_sentence(hsbench_here, arguments, sentence):
    code, out, err = hsbench_here("doctor", *arguments)
    assert (code, out) == (2, "")
    assert sentence in err
