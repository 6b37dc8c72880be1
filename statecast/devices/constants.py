"""Numbers that a config fixes, as tensors that already lie where they are needed.

A tensor made of Python numbers is made on the host and copied, which no step on a device should wait for.
"""

from functools import cache

import torch
from torch import Tensor

READS_FOR_NOTHING = ("cpu",)
"""Kinds of device whose values the host can look at without waiting, so that work may depend on them."""


@cache
def constant(values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return numbers as a tensor, the same one at every call; nobody may write into it.

    Parameters
    ----------
    values : tuple of float
        The N numbers.
    dtype : torch.dtype
        Its dtype.
    device : torch.device
        Where it lies.

    Returns
    -------
    Tensor
        ``[N]``.

    Examples
    --------
    >>> constant((0.5, 2.0), torch.float64, torch.device("cpu"))
    tensor([0.5000, 2.0000], dtype=torch.float64)
    """
    with torch.inference_mode(False):  # so that gradients may flow through what it is multiplied with later
        return torch.tensor(values, dtype=dtype, device=device)
