"""Recurrent layers, one step of many series at once; the formulas are those of ``statecast.layers.cells``.

Shapes: M series, D width, W = D padded, G gates. A cell reads its gates' products with the input (``ours``) and with
the hidden vector (``past``), ``[G W]`` each, and changes its parts, hidden vector first, in place; padding stays 0.
Loops write one array each, which is what the compiler can prove to be apart and turn into vector instructions.
"""

from typing import NamedTuple

from statecast.compiled.arithmetic import CELLS
from statecast.compiled.arithmetic.elementary import exp, sigmoid, softplus, tanh
from statecast.compiled.arithmetic.kernel import NEVER, ONE, ZERO, Floats, Integers, Network, kernel
from statecast.compiled.arithmetic.products import dense, padded

_LSTM, _GRU, _RNN = (CELLS.index(kind) for kind in ("lstm", "gru", "rnn"))
_PEEPHOLE, _SLSTM, _MINGRU = (CELLS.index(kind) for kind in ("peephole", "slstm", "mingru"))


class StackScratch(NamedTuple):
    """Room for the gates and parts of M series in one layer.

    Parameters
    ----------
    ours : Floats, flat [M, G W]
        The gates' products with the input.
    past : Floats, flat [M, G W]
        The gates' products with the hidden vector.
    parts : Floats, flat [M, parts, W]
        The layer's state, padded: the hidden vector first.
    """

    ours: Floats
    past: Floats
    parts: Floats


@kernel
def stack_sizes(n: Network, count: int) -> tuple[int, int, int]:
    """Give the lengths of what ``step_stack`` needs.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    count : int, M
        The most series that are stepped at once.

    Returns
    -------
    tuple of int
        One per field of ``StackScratch``.
    """
    width = padded(n.width)
    return count * n.gates * width, count * n.gates * width, count * n.parts * width


@kernel
def gru(ours: Floats, past: Floats, hidden: Floats, width: int) -> None:
    """``r, z = sigmoid(.);  n = tanh(ours + r past);  h' = (1 - z) n + z h``.

    Parameters
    ----------
    ours : Floats, shape [3 W]
        Products with the input: reset, update and value; overwritten.
    past : Floats, shape [3 W]
        Products with the hidden vector, in the same order.
    hidden : Floats, shape [at least W]
        The hidden vector, replaced by the next one.
    width : int, W
        Padded width.
    """
    reset, reset_past = ours[:width], past[:width]
    for j in range(width):
        reset[j] = sigmoid(reset[j] + reset_past[j])
    update, update_past = ours[width : 2 * width], past[width : 2 * width]
    for j in range(width):
        update[j] = sigmoid(update[j] + update_past[j])
    value, value_past = ours[2 * width : 3 * width], past[2 * width : 3 * width]
    for j in range(width):
        new = tanh(value[j] + reset[j] * value_past[j])
        hidden[j] = (ONE - update[j]) * new + update[j] * hidden[j]


@kernel
def _lstm(ours: Floats, past: Floats, parts: Floats, width: int) -> None:
    for j in range(4 * width):
        ours[j] += past[j]
    enter, keep, value, leave = ours[:width], ours[width:], ours[2 * width :], ours[3 * width :]
    hidden, cell = parts[:width], parts[width : 2 * width]
    for j in range(width):
        cell[j] = sigmoid(keep[j]) * cell[j] + sigmoid(enter[j]) * tanh(value[j])
    for j in range(width):
        hidden[j] = sigmoid(leave[j]) * tanh(cell[j])


@kernel
def _peephole(ours: Floats, past: Floats, parts: Floats, width: int, peepholes: Floats) -> None:
    for j in range(4 * width):
        ours[j] += past[j]
    enter, keep, value, leave = ours[:width], ours[width:], ours[2 * width :], ours[3 * width :]
    hidden, cell = parts[:width], parts[width : 2 * width]
    sees_enter, sees_keep, sees_leave = peepholes[:width], peepholes[width:], peepholes[2 * width :]
    for j in range(width):
        enter[j] = sigmoid(enter[j] + sees_enter[j] * cell[j])
    for j in range(width):
        keep[j] = sigmoid(keep[j] + sees_keep[j] * cell[j])
    for j in range(width):
        cell[j] = keep[j] * cell[j] + enter[j] * tanh(value[j])
    for j in range(width):
        hidden[j] = sigmoid(leave[j] + sees_leave[j] * cell[j]) * tanh(cell[j])


@kernel
def _slstm(ours: Floats, past: Floats, parts: Floats, width: int) -> None:
    """``c`` and ``n`` are kept as multiples of exp(m); nothing has been read where ``n`` is 0."""
    for j in range(4 * width):
        ours[j] += past[j]
    enter, keep, value, leave = ours[:width], ours[width:], ours[2 * width :], ours[3 * width :]
    hidden, cell = parts[:width], parts[width : 2 * width]
    norm, peak = parts[2 * width : 3 * width], parts[3 * width : 4 * width]
    for j in range(width):
        keep[j] = (peak[j] if norm[j] > ZERO else NEVER) - softplus(-keep[j])
    for j in range(width):
        peak[j] = max(keep[j], enter[j])
    for j in range(width):
        enter[j] = exp(enter[j] - peak[j])
    for j in range(width):
        keep[j] = exp(keep[j] - peak[j])
    for j in range(width):
        cell[j] = keep[j] * cell[j] + enter[j] * tanh(value[j])
    for j in range(width):
        norm[j] = keep[j] * norm[j] + enter[j]
    for j in range(width):
        hidden[j] = sigmoid(leave[j]) * cell[j] / norm[j]


@kernel
def _rnn(ours: Floats, past: Floats, hidden: Floats, width: int) -> None:
    for j in range(width):
        hidden[j] = tanh(ours[j] + past[j])


@kernel
def _mingru(ours: Floats, hidden: Floats, width: int) -> None:
    update, value = ours[:width], ours[width : 2 * width]
    for j in range(width):
        hidden[j] = sigmoid(-update[j]) * hidden[j] + sigmoid(update[j]) * value[j]


@kernel
def step_stack(
    n: Network, weights: Floats, at: int, inputs: Floats, state: Floats, places: Integers, count: int, s: StackScratch
) -> None:
    """Advance M series by one step through every layer.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    weights : Floats, all packed weights of the network
    at : int
        Place in ``weights`` of the first layer: its weights of the input, of the hidden vector, and peepholes; the next
        layer follows.
    inputs : Floats, flat [M, W]
        What each series reads; replaced by the top layer's hidden vectors.
    state : Floats, flat
        Rows of state as float32 numbers, changed in place.
    places : Integers, shape [M]
        Where in ``state`` each series' ``[layers, parts, D]`` begins; no two overlap.
    count : int, M
        Series, at most as many as ``s`` has room for.
    s : StackScratch
        Overwritten.
    """
    width, parts = padded(n.width), n.parts
    gates = n.gates * width
    side = (n.width + 1) * gates
    for layer in range(n.layers):
        first = at + layer * (2 * side + 3 * width)
        for i in range(count):
            for part in range(parts):
                begin = places[i] + (layer * parts + part) * n.width
                to, kept = s.parts[(i * parts + part) * width :], state[begin:]
                for j in range(n.width):
                    to[j] = kept[j]
                for j in range(n.width, width):
                    to[j] = ZERO
        dense(inputs, width, count, weights, first, n.width, s.ours, gates)
        if n.cell != _MINGRU:
            dense(s.parts, parts * width, count, weights, first + side, n.width, s.past, gates)
        for i in range(count):
            ours, past = s.ours[i * gates : (i + 1) * gates], s.past[i * gates : (i + 1) * gates]
            own = s.parts[i * parts * width : (i + 1) * parts * width]
            if n.cell == _GRU:
                gru(ours, past, own, width)
            elif n.cell == _LSTM:
                _lstm(ours, past, own, width)
            elif n.cell == _RNN:
                _rnn(ours, past, own, width)
            elif n.cell == _PEEPHOLE:
                _peephole(ours, past, own, width, weights[first + 2 * side :])
            elif n.cell == _MINGRU:
                _mingru(ours, own, width)
            else:
                _slstm(ours, past, own, width)
            for part in range(parts):
                begin = places[i] + (layer * parts + part) * n.width
                kept, found = state[begin:], own[part * width :]
                for j in range(n.width):
                    kept[j] = found[j]
            top = inputs[i * width : (i + 1) * width]
            for j in range(width):
                top[j] = own[j]
