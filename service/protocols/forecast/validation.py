"""A series and the model that it asks -> an ``SeriesInput``: names, lengths, types and times checked, all at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.codecs.faults import raise_faults
from service.errors import Fault, TooLarge, Unprocessable
from service.protocols.forecast.coarse_series import read_resolutions
from service.protocols.forecast.covariates import read_history, read_known, read_static
from service.protocols.forecast.schemas import SeriesBody
from service.protocols.forecast.season import season_of
from service.protocols.forecast.series import SeriesRequest
from service.protocols.forecast.timeline import Timeline, check_reach, read_timeline
from service.serving.catalog import Model
from service.sessions.series_input import SeriesInput
from service.settings import Settings
from statecast.config import ForecasterConfig
from statecast.inputs.covariates import encode_covariates


@dataclass(frozen=True)
class Caller:
    """Whose request it is, and the ``time.monotonic()`` after which its work is dropped."""

    owner: str
    deadline: float


@dataclass(frozen=True)
class SeriesValidator:
    """An arrival, and what to warn about."""

    arrival: SeriesInput
    warnings: tuple[tuple[str, str], ...] = ()


def horizon_of(asked: SeriesBody, model: Model) -> int:
    """Steps ahead that a request gets.

    Raises
    ------
    Unprocessable
        If it asks for more than the model gives.
    """
    horizon = model.config.horizon if asked.horizon is None else asked.horizon
    if horizon > model.reach:
        msg = f"expected at most {model.reach}, the model's horizon, got {horizon}; ask for fewer steps"
        raise Unprocessable(f"horizon: {msg}", code="horizon_too_long", faults=[Fault(("horizon",), msg)])
    return horizon


def levels_of(asked: SeriesBody, config: ForecasterConfig) -> Sequence[float]:
    """Quantile levels that a request gets.

    Raises
    ------
    Unprocessable
        If one lies beyond the outermost trained ones.
    """
    trained = config.quantile_levels
    if asked.quantile_levels is None:
        return trained
    faults = [
        Fault(
            ("quantile_levels", index),
            f"expected levels from {trained[0]:g} to {trained[-1]:g}, the outermost trained ones, got {level:g}; "
            "leave it out",
        )
        for index, level in enumerate(asked.quantile_levels)
        if not trained[0] <= level <= trained[-1]
    ]
    raise_faults(faults, "level_out_of_range")
    return asked.quantile_levels


def validate_series(
    series: SeriesRequest, asked: SeriesBody, model: Model, settings: Settings, horizon: int, caller: Caller
) -> SeriesValidator:
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
    return SeriesValidator(
        SeriesInput(
            target=np.stack(list(series.target.values())),
            past=encode_covariates(config.past_covariates, past, (steps,)),
            known=encode_covariates(config.future_covariates, known, (steps,)),
            future=encode_covariates(config.future_covariates, future, (horizon,)),
            static=encode_covariates(config.static_covariates, static, ()),
            variables=tuple(series.target),
            freq=timeline.freq,
            clocks=_cut(timeline, steps),
            offset=timeline.offset,
            zone=timeline.zone,
            stamps=timeline.stamps_of(steps),
            unclear=timeline.unclear,
            missing=asked.missing,
            session=series.session,
            owner=caller.owner,
            deadline=caller.deadline,
            given=given,
            horizon=horizon,
            season=season,
            named=series.season is not None,
        ),
        tuple(warnings),
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
        raise TooLarge(f"target: expected at most {settings.max_history} steps a series, got {steps}; send the newest")
    for name, length in lengths.items():
        if length != steps:
            series.fault(f"expected {steps} values, as the first variable has, got {length}", "target", name)
    if series.target and steps == 0 and series.session is None:
        series.fault(
            "expected at least one value, got an empty list; give the history, or name a session to ask it again",
            "target",
        )


def _cut(timeline: Timeline, steps: int) -> Any:
    return None if timeline.clocks is None else timeline.clocks[:steps]
