"""Covariates of a request against those of the model: names, lengths, kinds; what is left out counts as missing."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from service.codecs.faults import quoted, unknown_name
from service.codecs.number_array import Values
from service.protocols.forecast.series.request import SeriesRequest
from service.sessions.series_input import SeriesCovariates
from statecast.config import ForecasterConfig
from statecast.inputs.covariates import Covariate
from statecast.regression.target_transform import choose_transform


def read_history(
    series: SeriesRequest,
    config: ForecasterConfig,
    own: Sequence[Covariate],
    steps: int,
    warnings: list[tuple[str, str]],
) -> dict[str, Values]:
    """Read the covariates that are known up to now.

    Parameters
    ----------
    series : SeriesRequest
        Has ``past_covariates``; what is wrong is noted in its faults.
    config : ForecasterConfig
        Of the model.
    own : sequence of Covariate
        Its past covariates.
    steps : int
        Number T of target values.
    warnings : list of (str, str)
        Code and detail of what is missing are added here.

    Returns
    -------
    dict of str to array, ``[T]``
        Past covariates by name, in their own units; one that is left out is absent.
    """
    names = [covariate.name for covariate in (*own, *config.future_covariates)]
    found: dict[str, Values] = {}
    for name, values in series.past_covariates.items():
        where = (name,) if series.table else ("past_covariates", name)
        if name not in names:
            series.fault(unknown_name(name, names), *where)
        elif len(values) != steps:
            series.fault(f"expected {steps} values, one per target value, got {len(values)}", *where)
    for covariate in own:
        if covariate.name in series.past_covariates:
            values = series.past_covariates[covariate.name]
            found[covariate.name] = _typed(series, covariate, values, "past_covariates", warnings)
        elif steps:
            _warn_missing(covariate.name, warnings)
    return found


def read_known(
    series: SeriesRequest, config: ForecasterConfig, steps: int, horizon: int, warnings: list[tuple[str, str]]
) -> tuple[dict[str, Values], dict[str, Values]]:
    """Read the covariates that are known ahead.

    Parameters
    ----------
    series : SeriesRequest
        Has ``future_covariates``, their history beside them or in ``past_covariates``; what is wrong is noted in its
        faults.
    config : ForecasterConfig
        Of the model.
    steps : int
        Number T of target values.
    horizon : int
        Steps ahead F.
    warnings : list of (str, str)
        Code and detail of what is missing are added here.

    Returns
    -------
    dict of str to array, ``[T]``
        Over the history, by name.
    dict of str to array, ``[F]``
        Over the horizon, by name.
    """
    names = [covariate.name for covariate in config.future_covariates]
    history: dict[str, Values] = {}
    ahead: dict[str, Values] = {}
    for name in series.future_covariates:
        if name not in names:
            series.fault(unknown_name(name, names), "future_covariates", name)
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
                f"expected {horizon} values, one per step of the horizon, or {steps + horizon} with the history before "
                f"them, got {len(values)}",
                "future_covariates", covariate.name,
            )  # fmt: skip
            continue
        values = _typed(series, covariate, values, "future_covariates", warnings)
        ahead[covariate.name] = values[len(values) - horizon :]
        if len(values) > horizon:
            history[covariate.name] = values[:steps]
    return history, ahead


def read_unfitted(
    series: SeriesRequest, steps: int, horizon: int, warnings: list[tuple[str, str]], reserved: int
) -> SeriesCovariates | None:
    """Read the covariates of a series for a model that has none of its own and takes any.

    Parameters
    ----------
    series : SeriesRequest
        Has ``future_covariates``, their history beside them or in ``past_covariates``; what is wrong is noted in its
        faults.
    steps : int
        Number T of target values.
    horizon : int
        Steps ahead F.
    warnings : list of (str, str)
        Code and detail of what does nothing are added here.
    reserved : int
        Steps at the end that its first forecast must not know.

    Returns
    -------
    SeriesCovariates or None
        None where it has none that are known ahead.
    """
    history: dict[str, Values] = {}
    ahead: dict[str, Values] = {}
    for name, values in series.future_covariates.items():
        if len(values) not in (horizon, steps + horizon):
            series.fault(
                f"expected {horizon} values, one per step of the horizon, or {steps + horizon} with the history before "
                f"them, got {len(values)}",
                "future_covariates", name,
            )  # fmt: skip
            continue
        ahead[name] = values[len(values) - horizon :]
        if len(values) > horizon:
            history[name] = values[:steps]
    for name, values in series.past_covariates.items():
        if len(values) != steps:
            series.fault(f"expected {steps} values, one per target value, got {len(values)}", "past_covariates", name)
        elif name in series.future_covariates:
            history[name] = values
        else:
            detail = f"{name} is not known ahead, and the model has not learned from it; it was not used"
            warnings.append(("covariate_not_used", detail))
    warnings += [
        (
            "covariate_not_used",
            f"{name} is the same at all steps, and the model has not learned from it; it was not used",
        )
        for name in series.static_covariates
    ]
    if not ahead:
        return None
    known = [values[: max(1, len(values) - reserved)] for values in series.target.values()]
    return SeriesCovariates(history, ahead, choose_transform(np.concatenate(known)) if known else None)


def _typed(
    series: SeriesRequest, covariate: Covariate, values: Values, where: str, warnings: list[tuple[str, str]]
) -> Values:
    """Give back the values if they are of the covariate's kind; else note it, and give missing ones."""
    texts = values.dtype == object
    if covariate.levels and not texts and not np.isnan(values).all():
        series.fault(f"expected texts out of {', '.join(covariate.levels)[:200]}, got numbers", where, covariate.name)
        return np.full(len(values), None, dtype=object)
    if texts and not covariate.levels:
        series.fault("expected numbers or null, got texts", where, covariate.name)
        return np.full(len(values), np.nan)
    if texts:
        _warn_levels(covariate, {value for value in values if value is not None}, warnings)
    return values


def read_static(series: SeriesRequest, own: Sequence[Covariate], warnings: list[tuple[str, str]]) -> dict[str, Any]:
    """Read the covariates of a series as a whole.

    Parameters
    ----------
    series : SeriesRequest
        Has ``static_covariates``; what is wrong is noted in its faults.
    own : sequence of Covariate
        Static covariates of the model.
    warnings : list of (str, str)
        Code and detail of unknown levels are added here.

    Returns
    -------
    dict of str to (float or str)
        By name.
    """
    known = {covariate.name: covariate for covariate in own}
    found: dict[str, Any] = {}
    for name, value in series.static_covariates.items():
        if name not in known:
            series.fault(unknown_name(name, known), "static_covariates", name)
        elif isinstance(value, str) != bool(known[name].levels):
            expected = "a text" if known[name].levels else "a number"
            series.fault(f"expected {expected}, got {quoted(value)}", "static_covariates", name)
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
