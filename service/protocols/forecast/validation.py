"""Series of a request against their model: names, lengths, types and times checked, all faults at once."""

from dataclasses import replace

import numpy as np

from service.deadline import Deadline
from service.errors import ServiceError, TooLarge, Unprocessable
from service.models.model import Model
from service.protocols.forecast.schemas import SeriesBody
from service.protocols.forecast.series import SeriesRequest
from service.protocols.forecast.series.coarse_series import read_resolutions
from service.protocols.forecast.series.covariates import read_history, read_known, read_static, read_unfitted
from service.protocols.forecast.series.season import season_of
from service.protocols.forecast.series.timeline import check_reach, read_timeline
from service.sessions.series_input import SeriesInput
from service.settings import Settings
from statecast.config import ForecasterConfig
from statecast.errors import StatecastError
from statecast.inputs.covariates import encode_covariates


def validate(
    request: SeriesBody,
    model: Model,
    settings: Settings,
    horizon: int,
    owner: str,
    deadline: Deadline,
    reserved: int = 0,
) -> list[SeriesInput | ServiceError]:
    """Check every series of a request against the model's inputs; one that is wrong fails alone.

    Parameters
    ----------
    request : SeriesBody
        Its series are changed in place where rows of a table turn out to lie in the horizon.
    model : Model
        What will forecast them.
    settings : Settings
        Limits.
    horizon : int
        Steps ahead that are wanted.
    owner : str
        Whose request it is.
    deadline : Deadline
        Until when it is worth it.
    reserved : int
        Steps at the end of each series that its first forecast must not know: its season is not looked for there.

    Returns
    -------
    list of SeriesInput or ServiceError
        In the order of the request.
    """

    def one(series: SeriesRequest) -> SeriesInput | ServiceError:
        try:
            found = validate_series(series, request.missing, model, settings, horizon, owner, deadline.at, reserved)
            return found if request.bounds is None else replace(found, bounds=request.bounds)
        except ServiceError as error:
            return error
        except StatecastError as error:
            return Unprocessable(str(error))

    return [one(series) for series in deadline.each(request.series)]


def validate_series(
    series: SeriesRequest,
    missing: str,
    model: Model,
    settings: Settings,
    horizon: int,
    owner: str,
    deadline: float,
    reserved: int = 0,
) -> SeriesInput:
    """Check one series against the model's inputs.

    Parameters
    ----------
    series : SeriesRequest
        Changed in place where rows of a table turn out to lie in the horizon.
    missing : str
        Imputation policy.
    model : Model
        What will forecast it.
    settings : Settings
        Limits.
    horizon : int
        Steps ahead F.
    owner : str
        Whose request it is.
    deadline : float
        ``time.monotonic()`` after which its work is dropped.
    reserved : int
        See ``validate``.

    Returns
    -------
    SeriesInput
        Arrays that fit the model's inputs.

    Raises
    ------
    Unprocessable
        With every fault of the series.
    TooLarge
        If it has more steps than the settings allow.
    """
    config = model.config
    if series.target:
        _split_future_rows(series, config, horizon)
    lengths = {name: len(values) for name, values in series.target.items()}
    steps = next(iter(lengths.values()), 0)
    _check_target(series, lengths, settings)
    warnings: list[tuple[str, str]] = list(series.notes)
    extra = _future_rows(series, config, horizon, steps, warnings)
    axis, index, stamps = read_timeline(series, steps + extra, config.freq, warnings)
    check_reach(series, axis, index, horizon)
    season = season_of(series, axis, index, model, settings.max_history, reserved) if series.target else None
    own = read_unfitted(series, steps, horizon, warnings, reserved) if model.takes_covariates else None
    past, known, future, static = (
        ({}, {}, {}, {})
        if model.takes_covariates
        else (
            read_history(series, config, config.past_covariates, steps, warnings),
            *read_known(series, config, steps, horizon, warnings),
            read_static(series, config.static_covariates, warnings),
        )
    )
    given = read_resolutions(series, config, settings) if series.resolutions else {}
    series.raise_faults()
    return SeriesInput(
        target=np.stack(list(series.target.values())),
        past=encode_covariates(config.past_covariates, past, (steps,)),
        known=encode_covariates(config.future_covariates, known, (steps,)),
        future=encode_covariates(config.future_covariates, future, (horizon,)),
        static=encode_covariates(config.static_covariates, static, ()),
        variables=tuple(series.target),
        freq=None if axis is None else str(axis.frequency),
        time_index=None if index is None else index[:steps],
        offset=0 if axis is None else axis.offset,
        zone="" if axis is None else axis.zone,
        stamps=None if stamps is None else stamps.take(slice(max(steps, 1))),  # without those of rows ahead
        unclear=series.unclear_freq,
        inferred=axis is not None and not (series.freq or config.freq),
        missing=missing,
        session=series.session,
        open=series.open,
        owner=owner,
        deadline=deadline,
        given=given,
        horizon=horizon,
        season=season,
        named=series.season is not None,
        warnings=tuple(warnings),
        covariates=own,
    )


def _split_future_rows(series: SeriesRequest, config: ForecasterConfig, horizon: int) -> None:
    """Take the rows of a table that lie ahead off its target; their covariates stay.

    Fewer than a horizon are observations that went missing where a session goes on from them.
    """
    target = series.target.get("", np.zeros(0))
    if not series.table or not config.future_covariates:
        return
    seen = np.flatnonzero(~np.isnan(target))
    rows = len(target) - 1 - int(seen[-1]) if len(seen) else len(target)
    if rows >= horizon or (len(seen) and series.session is None):
        series.target = {"": target[: len(target) - min(rows, horizon)]}


def _future_rows(
    series: SeriesRequest, config: ForecasterConfig, horizon: int, steps: int, warnings: list[tuple[str, str]]
) -> int:
    """Make covariates of rows ahead known, missing where they end too early; gives how many rows there are."""
    if series.rows is None:
        return 0
    extra = len(series.rows) - steps
    for covariate in config.future_covariates if extra else ():
        if covariate.name in series.past_covariates:
            values = series.past_covariates.pop(covariate.name)
            unknown = np.full(horizon - extra, None if values.dtype == object else np.nan, dtype=values.dtype)
            series.future_covariates[covariate.name] = np.concatenate([values, unknown])
            if extra < horizon:
                detail = f"{covariate.name} is known for {extra} of {horizon} steps ahead; the rest is taken as missing"
                warnings.append(("missing_covariate", detail))
    for name, values in series.past_covariates.items():
        series.past_covariates[name] = values[:steps]
    return extra if series.timestamps is not None else 0


def _check_target(series: SeriesRequest, lengths: dict[str, int], settings: Settings) -> None:
    steps = next(iter(lengths.values()), 0)
    if steps > settings.max_history:
        raise TooLarge(
            f"target: expected at most {settings.max_history} steps per series, got {steps}; send the newest"
        )
    for name, length in lengths.items():
        if length != steps:
            series.fault(f"expected {steps} values, as the first variable has, got {length}", "target", name)
    if series.open is not None and series.session is None:
        series.fault("expected a session beside open, got none; name the session, or leave open out", "open")
    if series.target and steps == 0 and series.session is None:
        series.fault(
            "expected at least one value, got an empty list; give the history, or name a session to forecast it again",
            "target",
        )
