"""A series and the model that it asks -> an ``Arrival``: names, lengths, types and times checked, all at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.codecs.asked import Asked, Column, Floats, Series, dotted, shown, unknown
from service.errors import Fault, TooLarge, Unprocessable
from service.jobs import Arrival
from service.routes.timeline import Timeline, read_timeline
from service.settings import Settings
from statecast.config import ForecasterConfig
from statecast.covariates import Covariate, encode_covariates

MAX_ID = 200


@dataclass(frozen=True)
class Caller:
    """Whose request it is, and the ``time.monotonic()`` after which its work is dropped."""

    owner: str
    deadline: float


@dataclass(frozen=True)
class Inlet:
    """An arrival, and what to warn about."""

    arrival: Arrival
    warnings: tuple[tuple[str, str], ...] = ()


def horizon_of(asked: Asked, config: ForecasterConfig) -> int:
    """Steps ahead that a request gets.

    Raises
    ------
    Unprocessable
        If it asks for more than the model gives.
    """
    horizon = config.horizon if asked.horizon is None else asked.horizon
    if horizon > config.horizon:
        msg = f"expected at most {config.horizon}, the model's horizon, got {horizon}; ask for fewer steps"
        raise Unprocessable(f"horizon: {msg}", code="horizon_too_long", faults=[Fault(("horizon",), msg)])
    return horizon


def levels_of(asked: Asked, config: ForecasterConfig) -> Sequence[float]:
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
    if faults:
        detail = f"{dotted(faults[0].loc)}: {faults[0].msg}"
        raise Unprocessable(detail, code="level_out_of_range", faults=faults)
    return asked.quantile_levels


def take_in(
    series: Series, asked: Asked, config: ForecasterConfig, settings: Settings, horizon: int, caller: Caller
) -> Inlet:
    """Check one series against the model's inputs.

    Raises
    ------
    Unprocessable, TooLarge
        With every fault of the series.
    """
    if series.target:
        _split_future_rows(series, config, horizon)
    lengths = {name: len(values) for name, values in series.target.items()}
    steps = next(iter(lengths.values()), 0)
    _check_target(series, lengths, settings)
    extra = _future_rows(series, config, horizon, steps)
    timeline = read_timeline(series, steps + extra, config.freq)
    warnings: list[tuple[str, str]] = []
    past = _history(series, config, config.past_covariates, steps, warnings)
    known, future = _known(series, config, steps, horizon, warnings)
    static = _static(series, config.static_covariates, warnings)
    series.raise_faults()
    return Inlet(
        Arrival(
            target=np.stack(list(series.target.values())),
            past=encode_covariates(config.past_covariates, past, (steps,)),
            known=encode_covariates(config.future_covariates, known, (steps,)),
            future=_padded(encode_covariates(config.future_covariates, future, (horizon,)), config.horizon),
            static=encode_covariates(config.static_covariates, static, ()),
            variables=tuple(series.target),
            freq=timeline.freq,
            clocks=_cut(timeline, steps),
            offset=timeline.offset,
            missing=asked.missing,
            session=series.session,
            owner=caller.owner,
            deadline=caller.deadline,
        ),
        tuple(warnings),
    )


def _split_future_rows(series: Series, config: ForecasterConfig, horizon: int) -> None:
    """Take the rows of a table that lie in the horizon off its target; their covariates stay."""
    target = series.target.get("", np.zeros(0, dtype=np.float32))
    if series.table and config.future_covariates and len(target) >= horizon and np.isnan(target[-horizon:]).all():
        series.target = {"": target[: len(target) - horizon]}


def _future_rows(series: Series, config: ForecasterConfig, horizon: int, steps: int) -> int:
    if not series.table:
        return 0
    rows = max((len(values) for values in series.past_covariates.values()), default=steps)
    extra = rows - steps
    for covariate in config.future_covariates if extra else ():
        if covariate.name in series.past_covariates:
            series.future_covariates[covariate.name] = series.past_covariates.pop(covariate.name)
    for name, values in series.past_covariates.items():
        series.past_covariates[name] = values[:steps]
    times = series.timestamps if series.timestamps is not None else series.indices
    return extra if times is not None and extra == horizon else 0


def _check_target(series: Series, lengths: dict[str, int], settings: Settings) -> None:
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
    for name in ("item_id", "session"):
        text = getattr(series, name)
        if text is not None and (len(text) > MAX_ID or not text.isprintable()):
            series.fault(f"expected at most {MAX_ID} printable characters, got {shown(text)}", name)
    if series.session is not None and ("/" in series.session or series.session in (".", "..")):
        series.fault("expected an id that a path can hold, got one with a slash or only dots; use - instead", "session")


def _history(
    series: Series, config: ForecasterConfig, own: Sequence[Covariate], steps: int, warnings: list[tuple[str, str]]
) -> dict[str, Column]:
    """Past covariates ``[T]`` by name."""
    names = [covariate.name for covariate in (*own, *config.future_covariates)]
    found: dict[str, Column] = {}
    for name, values in series.past_covariates.items():
        where = (name,) if series.table else ("past_covariates", name)
        if name not in names:
            series.fault(unknown(name, names), *where)
        elif len(values) != steps:
            series.fault(f"expected {steps} values, one a value of target, got {len(values)}", *where)
    for covariate in own:
        if covariate.name in series.past_covariates:
            values = series.past_covariates[covariate.name]
            found[covariate.name] = _typed(series, covariate, values, "past_covariates", warnings)
        elif steps:
            _warn_missing(covariate.name, warnings)
    return found


def _known(
    series: Series, config: ForecasterConfig, steps: int, horizon: int, warnings: list[tuple[str, str]]
) -> tuple[dict[str, Column], dict[str, Column]]:
    """Future covariates by name: over the history ``[T]``, and over the horizon ``[F]``."""
    names = [covariate.name for covariate in config.future_covariates]
    history: dict[str, Column] = {}
    ahead: dict[str, Column] = {}
    for name in series.future_covariates:
        if name not in names:
            series.fault(unknown(name, names), "future_covariates", name)
    for covariate in config.future_covariates:
        before = series.past_covariates.get(covariate.name)
        if before is not None and len(before) == steps:
            history[covariate.name] = _typed(series, covariate, before, "past_covariates", warnings)
        values = series.future_covariates.get(covariate.name)
        if values is None:
            _warn_missing(covariate.name, warnings)
            continue
        if len(values) not in (horizon, steps + horizon):
            series.fault(
                f"expected {horizon} values, one a step of the horizon, or {steps + horizon} with the history before "
                f"them, got {len(values)}",
                "future_covariates", covariate.name,
            )  # fmt: skip
            continue
        values = _typed(series, covariate, values, "future_covariates", warnings)
        ahead[covariate.name] = values[len(values) - horizon :]
        if len(values) > horizon:
            history[covariate.name] = values[:steps]
    return history, ahead


def _typed(series: Series, covariate: Covariate, values: Column, where: str, warnings: list[tuple[str, str]]) -> Column:
    """Give back the values if they are of the covariate's kind; else note it, and give missing ones."""
    texts = values.dtype == object
    if covariate.levels and not texts and not np.isnan(values).all():
        series.fault(f"expected texts out of {', '.join(covariate.levels)[:200]}, got numbers", where, covariate.name)
        return np.full(len(values), None, dtype=object)
    if texts and not covariate.levels:
        series.fault("expected numbers or null, got texts", where, covariate.name)
        return np.full(len(values), np.nan, dtype=np.float32)
    if texts:
        _warn_levels(covariate, {value for value in values if value is not None}, warnings)
    return values


def _static(series: Series, own: Sequence[Covariate], warnings: list[tuple[str, str]]) -> dict[str, Any]:
    known = {covariate.name: covariate for covariate in own}
    found: dict[str, Any] = {}
    for name, value in series.static_covariates.items():
        if name not in known:
            series.fault(unknown(name, known), "static_covariates", name)
        elif isinstance(value, str) != bool(known[name].levels):
            expected = "a text" if known[name].levels else "a number"
            series.fault(f"expected {expected}, got {shown(value)}", "static_covariates", name)
        elif not isinstance(value, str) and not abs(value) <= 3.4e38:
            series.fault("expected a number that fits float32, got a larger one", "static_covariates", name)
        else:
            found[name] = value
            if isinstance(value, str):
                _warn_levels(known[name], {value}, warnings)
    return found


def _warn_missing(name: str, warnings: list[tuple[str, str]]) -> None:
    warnings.append(("missing_covariate", f"{name} is not given where it is needed; it is taken as missing"))


def _warn_levels(covariate: Covariate, values: set[Any], warnings: list[tuple[str, str]]) -> None:
    strange = sorted(str(value) for value in values - set(covariate.levels))
    if strange:
        detail = f"{covariate.name}: {', '.join(strange)[:100]} was not seen in training; it is taken as missing"
        warnings.append(("unknown_level", detail))


def _padded(future: Floats, horizon: int) -> Floats:
    """Steps after the asked horizon carry zeros, as missing covariates do; their forecasts are cut off."""
    return np.pad(future, ((0, horizon - len(future)), (0, 0)))


def _cut(timeline: Timeline, steps: int) -> Any:
    return None if timeline.clocks is None else timeline.clocks[:steps]
