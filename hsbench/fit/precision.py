"""The precision policy: stated and set, never inherited from the library's defaults.

* `fp32`: every matrix product in IEEE float32, TensorFloat-32 off.
* `bf16`: the encoder's convolutions and the hidden layers of target networks multiply bfloat16 numbers and add up in
  float32; weights, gradients and optimiser stay float32. The noise floor is about -49 dB.

Phases, positional encodings, a SIREN's first layer, the hypernetwork's dense layers, LayerNorm statistics, losses and
metrics are float32 or better in any policy: TF32 coordinates would leave 10 194 of 32 768 distinct values and bound
the SNR at 6.7 dB.
"""

from __future__ import annotations

import contextlib

import torch

from hsbench.errors import BackendMissingError, UnknownNameError

POLICIES = {
    "fp32": "fp32: IEEE float32 everywhere, TF32 off; metrics in float64",
    "bf16": "bf16: hidden convolutions and matrix products in bfloat16 with float32 sums, all else as fp32",
}


def hidden(policy: str, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """In this context, hidden layers multiply in the policy's precision.

    Raises:
        UnknownNameError: there is no such policy.
    """
    if policy not in POLICIES:
        raise UnknownNameError("precision", policy, POLICIES)
    if policy == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def full(x: torch.Tensor) -> torch.Tensor:
    """A tensor in float32 at least."""
    return x.float() if x.dtype == torch.bfloat16 else x


def pin(device: str, threads: int) -> torch.device:
    """Set the policy and the thread count for this process and give the device.

    Args:
        device: "cpu" or "cuda".
        threads: CPU threads.

    Raises:
        BackendMissingError: CUDA is asked for and torch finds none.
    """
    torch.set_num_threads(threads)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    if device == "cuda" and not torch.cuda.is_available():
        raise BackendMissingError(
            "--device cuda expects a CUDA device and torch finds none; use --device cpu or repair the driver."
        )
    return torch.device(device)
