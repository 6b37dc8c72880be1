"""What three kinds of sessions live through; each yields where the server may be killed, and goes on after it."""

from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np

from tests.builders import babble, wav
from tests.chaos.server import Server

Life = Iterator[None]
SERIES = np.random.default_rng(0).normal(size=(5, 60)).round(3)
SOUND, CHUNK = babble(2.0), 4000
SEASONS = (1, 7, 24)
WEEKS = [round(float(v), 3) for v in 50 + 5 * np.sin(np.arange(80) * 2 * np.pi / 7)]


def _post(server: Server, path: str, **request: Any) -> dict[str, Any]:
    reply = httpx.post(f"{server.url}{path}", timeout=60, **request)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def classified(server: Server) -> Life:
    """Probabilities after each part are the same when it is sent again, and in the end those of the whole."""

    def ask(inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = _post(server, "/classify", json={"model": "reviews", "inputs": inputs})[
            "results"
        ]
        return results

    def part(begin: int, end: int, **fields: Any) -> list[dict[str, Any]]:
        return [{"session": f"c{row}", "target": one[begin:end].tolist(), **fields} for row, one in enumerate(SERIES)]

    def check_alike(one: dict[str, Any], other: dict[str, Any]) -> None:
        found, wanted = (list(result["probabilities"].values()) for result in (one, other))
        np.testing.assert_allclose(found, wanted, atol=1e-5)

    found = []
    for begin in range(0, 60, 15):
        found = ask(part(begin, begin + 15))
        yield
        # A client that cannot know whether its last request was kept sends it again.
        again = ask(part(begin, begin + 15, from_index=begin, open=False))
        for one, other in zip(found, again, strict=True):
            assert one["session"]["digest"] == other["session"]["digest"]
            assert (other["session"]["count"], other["session"]["duplicates"]) == (begin + 15, 15)
            check_alike(one, other)
    for one, whole in zip(found, ask([{"target": series.tolist()} for series in SERIES]), strict=True):
        check_alike(one, whole)


def transcribed(server: Server) -> Life:
    """Segments after each chunk are the same when it is sent again, and in the end those of the whole recording."""

    def hear(begin: int, end: int, **query: str) -> dict[str, Any]:
        return _post(
            server, "/transcribe", content=wav(SOUND[begin:end]), params={"model": "words", **query},
            headers={"content-type": "audio/wav"},
        )  # fmt: skip

    for begin in range(0, len(SOUND), CHUNK):
        final = "true" if begin + CHUNK >= len(SOUND) else "false"
        place = {"session": "m", "final": final, "from_index": str(begin)}
        once = hear(begin, begin + CHUNK, **place)
        yield
        again = hear(begin, begin + CHUNK, open="false", **place)
        assert once["session"]["digest"] == again["session"]["digest"]
        assert (again["session"]["duplicates"], again["segments"]) == (CHUNK, once["segments"])
    whole = hear(0, len(SOUND))
    assert [one["text"] for one in again["segments"]] == [one["text"] for one in whole["segments"]]
    assert again["text"] == whole["text"] != ""


def of_seasons(server: Server) -> Life:
    """The record has the season; by another season's member the state would be read as something else."""

    def ask(series: list[dict[str, Any]]) -> list[dict[str, Any]]:
        body = {"model": "default", "series": series, "horizon": 40}
        forecasts: list[dict[str, Any]] = _post(server, "/forecast", json=body)["forecasts"]
        return forecasts

    def part(begin: int, end: int) -> list[dict[str, Any]]:
        return [{"session": f"s{season}", "target": WEEKS[begin:end]} for season in SEASONS]

    ask([{"season": season, **one} for season, one in zip(SEASONS, part(0, 60), strict=True)])
    before = ask(part(60, 70))
    yield
    again, after = ask(part(70, 70)), ask(part(70, 80))
    wholes = ask([{"season": season, "target": WEEKS} for season in SEASONS])
    for season, was, now, on, whole in zip(SEASONS, before, again, after, wholes, strict=True):
        assert was["season"] == now["season"] == on["season"] == season
        assert was["session"]["digest"] == now["session"]["digest"]
        np.testing.assert_allclose(now["mean"], was["mean"], atol=1e-3)
        np.testing.assert_allclose(on["mean"], whole["mean"], atol=1e-3)
