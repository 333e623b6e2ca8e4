"""Protocols: what each switch of protocols.toml changes in the scores of individual INRs, one switch at a time."""

from __future__ import annotations

from typing import Any

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS
from hsbench.spec import CHEAP_SMOKE, Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="protocols",
        target="hsbench.experiments.protocol_switches:protocols",
        summary="what each protocol switch changes for individual INRs: loss, initialisation, last step",
    ),
]

REFERENCE = {"inr_loss": "l1", "inr_output": "before_last_update"}
"""Switches of all rows, those of the reference code, so that the protocol of the user decides nothing here."""
SIREN = {"inr_siren_init": "omega_i"}
CHANGED: dict[str, tuple[str, str]] = {
    "MSE loss": ("inr_loss", "mse"),
    "after the last step": ("inr_output", "after_last_update"),
    "initialised by omega_0": ("inr_siren_init", "omega_0"),
}
"""Suffix of the row -> the switch that it changes, and its value."""
SHORT = freeze({"steps": 300, "coordinates": 1024})


def protocols() -> Experiment:
    """Return the experiment, at compression ratio 4, where a fit under `quick` takes a second.

    Not among the switches are `width_at_cr_1`, which changes the number of parameters and not the fit (a count decides
    it, see hsbench.analysis.claims), and `bad_fit_is_status`, which changes no score but whether a failed fit has one.
    """
    return Experiment(
        name="protocols",
        title="Protocol switches, one at a time",
        rows=(
            _row("FMLP", "inr-fmlp", REFERENCE),
            *(
                _row(f"FMLP {suffix}", "inr-fmlp", {**REFERENCE, switch: value})
                for suffix, (switch, value) in CHANGED.items()
                if switch in REFERENCE
            ),
            _row("SIREN", "inr-siren", {**REFERENCE, **SIREN}),
            *(
                _row(f"SIREN {suffix}", "inr-siren", {**REFERENCE, **SIREN, switch: value})
                for suffix, (switch, value) in CHANGED.items()
            ),
            *FLOORS,
        ),
        clips=freeze({"smoke": 4, "quick": 20, "standard": 30, "paper": 30}),
        metrics=("mse", "lsd", "si_snr", "pesq", "stoi"),
        left_out=CHEAP_SMOKE,
        split="all",
        parallel=True,
    )


def _row(name: str, model: str, switches: dict[str, Any]) -> Row:
    """Return a row with the switches stated."""
    return Row(name, model, freeze({"compression_ratio": 4.0}), quick=SHORT, switches=freeze(switches))
