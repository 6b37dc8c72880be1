"""``/generate`` and ``/v1`` in ``/openapi.json``, told by hand as the hot paths are."""

from typing import Any


def _event(names: list[str], described: str, *needed: str) -> dict[str, Any]:
    """One server-sent event, as OpenAPI before 3.2 tells a stream."""
    texts = {"event": {"type": "string", "enum": names}, "id": {"type": "string"}, "data": {"type": "string"}}
    return {"type": "object", "description": described, "properties": texts, "required": ["data", *needed]}


_STREAM = _event(
    ["start", "step", "done", "error"],
    "An event; data is JSON. A comment every 15 s of silence keeps the connection.",
    "event",
    "id",
)
_CHUNKS = _event(["message"], "A chunk of the answer, in JSON; the last one is [DONE].")
_OPENAI = {"application/json": {"schema": {"$ref": "#/components/schemas/OpenaiError"}}}
FAILURES = (400, 404, 409, 410, 413, 415, 422, 429, 503, 504)
OPENAI_FAILURES = (400, 404, 413, 415, 429, 503)


def generate() -> dict[str, Any]:
    """Operation of ``POST /generate``."""
    return {
        "tags": ["generate"],
        "summary": "Write text, or draw scenario paths of series",
        "description": (
            "With a prompt, text: the same seed, model and prompt give the same text, alone or beside others, streamed "
            "or whole, in one request or over a session in several. A session keeps what it has read and written; the "
            "next prompt holds only new text, or nothing. With series, paths: they go on from the history, or from a "
            "session and what the request adds to it, and never change the session."
        ),
        "operationId": "generate",
        "requestBody": {"required": True, "content": _json(_any("TextRequest", "PathsRequest"))},
        "responses": {
            "200": {
                "description": "TextRunner or paths; with stream, events.",
                "content": {**_json(_any("TextReply", "PathsReply")), "text/event-stream": {"schema": _STREAM}},
            }
        },
    }


def completions() -> dict[str, Any]:
    """Operation of ``POST /v1/completions``."""
    return {
        "tags": ["openai"],
        "summary": "Write text, in the OpenAI shape",
        "description": (
            "Fields that this server has not are refused, unless their value changes nothing. A wrong request is 400 "
            "here, in that API's shape of an error."
        ),
        "operationId": "completions",
        "requestBody": {
            "required": True,
            "content": _json({"$ref": "#/components/schemas/CompletionRequest"}),
        },
        "responses": {
            "200": {
                "description": "TextRunner; with stream, chunks.",
                "content": {
                    **_json({"$ref": "#/components/schemas/Completion"}),
                    "text/event-stream": {"schema": _CHUNKS},
                },
            }
        },
    }


def openai_failure(told: dict[str, Any]) -> dict[str, Any]:
    """Give a failure the shape that it has below ``/v1``."""
    return told | {"content": _OPENAI}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _any(*names: str) -> dict[str, Any]:
    return {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in names]}
