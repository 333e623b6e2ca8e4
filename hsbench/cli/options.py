"""Options that several verbs share, so that each means the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsbench.api.choices import BUDGETS, DEVICE_HELP, EXPERIMENTAL

Experiments = Annotated[
    list[str],
    typer.Argument(
        help="Names of experiments, such as table2b. hsbench list experiments shows all.", metavar="EXPERIMENT..."
    ),
]
ResultsDir = Annotated[
    Path,
    typer.Option(
        "--results",
        help="Folder that keeps the results of all runs.",
        envvar="HSBENCH_RESULTS",
        show_default="./results",
    ),
]
Corpus = Annotated[
    str | None,
    typer.Option(help="Name of the corpus. hsbench list corpora shows all. Default: the corpus of the experiment."),
]
TrainCorpus = Annotated[
    str | None,
    typer.Option(
        help="Name of another corpus that models learn from: they are trained on its training split, and the clips of "
        "--corpus are scored. Models that learn nothing do not depend on it. Default: the scored corpus.",
        metavar="NAME",
    ),
]
DataRoot = Annotated[
    Path | None,
    typer.Option(
        "--data-root",
        help="Folder that contains the downloaded corpus in its public layout. The corpus demo needs none.",
        envvar="HSBENCH_DATA_ROOT",
    ),
]
BudgetName = Annotated[
    str | None,
    typer.Option(
        "--budget",
        help="Amount of training. "
        + "; ".join(f"{budget.name}: {budget.summary}" for budget in BUDGETS.values())
        + ". Default: quick, or standard if there is a GPU.",
    ),
]
Protocol = Annotated[
    str | None,
    typer.Option(
        help="Which version to follow where the paper and its published code differ: reference (the code), paper (the "
        "text), fixed (the code with its defects corrected). Default: fixed with the budgets smoke and quick, else "
        "reference.",
    ),
]
OnlyCorpus = Annotated[str | None, typer.Option(help="Only results on this corpus. Default: all corpora.")]
OnlyBudget = Annotated[
    str | None,
    typer.Option(help=f"Only results with this budget: {', '.join(BUDGETS)}. Default: all budgets."),
]
OnlyProtocol = Annotated[
    str | None,
    typer.Option(help="Only results with this protocol: reference, paper or fixed. Default: all protocols."),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Change a setting of a model or corpus, such as inr-siren.steps=500. Can be given several times.",
        metavar="NAME.KEY=VALUE",
    ),
]
Filter = Annotated[
    list[str] | None,
    typer.Option(
        "-k",
        help="Select rows of the experiment: model~TEXT (TEXT occurs in the name of the model) or row~TEXT (in the "
        "name of the row). Can be given several times; all conditions must hold.",
        metavar="KEY~TEXT",
    ),
]
Split = Annotated[
    str | None,
    typer.Option(
        help="Part of the corpus whose clips are scored: train, validation or all. Default: the choice of the "
        "experiment, usually validation."
    ),
]
Manifest = Annotated[
    Path | None,
    typer.Option(
        help="Manifest file that hsbench corpus prepare wrote (manifest-validation.json): score exactly its "
        "clips. Default: the clips of the corpus as it is here.",
        metavar="FILE",
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(
        help="Largest number of clips to score. A later run with a larger number adds the missing clips. Default: the "
        "number that the experiment sets for the budget."
    ),
]
Seeds = Annotated[int, typer.Option(help="Number of random seeds; every fit is repeated with the seeds 0, 1, ...")]
Device = Annotated[str, typer.Option(help=DEVICE_HELP)]
Jobs = Annotated[
    int | None,
    typer.Option(
        help="Number of cells computed at the same time. The CPU cores are divided among them. Default: one cell per "
        "core on a CPU in experiments of many small cells, such as overview, else 1."
    ),
]
Processes = Annotated[
    int,
    typer.Option(
        help="Number of processes that train one hypernetwork together, through torchrun. With --device cuda, each "
        f"process uses one GPU ({EXPERIMENTAL['cuda']}).",
    ),
]
Eager = Annotated[
    bool,
    typer.Option(
        "--eager",
        help="With --device cuda: run networks as they are, without compiling them and without CUDA graphs. Slower; "
        "for debugging. Results change by rounding only, and the keys of cells do not change.",
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        help="Where cells are computed: local (this machine), dask (workers of a dask cluster) or slurm (jobs of a "
        "Slurm cluster). See docs/engines.md."
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        help="With --engine dask: address of the scheduler of a running cluster. Default: start --jobs workers on this "
        "machine.",
        metavar="tcp://HOST:PORT",
    ),
]
Slurm = Annotated[
    list[str] | None,
    typer.Option(
        help="With --engine slurm: parameter of the jobs, such as partition=gpu or mem_gb=16. Can be given several "
        "times.",
        metavar="KEY=VALUE",
    ),
]
Cold = Annotated[
    bool,
    typer.Option(
        "--cold",
        help="With --engine local: start each cell by a command, for debugging. By default a server imports torch once "
        "and forks the processes of the cells.",
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(help="Seconds after which a cell is stopped and counts as failed. Default: the limit of the budget."),
]
Import = Annotated[
    list[Path] | None,
    typer.Option(
        "--import",
        help="Python file to run first, which registers models, metrics, corpora or experiments of your own. Can be "
        "given several times.",
        metavar="FILE.py",
    ),
]
Wide = Annotated[
    bool,
    typer.Option("--wide", help="On a terminal: show all columns, intervals and notes, even if lines become too long."),
]
Baselines = Annotated[
    Path | None,
    typer.Option(
        help="Folder with published numbers and blessed baselines. Default: ./baselines if there is one, else those of "
        "the package."
    ),
]

Networks = Annotated[
    list[Path] | None,
    typer.Option(
        "--networks",
        help="Folder with exported networks, looked into before those of HSBENCH_NETWORKS, of installed packages and "
        "of hsbench itself. Can be given several times.",
        metavar="DIR",
    ),
]
Retrain = Annotated[
    bool,
    typer.Option("--retrain", help="Train every network here, also where one of the same specification is at hand."),
]
Cell = Annotated[
    str,
    typer.Argument(
        help="Trained cell: its folder, the name of that folder below the results folder, a file written by hsbench "
        "export, or the beginning of the name of a network (hsbench networks list).",
        metavar="CELL",
    ),
]

RESULTS = Path("results")
