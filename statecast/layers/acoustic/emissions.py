"""What a network makes of sound, step by step, and the symbols of it that the state of a stream keeps."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from statecast.ctc.greedy import decode_greedily
from statecast.ctc.symbols import BLANK, Symbols
from statecast.state.state import Field, State

_COLUMNS = ("ids", "starts", "ends", "confidences")


@dataclass(frozen=True)
class Emissions:
    """How likely each symbol is at each step.

    Parameters
    ----------
    log_probabilities : Tensor
        ``[B, T, V]`` natural logarithms, the blank first.
    steps : Tensor
        ``[B]`` int64, steps of each row; what lies behind them means nothing.
    """

    log_probabilities: Tensor
    steps: Tensor

    def row(self, number: int) -> NDArray[np.float32]:
        """Take the steps of one row.

        Parameters
        ----------
        number : int
            Which row.

        Returns
        -------
        ndarray of float32, shape [T, V]
            Natural logarithms, the blank first.
        """
        row = self.log_probabilities[number, : int(self.steps[number])]
        found: NDArray[np.float32] = row.detach().float().cpu().numpy()
        return found


def symbol_fields(kept: int) -> tuple[Field, ...]:
    """Return the fields of a state row that hold what was decoded.

    Parameters
    ----------
    kept : int
        Symbols that are kept, the last ones.

    Returns
    -------
    tuple of Field
        ``last``, the likeliest symbol of the last step, ``count`` symbols in all, and the kept ones.
    """
    return (
        Field("last", (), torch.int64, fill=BLANK),
        Field("count", (), torch.int64),
        *(Field(name, (kept,), torch.int32) for name in _COLUMNS[:3]),
        Field(_COLUMNS[3], (kept,), torch.float32),
    )


def kept_symbols(state: State, row: int) -> Symbols:
    """Return the symbols that a state keeps.

    Parameters
    ----------
    state : State
        B rows.
    row : int
        Which of them.

    Returns
    -------
    Symbols
        In the order in which they were found.
    """
    ids, starts, ends, confidences = (state[name][row].cpu().numpy() for name in _COLUMNS)
    count = min(int(state["count"][row]), len(ids))
    whole = [part[:count].astype(np.int64) for part in (ids, starts, ends)]
    return Symbols(whole[0], whole[1], whole[2], confidences[:count].astype(np.float64))


def decoded_fields(emissions: Emissions, state: State, first: list[int]) -> dict[str, Tensor]:
    """Decode further steps of streams greedily.

    Parameters
    ----------
    emissions : Emissions
        The steps, B rows.
    state : State
        B rows as of the step before.
    first : list of int
        Number of the first of these steps in each stream.

    Returns
    -------
    dict of str to Tensor
        The fields of ``symbol_fields`` after these steps.
    """
    fields = {name: state[name].clone() for name in ("last", "count", *_COLUMNS)}
    size = fields["ids"].shape[1]
    for row, number in enumerate(first):
        steps = emissions.row(row)
        if not len(steps):
            continue
        found, goes_on = decode_greedily(steps, number, int(fields["last"][row]))
        before = kept_symbols(state, row)
        whole = before.joined(found, goes_on)
        fields["last"][row] = int(steps[-1].argmax())
        fields["count"][row] += len(whole) - len(before)
        for name in _COLUMNS:
            newest = torch.from_numpy(getattr(whole, name)[-size:])
            fields[name][row, : len(newest)] = newest.to(fields[name])
    return fields
