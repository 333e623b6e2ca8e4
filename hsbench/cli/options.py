"""Options that several verbs share, so that one means the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsbench.api.choices import BUDGETS, DEVICE_HELP, EXPERIMENTAL

Experiments = Annotated[
    list[str],
    typer.Argument(help="Experiments by name; see: hsbench list experiments.", metavar="EXPERIMENT..."),
]
ResultsDir = Annotated[
    Path,
    typer.Option("--results", help="Results folder.", envvar="HSBENCH_RESULTS", show_default="./results"),
]
Corpus = Annotated[str | None, typer.Option(help="Corpus; see: hsbench list corpora. Default: the experiment's own.")]
DataRoot = Annotated[
    Path | None,
    typer.Option("--data-root", help="Folder that holds the corpus in its public layout.", envvar="HSBENCH_DATA_ROOT"),
]
BudgetName = Annotated[
    str | None,
    typer.Option(
        "--budget",
        help="; ".join(f"{budget.name}: {budget.summary}" for budget in BUDGETS.values())
        + ". Default: quick, or standard where there is a GPU.",
    ),
]
Protocol = Annotated[str | None, typer.Option(help="reference, paper or fixed. Default: the budget's own.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change a setting: model.key=value. Repeatable.", metavar="MODEL.KEY=VALUE"),
]
Filter = Annotated[
    list[str] | None,
    typer.Option("-k", help="Only rows that match model~text or row~text. Repeatable.", metavar="KEY~TEXT"),
]
Split = Annotated[str | None, typer.Option(help="train, validation or all. Default: the experiment's own.")]
Limit = Annotated[int | None, typer.Option(help="Score at most so many clips; more can follow later.")]
Seeds = Annotated[int, typer.Option(help="Repeat every fit with so many seeds.")]
Device = Annotated[str, typer.Option(help=DEVICE_HELP)]
Jobs = Annotated[int, typer.Option(help="Cells at once; CPU threads are shared out among them.")]
Processes = Annotated[
    int,
    typer.Option(
        help="Processes that train one hypernetwork together (torch.distributed through torchrun); "
        f"with cuda one GPU each ({EXPERIMENTAL['cuda']}).",
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        help="Who runs the cells: local (this machine), dask (workers of a dask cluster), slurm (jobs of Slurm). "
        "See docs/engines.md."
    ),
]
Address = Annotated[
    str | None,
    typer.Option(help="With dask: the scheduler. Default: --jobs workers on this machine.", metavar="tcp://HOST:PORT"),
]
Slurm = Annotated[
    list[str] | None,
    typer.Option(
        help="With slurm: a parameter of the jobs, such as partition=gpu, account=me, mem_gb=16. Repeatable.",
        metavar="KEY=VALUE",
    ),
]
Timeout = Annotated[
    float | None, typer.Option(help="Seconds per cell before it is stopped. Default: the budget's own.")
]
Import = Annotated[
    list[Path] | None,
    typer.Option(
        "--import",
        help="Run a Python file that registers models, metrics, corpora or experiments. Repeatable.",
        metavar="FILE.py",
    ),
]
Baselines = Annotated[
    Path | None,
    typer.Option(help="Folder with published numbers. Default: ./baselines, else the packaged one."),
]

Cell = Annotated[
    str,
    typer.Argument(
        help="A cell's folder, its name below the results folder, or a file of hsbench export.", metavar="CELL"
    ),
]

RESULTS = Path("results")
