"""Numerical precision of a fit. It is set explicitly and never left to the defaults of torch, which change.

* `fp32`: every matrix product in IEEE float32; TensorFloat-32 (TF32) is off.
* `tf32`: the encoder's convolutions and the matrix products of target networks round their factors to TF32, which keeps
  11 significant bits, and add the products in float32. Only CUDA devices have this format (Ampere and later); a CPU
  computes it as fp32. Forward and backward pass have the same precision, see `propagating`.
* `bf16`: the encoder's convolutions and the hidden layers of target networks multiply bfloat16 numbers and add the
  products in float32. Weights, gradients and the optimiser's state stay in float32.

Under all policies, phases, positional encodings, a SIREN's first layer, the hypernetwork's dense layers, the
statistics of LayerNorm, losses and metrics are computed in float32 or better.

Why TF32 is off: TF32 and bfloat16 keep the exponent of float32 but round to 11 and 8 significant bits. A clip of 32 768
samples has its times at t = -1 + 2 n / 32 767, spaced 2^-14. With 11 bits, each octave [2^-k, 2^-(k-1)) holds 1024
values. In the octaves from 1/2, 1/4 and 1/8 those are fewer than the times that fall there (8192, 4096 and 2048), so
neighbouring samples get the same time. Five groups of about 1024 values are left on either side of zero: some 10 000
distinct times of 32 768. A SIREN multiplies t by omega_0 = 2000, so a rounding error of up to 2^-12 in t is a phase
error of up to 0.5 radian, which bounds its signal-to-noise ratio at about 7 dB.

Why bf16 is allowed in hidden layers: their inputs are activations of order 1 and need no more than relative precision.
Rounding a number with mantissa m in [1, 2) to 8 significant bits has a relative error uniform within +-2^-8 / m. With
ln m uniform, the mean of 1 / m^2 is 3 / (8 ln 2), and the rms of the error is 2^-8 / sqrt(3) x sqrt(3 / (8 ln 2)) =
1.66e-3, or -55.6 dB. A product has two rounded factors: -52.6 dB. Independent errors of two to six such layers add to
-50 to -45 dB; an emulation of whole networks gave about -49 dB. TF32 has three bits more, so its errors are 18 dB
lower.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import torch

from hsbench.errors import BackendMissingError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Names of the policies and their descriptions, which a cell's provenance records.
POLICIES = {
    "fp32": "fp32: IEEE float32 everywhere, TF32 off; metrics in float64",
    "tf32": "tf32: hidden convolutions and matrix products with factors in TensorFloat-32, all else as fp32",
    "bf16": "bf16: hidden convolutions and matrix products in bfloat16 with float32 sums, all else as fp32",
}


def hidden(policy: str, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Return a context manager inside which hidden layers multiply in the precision of a policy.

    Args:
        policy: a key of POLICIES.
        device: device of the tensors.

    Raises:
        UnknownNameError: there is no policy of that name.
    """
    if policy not in POLICIES:
        raise UnknownNameError("precision", policy, POLICIES)
    if policy == "bf16":
        return torch.autocast(device.type, torch.bfloat16)
    return propagating(policy, device)


def propagating(policy: str, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Return a context manager for the backward pass of hidden layers, and of nothing else.

    With bf16, autograd knows the precision from the forward pass. TF32 is a state of the process and not of a tensor,
    so it has to be on while the gradients of hidden layers are computed, and off for those of all other layers.

    Args:
        policy: a key of POLICIES.
        device: device of the tensors.
    """
    return _tensor_float() if policy == "tf32" and device.type == "cuda" else contextlib.nullcontext()


@contextlib.contextmanager
def _tensor_float() -> Iterator[None]:
    """Switch TF32 on for a `with` block."""
    products, convolutions = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = products, convolutions


def described(policy: str, device: str) -> str:
    """Return what a device computes under a policy, for provenance.

    Args:
        policy: name of the policy.
        device: "cpu" or "cuda".
    """
    if policy == "tf32" and device == "cpu":
        return f"tf32, which a CPU computes as {POLICIES['fp32']}"
    return POLICIES.get(policy, policy)


def full(x: torch.Tensor) -> torch.Tensor:
    """Return a tensor in float32 if it is in bfloat16, and unchanged otherwise."""
    return x.float() if x.dtype == torch.bfloat16 else x


def pin(device: str, threads: int) -> torch.device:
    """Switch TF32 off, set torch's number of threads for this process, and return the device.

    Args:
        device: "cpu" or "cuda".
        threads: number of CPU threads.

    Raises:
        BackendMissingError: the device is "cuda" and torch finds no CUDA device.
    """
    torch.set_num_threads(threads)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    if device == "cuda" and not torch.cuda.is_available():
        raise BackendMissingError(
            "--device cuda expects a CUDA device and torch finds none; use --device cpu or repair the driver."
        )
    return torch.device(device)
