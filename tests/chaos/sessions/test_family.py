"""``kill -9`` and sessions of several seasons: each goes on with the member that it began with."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np

from tests.builders import tiny_family_artifact
from tests.chaos.server import Server

SEASONS = (1, 7, 24)
VALUES = [round(float(v), 3) for v in 50 + 5 * np.sin(np.arange(80) * 2 * np.pi / 7)]


def ask(server: Server, series: list[dict[str, Any]]) -> list[dict[str, Any]]:
    reply = httpx.post(f"{server.url}/forecast", json={"series": series, "horizon": 40}, timeout=60)
    assert reply.status_code == 200, reply.text
    forecasts: list[dict[str, Any]] = reply.json()["forecasts"]
    return forecasts


def test_a_session_of_any_season_goes_on_after_a_kill(tmp_path: Path) -> None:
    """The record tells the season; by another season's member the state would be read as something else."""
    tiny_family_artifact(tmp_path / "artifacts")
    server = Server(tmp_path, artifacts=str(tmp_path / "artifacts"), state_url=f"sqlite:///{tmp_path}/s.db")
    server.start()
    try:
        ask(server, [{"session": f"s{season}", "season": season, "target": VALUES[:60]} for season in SEASONS])
        before = ask(server, [{"session": f"s{season}", "target": VALUES[60:70]} for season in SEASONS])
        server.kill()
        server.start()
        again = ask(server, [{"session": f"s{season}", "target": []} for season in SEASONS])
        after = ask(server, [{"session": f"s{season}", "target": VALUES[70:]} for season in SEASONS])
        whole = ask(server, [{"season": season, "target": VALUES} for season in SEASONS])
    finally:
        server.kill()
    for season, was, now, on, all_ in zip(SEASONS, before, again, after, whole, strict=True):
        assert was["season"] == now["season"] == on["season"] == season
        assert was["session"]["digest"] == now["session"]["digest"]
        np.testing.assert_allclose(now["mean"], was["mean"], atol=1e-3)
        np.testing.assert_allclose(on["mean"], all_["mean"], atol=1e-3)
