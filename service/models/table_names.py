"""What a model and a request say of a table: names of columns, and how its text is read."""

from collections.abc import Iterable
from typing import Any

from service.models.model import Model
from statecast.errors import InputError
from statecast.tables.options import ColumnNames, TableOptions
from statecast.time.stamps import TimeOptions

STATIC = "static:"
"""How columns of static covariates may begin."""
MARKS = ("session", "resolution")
"""Columns that say something about their row."""


def names_of(model: Model | None, item_id: str | None, timestamp: str | None, target: str | None) -> ColumnNames:
    """Say what the columns of a table are wanted for.

    Parameters
    ----------
    model : Model or None
        What will forecast it; None to take every column for a covariate.
    item_id, timestamp, target : str or None
        Columns that the request names.

    Returns
    -------
    ColumnNames
        The request's are insisted on, the model's are not.
    """
    optional = dict.fromkeys(MARKS, "texts")
    own: dict[str, Any] = {}
    if model is not None:
        config = model.config
        for covariate in (*config.past_covariates, *config.future_covariates, *config.static_covariates):
            optional[covariate.name] = "texts" if covariate.levels else "numbers"
        for covariate in config.static_covariates:
            optional[STATIC + covariate.name] = "texts" if covariate.levels else "numbers"
        own = remembered(model)
    return ColumnNames(
        item_id=item_id,
        timestamp=timestamp,
        target=target,
        optional=optional,
        every=model is None,
        own=own,
    )


def static_columns(model: Model | None, present: Iterable[str]) -> dict[str, str]:
    """Find the columns that hold static covariates.

    Parameters
    ----------
    model : Model or None
        What will forecast the table; None to go by ``static:`` alone.
    present : iterable of str
        Columns of covariates.

    Returns
    -------
    dict of str to str
        Covariate by column.
    """
    if model is None:
        return {name: name.removeprefix(STATIC) for name in present if name.startswith(STATIC)}
    known = {covariate.name for covariate in model.config.static_covariates}
    columns = {name: name if name in known else name.removeprefix(STATIC) for name in present}
    return {name: covariate for name, covariate in columns.items() if covariate in known}


def options_of(model: Model | None, said: TableOptions) -> TableOptions:
    """Say how the text of a table is read.

    Parameters
    ----------
    model : Model or None
        What will forecast it; the options of its fit fill in what the request leaves out.
    said : TableOptions
        What the request says.

    Returns
    -------
    TableOptions
        The options.
    """
    data = _fitted(model)
    own = {name: data.get(name) for name in ("timezone", "timestamp_unit", "dayfirst")}
    try:
        times = TimeOptions(**own)
        return said.filled(TableOptions.read(data.get("separator"), data.get("decimal"), data.get("encoding"), times))
    except (InputError, TypeError):
        return said


def remembered(model: Model) -> dict[str, Any]:
    """Give the names in the table that a model was fitted on.

    Parameters
    ----------
    model : Model
        The model.

    Returns
    -------
    dict of str to Any
        By role; those that the fit was told where an older artifact has no others.
    """
    data = _fitted(model)
    told = {name: data.get(name) for name in ("item_id", "timestamp", "target")}
    columns = model.manifest.get("columns")
    return told | (columns if isinstance(columns, dict) else {})


def _fitted(model: Model | None) -> dict[str, Any]:
    manifest: Any = {} if model is None else model.manifest
    for key in ("training", "config", "data"):
        manifest = manifest.get(key) if isinstance(manifest, dict) else None
    return manifest if isinstance(manifest, dict) else {}
