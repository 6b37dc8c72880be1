"""Failures that the parser meets, as answers."""

import asyncio
from typing import Any

import httptools

from service.http.middleware import RequestMiddleware
from service.http.path_table import PathTable
from service.http.problems import parse_failure, problem_failure
from service.metrics import Metrics


def test_no_memory_for_a_body_is_no_defect() -> None:
    """A body of 64 MB that found no room in a process of 2 GB was answered 500."""
    error = httptools.HttpParserCallbackError("on_body")
    error.__context__ = MemoryError()
    failure = parse_failure(error)
    assert failure.status == 429 and failure.retry_after


def test_no_memory_within_a_request_is_no_defect() -> None:
    async def app(*_: object) -> None:
        raise MemoryError

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    served = RequestMiddleware(app, Metrics(), None, PathTable(problem_failure))
    scope = {"type": "http", "method": "POST", "path": "/forecast", "headers": [], "state": {}}
    asyncio.run(served(scope, receive, send))
    assert sent[0]["status"] == 429
