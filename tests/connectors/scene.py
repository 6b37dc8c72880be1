"""Readings with times and without, and what has to hold of sessions, forecasts and dead letters in the end."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np

from tests.connectors.brokers import Message, RunningBroker

START = datetime(2026, 1, 1, tzinfo=UTC)
REQUEST = ("--freq", "1h", "--horizon", "3", "--quantile-levels", "0.1,0.9")


def at(step: int) -> str:
    return (START + timedelta(hours=step)).strftime("%Y-%m-%dT%H:%M:%SZ")


def value(key: int, step: int) -> float:
    return round(50 + 10 * np.sin(step * np.pi / 2 + key) + ((step * 7919 + key * 104729) % 1000) / 500, 3)


def readings(kind: str, keys: int, steps: int) -> list[Message]:
    """Of every key one after the other, in the order of time."""
    return [
        (f"{kind}-{key}", json.dumps({"timestamp": at(step), "value": value(key, step)}).encode())
        for step in range(steps)
        for key in range(keys)
    ]


def plain(kind: str, keys: int, steps: int) -> list[Message]:
    """Numbers alone."""
    return [(f"{kind}-{key}", str(value(key, step)).encode()) for step in range(steps) for key in range(keys)]


def check_sessions(url: str, broker: RunningBroker, kind: str, keys: int, steps: int, timed: bool = True) -> None:
    """Each session is what one request with all of its observations makes of it: nothing is missing, nothing twice."""
    series = [
        {"session": f"whole-{broker.name}-{kind}-{key}", "target": [value(key, step) for step in range(steps)],
         **({"start": at(0), "freq": "1h"} if timed else {})}
        for key in range(keys)
    ]  # fmt: skip
    reply = httpx.post(f"{url}/forecast", json={"series": series, "horizon": 3}, timeout=120)
    assert reply.status_code == 200, reply.text
    for key, once in enumerate(reply.json()["forecasts"]):
        assert once["error"] is None, once
        kept = httpx.get(f"{url}/sessions/{broker.session(f'{kind}-{key}')}", timeout=60).json()
        assert kept.get("count") == once["session"]["count"] == steps, (key, kept)
        assert kept["digest"] == once["session"]["digest"], (key, kept)


def check_outputs(broker: RunningBroker, outputs: Sequence[dict[str, Any]], kind: str, keys: int, steps: int) -> int:
    """There is a forecast after every observation, the same where it came again; gives how many came again."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    again = 0
    for output in outputs:
        place = (output["session"], output["timestamp"])
        again += place in found
        kept = found.setdefault(place, output)
        assert kept["count"] == output["count"], (kept, output)
        np.testing.assert_allclose(output["forecast"]["mean"], kept["forecast"]["mean"], rtol=1e-4)
    wanted = {(broker.session(f"{kind}-{key}"), at(step)) for key in range(keys) for step in range(steps)}
    assert wanted <= found.keys(), f"{len(wanted - found.keys())} observations without a forecast"
    for _, output in found.items():
        if output["timestamp"] is not None and output["forecast"]["start"] is not None:
            after = datetime.fromisoformat(output["timestamp"]) + timedelta(hours=1)
            assert datetime.fromisoformat(output["forecast"]["start"]) == after, output
    return again
