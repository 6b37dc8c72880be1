"""The device that a fit runs on."""

from typing import Any

import torch
from lightning_fabric import Fabric

from training.errors import TrainingError


def new_fabric(device: str, precision: Any = "32-true") -> Fabric:
    """Choose the device that a fit runs on.

    Parameters
    ----------
    device : str
        ``cpu``, ``cuda``, or ``auto`` for CUDA where there is a device and the CPU otherwise.
    precision : str
        As Lightning Fabric names it, ``32-true`` or ``bf16-mixed``.

    Returns
    -------
    Fabric
        One device.

    Raises
    ------
    TrainingError
        If CUDA is requested and there is no CUDA device.

    Examples
    --------
    >>> new_fabric("cpu").device
    device(type='cpu')
    """
    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        raise TrainingError("[training] device: expected a CUDA device, found none; use cpu or auto")
    return Fabric(accelerator="cuda" if available and device != "cpu" else "cpu", devices=1, precision=precision)
