"""Tables of coarser resolutions beside a panel: values of whole buckets, aligned by item and absolute time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from statecast.config import ForecasterConfig
from statecast.errors import ConfigError
from statecast.layers.bucket_encoder import MEMORY
from statecast.time.frequency import Frequency
from training.data.columns import Columns
from training.data.panel import CoarseValues, Item, Panel
from training.data.tables import read_panel
from training.errors import TableError, TrainingError


def join_resolutions(panel: Panel, files: Mapping[str, str], columns: Columns) -> Panel:
    """Read a table for each freq named, and lay its values beside the items of a panel.

    A time in such a table is that at which a bucket begins. Items of the panel that a table does not have are missing
    there.

    Parameters
    ----------
    panel : Panel
        The series, with times.
    files : mapping of str to str
        Path of a table by its freq, such as ``{"1d": "days.csv"}``.
    columns : Columns
        Those of the panel's own table; item, time and target are named alike in all, covariates are not read.

    Returns
    -------
    Panel
        The same items, with the values in ``Item.mixed_frequency``.

    Raises
    ------
    TableError, TrainingError
        If a table is not of its freq, or does not go with the panel; the message names the table.
    """
    for name, path in files.items():
        panel = _join(panel, name, Path(path), replace(columns, past=(), future=(), static=()))
    return panel


def read_pairs(pairs: Sequence[str] | None) -> dict[str, str]:
    """Split ``1d=days.csv`` into freq and file.

    Parameters
    ----------
    pairs : sequence of str or None
        Values of ``--resolution``.

    Returns
    -------
    dict of str to str
        File by freq.

    Raises
    ------
    ConfigError
        If one is not such a pair, or a freq comes twice.

    Examples
    --------
    >>> read_pairs(["1d=days.csv", "1w=weeks.csv"])
    {'1d': 'days.csv', '1w': 'weeks.csv'}
    """
    found: dict[str, str] = {}
    for pair in pairs or ():
        name, mark, file = pair.partition("=")
        if not (name and mark and file):
            raise ConfigError(f"--resolution: expected FREQ=FILE such as 1d=days.csv, got {pair!r}")
        if name in found:
            raise ConfigError(f"--resolution: expected one table per freq, got two of {name}; keep one")
        found[name] = file
    return found


def check_resolutions(panel: Panel, config: ForecasterConfig) -> None:
    """Refuse a panel with other tables than those that a network of this config reads.

    Parameters
    ----------
    panel : Panel
        The series, with their tables of coarser resolutions.
    config : ForecasterConfig
        The network's.

    Raises
    ------
    TrainingError
        If a table is missing, or there is one that the network does not read; the message names it.
    """
    there, names = (
        set(panel.items[0].mixed_frequency),
        {length: name for name, length in config.mixed_frequency_names.items()},
    )
    for length in config.mixed_frequency:
        if length not in there:
            raise TrainingError(
                f"resolutions: the network reads {names[length]} and the data has no such table; "
                f"add --resolution {names[length]}=FILE"
            )
    for length in there - set(config.mixed_frequency):
        name = str(panel.freq.coarser(length)) if panel.freq else str(length)
        known = ", ".join(names.values()) or "none"
        raise TrainingError(f"resolutions: the network reads {known} and not {name}; leave --resolution {name} out")


def count_steps(base: Frequency | None, coarse: Frequency) -> int:
    """Count the base steps in a coarse one.

    Parameters
    ----------
    base : Frequency or None
        The panel's freq; None for counted steps, which no table goes with.
    coarse : Frequency
        The table's freq.

    Returns
    -------
    int
        Base steps per bucket, at least 2.

    Raises
    ------
    TrainingError
        If that is not a whole number above 1.

    Examples
    --------
    >>> count_steps(Frequency.parse("1h"), Frequency.parse("1d"))
    24
    """
    if base is None:
        raise TrainingError("expected data with times, got counted steps; give a column of dates")
    one, many = base.seconds, coarse.seconds
    if one is None and many is None:
        one, many = (freq.count * {"mo": 1, "q": 3, "y": 12}[freq.unit] for freq in (base, coarse))
    if one is None or many is None or many % one or many == one:
        raise TrainingError(
            f"expected several whole steps of the data's {base}, got {coarse}; give a table of such a freq"
        )
    return many // one


def _join(panel: Panel, name: str, path: Path, columns: Columns) -> Panel:
    source = f"resolution {name}={path}"
    try:
        freq = Frequency.parse(name)
        length = count_steps(panel.freq, freq)
        table = read_panel(path, columns, name)
    except (ConfigError, TableError, TrainingError) as error:
        raise TrainingError(f"{source}: {error}") from None
    if length in panel.items[0].mixed_frequency:
        raise TrainingError(f"{source}: there is a table of {freq} already; pass one")
    own = {item.item_id: item for item in table.items}
    unknown = sorted(set(own) - {item.item_id for item in panel.items})
    if unknown:
        raise TrainingError(
            f"{source}: item {unknown[0]!r} is not in the data, which has {panel.items[0].item_id!r} and "
            f"{len(panel.items) - 1} more; name items alike in both, or leave it out"
        )
    items = []
    for item in panel.items:
        values = own.get(item.item_id)
        coarse = CoarseValues(0, np.zeros(0)) if values is None else _aligned(item, values, length, freq, source)
        items.append(replace(item, mixed_frequency={**item.mixed_frequency, length: coarse}))
    return replace(panel, items=tuple(items))


def _aligned(item: Item, values: Item, length: int, freq: Frequency, source: str) -> CoarseValues:
    if values.offset:
        first = freq.times(np.asarray([values.clock]), values.offset)[0]
        bucket = freq.times(np.asarray([values.clock]))[0]
        raise TrainingError(
            f"{source}: item {values.item_id!r}: expected times at which buckets begin, such as {bucket}Z, got "
            f"{first}Z; buckets are counted from 1970-01-01T00:00:00Z: aggregate to "
            "those, or shift the times to their beginning"
        )
    over = (item.clock + item.last + 1) // length - 1
    behind = over - (values.clock + values.last)
    if behind > MEMORY:
        ended = freq.times(np.asarray([values.clock + values.last]))[0]
        raise TrainingError(
            f"{source}: item {values.item_id!r} ends with {ended}Z, {behind} buckets before the data; at most {MEMORY} "
            "may be missing; give the later ones"
        )
    return CoarseValues(values.clock, values.target)
