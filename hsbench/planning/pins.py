"""What an experiment pins meets what was asked: the pin holds, and an option that contradicts it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench import protocols, spec
from hsbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.spec import Budget, Experiment, Pins


def budget_and_protocol(
    experiment: Experiment, budget: str | None, protocol: str | None, device: str
) -> tuple[Budget, str]:
    """Return the budget and the full name of the protocol, after pins and defaults.

    Args:
        experiment: which may pin them.
        budget: as asked for, None for the default.
        protocol: as asked for, None for the budget's own.
        device: "cpu" or "cuda".

    Raises:
        UnknownNameError: there is no such budget or protocol.
        UsageError: the experiment pins another.
    """
    if (pins := experiment.pins) is not None:
        refuse_other(experiment.name, "budget", budget, pins.budget)
        refuse_other(experiment.name, "protocol", protocol and protocols.name(protocol), pins.protocol)
        refuse_other(experiment.name, "device", device, pins.device)
        return spec.budget(pins.budget), protocols.name(pins.protocol)
    chosen = spec.budget(budget or spec.default_budget(device))
    return chosen, protocols.name(protocol or chosen.protocol)


def pins_of(experiments: Sequence[Experiment]) -> tuple[str, Pins] | None:
    """Return the experiment among these that pins where it runs, and its pins; None where none does.

    Raises:
        UsageError: it would have to share its resources with others that pin something else.
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
    """Refuse an option that contradicts a pin.

    Raises:
        UsageError: it does.
    """
    if value is not None and value != pin:
        raise UsageError(f"{experiment} pins --{option} {pin}, got {value}; leave --{option} out.")
