"""Series of a request against their model: names, lengths, types and times checked, all faults at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.codecs.faults import raise_faults
from service.errors import Fault, ServiceError, TooLarge, Unprocessable
from service.protocols.forecast.coarse_series import read_resolutions
from service.protocols.forecast.covariates import read_history, read_known, read_static
from service.protocols.forecast.schemas import SeriesBody
from service.protocols.forecast.season import season_of
from service.protocols.forecast.series import SeriesRequest
from service.protocols.forecast.timeline import check_reach, read_timeline
from service.serving.catalog import Model
from service.sessions.series_input import SeriesInput
from service.settings import Settings
from statecast.config import ForecasterConfig
from statecast.errors import StatecastError
from statecast.inputs.covariates import encode_covariates


@dataclass(frozen=True)
class Caller:
    """Whose request it is, and the ``time.monotonic()`` after which its work is dropped."""

    owner: str
    deadline: float


def horizon_of(request: SeriesBody, model: Model) -> int:
    """Give the steps ahead that a request gets.

    Raises
    ------
    Unprocessable
        If it requests more than the model can give.
    """
    horizon = model.config.horizon if request.horizon is None else request.horizon
    if horizon > model.reach:
        msg = f"expected at most {model.reach}, the model's horizon, got {horizon}; request fewer steps"
        raise Unprocessable(f"horizon: {msg}", code="horizon_too_long", faults=[Fault(("horizon",), msg)])
    return horizon


def levels_of(request: SeriesBody, config: ForecasterConfig) -> Sequence[float]:
    """Give the quantile levels that a request gets.

    Raises
    ------
    Unprocessable
        If one lies beyond the outermost trained ones.
    """
    trained = config.quantile_levels
    if request.quantile_levels is None:
        return trained
    faults = [
        Fault(
            ("quantile_levels", index),
            f"expected levels from {trained[0]:g} to {trained[-1]:g}, the outermost trained ones, got {level:g}; "
            "leave it out",
        )
        for index, level in enumerate(request.quantile_levels)
        if not trained[0] <= level <= trained[-1]
    ]
    raise_faults(faults, "level_out_of_range")
    return request.quantile_levels


def validate(
    request: SeriesBody, model: Model, settings: Settings, horizon: int, caller: Caller
) -> list[SeriesInput | ServiceError]:
    """Check every series of a request against the model's inputs; one that is wrong fails alone.

    Parameters
    ----------
    request : ForecastRequest
        Its series are changed in place where rows of a table turn out to lie in the horizon.
    model : Model
        What will forecast them.
    settings : Settings
        Limits.
    horizon : int
        Steps ahead that are wanted.
    caller : Caller
        Whose request it is.

    Returns
    -------
    list of SeriesInput or ServiceError
        In the order of the request.
    """

    def one(series: SeriesRequest) -> SeriesInput | ServiceError:
        try:
            return validate_series(series, request.missing, model, settings, horizon, caller)
        except ServiceError as error:
            return error
        except StatecastError as error:
            return Unprocessable(str(error))

    return [one(series) for series in request.series]


def validate_series(
    series: SeriesRequest, missing: str, model: Model, settings: Settings, horizon: int, caller: Caller
) -> SeriesInput:
    """Check one series against the model's inputs.

    Raises
    ------
    Unprocessable, TooLarge
        With every fault of the series.
    """
    config = model.config
    if series.target:
        _split_future_rows(series, config, horizon)
    lengths = {name: len(values) for name, values in series.target.items()}
    steps = next(iter(lengths.values()), 0)
    _check_target(series, lengths, settings)
    extra = _future_rows(series, config, horizon, steps)
    timeline = read_timeline(series, steps + extra, config.freq)
    check_reach(series, timeline, horizon)
    season = season_of(series, timeline, model, settings.max_history) if series.target else None
    warnings = list(timeline.warnings)
    past = read_history(series, config, config.past_covariates, steps, warnings)
    known, future = read_known(series, config, steps, horizon, warnings)
    static = read_static(series, config.static_covariates, warnings)
    given = read_resolutions(series, config, settings) if series.resolutions else {}
    series.raise_faults()
    return SeriesInput(
        target=np.stack(list(series.target.values())),
        past=encode_covariates(config.past_covariates, past, (steps,)),
        known=encode_covariates(config.future_covariates, known, (steps,)),
        future=encode_covariates(config.future_covariates, future, (horizon,)),
        static=encode_covariates(config.static_covariates, static, ()),
        variables=tuple(series.target),
        freq=timeline.freq,
        clocks=None if timeline.clocks is None else timeline.clocks[:steps],
        offset=timeline.offset,
        zone=timeline.zone,
        stamps=timeline.stamps_of(steps),
        unclear=timeline.unclear,
        inferred=timeline.inferred,
        missing=missing,
        session=series.session,
        owner=caller.owner,
        deadline=caller.deadline,
        given=given,
        horizon=horizon,
        season=season,
        named=series.season is not None,
        warnings=tuple(warnings),
    )


def _split_future_rows(series: SeriesRequest, config: ForecasterConfig, horizon: int) -> None:
    """Take the rows of a table that lie in the horizon off its target; their covariates stay."""
    target = series.target.get("", np.zeros(0, dtype=np.float32))
    if series.table and config.future_covariates and len(target) >= horizon and np.isnan(target[-horizon:]).all():
        series.target = {"": target[: len(target) - horizon]}


def _future_rows(series: SeriesRequest, config: ForecasterConfig, horizon: int, steps: int) -> int:
    if not series.table:
        return 0
    rows = max((len(values) for values in series.past_covariates.values()), default=steps)
    extra = rows - steps
    for covariate in config.future_covariates if extra else ():
        if covariate.name in series.past_covariates:
            series.future_covariates[covariate.name] = series.past_covariates.pop(covariate.name)
    for name, values in series.past_covariates.items():
        series.past_covariates[name] = values[:steps]
    return extra if series.timestamps is not None and extra == horizon else 0


def _check_target(series: SeriesRequest, lengths: dict[str, int], settings: Settings) -> None:
    steps = next(iter(lengths.values()), 0)
    if steps > settings.max_history:
        raise TooLarge(
            f"target: expected at most {settings.max_history} steps per series, got {steps}; send the newest"
        )
    for name, length in lengths.items():
        if length != steps:
            series.fault(f"expected {steps} values, as the first variable has, got {length}", "target", name)
    if series.target and steps == 0 and series.session is None:
        series.fault(
            "expected at least one value, got an empty list; give the history, or name a session to forecast it again",
            "target",
        )
