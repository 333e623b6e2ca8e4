"""Count the kernels that a training step of RAVE v1 and of patch-wise INRs launches on an H100, without a GPU.

"eager" is the number of operations of the step as it is written, views left out; each launches at least one kernel. The
compiled step launches the Triton kernels and library calls that torch's compiler makes of its networks
(speed/kernels.py says how they are known without a card), and the operations around them. The optimiser is not counted.
Usage: python speed/launches.py [--tiny]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

import bench
import patch_step
from hsbench.models.rave.discriminators import Discriminators
from hsbench.models.rave.network import Rave
from hsbench.models.rave.step import TrainingStep
from kernels import VIEWS, Graph, Launches, counted, keeping, pretend_an_h100

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HEAD = ("step", "eager", "compiled", "Triton kernels", "library calls", "around them")
CAPACITY, DISCRIMINATORS, BATCH, SIGNAL = 64, 16, 8, 65536
"""Sizes of RAVE v1 at the budget `paper`."""
TINY = 4, 2, 2, 18432


@dataclass
class Counted:
    """One kind of step.

    Attributes:
        name: model and kind of step.
        eager: operations of the step as it is written.
        replaced: those of them that lie in its compiled parts.
        graphs: the compiled parts, in the operations from which torch's compiler makes kernels.
    """

    name: str
    eager: int = 0
    replaced: int = 0
    graphs: list[Graph] = field(default_factory=list)


def counted_steps(steps: Mapping[str, Callable[[], object]], compile_step: Callable[[Any], None]) -> list[Counted]:
    """Count the operations of some steps of one model, and trace their compiled parts.

    Args:
        steps: name -> the step.
        compile_step: lets a backend of torch.compile compile the networks of all of these steps.
    """
    rows = [Counted(name) for name in steps]
    for row, step in zip(rows, steps.values(), strict=True):
        with Launches() as launches:
            step()
        row.eager = launches.count
    for decompositions in ({}, None):  # the operations as they are written, and those that become kernels
        graphs: list[Graph] = []
        compile_step(keeping(graphs, "part", {}, decompositions))
        for row, step in zip(rows, steps.values(), strict=True):
            graphs.clear()
            step()
            if decompositions is None:
                row.graphs = list(graphs)
            else:
                row.replaced = sum(operations(graph) for graph in graphs)
    return rows


def operations(graph: Graph) -> int:
    """Return how many operations of a graph launch a kernel."""
    return sum(node.op == "call_function" and not VIEWS.match(str(node.target)) for node in graph.module.graph.nodes)


def rave(*, tiny: bool) -> list[Counted]:
    """Return the three kinds of steps of RAVE v1."""
    capacity, discriminators, batch, signal = TINY if tiny else (CAPACITY, DISCRIMINATORS, BATCH, SIGNAL)
    step = TrainingStep(Rave(capacity), Discriminators(discriminators), 2, 0.1, lambda *_: 5)
    waveform = torch.rand(batch, signal, generator=torch.Generator().manual_seed(0)) - 0.5
    steps = {f"rave-v1, {step.work(number, waveform).kind}": partial(step, number, waveform) for number in (1, 2, 3)}
    return counted_steps(steps, step.compile)


def patches() -> list[Counted]:
    """Return the steps of patch-inr and coinpp, with all patches at once, as on a GPU."""
    rows = []
    for kind in ("patch-inr", "coinpp"):
        _, _, run = patch_step.problem(kind, 1)
        run.func.tiles.size = 1 << 30
        rows += counted_steps({kind: run}, run.func.compile)
    return rows


def main() -> None:
    """Count and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="small networks of RAVE, to rehearse the script")
    options = parser.parse_args()
    torch.set_num_threads(1)
    counts = [*patches(), *rave(tiny=options.tiny)]
    pretend_an_h100()
    rows = []
    for row in counts:
        parts = [counted(graph, 0) for graph in row.graphs]
        triton, library = sum(part[1] for part in parts), sum(part[2] for part in parts)
        around = row.eager - row.replaced
        numbers = (row.eager, triton + library + around, triton, library, around)
        rows.append((row.name, *map(str, numbers)))
    print(bench.markdown(HEAD, rows))


if __name__ == "__main__":
    main()
