"""Cells that a server forks: each in a process of its own, like one that a command starts, without its imports."""

import errno
import json
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from hsbench.execution import preload, server
from hsbench.execution.process import CellProcess, environment_of
from hsbench.execution.starter import Starter
from hsbench.execution.warm import Server, ServerLostError
from hsbench.files import read_jsonl
from hsbench.results.cell_folder import CellFolder
from hsbench.spec import Resources

PROBE = Path(__file__).parents[1] / "toys" / "probe.py"


@pytest.fixture
def probed(hsbench_here, tmp_path, monkeypatch):
    """Return a function that runs probes; it returns the facts and the logs of the cells, and who imported the file."""

    def run(*arguments):
        log, results = tmp_path / "probe.log", tmp_path / "results"
        log.unlink(missing_ok=True)
        monkeypatch.setenv("HSBENCH_PROBE_LOG", str(log))
        monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
        options = ("--budget", "smoke", "--rerun", "all", "--import", PROBE, "--results", results)
        code, out, err = hsbench_here("run", *arguments, *options)
        assert code == 0, out + err
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        loaded = [line["loaded"] for line in lines if "loaded" in line]
        return (
            [line for line in lines if "pid" in line],
            loaded,
            [path.read_text() for path in results.glob("*/log.txt")],
        )

    return run


def test_a_forked_cell_is_like_one_that_a_command_starts_and_imports_nothing(probed):
    warm, loaded, logs = probed("probes")
    cold, _, cold_logs = probed("probes", "--cold")
    pids, servers = {cell["pid"] for cell in warm}, {cell["parent"] for cell in warm}
    assert len(warm) == len(pids) == len(logs) == 3
    assert len(servers) == 1, "one server forks all cells"
    assert not servers & {os.getpid(), *pids}
    assert set(loaded) == {os.getpid(), *pids}, "a file of --import is run in the front end and in the cells only"
    assert {cell["parent"] for cell in cold} == {os.getpid()}
    assert "import time:" in cold_logs[0]
    assert "import time:" not in "".join(logs), "a cell imports nothing that the server has imported"
    for cell in (*warm, *cold):
        assert cell["pid"] == cell["session"] == cell["group"]
        assert cell["seen"] == [], "a cell sees nothing of those before it"
    same = ("number", "environment", "descriptors", "arguments")
    assert [[cell[name] for name in same] for cell in warm] == [[cell[name] for name in same] for cell in cold]
    for name in ("python", "numpy"):
        assert len({cell[name] for cell in (*warm, *cold)}) == 6, f"random numbers of {name}"
    for cell in warm:
        assert cell["environment of the parent"] == cell["environment"]
        assert cell["environment"]["GOMP_SPINCOUNT"] is not None
        assert cell["threads of the parent"] == 1


@pytest.mark.slow
def test_torch_starts_in_a_forked_cell_as_in_one_that_a_command_starts(probed):
    warm, _, logs = probed("torch-probes")
    cold, _, cold_logs = probed("torch-probes", "--cold")
    assert " torch.nn\n" not in logs[0]
    assert " torch.nn\n" in cold_logs[0]
    for name in ("torch threads", "environment"):
        assert {str(cell[name]) for cell in (*warm, *cold)} == {str(warm[0][name])}, name
    assert len({cell["torch"] for cell in (*warm, *cold)}) == 6, "torch draws its seed from the system"
    assert {str(cell["cuda"]) for cell in warm} == {"[False, False]"}
    assert {cell["threads of the parent"] for cell in warm} == {1}


def stored(command_line):
    """Return the scores and the audio of every cell."""
    content = {}
    for cell in command_line.cells():
        for row in read_jsonl(cell / "scores.jsonl"):
            content[cell.name, row["clip"], row["metric"]] = (row["value"], row["status"])
        for path in (cell / "artifacts" / "audio").glob("*.wav"):
            content[cell.name, path.name] = path.read_bytes()
    return content


@pytest.mark.slow
def test_forked_cells_have_the_scores_of_cells_that_a_command_starts(hsbench_at, tmp_path):
    contents = []
    for name, options in (("warm", ()), ("cold", ("--cold",))):
        (tmp_path / name).mkdir()
        command_line = hsbench_at(tmp_path / name)
        for experiment in (
            ("table2d", "--budget", "smoke", "--set", "inr-fmlp.steps=20", "-k", "model~inr-fmlp"),
            ("sanity", "--budget", "quick", "-k", "row~filter bank"),
        ):
            result = command_line("run", *experiment, "--limit", 1, *options)
            assert result.returncode == 0, result.stdout + result.stderr
        contents.append(stored(command_line))
    assert {key[2] for key in contents[0] if len(key) == 3} >= {"pesq", "stoi", "cdpam", "lsd"}
    assert contents[0] == contents[1]


def ended(process):
    """Return the last event of a process that was started for a folder without a job file."""
    with process:
        return json.loads(process.stdout.read().splitlines()[-1])


def test_a_server_that_dies_is_started_again_once_and_the_run_says_so(tmp_path):
    notes = []
    starter = Starter(Resources(), {}, ["json"], notes.append)
    folder, pids = CellFolder(tmp_path), []
    with (tmp_path / "log.txt").open("ab") as log:
        for number in range(3):
            starter.prepare()
            if starter._server is not None:
                pids.append(starter._server.pid)
                os.kill(starter._server.pid, signal.SIGKILL)
            assert "there is no job file" in ended(starter(folder, log))["message"]
            assert len(notes) == min(number + 1, 2)
    starter.close()
    assert len(set(pids)) == 2
    assert notes == [
        "the server that starts cells ended by SIGKILL; it was started again",
        "the server that starts cells ended by SIGKILL; the remaining cells are started one by one, which is slower",
    ]


def test_a_cell_goes_on_when_its_server_dies_and_ends_with_the_front_end(tmp_path):
    own, folder = Server(environment_of(Resources()), []), CellFolder(tmp_path)
    with (tmp_path / "log.txt").open("ab") as log, folder.locked():  # the worker waits for the lock
        process = own.fork(folder, log)
        os.kill(own.pid, signal.SIGKILL)
        own.close()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        with process:
            pass  # closes the standard input of the process, as the end of the front end does
    assert process.returncode is None, "nobody knows the exit code"
    process.kill()  # has no effect on a process that has ended


def test_a_forked_cell_is_killed_and_its_signal_is_named(tmp_path):
    starter, folder = Starter(Resources(), {}, [], pytest.fail), CellFolder(tmp_path)
    with folder.locked():  # the worker waits for the lock
        outcome = CellProcess(folder, Resources(timeout=0.3), lambda *_: None, starter).run()
        assert outcome.status == "timeout"
        cell = CellProcess(folder, Resources(), lambda *_: None, starter)
        threading.Timer(0.5, lambda: cell._process.send_signal(signal.SIGSEGV)).start()
        assert cell.run().message.startswith("the process ended by SIGSEGV without reporting a status; see ")
    starter.close()


def test_a_run_that_is_stopped_does_not_wait_for_the_imports_of_its_server(tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").write_text("import time; time.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    starter = Starter(Resources(), {}, ["slow_to_import"], pytest.fail)
    threading.Timer(0.3, starter.close).start()
    start = time.monotonic()
    starter.prepare()
    assert time.monotonic() - start < 20


def test_a_server_whose_front_end_has_ended_ends():
    own = Server(environment_of(Resources()), ["json"])
    own.wait_ready()
    own._control.close()
    assert own._process.wait(20) == 0
    own._errors.close()


def test_a_server_that_cannot_start_says_why():
    own = Server({**environment_of(Resources()), "PYTHONPATH": "", "PYTHONHOME": "/nowhere"}, [])
    with pytest.raises(ServerLostError, match=r"the server that starts cells ended with exit code 1 \(.+\)"):
        own.wait_ready()
    own.close()


def test_a_refused_fork_is_reported(monkeypatch, tmp_path):
    def refuse():
        raise OSError(errno.EAGAIN, "no")

    monkeypatch.setattr(os, "fork", refuse)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    streams = [os.open(os.devnull, os.O_RDWR) for _ in range(3)]
    with ours:
        assert server._fork([*streams, theirs.detach()]) == []
        assert json.loads(ours.recv(100)) == {"errno": errno.EAGAIN}
        assert ours.recv(100) == b"", "the server has closed its end"
    for stream in streams:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(stream)


def planned(model, *metrics, rate=22050):
    """Return the parts of a planned cell that decide what the server imports."""
    return SimpleNamespace(
        cell=SimpleNamespace(model=SimpleNamespace(name=model), corpus={"sample_rate": rate}), metrics=list(metrics)
    )


def test_the_server_imports_what_the_models_and_metrics_of_the_cells_need(monkeypatch):
    monkeypatch.setattr(preload, "available_memory", lambda: 64 << 30)

    def targets(*cells, device="cpu"):
        return preload.targets(cells, device)

    assert not {"torch", "pystoi", preload.OPTIMISERS} & set(targets(planned("identity", "mse", "si_snr")))
    names = targets(planned("identity", "stoi"), planned("inr-siren", "cdpam", "lsd@48000"))
    assert {"torch", "pystoi", "hsbench.metrics.cdpam_network", "hsbench.models.inr.individual"} <= set(names)
    assert preload.OPTIMISERS in names, "individual INRs are optimised"
    assert "cdpam" not in names, "the package cdpam is never imported"
    assert "hsbench.audio.resample" not in names
    assert "hsbench.audio.resample" in targets(planned("identity", "cdpam", rate=16000))
    assert preload.OPTIMISERS not in targets(planned("identity", "lsd"))


def test_the_network_of_cdpam_is_shared_by_several_cells_where_there_is_memory(monkeypatch):
    monkeypatch.setattr(preload, "available_memory", lambda: 8 << 30)
    two = [planned("identity", "cdpam"), planned("noise", "cdpam", "mse")]
    assert preload.targets(two, "cpu")[-1] == preload.CDPAM
    assert preload.CDPAM not in preload.targets(two, "cuda")
    assert preload.CDPAM not in preload.targets(two[:1], "cpu")
    monkeypatch.setattr(preload, "available_memory", lambda: (8 << 30) - 1)
    assert preload.CDPAM not in preload.targets(two, "cpu")


def test_the_available_memory_is_what_the_control_group_leaves(monkeypatch, tmp_path):
    monkeypatch.setattr(preload, "CONTROL_GROUP", tmp_path)
    unlimited = preload.available_memory()
    assert 1 << 20 < unlimited < 1 << 50
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert preload.available_memory() > 2000
    (tmp_path / "memory.max").write_text("3000\n")
    assert preload.available_memory() == 2000
