"""What a batch of tensors can do, whatever it holds."""

from dataclasses import dataclass, fields, replace
from typing import Self

import torch
from torch import Tensor


@dataclass(frozen=True)
class TensorBatch:
    """A batch, some of whose fields are tensors."""

    def to(self, device: torch.device) -> Self:
        """Move the tensors to a device.

        Parameters
        ----------
        device : torch.device
            Where the network is.

        Returns
        -------
        Self
            The same rows.
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        moved = {name: value.to(device) for name, value in values.items() if isinstance(value, Tensor)}
        return replace(self, **moved)
