"""Pooling over time that can be carried: mean, maximum, the last step, and attention by running softmax sums.

Each kind keeps what makes one more step the same as all steps at once. For attention that is the largest score so far,
the sum of weights, and the weighted sum of features, as multiples of the largest weight (an online softmax).
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from statecast.state.state import Field

POOLINGS = ("mean", "max", "last", "attention")
Carried = dict[str, Tensor]


class Pooling(nn.Module):
    """Features of all steps so far as one vector.

    Parameters
    ----------
    kinds : sequence of str
        Out of ``POOLINGS``; their vectors are joined in this order.
    features : int
        Numbers per step, D.
    heads : int
        Attentions, each with scores of its own.

    References
    ----------
    Milakov, M. and Gimelshein, N. (2018). Online normalizer calculation for softmax. arXiv:1805.02867.
    Yang, Z. et al. (2016). Hierarchical attention networks for document classification. NAACL.

    Examples
    --------
    >>> from statecast.state.state import fresh_fields
    >>> pooling = Pooling(("mean", "max"), features=2)
    >>> steps, real = torch.tensor([[[1.0, 2.0], [3.0, 0.0]]]), torch.ones(1, 2, dtype=torch.bool)
    >>> pooling.summary(pooling.read(steps, real, fresh_fields(pooling.fields, 1))).tolist()
    [[2.0, 1.0, 3.0, 2.0]]
    """

    def __init__(self, kinds: Sequence[str], features: int, heads: int = 1) -> None:
        super().__init__()
        self.kinds, self.features, self.heads = tuple(kinds), features, heads
        self.outputs = sum(heads * features if kind == "attention" else features for kind in kinds)
        if "attention" in kinds:
            self.score = nn.Linear(features, heads)
        self.fields = self._fields()

    def _fields(self) -> tuple[Field, ...]:
        d, h, infinity = self.features, self.heads, float("inf")
        fields = {
            "mean": (Field("steps", (), torch.float64), Field("sum", (d,), torch.float64)),
            "max": (Field("highest", (d,), torch.float32, fill=-infinity),),
            "last": (Field("newest", (d,), torch.float32),),
            "attention": (
                Field("peak", (h,), torch.float32, fill=-infinity),
                Field("weight", (h,), torch.float64),
                Field("weighted", (h, d), torch.float64),
            ),
        }
        return tuple(field for kind in self.kinds for field in fields[kind])

    def read(self, features: Tensor, real: Tensor, carried: Mapping[str, Tensor]) -> Carried:
        """Take further steps in.

        Parameters
        ----------
        features : Tensor
            ``[B, T, D]``, T >= 1; finite for padding too.
        real : Tensor
            ``[B, T]`` bool, False for padding, which comes behind the rest.
        carried : mapping of str to Tensor
            What was carried so far, which stays as it is.

        Returns
        -------
        dict of str to Tensor
            The same after these steps.
        """
        after: Carried = {}
        if "mean" in self.kinds:
            after["steps"] = carried["steps"] + real.sum(1)
            after["sum"] = carried["sum"] + (features * real[..., None]).sum(1, dtype=torch.float64)
        if "max" in self.kinds:
            most = features.masked_fill(~real[..., None], -torch.inf).amax(1)
            after["highest"] = torch.maximum(carried["highest"], most)
        if "last" in self.kinds:
            count = real.sum(1)
            last = features.gather(1, (count - 1).clamp(min=0)[:, None, None].expand(-1, 1, features.shape[2]))[:, 0]
            after["newest"] = torch.where(count[:, None] > 0, last, carried["newest"])
        return after | (self._attend(features, real, carried) if "attention" in self.kinds else {})

    def _attend(self, features: Tensor, real: Tensor, carried: Mapping[str, Tensor]) -> Carried:
        scores = self.score(features).float().masked_fill(~real[..., None], -torch.inf)
        # The peak cancels between weights and their sum, so that no gradient runs through it.
        peak = torch.maximum(carried["peak"], scores.detach().amax(1))
        level = peak.masked_fill(peak.isinf(), 0.0)
        kept = (carried["peak"] - level).exp().double()
        weights = (scores - level[:, None]).exp()
        weighted = weights.transpose(1, 2).to(features.dtype) @ features
        return {
            "peak": peak,
            "weight": carried["weight"] * kept + weights.sum(1, dtype=torch.float64),
            "weighted": carried["weighted"] * kept[..., None] + weighted,
        }

    def summary(self, carried: Mapping[str, Tensor]) -> Tensor:
        """Put together what was carried; 0 where there was no step.

        Parameters
        ----------
        carried : mapping of str to Tensor
            What ``read`` gave.

        Returns
        -------
        Tensor
            ``[B, outputs]`` float32.
        """
        found: dict[str, Tensor] = {}
        if "mean" in self.kinds:
            found["mean"] = carried["sum"] / carried["steps"].clamp(min=1)[:, None]
        if "max" in self.kinds:
            found["max"] = carried["highest"].masked_fill(carried["highest"] == -torch.inf, 0.0)
        if "last" in self.kinds:
            found["last"] = carried["newest"]
        if "attention" in self.kinds:
            weight = carried["weight"].masked_fill(carried["weight"] == 0, 1.0)
            found["attention"] = (carried["weighted"] / weight[..., None]).flatten(1)
        return torch.cat([found[kind].float() for kind in self.kinds], dim=1)
