"""Forecasts as the predictions of DeepAR and of Chronos."""

from collections.abc import Sequence
from typing import Any

from service.protocols.sagemaker.invocation import Invocation

ALL_SAMPLES = Sequence[Any]
"""Paths of each series; none of those that failed."""


def predictions_of(
    invocation: Invocation, forecasts: Sequence[dict[str, Any]], samples: Sequence[Any]
) -> list[dict[str, Any]]:
    """Give each series' prediction.

    Parameters
    ----------
    invocation : Invocation
        What was requested.
    forecasts : sequence of dict
        What ``ForecastEncoder.forecasts`` gives.
    samples : sequence
        Paths of each series, None where there are none.

    Returns
    -------
    list of dict
        What orjson writes; of a series that failed its ``error``.
    """
    return [_prediction(invocation, one, paths) for one, paths in zip(forecasts, samples, strict=True)]


def _prediction(invocation: Invocation, forecast: dict[str, Any], paths: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if forecast["error"] is not None:
        found["error"] = forecast["error"]
    else:
        quantiles = {name: _rows(forecast["quantiles"][repr(float(name))]) for name in invocation.names}
        if not invocation.outputs:
            found = {"mean": _rows(forecast["mean"]), **quantiles}
        else:
            parts = {"mean": _rows(forecast["mean"]), "quantiles": quantiles, "samples": paths}
            found = {name: parts[name] for name in invocation.outputs}
    return found | {name: forecast[name] for name in ("item_id", "start") if forecast[name] is not None}


def _rows(values: Any) -> Any:
    """A list per variable where we have an object."""
    return list(values.values()) if isinstance(values, dict) else values
