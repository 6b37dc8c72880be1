"""Failures that the parser meets, as answers."""

import httptools

from service.http.problems import parse_failure


def test_no_memory_for_a_body_is_no_defect() -> None:
    """A body of 64 MB that found no room in a process of 2 GB was answered 500."""
    error = httptools.HttpParserCallbackError("on_body")
    error.__context__ = MemoryError()
    failure = parse_failure(error)
    assert failure.status == 429 and failure.retry_after
