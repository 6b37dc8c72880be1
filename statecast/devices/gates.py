"""Whether an optional part does anything: read off its weights once per change of them, not at every step."""

from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

_FOUND = WeakTensorKeyDictionary()


def is_shut(weight: Tensor, learning: bool) -> bool:
    """Whether a weight is zero throughout, so that what it multiplies may be skipped.

    Parameters
    ----------
    weight : Tensor
        A gate, or another weight that begins at zero.
    learning : bool
        Whether it is being trained, and so may open any moment.

    Returns
    -------
    bool
        False where that cannot be known because the weight has no values (device ``meta``).

    Notes
    -----
    To look at a weight is to wait for the device that it lies on, which no step should; so what was found is kept until
    the weight changes.

    Examples
    --------
    >>> import torch
    >>> is_shut(torch.zeros(2), learning=False), is_shut(torch.zeros(2), learning=True)
    (True, False)
    """
    if learning:
        _FOUND.pop(weight, None)  # a fused optimizer changes weights without counting it
        return False
    if weight.is_meta:
        return False
    if weight.is_inference():  # its changes are not counted at all
        return not bool(weight.any())
    kept: tuple[int, bool] | None = _FOUND.get(weight)
    if kept is None or kept[0] != weight._version:
        kept = _FOUND[weight] = weight._version, not bool(weight.any())
    return kept[1]
