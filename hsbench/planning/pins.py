"""Pins: options that an experiment fixes, such as the budget of `smoke`.

A pinned value is used without being asked for; an option with another value is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench import budgets, protocols
from hsbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.budgets import Budget
    from hsbench.spec import Experiment, Pins


def budget_and_protocol(
    experiment: Experiment, budget: str | None, protocol: str | None, device: str
) -> tuple[Budget, str]:
    """Return the budget and the full name of the protocol, with pins and defaults applied.

    Args:
        experiment: the experiment, whose pins come first.
        budget: requested name of the budget; None for the default of the device.
        protocol: requested name of the protocol; None for the default of the budget.
        device: "cpu" or "cuda".

    Raises:
        UnknownNameError: there is no such budget or protocol.
        UsageError: the experiment pins another budget, protocol or device.
    """
    if (pins := experiment.pins) is not None:
        refuse_other(experiment.name, "budget", budget, pins.budget)
        refuse_other(experiment.name, "protocol", protocol and protocols.name(protocol), pins.protocol)
        refuse_other(experiment.name, "device", device, pins.device)
        return budgets.budget(pins.budget), protocols.name(pins.protocol)
    chosen = budgets.budget(budget or budgets.default_budget(device))
    return chosen, protocols.name(protocol or chosen.protocol)


def pins_of(experiments: Sequence[Experiment]) -> tuple[str, Pins] | None:
    """Return the name and the pins of the first experiment that has pins; None if there is no such experiment.

    Raises:
        UsageError: other experiments of the same run do not have the same pins.
    """
    pinned = [(experiment.name, experiment.pins) for experiment in experiments if experiment.pins is not None]
    if not pinned:
        return None
    name, pins = pinned[0]
    if others := [experiment.name for experiment in experiments if experiment.pins != pins]:
        raise UsageError(
            f"{name} pins its device and threads and cannot share a run with {', '.join(others)}; run it alone."
        )
    return name, pins


def refuse_other(experiment: str, option: str, value: str | None, pin: str) -> None:
    """Raise where a requested value contradicts a pin.

    Args:
        experiment: name of the experiment, for the error message.
        option: name of the option without dashes, such as "budget".
        value: the requested value; None if the option was not given.
        pin: the pinned value.

    Raises:
        UsageError: a value was requested that is not the pinned one.
    """
    if value is not None and value != pin:
        raise UsageError(f"{experiment} pins --{option} {pin}, got {value}; leave --{option} out.")
