"""What a GPU takes for a training step: plain code, hsbench, hsbench compiled, fused, and recorded as a CUDA graph.

Two works: the hypernetwork step at reference size and batch 16, and a step of 30 individual INRs over all coordinates.
Each form runs with its optimiser, at learning rate 0, so that all stay on the same weights; losses and gradients are
compared with plain fp32 before anything is timed. Compiled are encoder, hypernetwork and target network; the spectral
loss, FFTs and one product, stays as it is. Fused is with kernels of our own (hsbench.fit.kernels): LayerNorm and ELU,
and in bf16 the target network. A form that fails, or for which no time is left, gets its reason
instead of a figure. bf16 is the policy of that name (another precision, and labelled so). Prints a table and writes
JSON with the device's name. Usage: python speed/gpu.py [--device cpu --tiny] [--seconds 540] [--json FILE]

On a CPU nothing is recorded, compiled code is traced but not generated, and our kernels run where TRITON_INTERPRET=1 is
set: a rehearsal, whose times mean nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

import bench
import hyper_step
import inr_step
from hsbench.errors import BackendMissingError
from hsbench.fit.graphs import Recorded
from hsbench.fit.precision import pin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Run = Callable[[], torch.Tensor]

HEAD = ("work", "form", "step", "ratio to plain", "gradients within", "remark")
FILE = Path(__file__).parent / "gpu.json"
BACKEND = "inductor" if torch.cuda.is_available() else "aot_eager"
"""Of torch.compile; without a GPU code is traced and not generated."""
NO_GRAPH = "skipped: CUDA graphs need a CUDA device"
NO_KERNELS = "skipped: our kernels need a CUDA device, or TRITON_INTERPRET=1"
INR_STEPS, PAPER_STEPS = 100_000, 1_562_500


@dataclass
class Row:
    """One form of one work: median seconds of a step, ratio to plain, largest difference of a gradient, or a reason."""

    work: str
    form: str
    seconds: float | None = None
    ratio: float | None = None
    apart: float | None = None
    remark: str = ""

    def cells(self) -> tuple[str, ...]:
        """As shown, in the order of HEAD."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        apart = "" if self.apart is None else f"{self.apart:.0e}"
        return (self.work, self.form, bench.shown(self.seconds), ratio, apart, self.remark)


@dataclass(frozen=True)
class Form:
    """A way to do a work.

    Attributes:
        name: as shown.
        make: gives a call that does one step, optimiser included, and leaves the gradients in the parameters.
        judge: that call -> the largest relative difference of a gradient from plain; raises where it is too large.
    """

    name: str
    make: Callable[[], Run]
    judge: Callable[[Run], float]


def optimiser(parameters: Sequence[torch.Tensor], *, fused: bool) -> torch.optim.AdamW:
    """AdamW that moves nothing."""
    on_gpu = parameters[0].is_cuda
    return torch.optim.AdamW(parameters, lr=0.0, weight_decay=0.0, fused=fused, capturable=fused and on_gpu)


def whole(gradients: Run, parameters: Sequence[torch.Tensor], *, fused: bool) -> Run:
    """A step with its optimiser; gradients of the step before are dropped first."""
    adam = optimiser(parameters, fused=fused)

    def run() -> torch.Tensor:
        for parameter in parameters:
            parameter.grad = None
        loss = gradients()
        adam.step()
        return loss

    return run


def recorded(run: Run, parameters: Sequence[torch.Tensor]) -> Run:
    """The step as a graph.

    Raises:
        NotImplementedError: the device has none.
    """
    if not parameters[0].is_cuda:
        raise NotImplementedError(NO_GRAPH)
    return Recorded(run, parameters)


def fused(run: Run, device: str) -> Run:
    """The step with kernels of our own.

    Raises:
        NotImplementedError: the device has none.
    """
    if device == "cpu" and os.environ.get("TRITON_INTERPRET") != "1":
        raise NotImplementedError(NO_KERNELS)

    def with_kernels() -> torch.Tensor:
        os.environ["HSBENCH_TRITON"] = "1"
        try:
            return run()
        finally:
            del os.environ["HSBENCH_TRITON"]

    return with_kernels


def hyper_forms(device: str, batch: int, size: hyper_step.Size, policy: str) -> Iterator[Form]:
    """Forms of the hypernetwork step."""
    eager, quick = (hyper_step.prepare("fmlp", batch, device, size, policy) for _ in range(2))

    def judge(pair: hyper_step.Pair) -> Callable[[Run], float]:
        return lambda run: hyper_step.parity(pair, run, policy == "fp32")

    def compile_() -> Run:
        quick.step.network.compile_parts(BACKEND)
        return whole(quick.ours, quick.mine, fused=True)

    if policy == "fp32":
        yield Form("plain eager", lambda: whole(eager.plain, eager.theirs, fused=False), lambda _run: 0.0)
    yield Form("hsbench", lambda: whole(eager.ours, eager.mine, fused=True), judge(eager))
    graph = whole(eager.ours, eager.mine, fused=True)
    yield Form("hsbench, graph", lambda: recorded(graph, eager.mine), judge(eager))
    yield Form("hsbench, compiled", compile_, judge(quick))
    both = whole(quick.ours, quick.mine, fused=True)
    yield Form("hsbench, compiled, graph", lambda: recorded(both, quick.mine), judge(quick))
    own = whole(eager.ours, eager.mine, fused=True)
    yield Form("hsbench, fused", lambda: fused(own, device), judge(eager))
    yield Form("hsbench, fused, graph", lambda: recorded(fused(own, device), eager.mine), judge(eager))


def inr_forms(device: str, clips: int, size: hyper_step.Size) -> Iterator[Form]:
    """Forms of a step of individual INRs; parity is that of the gradients."""
    start, target = inr_step.problem("fmlp", clips, size.width, size.samples)
    target = target.to(device)
    params = {name: value.detach().to(device).requires_grad_() for name, value in start.items()}
    leaves = list(params.values())
    eager, quick = (inr_step.harness("fmlp", params, target, torch.get_num_threads()) for _ in range(2))

    def plain() -> torch.Tensor:
        return inr_step.plain("fmlp", params, target)

    def judge(run: Run) -> float:
        whole(plain, leaves, fused=False)()
        want = [leaf.grad for leaf in leaves]
        run()
        worst = max(hyper_step.difference(leaf.grad, one) for leaf, one in zip(leaves, want, strict=True))
        assert worst < 1e-2, f"the gradients differ by {worst:.1e}"
        return worst

    def compile_() -> Run:
        quick.tiles.net.compile(BACKEND)
        return whole(lambda: quick(0), leaves, fused=True)

    yield Form("plain eager", lambda: whole(plain, leaves, fused=False), judge)
    yield Form("hsbench", lambda: whole(lambda: eager(0), leaves, fused=True), judge)
    yield Form("hsbench, graph", lambda: recorded(whole(lambda: eager(0), leaves, fused=True), leaves), judge)
    yield Form("hsbench, compiled", compile_, judge)
    both = whole(lambda: quick(0), leaves, fused=True)
    yield Form("hsbench, compiled, graph", lambda: recorded(both, leaves), judge)


def measure(work: str, forms: Iterator[Form], chunk: int, rounds: int, end: float) -> list[Row]:
    """Check every form, then time them in turn, `chunk` steps at once."""
    rows, runs = [], []
    for form in forms:
        row = Row(work, form.name)
        rows.append(row)
        if time.monotonic() > end:
            row.remark = "skipped: no time was left"
            continue
        try:
            run = form.make()
            row.apart = form.judge(run)
        except Exception as error:  # noqa: BLE001  the other forms are still worth measuring
            row.remark = " ".join(str(error).split())[:200] or type(error).__name__
            continue
        runs.append((row, run))
    found: dict[str, list[float]] = {row.form: [] for row, _ in runs}
    for number in range(rounds):
        if number and time.monotonic() > end:
            break
        for row, run in runs:
            found[row.form].append(timed(run, chunk))
    for row, _ in runs:
        row.seconds = statistics.median(found[row.form])
    return rows


def timed(run: Run, chunk: int) -> float:
    """Seconds of a step, the device idle before and after."""
    settle = torch.cuda.synchronize if torch.cuda.is_available() else lambda: None
    run()
    settle()
    start = time.perf_counter()
    for _ in range(chunk):
        run()
    settle()
    return (time.perf_counter() - start) / chunk


def everything(options: argparse.Namespace, device: str) -> list[Row]:
    """All rows; ratios are to plain eager fp32 of the same work."""
    size = hyper_step.TINY if options.tiny else hyper_step.REFERENCE
    batch, clips = (2, 2) if options.tiny else (16, 30)
    chunk, rounds = (1, 2) if options.tiny else (10, 9)
    end = time.monotonic() + options.seconds
    rows = []
    hyper, inrs = f"hypernetwork step, batch {batch}", f"step of {clips} INRs"
    for work, forms in (
        (f"{hyper}, fp32", hyper_forms(device, batch, size, "fp32")),
        (f"{inrs}, fp32", inr_forms(device, clips, size)),
        (f"{hyper}, bf16", hyper_forms(device, batch, size, "bf16")),
    ):
        rows += measure(work, forms, chunk, rounds, end)
        torch.compiler.reset()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    for row in rows:
        plain = next((one.seconds for one in rows if one.work.split(",")[0] == row.work.split(",")[0]), None)
        if row.seconds and plain:
            row.ratio = plain / row.seconds
            steps = INR_STEPS if row.work.startswith("step of") else PAPER_STEPS
            row.remark = f"{steps:,} steps in {row.seconds * steps / 3600:.2f} h" if not options.tiny else ""
    return rows


def main() -> None:
    """Print the table and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tiny", action="store_true", help="a size that any machine can rehearse")
    parser.add_argument("--seconds", type=float, default=540, help="after which nothing new is begun (default 540)")
    parser.add_argument("--json", type=Path, default=FILE, help="file (default gpu.json beside this script)")
    options = parser.parse_args()
    try:
        device = str(pin(options.device, 1))  # Triton's interpreter bears no second thread
    except BackendMissingError as error:
        parser.error(f"{error} To rehearse: --device cpu --tiny")
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    rows = everything(options, device)
    facts = {"device": name, "torch": torch.__version__, "cuda": torch.version.cuda, "tiny": options.tiny}
    options.json.write_text(
        json.dumps({**facts, "rows": [dataclasses.asdict(row) for row in rows]}, indent=2), encoding="utf-8"
    )
    print(f"{name}, torch {torch.__version__}, CUDA {torch.version.cuda}{', tiny sizes' if options.tiny else ''}")
    print(bench.markdown(HEAD, [row.cells() for row in rows]))


if __name__ == "__main__":
    main()
