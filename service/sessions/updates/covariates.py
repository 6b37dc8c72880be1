"""Covariates of a series whose model has none of its own: what they are is seen from their values, once per session."""

from dataclasses import replace

import numpy as np
import orjson

from service.errors import Conflict
from service.scheduling.job import regression_key
from service.sessions.series_input import SeriesCovariates, SeriesInput
from service.stores.record import Record
from statecast.inputs.covariates import encode_covariates
from statecast.inputs.measured import MeasuredCovariate, measured_covariates
from statecast.regression.target_transform import TargetTransform


def described(covariates: tuple[MeasuredCovariate, ...], transform: TargetTransform | None) -> str:
    """Write what a session reads of covariates as a record keeps it.

    Parameters
    ----------
    covariates : tuple of MeasuredCovariate
        In the order in which the network reads them.
    transform : TargetTransform or None
        How the target is read beside them.

    Returns
    -------
    str
        JSON; "" without covariates.

    Examples
    --------
    >>> text = described((MeasuredCovariate("wind"), MeasuredCovariate("sky", levels=("clear", "dull"))), None)
    >>> text
    '{"covariates":[["wind",[]],["sky",["clear","dull"]]],"transform":null}'
    >>> read_description(text)[0][1].levels
    ('clear', 'dull')
    """
    if not covariates:
        return ""
    names = [(one.name, one.levels) for one in covariates]
    return orjson.dumps({"covariates": names, "transform": transform and transform.to_dict()}).decode()


def read_description(text: str) -> tuple[tuple[MeasuredCovariate, ...], TargetTransform | None]:
    """Read what ``described`` wrote.

    Parameters
    ----------
    text : str
        Of a record.
    """
    if not text:
        return (), None
    kept = orjson.loads(text)
    covariates = tuple(MeasuredCovariate(name, levels=tuple(levels)) for name, levels in kept["covariates"])
    return covariates, TargetTransform(**kept["transform"]) if kept["transform"] else None


def regression_of(freq: str | None, text: str) -> str:
    """Name the network that reads covariates.

    Parameters
    ----------
    freq : str or None
        Of the series.
    text : str
        What ``described`` wrote.

    Returns
    -------
    str
        See ``regression_key``.
    """
    covariates, transform = read_description(text)
    return regression_key(freq, [len(one.levels) for one in covariates], transform)


def with_covariates(series: SeriesInput, record: Record | None) -> SeriesInput:
    """Encode a series' covariates as its session reads them, or as a session that begins with it will.

    Parameters
    ----------
    series : SeriesInput
        As it was validated.
    record : Record or None
        The session; None where there is none yet.

    Returns
    -------
    SeriesInput
        With the columns that the network reads.

    Raises
    ------
    Conflict
        If the session was opened with others.
    """
    came = series.covariates
    if came is None and (record is None or not record.covariates):
        return series
    came = came or SeriesCovariates({}, {})
    if record is None:
        own, transform = _measured(came), came.transform
    else:
        own, transform = read_description(record.covariates)
    names = [one.name for one in own]
    strange = sorted({*came.history, *came.ahead} - set(names))
    if strange:
        raise Conflict(
            f"future_covariates: the session was opened with {', '.join(map(repr, names)) or 'none'}, the request has "
            f"{', '.join(map(repr, strange))[:200]}; leave it out, or open another session with the whole history",
            code="session_mismatch",
        )
    steps, horizon = series.target.shape[1], series.horizon
    missing = [name for name in names if name not in came.ahead]
    detail = "{} is not given where it is needed; it is taken as missing"
    return replace(
        series,
        known=encode_covariates(own, dict(came.history), (steps,)),
        future=encode_covariates(own, dict(came.ahead), (horizon,)),
        unknown=encode_covariates(own, {}, (1,))[0],
        described=described(own, transform),
        warnings=(*series.warnings, *(("missing_covariate", detail.format(name)) for name in missing)),
    )


def _measured(came: SeriesCovariates) -> tuple[MeasuredCovariate, ...]:
    parts = came.history, came.ahead
    names = sorted({*came.history, *came.ahead})
    return measured_covariates(
        {name: [value for part in parts for value in part.get(name, np.zeros(0)).tolist()] for name in names}
    )
