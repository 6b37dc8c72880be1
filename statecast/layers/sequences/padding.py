"""Steps of padded sequences: which are real, each row reversed within its length, and the last ones of each."""

import torch
from torch import Tensor


def sequence_mask(lengths: Tensor, steps: int) -> Tensor:
    """Say which steps are no padding.

    Parameters
    ----------
    lengths : Tensor
        ``[B]`` int64.
    steps : int
        Steps of the padded batch, T.

    Returns
    -------
    Tensor
        ``[B, T]`` bool.

    Examples
    --------
    >>> sequence_mask(torch.tensor([1, 2]), 2).tolist()
    [[True, False], [True, True]]
    """
    return torch.arange(steps, device=lengths.device) < lengths[:, None]


def reverse_sequences(inputs: Tensor, lengths: Tensor) -> Tensor:
    """Reverse each row within its length; padding stays where it is. Twice is not at all.

    Parameters
    ----------
    inputs : Tensor
        ``[B, T, D]``.
    lengths : Tensor
        ``[B]`` int64.

    Returns
    -------
    Tensor
        ``[B, T, D]``.

    Examples
    --------
    >>> reverse_sequences(torch.tensor([[[1], [2], [0]]]), torch.tensor([2])).flatten().tolist()
    [2, 1, 0]
    """
    steps = torch.arange(inputs.shape[1], device=inputs.device)
    index = torch.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
    return inputs.gather(1, index[..., None].expand_as(inputs))


def last_steps(inputs: Tensor, lengths: Tensor, count: int) -> Tensor:
    """Take the last steps of rows that have ``count`` steps before the first that their length counts.

    Parameters
    ----------
    inputs : Tensor
        ``[B, count + T, ...]``.
    lengths : Tensor
        ``[B]`` int64, 0 to T.
    count : int
        How many to take.

    Returns
    -------
    Tensor
        ``[B, count, ...]``.

    Examples
    --------
    >>> last_steps(torch.tensor([[1, 2, 3, 0]]), torch.tensor([1]), 2).tolist()
    [[2, 3]]
    """
    index = lengths[:, None] + torch.arange(count, device=inputs.device)
    shape = (*index.shape, *([1] * (inputs.dim() - 2)))
    return inputs.gather(1, index.view(shape).expand(*index.shape, *inputs.shape[2:]))
