"""``POST /forecast`` of one series: arguments as the library takes them, the reply as the library gives it."""

from collections.abc import Mapping, Sequence
from typing import Any

from statecast.api.interval_levels import chosen_levels
from statecast.api.series_forecast import SeriesForecast
from statecast.client.call import Call
from statecast.client.errors import kind_of
from statecast.client.numbers import to_json
from statecast.client.series import SentSeries, read_forecast
from statecast.uncertainty.bounds import Bounds

OF_THE_REQUEST = ("model", "missing", "include", "timeout_ms", "anomaly_level", "on_conflict", "on_model_change")
"""Arguments that the request says once; the others are of the series."""


def forecast_call(
    series: Sequence[SentSeries],
    horizon: int | None,
    *,
    level: float | Sequence[float] | None = None,
    quantile_levels: Sequence[float] | None = None,
    bounds: Bounds | Mapping[str, Any] | None = None,
    **said: Any,
) -> Call:
    """Make the call.

    Parameters
    ----------
    series : sequence of SentSeries
        What is forecast.
    horizon : int or None
        Steps ahead; None for the model's.
    level : float, sequence of float or None
        Percents of central intervals, instead of ``quantile_levels``.
    quantile_levels : sequence of float or None
        None for the trained ones.
    bounds : Bounds, mapping or None
        What mean and quantiles are kept inside of.
    **said
        Further fields of the request, None for what is left out.

    Returns
    -------
    Call
        ``POST /forecast``.
    """
    kept = bounds.to_dict() if isinstance(bounds, Bounds) else bounds
    zones = {one.zone for one in series if one.zone is not None}
    fields = {
        "series": [one.fields for one in series],
        "horizon": horizon,
        "quantile_levels": chosen_levels(level, quantile_levels),
        "bounds": None if kept is None else dict(kept),
        "timezone": zones.pop() if len(zones) == 1 else None,
        **said,
    }
    return Call("POST", "/forecast", {name: to_json(value) for name, value in fields.items() if value is not None})


def read_forecasts(reply: Mapping[str, Any], series: Sequence[SentSeries], bounds: Any) -> list[SeriesForecast]:
    """Read the answers.

    Parameters
    ----------
    reply : mapping
        Of ``POST /forecast``.
    series : sequence of SentSeries
        What was sent.
    bounds : Any
        What was requested.

    Returns
    -------
    list of SeriesForecast
        In the order of the request.

    Raises
    ------
    ProblemError
        If a series failed; it is named.
    """
    kept, found = Bounds.read(bounds), []
    for answer, sent in zip(reply["forecasts"], series, strict=True):
        if answer["error"] is not None:
            raise_error(answer["error"], answer["item_id"])
        found.append(read_forecast(answer, sent, kept))
    return found


def raise_error(error: Mapping[str, Any], item: str | None) -> None:
    """Raise what one series failed with.

    Parameters
    ----------
    error : mapping
        Its error, in the shape of a failure of the whole request.
    item : str or None
        Whose it is.

    Raises
    ------
    ProblemError
        As a request with this series alone would.
    """
    whose = "" if item is None else f"item {item!r}: "
    raise kind_of(error["status"])(
        f"{whose}{error['detail']}", error["status"], error["code"], error["errors"], error["request_id"]
    )
