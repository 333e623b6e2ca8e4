"""The speed scripts run and report correctly; the measurements themselves are made by `nox -s speed`."""

import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
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
    (ended,) = (end for name, end in parts["tests"].items() if name.startswith("test_"))
    assert "skipped" in ended["output"][-1]
    for work, count in {"hyper-fp32": 5, "first-bf16": 1, "fmlp-fp32": 5, "siren-bf16": 4}.items():
        rows = {row["form"]: row for row in parts["steps"][work]["rows"]}
        assert len(rows) == count
        for form, row in rows.items():
            if "graph" in form:
                assert (row["seconds"], row["remark"]) == (None, "skipped: CUDA graphs need a CUDA device")
            else:
                assert row["seconds"], row
                assert row["apart"] < (0.5 if "bf16" in work else 1e-2), row
        assert any(row["kernels"] for row in rows.values()) or work == "first-bf16"
    for name, cells in {"table2d": 2, "hypersound": 1, "rave": 3}.items():
        part = parts[name]
        assert part["incomplete"] == [], part
        assert len(part["cells"]) == cells
        assert all(cell["scores"]["mse"] > 0 for cell in part["cells"])
    assert all(cell["curve"] for cell in parts["hypersound"]["cells"])


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="this build of torch generates no code for GPUs")
def test_the_kernels_of_a_step_are_counted_without_a_gpu():
    process = subprocess.run(
        [sys.executable, SPEED / "kernels.py", "--tiny"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(SPEED.parent)},
    )
    assert process.returncode == 0, process.stderr
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in process.stdout.splitlines() if "|" in line]
    rows = {name: (int(triton or 0), int(library or 0)) for name, triton, library, *_ in lines[2:]}
    assert rows["encoder forward"][1] == 17 + 13, "convolutions, and products for the first layer and kernels of 1"
    assert rows["encoder forward"][0] >= 3 * 29, "two for the moments of a layer, and one for its result"
    assert rows["hypernetwork forward"] == (2, 3)
    assert rows["loss backward"][1] == 5
    whole = rows.pop("all")
    assert whole == tuple(sum(counts) for counts in zip(*rows.values(), strict=True))


@pytest.mark.slow
def test_what_a_compiled_step_launches_is_counted(monkeypatch):
    """The parts that are compiled replace some of the operations of the step."""
    monkeypatch.syspath_prepend(str(SPEED))
    import launches
    import patch_step

    _, _, step = patch_step.problem("patch-inr", 1)
    step.func.tiles.size = 1 << 30
    (row,) = launches.counted_steps({"patch-inr": step}, step.func.compile)
    assert 0 < row.replaced < row.eager
    assert len(row.graphs) == 2, "the SIREN and its derivative"
    assert sum(map(launches.operations, row.graphs)) > 0


def test_the_gpu_script_stops_a_part_that_takes_too_long(monkeypatch):
    monkeypatch.syspath_prepend(str(SPEED))
    import gpu

    (end,) = gpu.ended([gpu.start(["-c", "print('done')"])], 300)
    assert end == {"exit": 0, "output": ["done"]}
    (end,) = gpu.ended([gpu.start(["-c", "import time; time.sleep(300)"])], 0.5)
    assert end["exit"] is None


@pytest.mark.parametrize(
    ("delays", "opens"), [((0.3, 0.0, 0.1), 30.0), ((0.3, 0.0, 4.0), 1.0)], ids=["all are ready", "one is late"]
)
def test_processes_are_timed_in_their_order_and_nobody_waits_for_a_late_one(monkeypatch, tmp_path, delays, opens):
    monkeypatch.syspath_prepend(str(SPEED))
    from gpu_timing import Gate

    passed, begun = [], time.monotonic()

    def ready(place):
        time.sleep(delays[place])
        with Gate(tmp_path, 3, place, begun + opens).passed():
            passed.append((place, time.monotonic() - begun))
            time.sleep(0.1)

    threads = [threading.Thread(target=ready, args=(place,)) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [place for place, _ in passed] == [0, 1, 2]
    assert (1 <= passed[0][1] < delays[2]) == (opens == 1.0), "the gate opens when all are ready, or when it is time"
    assert passed[-1][1] < 20


def test_a_process_that_ended_behind_the_gate_holds_nobody_up(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(SPEED))
    from gpu_timing import Gate

    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / "0.ready").write_text(str(ended.pid))
    with Gate(tmp_path, 2, 1, 0.0).passed():
        assert (tmp_path / "1.ready").exists()
    assert (tmp_path / "1.done").exists()


def test_the_gpu_script_skips_forms_when_its_time_is_used_up(gpu, tmp_path):
    gpu.run("--device", "cpu", "--tiny", "--work", "few-fp32", "--seconds", 0, "--json", tmp_path / "gpu.json")
    rows = json.loads((tmp_path / "gpu.json").read_text())["rows"]
    assert len(rows) == 5
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


def test_the_page_shows_the_ratios_of_all_processors_side_by_side(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(SPEED))
    import table

    def write(family, machine, lines):
        found = {"date": "2026-01-02", "machine": machine, "lines": lines, "growth": []}
        (tmp_path / f"cpu-{family}.json").write_text(json.dumps(found))

    slow = {"work": "step", "ours": 2.0, "plain": 4.2, "ratio": 2.1, "at_least": 2.2}
    write("amd", "AMD EPYC, 2 cores", [slow])
    write("intel", "Intel(R) Xeon(R) Processor, 2 cores", [{**slow, "ratio": 3.0}, {**slow, "work": "other"}])
    page = table.document(table.measured(tmp_path))
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line[:1] == "|"]
    assert rows[0] == ["times as fast as plain code", "target", "AMD", "Intel"]
    assert rows[2:4] == [["step", "2.2", "2.10", "3.00"], ["other", "2.2", "", "2.10"]]
    assert page.index("## AMD") < page.index("Measured on 2026-01-02: AMD EPYC, 2 cores") < page.index("## Intel")


def test_the_measurements_of_both_processor_families_are_kept(monkeypatch):
    monkeypatch.syspath_prepend(str(SPEED))
    import table

    assert {"AMD", "Intel"} <= table.measured(SPEED).keys()
    assert (SPEED / "RESULTS.md").read_text(encoding="utf-8") == table.document(table.measured(SPEED))


def test_the_commands_that_are_timed_do_their_work(monkeypatch, tmp_path, hsbench_here):
    monkeypatch.syspath_prepend(str(SPEED))
    import commands

    code, printed, _ = hsbench_here(*commands.PLAN, "--results", str(tmp_path / "none"))
    assert code == 0
    assert "\n100 cells, " in printed
    commands.results(tmp_path / "results", 2, 3)
    code, printed, errors = hsbench_here("report", "--results", str(tmp_path / "results"))
    assert (code, errors) == (0, "")
    assert "row 1" in printed


def test_the_growth_of_a_plan_is_measured_by_the_cells_it_names(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(SPEED))
    import growth

    (case,) = (case for case in growth.cases(tmp_path, tmp_path) if case.work == "plan, by cells")
    for cells in (case.warm, case.sizes[0]):
        assert len(case.make(cells)().cells) == cells
