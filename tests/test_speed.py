"""The speed scripts run and report correctly; the measurements themselves are made by `nox -s speed`."""

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
    import gpu_steps

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["gpu_steps.py", *map(str, arguments)])
        gpu_steps.main()

    gpu_steps.run = run
    return gpu_steps


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(SPEED))
    import bench

    return bench


@pytest.mark.slow
def test_the_gpu_script_rehearses_every_part_on_a_cpu(tmp_path):
    """The script runs in a process of its own, because tracing emits warnings, which are errors in this process."""
    process = subprocess.run(
        [
            *(sys.executable, SPEED / "gpu.py", "--device", "cpu", "--tiny"),
            *("--minutes", "90", "--json", tmp_path / "gpu.json"),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(SPEED.parent)},
    )
    assert process.returncode == 0, process.stderr
    written = json.loads((tmp_path / "gpu.json").read_text())
    assert (written["device"], written["tiny"]) == ("cpu", True)
    parts = written["parts"]
    assert list(parts) == ["tests", "steps", "table2d", "hypersound", "rave"]
    assert "skipped" in parts["tests"]["output"][-1]
    for work, count in {"hyper-fp32": 5, "fmlp-fp32": 5, "siren-bf16": 4}.items():
        rows = {row["form"]: row for row in parts["steps"][work]["rows"]}
        assert len(rows) == count
        for form, row in rows.items():
            if "graph" in form:
                assert (row["seconds"], row["remark"]) == (None, "skipped: CUDA graphs need a CUDA device")
            else:
                assert row["seconds"], row
                assert row["apart"] < (0.5 if "bf16" in work else 1e-2), row
        assert any(row["kernels"] for row in rows.values())
    for name, cells in {"table2d": 2, "hypersound": 1, "rave": 3}.items():
        part = parts[name]
        assert part["incomplete"] == [], part
        assert len(part["cells"]) == cells
        assert all(cell["scores"]["mse"] > 0 for cell in part["cells"])
    assert all(cell["curve"] for cell in parts["hypersound"]["cells"])


def test_the_gpu_script_stops_a_part_that_takes_too_long(monkeypatch):
    monkeypatch.syspath_prepend(str(SPEED))
    import gpu

    (end,) = gpu.ended([gpu.start(["-c", "print('done')"])], 300)
    assert end == {"exit": 0, "output": ["done"]}
    (end,) = gpu.ended([gpu.start(["-c", "import time; time.sleep(300)"])], 0.5)
    assert end["exit"] is None


def test_the_gpu_script_skips_forms_when_its_time_is_used_up(gpu, tmp_path):
    gpu.run("--device", "cpu", "--tiny", "--seconds", 0, "--json", tmp_path / "gpu.json")
    rows = json.loads((tmp_path / "gpu.json").read_text())["rows"]
    assert {row["remark"] for row in rows} == {"skipped: no time was left"}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_the_script_advises_a_run_on_the_cpu(gpu, capsys):
    with pytest.raises(SystemExit) as caught:
        gpu.run()
    assert caught.value.code == 2
    message = capsys.readouterr().err
    assert "finds none" in message
    assert "--device cpu --tiny" in message


def test_a_form_with_different_gradients_gets_a_remark_instead_of_a_time(monkeypatch):
    monkeypatch.syspath_prepend(str(SPEED))
    import torch

    import gpu_steps as gpu

    def judge(_run):
        raise AssertionError("the gradients differ by 1.0")

    forms = [
        gpu.Form("plain", lambda: lambda: torch.zeros(1), lambda _run: 0.0),
        gpu.Form("wrong", lambda: lambda: torch.ones(1), judge),
    ]
    plain, wrong = gpu.measure("work", iter(forms), 1, 2, float("inf"))
    assert plain.seconds > 0
    assert (wrong.seconds, wrong.remark) == (None, "the gradients differ by 1.0")


def test_parity_detects_a_different_gradient(gpu):
    hyper_step = gpu.hyper_step
    pair = hyper_step.prepare("fmlp", 2, "cpu", hyper_step.TINY)
    assert hyper_step.parity(pair, pair.ours) < 1e-2

    def wrong_step():
        loss = pair.ours()
        pair.mine[3].grad *= 1.1
        return loss

    with pytest.raises(AssertionError, match="gradients differ"):
        hyper_step.parity(pair, wrong_step)


def test_ratio_target_and_slope_are_computed_correctly(bench):
    line = bench.compared("work", [(4.0, 2.0), (9.0, 1.0), (3.0, 3.0)], 0.5, at_least=2.5)
    assert (line.plain, line.ours, line.ratio, line.met) == (2.0, 1.0, 2.0, "no")
    assert bench.compared("work", [(4.0, 2.0)], at_least=2.0).met == "yes"
    assert bench.Line("work", 0.6, within=0.5).met == "no"
    assert bench.Line("work", 0.5, within=0.5).met == "yes"
    assert bench.Line("work", 0.5).met == ""
    assert bench.slope([1, 10, 100], [3, 300, 30000]) == pytest.approx(2)
