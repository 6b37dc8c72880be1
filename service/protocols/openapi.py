"""``/openapi.json``: FastAPI describes its own handlers, protocols their endpoints; failures are described here."""

from collections.abc import Sequence
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from service.codecs.schema import Schema
from service.http.body import JSON
from service.protocols.registry import ClientProtocol, Endpoint

Mode = Literal["validation", "serialization"]
_WHEN = {
    400: "not JSON, not Arrow, not CSV",
    401: "no key, where keys are on",
    403: "wrong key",
    404: "no such model, session or path",
    405: "no such method on this path",
    409: "the session holds something else",
    410: "the session has expired",
    412: "the session's digest is none of those that If-Match names",
    413: "body or work over a limit",
    415: "unknown content type or encoding",
    422: "understood, but wrong: the field, what was expected, what came, how to mend it",
    429: "queue full; see Retry-After",
    503: "still loading, or stopping; see Retry-After",
    504: "timeout_ms passed; the work was dropped",
}
_RETRY = {"Retry-After": {"schema": {"type": "integer", "minimum": 0}, "description": "Whole seconds."}}
IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "Digest of the session in quotes; where it has another one, nothing happens and the answer is 412.",
}
"""The header, for operations that have it."""
_OWN_TAGS = ("models", "sessions", "health", "jobs")
_KEYS = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Give the ``responses`` of a FastAPI handler that can fail so; their shape is its protocol's.

    Parameters
    ----------
    *statuses : int
        Statuses of ``service.errors``.

    Returns
    -------
    dict
        Description by status.
    """
    return {status: {"description": _WHEN[status]} for status in statuses}


def operation_id(route: APIRoute) -> str:
    """Name the operation of a FastAPI handler, which generators make the name of a function.

    Parameters
    ----------
    route : APIRoute
        The handler's.

    Returns
    -------
    str
        The handler's name; after that of its protocol where it is another project's, which may name one alike.
    """
    tag = str(route.tags[0]) if route.tags else ""
    return route.name if tag in _OWN_TAGS else f"{tag.replace(' ', '_')}_{route.name}".strip("_")


def reference(*names: str) -> dict[str, Any]:
    """Give the schema that refers to models.

    Parameters
    ----------
    *names : str
        Of the models' classes; several are alternatives.

    Returns
    -------
    dict
        JSON Schema.
    """
    found = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    return found[0] if len(found) == 1 else {"anyOf": found}


def event_schema(names: list[str], description: str, *required: str) -> dict[str, Any]:
    """Give the schema of one server-sent event, the way in which OpenAPI before 3.2 describes a stream.

    Parameters
    ----------
    names : list of str
        Values of ``event``.
    description : str
        What the events are.
    *required : str
        Members beside ``data`` that every event has.

    Returns
    -------
    dict
        JSON Schema.
    """
    properties = {"event": {"type": "string", "enum": names}, "id": {"type": "string"}, "data": {"type": "string"}}
    return {"type": "object", "description": description, "properties": properties, "required": ["data", *required]}


def query_parameters(schema: Schema[Any]) -> list[dict[str, Any]]:
    """Describe the parameters of a query string.

    Parameters
    ----------
    schema : Schema
        What reads them.

    Returns
    -------
    list of dict
        For ``parameters`` of an operation.
    """
    needed = schema.described.get("required", ())
    return [_parameter(name, part, name in needed) for name, part in schema.described["properties"].items()]


def _parameter(name: str, part: dict[str, Any], needed: bool) -> dict[str, Any]:
    """Describe a parameter of the query string; it cannot be null, and lists are separated by commas."""
    schema = dict(part.get("anyOf", [part])[0])
    description = part["description"]
    if schema["type"] == "array":
        description += " Separated by commas."
        example = ",".join(map(str, schema.get("examples", [schema["items"].get("enum", [])])[0]))
        schema = {"type": "string", "examples": [example]}
    if schema["type"] == "object":
        return {
            "name": name, "in": "query", "required": needed, "description": f"{description} As JSON.",
            "content": {JSON: {"schema": schema}},
        }  # fmt: skip
    schema.pop("minLength", None)  # an empty text counts as left out
    return {"name": name, "in": "query", "required": needed, "schema": schema, "description": description}


class Document:
    """The document of an app, built when it is first read.

    Parameters
    ----------
    app : FastAPI
        Has the routes.
    protocols : sequence of ClientProtocol
        What the app speaks.
    keys : bool
        Whether API keys are on.
    """

    def __init__(self, app: FastAPI, protocols: Sequence[ClientProtocol], keys: bool) -> None:
        self._app, self._protocols, self._keys = app, protocols, keys
        self._built: dict[str, Any] | None = None

    def __call__(self) -> dict[str, Any]:
        """Give the document."""
        self._built = self._built or self._build()
        return self._built

    def _build(self) -> dict[str, Any]:
        document = get_openapi(
            title="Statecast",
            version=self._app.version,
            description="Forecasts that remember: one more observation costs the same however long the history.",
            routes=self._app.routes,
        )
        endpoints = [endpoint for protocol in self._protocols for endpoint in protocol.endpoints()]
        shapes: dict[type, Mode] = {protocol.failure_schema: "serialization" for protocol in self._protocols}
        for endpoint in endpoints:
            shapes.update((shape, "validation") for shape in endpoint.requests)
            shapes.update((shape, "serialization") for shape in endpoint.replies)
        inputs: list[tuple[str, Mode, TypeAdapter[Any]]]
        inputs = [(shape.__name__, mode, TypeAdapter(shape)) for shape, mode in shapes.items()]
        _, extra = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
        parts = document.setdefault("components", {})
        parts["schemas"] = {**extra["$defs"], **parts.get("schemas", {})}
        for unused in ("HTTPValidationError", "ValidationError"):
            parts["schemas"].pop(unused, None)
        for operation in (operation for path in document["paths"].values() for operation in path.values()):
            if "description" in operation:  # the handler's docstring, of which callers over HTTP need the beginning
                operation["description"] = operation["description"].partition("\n\nParameters\n")[0]
        for endpoint in endpoints:
            document["paths"].setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
        for protocol in self._protocols:
            for path in {path for path, _ in protocol.paths()}:
                for operation in document["paths"].get(path, {}).values():
                    self._describe_failures(protocol, path, operation)
        if self._keys:
            parts["securitySchemes"] = _KEYS
        return document

    def _describe_failures(self, protocol: ClientProtocol, path: str, operation: dict[str, Any]) -> None:
        statuses = {int(status) for status in operation["responses"] if int(status) >= 400}
        if self._keys and path not in protocol.open_paths:
            operation["security"] = [{name: []} for name in _KEYS]
            statuses |= {401, 403}
        content = {protocol.failure_type: {"schema": reference(protocol.failure_schema.__name__)}}
        kept = {status: response for status, response in operation["responses"].items() if int(status) < 400}
        for status in sorted(statuses):
            described: dict[str, Any] = {"description": _WHEN[status], "content": content}
            kept.setdefault(
                str(protocol.status(status)), described | ({"headers": _RETRY} if status in (429, 503) else {})
            )
        operation["responses"] = kept


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    responses = endpoint.operation["responses"] | {str(status): {} for status in endpoint.failures}
    return endpoint.operation | {"responses": responses}
