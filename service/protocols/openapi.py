"""``/openapi.json``: FastAPI tells its own routes; the hot path is told here by hand."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from service.http.middleware import OPEN
from service.protocols.forecast import schemas
from service.protocols.generate import openapi as openapi_generate
from service.protocols.generate import schemas as generate_schemas

_WHEN = {
    400: "not JSON, not Arrow, not CSV",
    401: "no key, where keys are on",
    403: "wrong key",
    404: "no such model, session or path",
    405: "no such method on this path",
    409: "the session says otherwise",
    410: "the session has expired",
    413: "body or work over a limit",
    415: "unknown content type or encoding",
    422: "understood, but wrong: the field, what was expected, what came, how to mend it",
    429: "queue full; see Retry-After",
    503: "still loading, or stopping; see Retry-After",
    504: "timeout_ms passed; the work was dropped",
}
_TABLE = {
    "type": "string",
    "description": "Long table: item_id, timestamp, target, resolution, session and covariate columns.",
}
_REPLY_TABLE = {"type": "string", "description": "Long table: item_id, timestamp, mean and one column a quantile."}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_AGAIN = {"Retry-After": {"schema": {"type": "integer", "minimum": 0}, "description": "Whole seconds."}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """``responses`` of a route that can fail so; 422 and 405 are told where FastAPI would tell its own shape."""
    return {status: _problem(status) for status in statuses}


def _problem(status: int) -> dict[str, Any]:
    told: dict[str, Any] = {"description": _WHEN[status], "content": _PROBLEM}
    return told | {"headers": _AGAIN} if status in (429, 503) else told


def describe(app: FastAPI, keys: bool) -> dict[str, Any]:
    """Build the document."""
    document = get_openapi(
        title="Statecast",
        version=app.version,
        description="Forecasts that remember: one more observation costs the same however long the history.",
        routes=app.routes,
    )
    _, extra = models_json_schema(
        [
            (schemas.ForecastRequest, "validation"),
            (schemas.ForecastReply, "serialization"),
            (schemas.Problem, "serialization"),
            (generate_schemas.TextRequest, "validation"),
            (generate_schemas.PathsRequest, "validation"),
            (generate_schemas.TextReply, "serialization"),
            (generate_schemas.PathsReply, "serialization"),
            (generate_schemas.CompletionRequest, "validation"),
            (generate_schemas.Completion, "serialization"),
            (generate_schemas.OpenaiError, "serialization"),
        ],
        ref_template="#/components/schemas/{model}",
    )
    parts = document.setdefault("components", {})
    parts["schemas"] = {**extra["$defs"], **parts.get("schemas", {})}
    for unused in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(unused, None)
    document["paths"]["/forecast"] = {"post": _forecast()}
    document["paths"]["/generate"] = {"post": _failing(openapi_generate.generate(), openapi_generate.FAILURES)}
    completions = _failing(openapi_generate.completions(), openapi_generate.OPENAI_FAILURES)
    document["paths"]["/v1/completions"] = {"post": completions}
    for path, methods in document["paths"].items():
        for operation in methods.values():
            _tell_failures(path, operation, keys)
    if keys:
        parts["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        }
    return document


def _failing(operation: dict[str, Any], statuses: tuple[int, ...]) -> dict[str, Any]:
    operation["responses"] |= {str(status): _problem(status) for status in statuses}
    return operation


def _tell_failures(path: str, operation: dict[str, Any], keys: bool) -> None:
    responses = operation["responses"]
    if "422" in responses:  # ours, wherever FastAPI tells its own
        responses["422"] = _problem(422)
    if keys and path not in OPEN:
        operation["security"] = [{"bearer": []}, {"header": []}]
        responses |= {str(status): _problem(status) for status in (401, 403)}
    if path.startswith("/v1/"):
        if responses.pop("422", None):
            responses["400"] = _problem(400)
        for status in responses:
            if status != "200":
                responses[status] = openapi_generate.openai_failure(responses[status])


def _forecast() -> dict[str, Any]:
    from service.http.body import ARROW, CSV, JSON

    return {
        "tags": ["forecast"],
        "summary": "Forecast one or many series",
        "description": (
            "Opens or advances a session where a series names one. A series that fails carries its error, the others "
            "answer; if all fail, so does the request. Tables give their parameters in the query string; beside JSON, "
            "the query fills what the body leaves out. In tables, times without an offset are UTC, and rows at the end "
            "of an item with a missing target and known covariates are the horizon. Rows that name a resolution, such "
            "as 1d, hold the value of its bucket that begins at their timestamp."
        ),
        "operationId": "forecast",
        "parameters": _parameters(),
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": {"$ref": "#/components/schemas/ForecastRequest"}},
                ARROW: {"schema": _TABLE | {"format": "binary"}},
                CSV: {"schema": _TABLE},
            },
        },
        "responses": {
            "200": {
                "description": "Forecasts, in the request's order.",
                "content": {
                    JSON: {"schema": {"$ref": "#/components/schemas/ForecastReply"}},
                    ARROW: {"schema": _REPLY_TABLE | {"format": "binary"}},
                    CSV: {"schema": _REPLY_TABLE},
                },
            },
            **{str(status): _problem(status) for status in (400, 404, 409, 410, 413, 415, 422, 429, 503, 504)},
        },
    }


def _parameters() -> list[dict[str, Any]]:
    told: dict[str, tuple[dict[str, Any], str]] = {
        "model": ({"type": "string"}, "name, name@version or name@sha256:…"),
        "horizon": ({"type": "integer", "minimum": 1}, "Steps ahead."),
        "quantile_levels": ({"type": "string", "examples": ["0.1,0.5,0.9"]}, "Levels, separated by commas."),
        "missing": (
            {"type": "string", "enum": ["mask", "ffill", "linear", "error"]},
            "What to do about missing values.",
        ),
        "include": ({"type": "string", "examples": ["baseline"]}, "baseline, attention, separated by commas."),
        "timeout_ms": ({"type": "integer", "minimum": 1}, "Milliseconds after which the work is dropped."),
        "freq": ({"type": "string", "examples": ["1h"]}, "Distance of two values of a series that says none."),
        "season": ({"type": "integer", "minimum": 1}, "Steps a season of a series that says none, for a family."),
        "timezone": ({"type": "string", "examples": ["Europe/Berlin"]}, "Zone whose days, weeks and months count."),
        "timestamp_unit": ({"type": "string", "enum": ["s", "ms"]}, "Unit of whole-number times since 1970."),
        "dayfirst": ({"type": "boolean"}, "Whether 01.02.2021 is the 1st of February."),
        "session": ({"type": "string"}, "Session of the one series."),
    }
    return [
        {"name": name, "in": "query", "required": False, "schema": schema, "description": text}
        for name, (schema, text) in told.items()
    ]
