"""The precision policy: stated and set, never inherited from the library's defaults.

`fp32`: every matrix product in IEEE float32, TensorFloat-32 off. Phases, positional encodings and a SIREN's first
layer are float32 in any policy: TF32 coordinates would leave 10 194 of 32 768 distinct values and bound the SNR at
6.7 dB.
"""

from __future__ import annotations

import torch

from hsbench.errors import BackendMissingError

POLICY = "fp32: IEEE float32 everywhere, TF32 off; metrics in float64"


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
