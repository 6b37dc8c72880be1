"""Law 1 over HTTP, on real data, against the real server."""

import asyncio
import random
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pytest

from benchmarks.harness.client import Client
from benchmarks.harness.server import Server, running_server
from benchmarks.sessions.equality import cut, measure, read_columns
from statecast import save
from tests.builders import tiny_artifact, tiny_ensemble, tiny_family_artifact

TABLE = Path(__file__).parents[3] / "shared" / "data" / "ett" / "ETTh1.csv.gz"


@pytest.mark.data
@pytest.mark.skipif(not TABLE.exists(), reason=f"{TABLE.name} is not beside the project")
@pytest.mark.parametrize("kind", ["one", "ensemble", "family"])
def test_a_session_in_pieces_says_what_the_whole_history_says(tmp_path: Path, kind: str) -> None:
    """The product's one promise, over the wire: 1e-4 of the series' spread, whatever the split, with values missing."""
    shape = {"season": 24, "patch_length": 8, "lookback_length": 200, "resolutions": (1, 24)}
    if kind == "one":
        tiny_artifact(tmp_path / "artifacts", **shape)
    elif kind == "family":
        tiny_family_artifact(tmp_path / "artifacts")
    else:
        network = tiny_ensemble(0, shape, {**shape, "patch_length": 12, "cell": "gru", "resolutions": (1,)})
        save(tmp_path / "artifacts" / "both", network, {"name": "both", "version": "1"})
    start, columns = read_columns(TABLE, rows=700)
    with running_server(tmp_path / "artifacts") as server:
        assert asyncio.run(measure(server, start, columns, splits=6, model=None)) <= 1e-4


@pytest.mark.data
@pytest.mark.skipif(not TABLE.exists(), reason=f"{TABLE.name} is not beside the project")
def test_sessions_of_many_seasons_in_the_same_requests_say_what_whole_histories_say(tmp_path: Path) -> None:
    """Seasons are served side by side; a state that went to the wrong member would forecast, but wrongly."""
    tiny_family_artifact(tmp_path / "artifacts")
    _, columns = read_columns(TABLE, rows=700)
    with running_server(tmp_path / "artifacts", default_timeout_ms=300_000) as server:
        asyncio.run(_compare(server, dict(zip((1, 4, 7, 12, 24, 96, 288), columns.values(), strict=True))))


async def _compare(server: Server, series: dict[int, list[float]]) -> None:
    chance = random.Random(0)
    async with Client(server) as client:
        whole = await client.forecast([{"target": v, "season": s} for s, v in series.items()], horizon=50)
        pieces = [cut(list(values), chance) for values in series.values()]
        found = {}
        for number, parts in enumerate(zip_longest(*pieces)):
            sent = [
                {"target": part, "session": f"s{season}", **({"season": season} if number == 0 else {})}
                for season, part in zip(series, parts, strict=True)
                if part is not None
            ]
            answer = await client.forecast(sent, horizon=50)
            found |= {one["season"]: one for one in answer["forecasts"]}
    for wanted, (season, values) in zip(whole["forecasts"], series.items(), strict=True):
        spread = float(np.std(values))
        for level, quantile in wanted["quantiles"].items():
            np.testing.assert_allclose(found[season]["quantiles"][level], quantile, atol=1e-4 * spread)
