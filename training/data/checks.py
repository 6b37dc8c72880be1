"""What a panel must be before anything is learned from it; each refusal names the item and how to mend it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from statecast.uncertainty.bounds import Bounds
from training.data.panel import Item, Panel
from training.data.splits import Split
from training.errors import TrainingError

_FEWEST = 3  # values, of which two changes can be seen
_NAMED = 12


def leave_out_dead(panel: Panel, split: Split) -> Panel:
    """Leave out the items that nothing can be learned from, and note them all at once.

    Parameters
    ----------
    panel : Panel
        The series.
    split : Split
        Their borders.

    Returns
    -------
    Panel
        Without items whose training rows never move or are too few; the same where there are none.

    Raises
    ------
    TrainingError
        If no item is left.
    """
    short, constant = [], []
    for item, end in zip(panel.items, split.train.tolist(), strict=True):
        rows = item.target[:end]
        rows = rows[~np.isnan(rows)]
        if rows.size < _FEWEST:
            short.append(item.item_id)
        elif (rows == rows[0]).all():
            constant.append(item.item_id)
    if not short and not constant:
        return panel
    reasons = [(constant, "all training values are equal"), (short, f"fewer than {_FEWEST} training values")]
    notes = tuple(
        f"{listed(names)}: {why}, so not trained on; it can still be forecast" for names, why in reasons if names
    )
    dead = {*short, *constant}
    living: tuple[Item, ...] = tuple(item for item in panel.items if item.item_id not in dead)
    if not living:
        raise TrainingError(f"{'; '.join(notes)}: nothing is left to learn from; give data that moves")
    return replace(panel, items=living, notes=(*panel.notes, *notes))


def note_bounds(panel: Panel) -> Panel:
    """Note whether the forecasts of a model that is fitted on a panel will be kept from 0 on.

    Parameters
    ----------
    panel : Panel
        The series.

    Returns
    -------
    Panel
        With a note, if no value is below 0.
    """
    if not Bounds.notice(item.target for item in panel.items):
        return panel
    note = "no value is below 0, so forecasts are kept from there on; forecast --lower none leaves them as they are"
    return replace(panel, notes=(*panel.notes, note))


def listed(names: Sequence[str]) -> str:
    """List items in a message.

    Parameters
    ----------
    names : sequence of str
        Their names.

    Returns
    -------
    str
        How many, and the first dozen by name.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b"])
    ("item 'a'", "2 items ('a', 'b')")
    """
    if len(names) == 1:
        return f"item {names[0]!r}"
    shown = ", ".join(map(repr, names[:_NAMED]))
    return f"{len(names)} items ({shown}{', …' if len(names) > _NAMED else ''})"


def inspect_panel(panel: Panel) -> None:
    """Refuse data that a network could not learn from.

    Parameters
    ----------
    panel : Panel
        The series.

    Raises
    ------
    TrainingError
        If a covariate that is known ahead is not known somewhere.
    """
    for item in panel.items:
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
