"""Optimizers whose weight decay leaves some weights alone."""

import torch
from torch import nn


def adamw(
    network: nn.Module, *, learning_rate: float, weight_decay: float, spared: tuple[str, ...] = ()
) -> torch.optim.Optimizer:
    """Make AdamW, whose weight decay leaves biases and other vectors alone.

    Parameters
    ----------
    network : nn.Module
        Whose weights are trained, those that take a gradient.
    learning_rate : float
        Highest learning rate.
    weight_decay : float
        Weight decay of matrices.
    spared : tuple of str
        What the names of further weights begin with that it leaves alone.

    Returns
    -------
    torch.optim.Optimizer
        As at step 0.
    """
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for name, weight in network.named_parameters():
        if weight.requires_grad:
            (free if weight.dim() < 2 or name.startswith(spared) else decayed).append(weight)
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": free, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=learning_rate)
