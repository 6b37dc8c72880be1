"""What a client can have done with series: which calls it takes, and what their answers come to.

An operation is a generator of calls that is given their answers, so that it is the same whichever client sends them.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from statecast.client.call import Call
from statecast.client.errors import kind_of
from statecast.client.numbers import to_json
from statecast.client.replies import read_anomalies, read_backtest, read_explanation, read_forecast
from statecast.client.series import SentSeries
from statecast.frames.each import as_several, in_the_form_of
from statecast.frames.reading import ModelColumns, TableItems, is_table, read_items
from statecast.frames.table_result import TableResult
from statecast.inputs.covariates import Covariate
from statecast.uncertainty.bounds import Bounds
from statecast.uncertainty.interval_levels import chosen_levels

R = TypeVar("R", bound=Any)
Steps = Generator[Call, Any, R]
"""Calls out, their answers in, what came of it at last."""
Read = Callable[[Mapping[str, Any], SentSeries], R]

_OF_THE_REQUEST = ("model", "missing", "include", "timeout_ms", "anomaly_level", "on_conflict", "on_model_change")
"""Arguments that a request says once; others are of the series."""
_MOST_SERIES, _MOST_VALUES = 500, 200_000
"""What a request of many series holds at most."""
_OF_QUALITY = ("short_history", "constant_history", "kept_in_bounds")
"""Warnings that each forecast has among its notes, and that are not repeated for each series of a frame."""


def forecasting(history: Any, horizon: int | None, options: dict[str, Any]) -> Steps[Any]:
    """Forecast; see ``Client.forecast``."""
    options, level, bounds = dict(options), options.get("level"), Bounds.read(options.get("bounds"))
    fields = {"horizon": horizon, "quantile_levels": _levels(options)}

    def read(reply: Mapping[str, Any], sent: SentSeries) -> Any:
        return read_forecast(reply, sent, bounds)

    return (yield from _run("/forecast", "forecasts", read, history, fields, options, level))


def backtesting(
    history: Any, horizon: int | None, cutoffs: int, step: int | None, options: dict[str, Any]
) -> Steps[Any]:
    """Cross-validate; see ``Client.cross_validation``."""
    options, level = dict(options), options.get("level")
    model = yield from _model(options.get("model"))
    ahead = horizon or model["horizon"]
    wanted = _levels(options) or tuple(model["quantile_levels"])
    fields = {
        "horizon": ahead, "cutoffs": cutoffs, "step": step, "return": ["forecasts"],
        "quantile_levels": wanted if 0.5 in wanted else (*wanted, 0.5),
    }  # fmt: skip

    def read(reply: Mapping[str, Any], sent: SentSeries) -> Any:
        found = read_backtest(reply, sent, ahead, step or ahead, reply.get("season") or model["season"])
        return found.at(wanted)

    return (yield from _run("/backtest", "results", read, history, fields, options, level))


def explaining(history: Any, horizon: int | None, options: dict[str, Any]) -> Steps[Any]:
    """Explain; see ``Client.explain``."""
    fields: dict[str, Any] = {
        "horizon": horizon,
        "include": ["baseline", "attention"],
        "bounds": {},
        "quantile_levels": [0.5],
    }
    return (yield from _run("/forecast", "forecasts", read_explanation, history, fields, dict(options), framed=False))


def finding_anomalies(history: Any, level: float, options: dict[str, Any]) -> Steps[Any]:
    """Find anomalies; see ``Client.anomalies``."""
    return (yield from _run("/anomalies", "results", read_anomalies, history, {"level": float(level)}, dict(options)))


def _levels(options: dict[str, Any]) -> tuple[float, ...] | None:
    return chosen_levels(*(options.pop(name, None) for name in ("level", "quantile_levels", "quantiles")))


def _model(name: str | None) -> Steps[dict[str, Any]]:
    """What the server says of a model, or of its default one."""
    found: dict[str, Any]
    if name is not None:
        found = yield Call("GET", f"/models/{quote(name, safe='@:')}")
    else:
        every = yield Call("GET", "/models")
        found = next(one for one in every["models"] if one["default"])
    return found


def _run(
    path: str,
    answers: str,
    read: Read[R],
    history: Any,
    fields: Mapping[str, Any],
    options: dict[str, Any],
    level: Any = None,
    *,
    framed: bool = True,
) -> Steps[Any]:
    """Send one series or each of several, and give what came of them the form in which they came."""
    said = {name: options.pop(name) for name in (*_OF_THE_REQUEST, "bounds") if name in options}
    request = {**fields, **said}
    if is_table(history):
        model = yield from _model(said.get("model"))
        ahead = (fields["horizon"] or model["horizon"]) if answers == "forecasts" else 0
        columns = _columns(model, ahead)
        further = {name: options.pop(name) for name in ("season", "session", "open") if name in options}
        items = read_items(history, columns, **options)
        series = [
            SentSeries.of(**arguments, item_id=name, **further)
            for name, arguments in zip(items.names, items.arguments, strict=True)
        ]
        replies = yield from _send(path, answers, series, request)
        result = _of_items(items, series, replies, read)
        return result.like(level) if framed else result.results
    several = as_several(history)
    named = [(None, history)] if several is None else several
    series = [SentSeries.of(values, item_id=name, **options) for name, values in named]
    replies = yield from _send(path, answers, series, request)
    found = [read(reply, sent) for reply, sent in zip(replies, series, strict=True)]
    return found[0] if several is None else in_the_form_of(history, found)


def _of_items(
    items: TableItems, series: Sequence[SentSeries], replies: Sequence[Mapping[str, Any]], read: Read[R]
) -> TableResult[R]:
    found = [read(reply, sent) for reply, sent in zip(replies, series, strict=True)]
    notes = [[str(one["detail"]) for one in reply["warnings"] if one["code"] not in _OF_QUALITY] for reply in replies]
    return TableResult.of(items, found, notes)


def _send(
    path: str, answers: str, series: Sequence[SentSeries], fields: Mapping[str, Any]
) -> Steps[list[Mapping[str, Any]]]:
    """Send series, in several requests where they are many; one that failed is raised with its name."""
    found: list[Mapping[str, Any]] = []
    while len(found) < len(series):
        part = _next_part(series[len(found) :])
        reply = yield _call(path, part, fields)
        for answer in reply[answers]:
            if answer["error"] is not None:
                _raise(answer["error"], answer["item_id"])
            found.append(answer)
    return found


def _next_part(series: Sequence[SentSeries]) -> Sequence[SentSeries]:
    count = values = 0
    while count < min(len(series), _MOST_SERIES) and values < _MOST_VALUES:
        values += len(series[count].fields["target"])
        count += 1
    return series[:count]


def _call(path: str, series: Sequence[SentSeries], fields: Mapping[str, Any]) -> Call:
    zones, bounds = {one.zone for one in series} - {None}, fields.get("bounds")
    body = {
        **fields,
        "series": [one.fields for one in series],
        "bounds": bounds.to_dict() if isinstance(bounds, Bounds) else bounds,
        "timezone": zones.pop() if len(zones) == 1 else None,
    }
    return Call("POST", path, {name: to_json(value) for name, value in body.items() if value is not None})


def _raise(error: Mapping[str, Any], item: str | None) -> None:
    """Raise what one series failed with, as a request with this series alone would."""
    whose = "" if item is None else f"item {item!r}: "
    raise kind_of(error["status"])(
        f"{whose}{error['detail']}", error["status"], error["code"], error["errors"], error["request_id"]
    )


def _columns(model: Mapping[str, Any], ahead: int) -> ModelColumns:
    """What a model reads of a table, as the server describes it."""
    past, future, static = (
        [Covariate(one["name"], levels=tuple(one["levels"])) for one in model[f"{kind}_covariates"]]
        for kind in ("past", "future", "static")
    )
    return ModelColumns(past, future, static, ahead=ahead, fitted=model.get("columns") or {})
