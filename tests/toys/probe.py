"""A model that describes the process that it runs in, for tests of how the processes of cells are started.

Every line of the file that HSBENCH_PROBE_LOG names is a JSON object: {"loaded": pid} where this file was imported, and
the facts of `facts` for every cell. A reconstruction is the clip itself.
"""

import contextlib
import importlib
import json
import os
import random
import sys
from pathlib import Path

import numpy as np

from hsbench import registry
from hsbench.descriptors import ExperimentDescriptor, ModelDescriptor
from hsbench.models.base import Payload, Reconstruction
from hsbench.spec import Experiment, Row, freeze

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GOMP_SPINCOUNT", "MALLOC_MMAP_THRESHOLD_")
TORCH = 100
"""Number of the first probe that looks at the state of torch."""
seen_by_this_process = []


def write(**facts):
    with Path(os.environ["HSBENCH_PROBE_LOG"]).open("a") as file:
        file.write(json.dumps(facts) + "\n")


def facts(torch):
    return {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "session": os.getsid(0),
        "group": os.getpgid(0),
        "threads of the parent": len(list(Path(f"/proc/{os.getppid()}/task").iterdir())),
        "seen": list(seen_by_this_process),
        "environment": {name: os.environ.get(name) for name in VARIABLES},
        "environment of the parent": read_environment(os.getppid()),
        "arguments": sys.argv[1:],
        "python": random.random(),
        "numpy": float(np.random.random_sample()),
        "torch": None if torch is None else torch.initial_seed(),
        "torch threads": None if torch is None else torch.get_num_threads(),
        "cuda": None if torch is None else [torch.cuda.is_initialized(), torch.cuda._is_in_bad_fork()],
        "descriptors": open_descriptors(),
    }


def open_descriptors():
    """Return what kinds of sockets, pipes and anonymous files are open in this process."""
    kinds = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the listing itself
            kinds.append(str(descriptor.readlink()).partition(":[")[0])
    return sorted(kind for kind in kinds if not kind.startswith("/"))


def read_environment(pid):
    content = Path(f"/proc/{pid}/environ").read_bytes().decode()
    variables = dict(line.split("=", 1) for line in content.split("\0") if "=" in line)
    return {name: variables.get(name) for name in VARIABLES}


class Probe:
    name, version, group = "probe", 1, 4

    def __init__(self, number):
        self.number = number

    def fit(self, train, context):
        write(number=self.number, **facts(importlib.import_module("torch") if self.number >= TORCH else None))
        seen_by_this_process.append(self.number)

    def reconstruct(self, clips, context):
        for clip in clips:
            yield Reconstruction(clip.id, clip.waveform, Payload(100, 3200), 0.0, "ok")


write(loaded=os.getpid())
registry.register(
    ModelDescriptor(
        "probe",
        "hsbench_import_probe:Probe",
        defaults={"number": 0},
        budgets={"smoke": {}, "quick": {}, "paper": {}},
        trains=False,
        origin="tests",
    )
)


def probes(name, first, metrics):
    rows = tuple(Row(str(number), "probe", freeze({"number": number})) for number in range(first, first + 3))
    return Experiment(name, "Probes", rows, metrics, freeze(dict.fromkeys(("smoke", "quick", "paper"), 1)))


def without_torch():
    return probes("probes", 0, ("mse",))


def with_torch():
    """Probes with a metric of torch, which the server of the run therefore imports."""
    return probes("torch-probes", TORCH, ("mse", "lsd"))


registry.register(ExperimentDescriptor("probes", "hsbench_import_probe:without_torch", origin="tests"))
registry.register(ExperimentDescriptor("torch-probes", "hsbench_import_probe:with_torch", origin="tests"))
