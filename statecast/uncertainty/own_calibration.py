"""What a series finds out about its own errors, from hindcasts whose truth has come in.

See ``statecast.uncertainty.calibration`` for the rule, and for what the network knows of all series.

Shapes: B rows, A updates, F horizon, S horizon segments of L steps.
"""

import torch
from torch import Tensor
from torch.nn import functional

from statecast.state.causal_scaling import Scaling
from statecast.state.lookback import History
from statecast.state.state import State
from statecast.uncertainty.autocorrelation import estimate_autocorrelation
from statecast.uncertainty.calibration import Calibration
from statecast.uncertainty.hindcasts import MaturedHindcasts
from statecast.uncertainty.normal_scores import normal_scores

SOFT = 0.05
"""Width in which a miss turns from none to a whole one, in log width."""
_RECENT = 0.2  # weight of the newest forecast in a series' own autocorrelation


def update_offsets(calibration: Calibration, excess: Tensor, own: Tensor) -> Tensor:
    """Update a series' own offsets by its matured hindcasts.

    Parameters
    ----------
    calibration : Calibration
        The network's.
    excess : Tensor
        ``[B, A, 2, F]``, what was ``needed`` above what was ``expected``; NaN where nothing matured.
    own : Tensor
        ``[B, 2, S]`` so far.

    Returns
    -------
    Tensor
        ``[B, A + 1, 2, S]``, before and after each update.
    """
    padding = -excess.shape[-1] % calibration.segment_length
    segments = functional.pad(excess, (0, padding), value=torch.nan).unflatten(-1, (-1, calibration.segment_length))
    count = (~segments.isnan()).sum(-1)
    weight = torch.where(count > 0, calibration.rate / count.clamp_min(1), 0.0)
    promised = torch.where(count > 0, calibration.rate * calibration.aims, 0.0)
    segments = segments.nan_to_num(nan=-1e4) / SOFT
    passed = [own]
    for update in range(excess.shape[1]):
        missed = torch.sigmoid(segments[:, update] - own[..., None] / SOFT).sum(-1)
        own = own + missed * weight[:, update] - promised[:, update]
        passed.append(own)
    return torch.stack(passed, dim=1)


def update_autocorrelation(calibration: Calibration, scores: Tensor, own: Tensor) -> Tensor:
    """Update a series' own autocorrelation by its matured hindcasts.

    Parameters
    ----------
    calibration : Calibration
        The network's.
    scores : Tensor
        ``[B, A, F]`` normal scores, NaN where unknown.
    own : Tensor
        ``[B, F]`` so far.

    Returns
    -------
    Tensor
        ``[B, F]``.
    """
    found = estimate_autocorrelation(scores)
    known = (found[..., 0] > 0).long()
    since = known.sum(1, keepdim=True) - known.cumsum(1)
    weight = known * _RECENT * (1.0 - _RECENT) ** since
    fading = (1.0 - _RECENT) ** known.sum(1, keepdim=True)
    return own * fading + torch.einsum("bt,btf->bf", weight, found - calibration.autocorrelation)


def update_calibration(
    calibration: Calibration, matured: MaturedHindcasts, history: History, raw: Tensor, state: State
) -> tuple[Tensor, dict[str, Tensor]]:
    """Compare hindcasts with what came, and update what a series knows of its errors.

    Parameters
    ----------
    calibration : Calibration
        The network's.
    matured : MaturedHindcasts
        M >= 1 of them, with A at most per row; what is not due changes nothing.
    history : History
        The chunk in which they matured, B rows.
    raw : Tensor
        ``[M, F, Q]``, the hindcasts in units of scale, before calibration.
    state : State
        State before the chunk.

    Returns
    -------
    offsets : Tensor
        ``[B, A + 1, 2, S]``, own offsets before and after each update.
    fields : dict of str to Tensor
        New state fields.
    """
    horizon = raw.shape[1]
    ahead = history.ahead(matured.row, matured.begin + 1, horizon)
    truth = Scaling(matured.now.loc[:, None], matured.now.scale[:, None]).apply(ahead)
    # A series that had not moved by then has no unit to measure errors in.
    truth = torch.where((matured.due & (matured.now.scale > 0))[:, None], truth, torch.nan)
    place, updates = (matured.row, matured.update), (len(state), matured.updates)
    excess = calibration.needed(raw, truth) - calibration.expected(matured.origin, horizon, matured.age)
    excess = truth.new_full((*updates, 2, horizon), torch.nan).index_put(place, excess)
    offsets = update_offsets(calibration, excess, state["conformal_offsets"])
    stretched = calibration.stretch_past(raw, offsets[place], matured.origin, matured.age)
    scores = normal_scores(stretched, truth, calibration.levels)
    scores = truth.new_full((*updates, horizon), torch.nan).index_put(place, scores)
    recalled = update_autocorrelation(calibration, scores, state["autocorrelation"])
    return offsets, {"conformal_offsets": offsets[:, -1], "autocorrelation": recalled}
