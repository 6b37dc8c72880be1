"""Failures that the parser meets, as answers."""

import asyncio
from typing import Any

import httptools

from service.errors import Expired, Loading, QueueFull, Unprocessable
from service.http.middleware import RequestMiddleware
from service.http.path_table import PathTable
from service.http.problems import all_failed, parse_failure, problem_failure
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


def test_a_request_whose_parts_may_all_pass_may_be_sent_again() -> None:
    """Answered 422, its client would take its values for wrong and drop them, because a store was away for a second."""
    away = Loading("the store is away", code="store_failed")
    whole = all_failed([away, QueueFull("try again later"), Expired("too late")])
    assert (whole.status, whole.code, whole.retry_after) == (503, "all_series_failed", 2)
    wrong = all_failed([away, Unprocessable("a value is infinite")])
    assert (wrong.status, wrong.retry_after) == (422, None)
