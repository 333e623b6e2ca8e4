"""The speed scripts work and say what is true; what they measure is for `nox -s speed`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

SPEED = Path(__file__).parent.parent / "speed"


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.syspath_prepend(str(SPEED))
    import gpu

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["gpu.py", *map(str, arguments)])
        gpu.main()

    gpu.run = run
    return gpu


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(SPEED))
    import bench

    return bench


@pytest.mark.slow
def test_the_gpu_script_rehearses_every_form_on_a_cpu(tmp_path):
    """In a process of its own, as it is run: tracing warns of what does not concern us."""
    done = subprocess.run(
        [sys.executable, SPEED / "gpu.py", "--device", "cpu", "--tiny", "--json", tmp_path / "gpu.json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(SPEED.parent)},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert (found["device"], found["tiny"]) == ("CPU", True)
    rows = {(row["work"], row["form"]): row for row in found["rows"]}
    assert len(rows) == 18
    for (work, form), row in rows.items():
        if "graph" in form:
            assert row["seconds"] is None
            assert row["remark"] == "skipped: CUDA graphs need a CUDA device"
        else:
            assert row["seconds"], row
            assert row["apart"] < (0.2 if "bf16" in work else 1e-2), row
    assert f"| {next(iter(rows))[0]}" in done.stdout


def test_the_gpu_script_stops_in_time_and_says_so(gpu, tmp_path):
    gpu.run("--device", "cpu", "--tiny", "--seconds", 0, "--json", tmp_path / "gpu.json")
    rows = json.loads((tmp_path / "gpu.json").read_text())["rows"]
    assert {row["remark"] for row in rows} == {"skipped: no time was left"}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_the_script_says_what_to_do(gpu, capsys):
    with pytest.raises(SystemExit) as caught:
        gpu.run()
    assert caught.value.code == 2
    assert "finds none" in (said := capsys.readouterr().err)
    assert "--device cpu --tiny" in said


def test_a_form_that_differs_gets_a_reason_and_no_figure(monkeypatch):
    monkeypatch.syspath_prepend(str(SPEED))
    import torch

    import gpu

    def judge(_run):
        raise AssertionError("the gradients differ by 1.0")

    forms = [
        gpu.Form("plain", lambda: lambda: torch.zeros(1), lambda _run: 0.0),
        gpu.Form("wrong", lambda: lambda: torch.ones(1), judge),
    ]
    plain, wrong = gpu.measure("work", iter(forms), 1, 2, float("inf"))
    assert plain.seconds > 0
    assert (wrong.seconds, wrong.remark) == (None, "the gradients differ by 1.0")


def test_parity_notices_another_gradient(gpu):
    hyper_step = gpu.hyper_step
    pair = hyper_step.prepare("fmlp", 2, "cpu", hyper_step.TINY)
    assert hyper_step.parity(pair, pair.ours) < 1e-2

    def off():
        loss = pair.ours()
        pair.mine[3].grad *= 1.1
        return loss

    with pytest.raises(AssertionError, match="gradients differ"):
        hyper_step.parity(pair, off)


def test_ratio_slope_and_target_are_what_they_say(bench):
    line = bench.compared("work", [(4.0, 2.0), (9.0, 1.0), (3.0, 3.0)], 0.5, at_least=2.5)
    assert (line.plain, line.ours, line.ratio, line.met) == (2.0, 1.0, 2.0, "no")
    assert bench.compared("work", [(4.0, 2.0)], at_least=2.0).met == "yes"
    assert bench.Line("work", 0.6, within=0.5).met == "no"
    assert bench.Line("work", 0.5, within=0.5).met == "yes"
    assert bench.Line("work", 0.5).met == ""
    assert bench.slope([1, 10, 100], [3, 300, 30000]) == pytest.approx(2)
