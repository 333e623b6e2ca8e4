"""Tensors that are made on the CPU and used on another device."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def sent(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return a tensor of the CPU on a device, without waiting for what the device is computing.

    A CUDA device fetches a copy by itself only from page-locked memory. From other memory the CPU takes part in it, and
    may first wait until all kernels in the queue are done, after which the device has nothing to do for a while.

    Args:
        values: any tensor of the CPU.
        device: the device.
    """
    if device.type != "cuda":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)
