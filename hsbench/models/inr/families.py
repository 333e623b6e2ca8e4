"""Descriptors of further individual INRs: published coordinate networks, all fitted as `inr-siren` is.

A family is a row of settings: an encoding of time, an activation, an initialisation (hsbench.models.targets) and its
learning rates. `activation` describes a family for an activation that is defined elsewhere. Imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench.descriptors import ModelDescriptor
from hsbench.models.inr import sizes
from hsbench.models.inr.descriptors import (
    BUDGETS,
    FITTING,
    INDIVIDUAL_INR,
    LEARNED,
    NETWORK,
    NEUTRAL,
    ONLY_WITH,
    SIREN_START,
    check_start,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

SWITCHES = ("inr_loss", "inr_output", "bad_fit_is_status")
FIRST = {"first_hz": "omega_0"}
"""Setting in Hz -> the setting in radians per unit of t that it stands for."""


def resolve(settings: Mapping[str, Any], switches: Mapping[str, Any], samples: int) -> dict[str, Any]:
    """Complete the settings of a family: its size follows from the compression ratio, or the ratio from its size.

    Args:
        settings: model settings, by name.
        switches: not used; the width of the paper belongs to FMLP and SIREN.
        samples: samples per clip.

    Raises:
        UnknownNameError: there is no such start.
        UsageError: a size is out of range.
    """
    del switches
    return check_start(sizes.resolve(settings, samples))


def family(
    name: str,
    summary: str,
    network: Mapping[str, Any],
    rate: float,
    *,
    long_rate: float = 1e-4,
    version: int = 1,
    in_hz: Mapping[str, str] = FIRST,
    origin: str = "hsbench",
) -> ModelDescriptor:
    """Describe a family of individual INRs.

    Args:
        name: registered name, "inr-" and the kind of network.
        summary: one line for `hsbench list`.
        network: settings of the network, see hsbench.models.targets.create; they replace those of NETWORK.
        rate: peak learning rate of the short budgets `smoke` and `quick`.
        long_rate: constant learning rate of `standard` and `paper`.
        version: version of the family; a change that moves a number raises it.
        in_hz: see ModelDescriptor.in_hz.
        origin: the package that registers the family.
    """
    rates = {"smoke": rate, "quick": rate, "standard": long_rate, "paper": long_rate}
    return ModelDescriptor(
        name=name,
        version=version,
        target=INDIVIDUAL_INR,
        summary=summary,
        needs=("torch",),
        defaults={"kind": name.removeprefix("inr-"), **NETWORK, **network, **FITTING},
        decode_settings=("weight_format", "weight_noise"),
        function_of_time=True,
        trains=False,
        trains_when={"start": LEARNED},
        budgets={
            budget: {**training, "learning_rate": rates[budget], **SIREN_START} for budget, training in BUDGETS.items()
        },
        switches=SWITCHES,
        resolve="hsbench.models.inr.families:resolve",
        neutral=NEUTRAL,
        only_with=ONLY_WITH,
        operations="hsbench.models.inr.sizes:operations",
        approach="individual fit",
        in_hz=in_hz,
        origin=origin,
    )


def activation(
    name: str,
    function: str,
    summary: str,
    constants: Mapping[str, float] | None = None,
    *,
    learned: str = "",
    init: str = "siren",
    omega_0: float = 2000.0,
    omega_i: float = 30.0,
    rate: float = 1e-3,
    origin: str = "a file",
) -> ModelDescriptor:
    """Describe a family for an activation of one's own, which the experiment `zoo` then shows.

    Args:
        name: registered name, which starts with "inr-".
        function: "module:function" of the activation, (z, layer) -> output, see hsbench.models.targets.activations.
        summary: one line for `hsbench list`.
        constants: name -> value of each constant of the formula, which `layer.constants` holds and `--set` changes.
        learned: names of the constants that are fitted to each clip, separated by blanks.
        init: initialisation, a name in hsbench.models.targets.initial.INITIAL.
        omega_0: factor of the first layer.
        omega_i: factor of all later layers.
        rate: peak learning rate of the short budgets.
        origin: who made it.
    """
    network = {"encoding": "time", "activation": function, "init": init, "omega_0": omega_0, "omega_i": omega_i}
    return family(name, summary, {**network, "learned": learned, **(constants or {})}, rate, origin=origin)


def _periodic(activation_name: str, **more: Any) -> dict[str, Any]:
    """Return the settings of a network whose activation has frequencies omega_0 and omega_i."""
    network = {"encoding": "time", "activation": activation_name, "init": "siren", "omega_0": 2000.0, "omega_i": 30.0}
    return {**network, **more}


HARMONIZER = 0.312
"""Value that INCODE's harmonizer gives each scalar before it is trained (the bias of its last layer)."""
FEATURES: dict[str, Any] = {"activation": "relu", "frequencies": 32}

DESCRIPTORS = [
    family("inr-hsiren", "H-SIREN: SIREN with sinh in the first layer", _periodic("hsiren"), 3e-4),
    family(
        "inr-finer",
        "FINER: sine whose frequency grows with its input",
        _periodic("finer", first_bias=1.0),
        3e-4,
    ),
    family(
        "inr-incode",
        "INCODE: SIREN with four learned scalars",
        _periodic("incode", learned="a b c d", **dict.fromkeys("abcd", HARMONIZER)),
        3e-4,
    ),
    family(
        "inr-gauss",
        "perceptron with Gaussian activations",
        _periodic("gauss", init="default", omega_0=30.0, omega_i=30.0),
        1e-4,
        version=2,
    ),
    family(
        "inr-wire",
        "WIRE: complex Gabor wavelets; a complex weight counts as two numbers",
        {"omega_0": 100.0, "omega_i": 10.0, "s": 10.0},
        3e-4,
        version=2,
    ),
    family(
        "inr-rff",
        "ReLU perceptron over random Fourier features",
        {"encoding": "random", "init": "kaiming", "sigma": 2000.0, **FEATURES},
        3e-2,
        in_hz={"first_hz": "sigma"},
    ),
    family(
        "inr-logff",
        "ReLU perceptron over Fourier features in equal ratios",
        {"encoding": "log", "init": "zero_bias", "top": 2000.0, **FEATURES},
        1e-2,
        in_hz={"first_hz": "top"},
    ),
    family(
        "inr-kan",
        "KAN: cubic B-splines on the edges, over octaves of time",
        {"encoding_length": 10, "intervals": 8},
        3e-2,
        in_hz={},
    ),
    family(
        "inr-grid",
        "control: interpolated tables below a small ReLU perceptron",
        {"width": 16, "layers": 2, "levels": 6, "lowest": 16, "highest": None, "values": 2},
        1e-2,
        in_hz={},
    ),
]
