"""What a panel must be before anything is learned from it; each refusal names the item and how to mend it."""

import numpy as np
import pandas as pd

from training.data.panel import Panel
from training.data.splits import Split
from training.errors import TrainingError


def inspect_panel(panel: Panel, split: Split) -> None:
    """Refuse data that a network could not learn from.

    Parameters
    ----------
    panel : Panel
        The series.
    split : Split
        Their borders; only training rows are held to having to move.

    Raises
    ------
    TrainingError
        If the training rows of an item never move, or a covariate that is known ahead is not known somewhere.
    """
    for item, end in zip(panel.items, split.train.tolist(), strict=True):
        rows = item.target[:end]
        rows = rows[~np.isnan(rows)]
        if rows.size and (rows == rows[0]).all():
            raise TrainingError(
                f"item {item.item_id!r}: all its {rows.size} training values are {rows[0]:g}; nothing can be learned "
                "from it; leave it out, it can still be forecast"
            )
        for name, values in item.known.items():
            missing = np.flatnonzero(pd.isna(values[item.first :]))
            if missing.size:
                row = item.first + int(missing[0])
                times = panel.times(item)
                where = f"row {row}" if times is None else str(times[row])
                raise TrainingError(
                    f"item {item.item_id!r}: covariate {name!r} should be known ahead and is missing at {where} and "
                    f"{missing.size - 1} more places; fill it, or pass it with --past"
                )
