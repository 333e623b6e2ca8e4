"""Load an experiment and check its definition, so that a mistake is named before any work begins.

Experiments are often written by users, in a plug-in file. A check costs microseconds; without it, a mistake would end
the plan with a traceback, or a cell after minutes of training. Neither torch nor pandas is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench import registry
from hsbench.budgets import BUDGETS, budget
from hsbench.corpora.base import SPLITS
from hsbench.errors import UnknownNameError, UsageError
from hsbench.metrics.base import info
from hsbench.planning.corpus_view import ALL
from hsbench.spec import COLUMNS, Experiment, Pins, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def load(name: str) -> Experiment:
    """Return the experiment of a registered name.

    Raises:
        UnknownNameError: there is no such experiment.
        UsageError: the function of the experiment raises an exception, returns another type, or names something that
            does not exist; the message names the experiment.
    """
    descriptor = registry.experiment(name)
    experiment = registry.call(descriptor, registry.call(descriptor, descriptor.load))
    if not isinstance(experiment, Experiment):
        raise UsageError(
            f"experiment {name!r} ({descriptor.target}) should return an hsbench.spec.Experiment, "
            f"got {type(experiment).__name__}; repair it."
        )
    try:
        _check(experiment, name)
    except (UsageError, TypeError, ValueError) as error:  # TypeError, ValueError: a field has an unexpected form
        raise UsageError(f"experiment {name!r}: {error}") from error
    return experiment


def clips_at(experiment: Experiment, name: str) -> int:
    """Return the number of clips that an experiment scores under a budget.

    Args:
        experiment: the experiment.
        name: name of the budget.

    Raises:
        UsageError: the experiment sets no number of clips for the budget.
    """
    numbers = dict(experiment.clips)
    if name not in numbers:
        raise UsageError(
            f"experiment {experiment.name!r} sets no number of clips for the budget {name}; choose --budget "
            f"{' or '.join(numbers)}, or add the budget to its clips."
        )
    return int(numbers[name])


def _check(experiment: Experiment, name: str) -> None:
    """Raise where a field of an experiment has an impossible value.

    Raises:
        UsageError: a value is impossible.
        TypeError, ValueError: a field has no elements, or elements of another form.
    """
    _expect(experiment.name == name, f"its name should be the registered one, {name!r}", experiment.name)
    for field in ("title", "source", "corpus"):
        value = getattr(experiment, field)
        _expect(isinstance(value, str), f"{field} should be a text", value)
    _expect(isinstance(experiment.pins, Pins | None), "pins should be an hsbench.spec.Pins or None", experiment.pins)
    if experiment.split not in (*SPLITS, ALL):
        raise UnknownNameError("split", experiment.split, (*SPLITS, ALL))
    _expect(not isinstance(experiment.columns, str), "columns should be a tuple of names", experiment.columns)
    for field in ("seen", "seen_alone"):
        names = getattr(experiment, field)
        _expect(not isinstance(names, str), f"{field} should be a tuple of budgets", names)
        for name_of_budget in names:
            budget(name_of_budget)
    for column in experiment.columns:
        if column not in COLUMNS:
            raise UnknownNameError("column", column, COLUMNS)
    _check_metrics(experiment)
    _check_clips(dict(experiment.clips))
    rows = list(experiment.rows)
    _expect(rows, "rows should hold at least one hsbench.spec.Row", experiment.rows)
    for row in rows:
        _expect(isinstance(row, Row), "rows should hold hsbench.spec.Row only", row)
        _expect(isinstance(row.name, str), "the name of a row should be a text", row.name)
        _expect([other.name for other in rows].count(row.name) == 1, "each row should have its own name", row.name)
        try:
            _check_row(row)
        except (UsageError, TypeError, ValueError) as error:
            raise UsageError(f"row {row.name!r}: {error}") from error
    registry.corpus(experiment.corpus)


def _check_metrics(experiment: Experiment) -> None:
    """Check that there is a metric, and that every metric and every budget of `left_out` exists."""
    left_out = dict(experiment.left_out)
    for metrics in (experiment.metrics, *left_out.values()):
        _expect(not isinstance(metrics, str), "metrics should be a tuple of names", metrics)
    _expect(len(experiment.metrics), "metrics should hold at least one name", experiment.metrics)
    for metric in (*experiment.metrics, *(metric for metrics in left_out.values() for metric in metrics)):
        _expect(isinstance(metric, str), "metrics should hold registered names", metric)
        info(metric)
    for name in left_out:
        budget(name)


def _check_clips(numbers: Mapping[str, Any]) -> None:
    """Check that every budget has a positive number of clips, and that `paper` is among the budgets."""
    _expect("paper" in numbers, "clips should set the number of clips for the budget paper", numbers)
    for name, number in numbers.items():
        budget(name)
        _expect(type(number) is int and number > 0, f"clips should hold a number from 1 for {name}", number)


def _check_row(row: Row) -> None:
    """Check that the model, the settings and the corpus of a row exist."""
    _expect(isinstance(row.model, str), "model should be a registered name", row.model)
    model = registry.model(row.model)
    _check_settings(f"setting of {row.model}", dict(row.settings), [*model.defaults, *model.in_hz])
    known = {key for name in BUDGETS for key in model.budgets.get(name, {})}
    _check_settings(f"training setting of {row.model}", {**dict(row.training), **dict(row.quick)}, known)
    _check_settings(f"protocol switch that {row.model} reads", dict(row.switches), model.switches)
    _expect(not isinstance(row.notes, str), "notes should be a tuple of sentences", row.notes)
    if row.corpus is not None:
        registry.corpus(row.corpus)


def _check_settings(noun: str, settings: Mapping[str, Any], known: Iterable[str]) -> None:
    """Check that every setting has a known name.

    Raises:
        UnknownNameError: a setting has no such name.
    """
    for key in settings:
        if key not in known:
            raise UnknownNameError(noun, key, known)


def _expect(condition: object, expected: str, value: object) -> None:
    """Raise with what was expected and what came unless a condition holds."""
    if not condition:
        raise UsageError(f"{expected}, got {value!r}; repair it.")
