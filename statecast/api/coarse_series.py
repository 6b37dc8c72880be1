"""Values of a lower frequency beside a history, as a notebook holds them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from statecast.api.history import read_one
from statecast.config import ForecasterConfig
from statecast.errors import InputError
from statecast.inputs.bucket_values import align
from statecast.layers.mixed_frequency import first_bucket
from statecast.time.frequency import Frequency
from statecast.time.stamps import TimeOptions
from statecast.time.wall_times import wall_or_utc


def read_coarse_series(
    config: ForecasterConfig,
    resolutions: Mapping[str, tuple[Any, Sequence[Any]]],
    options: TimeOptions,
    time_index: int,
    steps: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Put the values of a lower frequency where a network reads them.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.
    resolutions : mapping of str to tuple
        By name of a lower frequency, such as ``"1d"``: the start of its first bucket (without times: its number) and
        its values, None or NaN where missing.
    options : TimeOptions
        How to read the starts.
    time_index : int
        Index of the step before the first.
    steps : int
        Steps of history, T.

    Returns
    -------
    values : Tensor
        ``[1, T, G]``, as ``mixed_frequency`` in ``Observations``.
    coarse_history : Tensor
        ``[1, G, K]``, likewise.

    Raises
    ------
    InputError
        If the model does not read a frequency, or no bucket begins at a start.
    """
    lengths, starts = config.mixed_frequency_names, _bucket_starts(config, resolutions, options)
    for name in resolutions:
        if name not in lengths:
            known = ", ".join(map(repr, lengths)) or "none"
            raise InputError(
                f"resolutions: expected a lower frequency that the model reads ({known}), got {name!r}; leave it out"
            )
    columns, before = [], []
    for name, length in lengths.items():
        start, values = starts.get(name, (None, ()))
        first = 0 if start is None else first_bucket(name, start, times=config.freq is not None)
        coarse = np.asarray(values, dtype=np.float64)[None]
        column, history = align(coarse, first, length, time_index, steps, config.coarse_history_length)
        columns.append(torch.from_numpy(column))
        before.append(torch.from_numpy(history))
    if not columns:
        return torch.zeros(1, steps, 0), torch.zeros(1, 0, 0)
    return torch.stack(columns, dim=-1), torch.stack(before, dim=1)


def _bucket_starts(
    config: ForecasterConfig, resolutions: Mapping[str, tuple[Any, Sequence[Any]]], options: TimeOptions
) -> dict[str, tuple[Any, Sequence[Any]]]:
    """Read the times at which first buckets begin, by the same clocks as those of the base steps."""
    if config.freq is None:
        return dict(resolutions)
    base, found = Frequency.parse(config.freq), {}
    for name, (start, values) in resolutions.items():
        try:
            found[name] = None if start is None else wall_or_utc(read_one(start, options), base)[0], values
        except InputError:
            raise InputError(
                f"resolutions {name}: expected the time at which the first bucket begins, got {start!r}"
            ) from None
    return found
