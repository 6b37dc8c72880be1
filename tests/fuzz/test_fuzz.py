"""A few thousand hostile requests, and every one that ever did harm: none is answered 500, slowly, or keeps memory."""

from pathlib import Path

import pytest

from tests.fuzz.request import KEPT, RawRequest
from tests.fuzz.requests import request_of
from tests.fuzz.run import folder_of, run

REQUESTS = 1_500
WARM = 500


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of(tmp_path_factory.mktemp("artifacts"))


def test_what_once_did_harm_does_none(folder: Path) -> None:
    """Each file is a request that was answered 500, took seconds, or killed the process."""
    found = run(folder, [RawRequest.read(path) for path in sorted(KEPT.glob("*.json"))])
    assert [fault for _, fault in found.faults] == []


def test_hostile_requests_are_answered(folder: Path) -> None:
    """``python -m tests.fuzz`` sends a hundred thousand; this many find what is easily found."""
    found = run(folder, map(request_of, range(REQUESTS)), map(request_of, range(10**9, 10**9 + WARM)))
    assert [(request, fault) for request, fault in found.faults] == []
    assert found.statuses[200] > REQUESTS // 20, "too few are good enough to be answered, so nothing deep is reached"
    assert found.grown < 0.05
