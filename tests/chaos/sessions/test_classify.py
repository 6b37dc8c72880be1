"""``kill -9`` between the requests of sessions that are classified: each goes on with equal probabilities."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np

from tests.builders import tiny_classifier_artifact
from tests.chaos.server import Server

SESSIONS = 5
SERIES = np.random.default_rng(0).normal(size=(SESSIONS, 60)).round(3)


def ask(server: Server, inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    reply = httpx.post(f"{server.url}/classify", json={"inputs": inputs}, timeout=60)
    assert reply.status_code == 200, reply.text
    results: list[dict[str, Any]] = reply.json()["results"]
    return results


def part(begin: int, end: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"session": f"s{row}", "target": series[begin:end].tolist(), **fields} for row, series in enumerate(SERIES)]


def check_alike(one: dict[str, Any], other: dict[str, Any]) -> None:
    found, wanted = (list(result["probabilities"].values()) for result in (one, other))
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_session_goes_on_after_a_kill(tmp_path: Path) -> None:
    """What was answered was in the store before; else a stream of hours would begin anew with every crash."""
    tiny_classifier_artifact(tmp_path / "artifacts", inputs="values", symbols=(), labels=("a", "b", "c"))
    server = Server(tmp_path, artifacts=str(tmp_path / "artifacts"), state_url=f"sqlite:///{tmp_path}/s.db")
    server.start()
    try:
        found = []
        for begin in range(0, 60, 15):
            found = ask(server, part(begin, begin + 15))
            server.kill()
            server.start()
            # A client that cannot know whether its last request was kept sends it again.
            again = ask(server, part(begin, begin + 15, from_index=begin, open=False))
            for one, other in zip(found, again, strict=True):
                assert one["session"]["digest"] == other["session"]["digest"]
                assert (other["session"]["count"], other["session"]["duplicates"]) == (begin + 15, 15)
                check_alike(one, other)
        whole = ask(server, [{"target": series.tolist()} for series in SERIES])
    finally:
        server.kill()
    for one, all_ in zip(found, whole, strict=True):
        check_alike(one, all_)
