"""Measure a training step on a GPU in several forms: plain code; hsbench eager, compiled, as a CUDA graph.

There are two kinds of work: the hypernetwork step at reference size and batch 16, and a step of 30 or 8 individual INRs
over all coordinates. Each form includes the optimiser, with learning rate 0, so that all forms keep the same weights.
Losses and gradients are compared with those of plain fp32 code before anything is timed.

Target networks are evaluated in the form of a GPU on every device (hsbench.models.targets.form): time in 16 stretches
and, but for fp32, widths padded to multiples of 16.

- "compiled": torch compiles the encoder, the hypernetwork, the target network, and the spectral loss but for its FFTs.
- "graph": the whole step is recorded as a CUDA graph and replayed.
- "channels first": the encoder's activations are [batch, channels, time], and not [batch, time, channels] as on a GPU.
- fp32, tf32 and bf16 are precision policies (hsbench.fit.precision), each with rows of its own.

A form that fails, or for which no time is left, gets the reason instead of a figure. The script prints a table and
writes JSON with the name of the device.
Usage: python speed/gpu_steps.py [--work hyper-bf16] [--device cpu --tiny] [--seconds 540] [--json FILE]

speed/gpu.py starts one such process for each kind of work. They compile at the same time and wait for each other at a
gate, but not for longer than most of their time; behind it, one after the other checks its forms, times them and
profiles the fastest.

A CPU can only rehearse the script, and its times mean nothing: no graph is recorded, and compiled code is traced but
not generated.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import json
import statistics
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import torch

import bench
import hyper_step
import inr_step
from gpu_timing import Gate, kernels, timed
from hsbench.errors import BackendMissingError
from hsbench.fit.graphs import Recorded
from hsbench.fit.precision import pin
from hsbench.models.hypersound import encoder
from hsbench.models.inr.steps import BatchSteps
from hsbench.models.targets import create
from hsbench.models.targets.base import grid
from hsbench.models.targets.form import form_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hsbench.models.inr.steps import Step
    from hsbench.models.targets.base import TargetNet
    from hsbench.models.targets.form import Form as TargetForm

    Run = Callable[[], torch.Tensor]

Result = TypeVar("Result")
HEAD = ("work", "form", "step", "ratio to plain", "gradients within", "remark")
FILE = Path(__file__).parent / "gpu-steps.json"
BACKEND = "inductor" if torch.cuda.is_available() else "aot_eager"
"""Back end of torch.compile; without a GPU, code is traced and not generated."""
NO_GRAPH = "skipped: CUDA graphs need a CUDA device"
WITHIN = {"fp32": 1e-2, "tf32": 0.1, "bf16": 0.5}
"""Largest relative difference of a gradient of individual INRs from plain fp32 code, above which nothing is timed."""
CHUNK_SECONDS = 0.2
"""Seconds of steps that are timed together, at most."""
READY = 0.7
"""Share of the time after which forms are timed, although other processes still compile."""
INR_STEPS, PAPER_STEPS = 100_000, 1_562_500


@dataclass
class Row:
    """One form of one kind of work.

    Attributes:
        work: name of the work, with its precision.
        form: name of the form.
        seconds: median time of a step; None where it was not measured.
        ratio: time of plain eager fp32 code / time of this form.
        apart: largest relative difference of a gradient from that of plain code.
        remark: time of a whole training, or the reason why there is no figure.
        kernels: of the fastest form: name, calls and milliseconds per step of the kernels that take most time.
    """

    work: str
    form: str
    seconds: float | None = None
    ratio: float | None = None
    apart: float | None = None
    remark: str = ""
    kernels: list[tuple[str, int, float]] = dataclasses.field(default_factory=list)

    def cells(self) -> tuple[str, ...]:
        """Return the printed texts of the row, in the order of HEAD."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        difference = "" if self.apart is None else f"{self.apart:.0e}"
        return (self.work, self.form, bench.format_seconds(self.seconds), ratio, difference, self.remark)


@dataclass(frozen=True)
class Form:
    """One way to do the work.

    Attributes:
        name: name in the table.
        make: returns a call that does one step with its optimiser and stores the gradients in the parameters.
        judge: function from that call to the largest relative difference of a gradient from that of plain code;
            raises where the difference is too large.
        compile: what `make` needs, takes long, and can be done beside other processes.
    """

    name: str
    make: Callable[[], Run]
    judge: Callable[[Run], float]
    compile: Callable[[], object] = lambda: None


def optimiser(parameters: Sequence[torch.Tensor], *, fused: bool) -> torch.optim.AdamW:
    """Return an AdamW optimiser with learning rate 0, which changes no parameter."""
    on_gpu = parameters[0].is_cuda
    return torch.optim.AdamW(parameters, lr=0.0, weight_decay=0.0, fused=fused, capturable=fused and on_gpu)


def with_optimiser(gradients: Run, parameters: Sequence[torch.Tensor], *, fused: bool) -> Run:
    """Return a whole step: clear the gradients, compute them, and call the optimiser."""
    adam = optimiser(parameters, fused=fused)

    def run() -> torch.Tensor:
        for parameter in parameters:
            parameter.grad = None
        loss = gradients()
        adam.step()
        return loss

    return run


def recorded(run: Run, parameters: Sequence[torch.Tensor]) -> Run:
    """Record the step as a CUDA graph.

    Raises:
        NotImplementedError: the device is a CPU.
    """
    if not parameters[0].is_cuda:
        raise NotImplementedError(NO_GRAPH)
    return Recorded(run, parameters)


def hyper_forms(device: str, batch: int, size: hyper_step.Size, policy: str) -> Iterator[Form]:
    """Yield the forms of the hypernetwork step."""
    eager, compiled = (hyper_step.prepare("fmlp", batch, device, size, policy, form_at(policy)) for _ in range(2))

    def judge(pair: hyper_step.Pair) -> Callable[[Run], float]:
        return lambda run: hyper_step.parity(pair, run, policy == "fp32")

    if policy == "fp32":
        yield Form(
            "plain eager", lambda: with_optimiser(eager.plain, eager.plain_parameters, fused=False), lambda _run: 0.0
        )
    yield Form("hsbench", lambda: with_optimiser(eager.ours, eager.mine, fused=True), judge(eager))
    graph = with_optimiser(eager.ours, eager.mine, fused=True)
    yield Form("hsbench, graph", lambda: recorded(graph, eager.mine), judge(eager))
    compiled_step = with_optimiser(compiled.ours, compiled.mine, fused=True)
    yield Form("hsbench, compiled", lambda: compiled_step, judge(compiled), lambda: compile_hyper(compiled))
    yield Form("hsbench, compiled, graph", lambda: recorded(compiled_step, compiled.mine), judge(compiled))


def compile_hyper(pair: hyper_step.Pair) -> None:
    """Compile the hypernetwork step, which torch does when it runs."""
    pair.step.compile(BACKEND)
    pair.ours()


def never(_x: torch.Tensor) -> bool:
    """Answer for an encoder that does not prefer channels-last."""
    return False


def channels_first_forms(device: str, batch: int, size: hyper_step.Size, policy: str) -> Iterator[Form]:
    """Yield the form of the hypernetwork step whose encoder computes as on a CPU: [batch, channels, time], LayerNorm.

    The step is compiled and recorded while the encoder prefers nothing else; a replay does not ask the encoder again.
    """

    def channels_first(function: Callable[..., Result]) -> Callable[..., Result]:
        def run(*arguments: Run) -> Result:
            usual, encoder.preferred = encoder.preferred, never  # the compiler compiles anew for another function
            try:
                return function(*arguments)
            finally:
                encoder.preferred = usual

        return run

    pair = channels_first(lambda: hyper_step.prepare("fmlp", batch, device, size, policy, form_at(policy)))()
    step = with_optimiser(pair.ours, pair.mine, fused=True)
    yield Form(
        "hsbench, compiled, graph",
        lambda: recorded(step, pair.mine),
        channels_first(lambda run: hyper_step.parity(pair, run, policy == "fp32")),
        channels_first(lambda: compile_hyper(pair)),
    )


def form_at(policy: str) -> TargetForm:
    """Return the form in which a GPU evaluates target networks under a precision policy."""
    return form_of(policy, torch.device("cuda"))


def inr_forms(device: str, kind: str, clips: int, size: hyper_step.Size, policy: str) -> Iterator[Form]:
    """Yield the forms of a step of individual INRs, which are compared by their gradients."""
    start, target = inr_step.problem(kind, clips, size.width, size.samples)
    target = target.to(device)
    params = {name: value.detach().to(device).requires_grad_() for name, value in start.items()}
    nets = [create(kind, [size.width] * 5) for _ in range(2)]
    features = nets[0].features(grid(size.samples)).to(device)

    def batch_steps(net: TargetNet) -> BatchSteps:
        return BatchSteps(net, params, lambda _: (features, target), torch.abs, policy, form_at(policy))

    eager, compiled = map(batch_steps, nets)
    eager_parameters, compiled_parameters = list(eager.parameters.values()), list(compiled.parameters.values())
    plain_step = with_optimiser(lambda: inr_step.plain(kind, params, target), list(params.values()), fused=False)

    def judge(step: Step) -> Callable[[Run], float]:
        def compare(run: Run) -> float:
            plain_step()
            run()
            worst = inr_step.largest_difference(step, params)
            assert worst < WITHIN[policy], f"the gradients differ by {worst:.1e}"
            return worst

        return compare

    def compile_net() -> None:
        nets[1].compile(BACKEND)
        compiled(0)

    eager_step = with_optimiser(lambda: eager(0), eager_parameters, fused=True)
    compiled_step = with_optimiser(lambda: compiled(0), compiled_parameters, fused=True)
    if policy == "fp32":
        yield Form("plain eager", lambda: plain_step, lambda _run: 0.0)
    yield Form("hsbench", lambda: eager_step, judge(eager))
    yield Form("hsbench, graph", lambda: recorded(eager_step, eager_parameters), judge(eager))
    yield Form("hsbench, compiled", lambda: compiled_step, judge(compiled), compile_net)
    yield Form("hsbench, compiled, graph", lambda: recorded(compiled_step, compiled_parameters), judge(compiled))


def measure(
    work: str, forms: Iterator[Form], chunk: int, rounds: int, end: float, gate: Gate | None = None
) -> list[Row]:
    """Compile all forms; behind the gate, check them, time all of them alternately, and profile the fastest.

    What waits at the gate keeps parameters only, since all processes share the memory of one device.

    Args:
        work: name of the work.
        forms: ways to do it.
        chunk: steps that are timed together.
        rounds: number of rounds, in each of which every form is timed once.
        end: value of time.monotonic() after which no further form or round starts.
        gate: is passed before anything is timed; None for a process that runs alone.
    """
    ways = [(Row(work, form.name), form) for form in forms]
    for row, form in ways:
        attempt(row, form.compile, end)
    released()
    with (gate or Gate()).passed():
        tried = [(row, attempt(row, partial(checked, row, form), end)) for row, form in ways]
        time_alternately([(row, run) for row, run in tried if run is not None], chunk, rounds, end)
    return [row for row, _ in ways]


def attempt(row: Row, function: Callable[[], Result], end: float) -> Result | None:
    """Return what a function returns; where the row has a remark, or gets one because it fails, return None."""
    if row.remark:
        return None
    if time.monotonic() > end:
        row.remark = "skipped: no time was left"
        return None
    try:
        return function()
    except Exception as error:  # noqa: BLE001  the other forms are still worth measuring
        row.remark = " ".join(str(error).split())[:200] or type(error).__name__
        return None


def checked(row: Row, form: Form) -> Run:
    """Return the call of a form after noting how far its gradients are from those of plain code."""
    run = form.make()
    row.apart = form.judge(run)
    return run


def time_alternately(runs: Sequence[tuple[Row, Run]], chunk: int, rounds: int, end: float) -> None:
    """Time forms in turns, note the medians in their rows, and profile the fastest.

    Args:
        runs: the rows, and for each the call that does one step.
        chunk: largest number of steps that are timed together; fewer where these would take more than CHUNK_SECONDS.
        rounds: number of rounds.
        end: value of time.monotonic() after which no further round starts.
    """
    times: dict[str, list[float]] = {row.form: [] for row, _ in runs}
    chunks = {row.form: max(1, min(chunk, int(CHUNK_SECONDS / timed(run, 1)))) for row, run in runs}
    for number in range(rounds):
        if number and time.monotonic() > end:
            break
        for row, run in runs:
            times[row.form].append(timed(run, chunks[row.form]))
    for row, _ in runs:
        row.seconds = statistics.median(times[row.form])
    if runs:
        fastest, run = min(runs, key=lambda pair: pair[0].seconds or 0.0)
        fastest.kernels = kernels(run)


def released() -> None:
    """Give memory that is no longer in use back to the GPU, for other processes."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def measure_all(options: argparse.Namespace, device: str) -> list[Row]:
    """Measure all rows; ratios compare with plain eager fp32 code for the same work."""
    size = hyper_step.TINY if options.tiny else hyper_step.REFERENCE
    batch, many, few = (2, 2, 1) if options.tiny else (16, 30, 8)
    chunk, rounds = (1, 2) if options.tiny else (10, 5)
    end = time.monotonic() + options.seconds
    rows: list[Row] = []
    gate = Gate(*(options.gate or ()), opening=time.monotonic() + READY * options.seconds)
    for policy in ("fp32", "bf16", "tf32"):
        works = {
            f"hyper-{policy}": (
                f"hypernetwork step of batch {batch}, {policy}",
                hyper_forms(device, batch, size, policy),
            ),
            f"first-{policy}": (
                f"hypernetwork step of batch {batch}, {policy}, channels first",
                channels_first_forms(device, batch, size, policy),
            ),
        }
        for name, kind, clips in (("fmlp", "fmlp", many), ("few", "fmlp", few), ("siren", "siren", many)):
            label = f"step of {clips} {kind.upper()}s, {policy}"
            works[f"{name}-{policy}"] = label, inr_forms(device, kind, clips, size, policy)
        for name, (label, forms) in works.items():
            if options.work in (None, name):
                rows += measure(label, forms, chunk, rounds, end, gate)
                torch.compiler.reset()
                released()
    return compared(rows, tiny=options.tiny)


def compared(rows: list[Row], *, tiny: bool) -> list[Row]:
    """Complete rows by their ratio to plain code, where it was measured too, and by the time of a whole training."""
    for row in rows:
        same = (other for other in rows if other.work.split(",")[0] == row.work.split(",")[0])
        plain = next((other.seconds for other in same if other.form == "plain eager"), None)
        if row.seconds:
            row.ratio = plain / row.seconds if plain else None
            steps = INR_STEPS if row.work.startswith("step of") else PAPER_STEPS
            row.remark = f"{steps:,} steps in {row.seconds * steps / 3600:.2f} h" if not tiny else ""
    return rows


def main() -> None:
    """Measure, print the table and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tiny", action="store_true", help="small networks, to rehearse the script on any machine")
    parser.add_argument(
        "--seconds", type=float, default=540, help="no new measurement starts after so many seconds (default 540)"
    )
    parser.add_argument(
        "--json", type=Path, default=FILE, help="file to write (default: gpu-steps.json in the folder of this script)"
    )
    parser.add_argument("--work", help="kind of work and precision, such as hyper-bf16 (default: all)")
    parser.add_argument(
        "--gate",
        type=lambda text: (Path(text.split("=")[0]), *map(int, text.split("=")[1:])),
        help="FOLDER=PROCESSES=RANK: of so many processes that share the folder, this one is timed after lower ranks",
    )
    options = parser.parse_args()
    try:
        device = str(pin(options.device, 1))
    except BackendMissingError as error:
        parser.error(f"{error} To rehearse: --device cpu --tiny")
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    rows = measure_all(options, device)
    facts = {"device": name, "torch": torch.__version__, "cuda": torch.version.cuda, "tiny": options.tiny}
    options.json.write_text(
        json.dumps({**facts, "rows": [dataclasses.asdict(row) for row in rows]}, indent=2), encoding="utf-8"
    )
    print(f"{name}, torch {torch.__version__}, CUDA {torch.version.cuda}{', tiny sizes' if options.tiny else ''}")
    print(bench.markdown(HEAD, [row.cells() for row in rows]))


if __name__ == "__main__":
    main()
