"""Count the kernels of a compiled hypernetwork step on an H100, and the bytes that they move, without a GPU.

torch's compiler generates code from shapes and from the properties of the card, so any machine with a build of torch
for CUDA can generate it. The step runs once on the CPU, in the form of a GPU, and the graphs of its compiled parts are
recorded. Each graph is traced again with fake CUDA tensors and lowered to Triton code, which is counted and not run.
What is not compiled, the cutting of the batch and the FFTs of the loss, is counted by its operations on meta tensors.

"ms" is the traffic at the card's peak of 3.35 TB/s. A step takes longer: products and convolutions have their
arithmetic, and no kernel ends in less than about 2 microseconds.

The script pretends that there is a card and calls internals of torch, of version 2.14; others may need changes.
Usage: python speed/kernels.py [--policy bf16] [--kind fmlp] [--largest 10] [--tiny]
"""

from __future__ import annotations

import argparse
import collections
import copy
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch._functorch.aot_autograd import make_boxed_func
from torch._prims_common import suggest_memory_format
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree
from torch.utils._python_dispatch import TorchDispatchMode

import bench
import hyper_step
from hsbench import cores
from hsbench.audio.passages import joined
from hsbench.fit import losses
from hsbench.fit.batches import Batches
from hsbench.fit.compilation import inlining
from hsbench.models.hypersound import encoder
from hsbench.models.targets.form import form_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HEAD = ("part", "Triton kernels", "library calls", "GB", "ms")
BANDWIDTH = 3.35e12
"""Bytes per second of an H100 SXM, from its data sheet."""
CUDA = torch.device("cuda", 0)
VIEWS = re.compile(
    r"aten\.(_unsafe_view|alias|arange|as_strided|detach|empty|expand|narrow|permute|reshape|select|slice|split|squeeze|"
    r"t\.|transpose|unbind|unsqueeze|view)"
)
"""Operations without a kernel of their own, and the creation of constants."""


@dataclass
class Graph:
    """A compiled part of the step, recorded on the CPU.

    Attributes:
        name: part and direction, such as "encoder forward".
        module: its operations.
        examples: its inputs.
        options: settings of torch's compiler.
    """

    name: str
    module: torch.fx.GraphModule
    examples: list[Any]
    options: Mapping[str, Any]


def pretend_an_h100() -> None:
    """Let torch's compiler believe that there is an H100, and Triton that it would compile for one."""
    import torch._dynamo.device_interface as interfaces
    import triton
    from torch.utils._triton import has_triton
    from triton.backends.compiler import GPUTarget

    names = (
        "name major minor multi_processor_count total_memory warp_size max_threads_per_multi_processor "
        "regs_per_multiprocessor gcnArchName max_threads_per_block shared_memory_per_block "
        "shared_memory_per_multiprocessor shared_memory_per_block_optin L2_cache_size"
    )
    values = ("H100", 9, 0, 132, 80 << 30, 32, 2048, 65536, "", 1024, 49152, 233472, 232448, 50 << 20)
    card = collections.namedtuple("Card", names)(*values)  # noqa: PYI024  the names of torch's own properties

    class Driver:
        def get_current_target(self) -> GPUTarget:
            return GPUTarget("cuda", 90, 32)

        def get_current_device(self) -> int:
            return 0

        def get_device_capability(self, *_: object) -> tuple[int, int]:
            return 9, 0

        def get_active_torch_device(self) -> torch.device:
            return CUDA

        def is_active(self) -> bool:
            return True

    triton.runtime.driver.set_active(Driver())
    answers = {
        "get_device_properties": card,
        "get_device_capability": (9, 0),
        "current_device": 0,
        "device_count": 1,
        "is_available": True,
    }
    for name, value in answers.items():
        setattr(torch.cuda, name, lambda *_, value=value, **__: value)
    for interface in (interfaces.CudaInterface, interfaces.CudaInterface.Worker):
        interface.get_device_properties = staticmethod(lambda *_, **__: card)
        interface.current_device = staticmethod(lambda *_, **__: 0)
    interfaces.CudaInterface.get_compute_capability = staticmethod(lambda *_, **__: 90)
    has_triton.cache_clear()  # the recording on the CPU has asked already
    if not has_triton():
        raise SystemExit("This build of torch generates no code for GPUs; install one for CUDA.")


def memory_format_of_cudnn(x: torch.Tensor, weight: torch.Tensor, _backend: object) -> torch.memory_format:
    """Return how cuDNN lays out the results of a convolution: as its factors, which torch asks the real backend for."""
    formats = {suggest_memory_format(value) for value in (x, weight) if value.dim() == 4}
    return torch.channels_last if torch.channels_last in formats else torch.contiguous_format


def keeping(
    graphs: list[Graph], part: str, options: Mapping[str, Any], decompositions: Mapping[Any, Any] | None = None
) -> Callable[..., Any]:
    """Return a backend of torch.compile that adds the graphs of a compiled part to a list, and runs them as they are.

    Args:
        graphs: the list.
        part: name of the part.
        options: settings with which torch's compiler will make kernels of the graphs.
        decompositions: how operations are divided into simpler ones; by default as that compiler does.
    """
    from torch._dynamo.backends.common import aot_autograd
    from torch._functorch.partitioners import min_cut_rematerialization_partition
    from torch._inductor.decomposition import select_decomp_table

    def keep(direction: str) -> Callable[..., Any]:
        def compiler(module: torch.fx.GraphModule, examples: list[Any]) -> Any:
            graphs.append(Graph(f"{part} {direction}", copy.deepcopy(module), list(examples), options))
            return make_boxed_func(module.forward)

        return compiler

    return aot_autograd(
        fw_compiler=keep("forward"),
        bw_compiler=keep("backward"),
        decompositions=select_decomp_table() if decompositions is None else decompositions,
        partition_fn=min_cut_rematerialization_partition,
    )


def recorded(kind: str, policy: str, size: hyper_step.Size, batch: int) -> list[Graph]:
    """Run a step on the CPU as a GPU would run it, and return the graphs of its compiled parts in their order."""
    graphs: list[Graph] = []
    hyper_step.TILE = {"cpu": hyper_step.TILE["cuda"]}
    hyper_step.MICRO = {"cpu": batch}
    cores.count = lambda _device: 1
    encoder.preferred = lambda _x: True
    torch._C._conv_determine_backend_memory_format = memory_format_of_cudnn
    step = hyper_step.prepare(kind, batch, "cpu", size, policy, form_of(policy, CUDA)).step
    step.network.encoder.compile(backend=keeping(graphs, "encoder", inlining("inductor")["options"]))
    step.network.hypernetwork.compile(backend=keeping(graphs, "hypernetwork", {}))
    step.network.net.compile(backend=keeping(graphs, "target network", {}))
    step.loss.spectral_loss.compile(keeping(graphs, "loss", {}))
    step(torch.rand(batch, size.samples) * 2 - 1, None, 0)
    return graphs


def lowered(graph: Graph) -> tuple[str, int, list[tuple[int, str]]]:
    """Generate the code of a graph for the card.

    Returns:
        The code; the bytes that its kernels read and write; and for each kernel its bytes and its operations.
    """
    from torch._inductor import config
    from torch._inductor.compile_fx import view_to_reshape
    from torch._inductor.debug import DebugContext
    from torch._inductor.decomposition import select_decomp_table
    from torch._inductor.fx_passes.post_grad import post_grad_passes
    from torch._inductor.graph import GraphLowering
    from torch._inductor.virtualized import V
    from torch._subclasses.fake_tensor import FakeTensorMode

    fake = FakeTensorMode(allow_non_fake_inputs=True)
    with fake:
        inputs = [
            torch.empty_strided(value.size(), value.stride(), dtype=value.dtype, device=CUDA)
            if isinstance(value, torch.Tensor)
            else value
            for value in graph.examples
        ]
    for node in graph.module.graph.nodes:
        node.args, node.kwargs = _pytree.tree_map(
            lambda value: CUDA if isinstance(value, torch.device) else value, (node.args, dict(node.kwargs))
        )
    graph.module.recompile()
    interpreter = torch.fx.Interpreter(graph.module)
    table = select_decomp_table()
    module = make_fx(interpreter.run, decomposition_table=table, tracing_mode="fake")(*inputs)
    view_to_reshape(module)
    with config.patch(dict(graph.options)), torch.no_grad(), V.set_fake_mode(fake):
        post_grad_passes(module, is_inference=True)
        lowering = GraphLowering(module, example_inputs=inputs)
        with DebugContext(), V.set_graph_handler(lowering):
            lowering.run(*inputs)
            code = lowering.codegen()[0].value
            total, counts, _ = lowering.count_bytes()
    return code, total, [(4 * numbers, operations(node)) for node, numbers in counts]  # in units of four bytes


def operations(node: Any) -> str:
    """Return the operations that a kernel computes."""
    parts = node.get_nodes() if hasattr(node, "get_nodes") else [node]
    origins = (origin for part in parts if part.node is not None for origin in part.node.get_origins())
    return " ".join(dict.fromkeys(str(origin.target).split(".")[-2] for origin in origins if "." in str(origin.target)))


def counted(graph: Graph, largest: int) -> tuple[str, int, int, float, list[str]]:
    """Return a row of numbers for a compiled part, and a line for each of its kernels that move most bytes."""
    code, total, kernels = lowered(graph)
    calls = code[code.index("def call") :]
    triton = len(re.findall(r"^\s+triton_\w+\.run\(", calls, re.MULTILINE))
    library = len(re.findall(r"extern_kernels\.\w+\(|torch\.ops\.aten\.\w+\.\w+\(", calls))
    lines = [f"{size / 1e6:8.1f} MB  {what[:100]}" for size, what in sorted(kernels, reverse=True)[:largest]]
    return graph.name, triton, library, total / 1e9, lines


class Launches(TorchDispatchMode):
    """Count the operations that launch a kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(
        self, operation: Any, types: Any, arguments: tuple[Any, ...] = (), keywords: Any = None
    ) -> Any:
        self.count += not VIEWS.match(str(operation))
        return operation(*arguments, **(keywords or {}))


def uncompiled(size: hyper_step.Size, batch: int) -> dict[str, int]:
    """Return the number of kernels of the parts that are not compiled, at least one for each operation."""
    passages = joined([np.ones(size.samples, np.int16)] * batch)
    batches = Batches(passages, size.samples, hyper_step.RATE, batch, batch, lambda *_: 0, torch.device("cpu"))
    batches._flat = batches._flat.to("meta")
    found = {}
    drawn = [torch.zeros(batch, dtype=kind, device="meta") for kind in (torch.long, torch.long, torch.float32)]
    with Launches() as launches:
        batches.crops(*drawn)
    found["batch"] = launches.count
    reference, estimate = (
        torch.zeros(batch, size.samples, device="meta", requires_grad=flag) for flag in (False, True)
    )
    to_spectra = [torch.zeros_like(value) for value in losses._in_reals(reference)]
    with Launches() as launches:
        losses._in_reals(reference)
        torch.autograd.backward(losses._in_reals(estimate), to_spectra)
    found["FFTs of the loss"] = launches.count
    return found


def main() -> None:
    """Count and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--policy", choices=("fp32", "bf16"), default="bf16")
    parser.add_argument("--kind", choices=("fmlp", "siren"), default="fmlp")
    parser.add_argument("--largest", type=int, default=0, help="list so many kernels of each part (default 0)")
    parser.add_argument("--tiny", action="store_true", help="small networks, to rehearse the script")
    options = parser.parse_args()
    size, batch = (hyper_step.TINY, 2) if options.tiny else (hyper_step.REFERENCE, 16)
    graphs = recorded(options.kind, options.policy, size, batch)
    pretend_an_h100()
    rows: list[tuple[str, ...]] = []
    total = [0, 0, 0.0]
    for graph in graphs:
        name, triton, library, gigabytes, lines = counted(graph, options.largest)
        print(*lines, sep="\n", end="\n" if lines else "")
        total = [total[0] + triton, total[1] + library, total[2] + gigabytes]
        rows.append((name, str(triton), str(library), f"{gigabytes:.2f}", f"{gigabytes / BANDWIDTH * 1e12:.2f}"))
    for name, count in uncompiled(size, batch).items():
        total[1] += count
        rows.append((name, "", str(count), "", ""))
    rows.append(("all", str(total[0]), str(total[1]), f"{total[2]:.2f}", f"{total[2] / BANDWIDTH * 1e12:.2f}"))
    print(f"{options.kind}, {options.policy}, batch {batch}, torch {torch.__version__}")
    print(bench.markdown(HEAD, rows))


if __name__ == "__main__":
    main()
