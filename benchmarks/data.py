"""Data sets that are not published as tables, read as panels."""

import numpy as np
import pandas as pd

from statecast.calendar import Freq
from training.panel import Item, Panel


def read_m4(folder: str, group: str = "Hourly") -> Panel:
    """M4: one series a row, padded at the end; the test's values follow those of training.

    The file has no times. Rows are taken as hours since an arbitrary one: the network is not shown the calendar.
    """
    train = pd.read_csv(f"{folder}/{group}-train.csv.gz", index_col=0)
    test = pd.read_csv(f"{folder}/{group}-test.csv.gz", index_col=0)
    items = []
    for name, known, later in zip(train.index, train.to_numpy(), test.loc[train.index].to_numpy(), strict=True):
        values = np.concatenate([known[~np.isnan(known)], later[~np.isnan(later)]])
        items.append(Item(str(name), clock=0, offset=0, target=values.astype(np.float32)))
    return Panel(tuple(items), Freq.parse("1h"))
