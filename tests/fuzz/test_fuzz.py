"""A few thousand hostile requests, and every one that ever did harm: none is answered 500, slowly, or keeps memory."""

from pathlib import Path
from random import Random

import pytest

from tests.fuzz.generators.conversations import conversation_of, enough
from tests.fuzz.generators.lives import twins
from tests.fuzz.request import KEPT, kept
from tests.fuzz.run import differences, folder_of, run

REQUESTS = 3_000
WARM = 150


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of(tmp_path_factory.mktemp("fuzz"))


def test_conversations_are_made_without_a_word() -> None:
    """A warning of the generator's libraries, here of times in a zone, would hide one of the server's in its log."""
    for seed in (3100528, 3100620):
        assert conversation_of(seed)  # a warning is an error in tests


def test_what_once_did_harm_does_none(folder: Path) -> None:
    """Each file is a conversation in which one was answered 500, took seconds, never ended, or killed the process."""
    found = run(folder, [kept(path) for path in sorted(KEPT.glob("*.json"))])
    assert [fault for _, fault in found.faults] == []


def test_both_ways_say_the_same(folder: Path) -> None:
    """What goes the short way is read by a reader of its own, which must neither take nor say anything else."""
    found, compared = differences(folder, (twins(Random(seed), f"t{seed}") for seed in range(40)))
    assert found == []
    assert min(compared[kind] for kind in ("application/json", "application/vnd.apache.arrow.stream")) > 10, compared


def test_hostile_requests_are_answered(folder: Path) -> None:
    """``python -m tests.fuzz`` sends a hundred thousand; this many find what is easily found."""
    found = run(folder, enough(0, REQUESTS), map(conversation_of, range(10**9, 10**9 + WARM)))
    assert [fault for _, fault in found.faults] == []
    assert found.statuses[200] > REQUESTS // 5, "too few are good enough to be answered, so nothing deep is reached"
    assert found.grown < 0.1, "in a run so short, caches still fill"
