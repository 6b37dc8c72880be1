"""Law 1 over HTTP, on real data, against the real server."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.equality import measure, read_columns
from benchmarks.server import running_server
from statecast import save
from tests.artifacts import tiny_artifact, tiny_ensemble

TABLE = Path(__file__).parents[3] / "shared" / "data" / "ett" / "ETTh1.csv.gz"


@pytest.mark.data
@pytest.mark.skipif(not TABLE.exists(), reason=f"{TABLE.name} is not beside the project")
@pytest.mark.parametrize("kind", ["one", "ensemble"])
def test_a_session_in_pieces_says_what_the_whole_history_says(tmp_path: Path, kind: str) -> None:
    """The product's one promise, over the wire: 1e-4 of the series' spread, whatever the split, with values missing."""
    shape = {"season": 24, "patch_length": 8, "ring_length": 200, "resolutions": (1, 24)}
    if kind == "one":
        tiny_artifact(tmp_path / "artifacts", **shape)
    else:
        network = tiny_ensemble(0, shape, {**shape, "patch_length": 12, "cell": "gru", "resolutions": (1,)})
        save(tmp_path / "artifacts" / "both", network, {"name": "both", "version": "1"})
    start, columns = read_columns(TABLE, rows=700)
    with running_server(tmp_path / "artifacts") as server:
        assert asyncio.run(measure(server, start, columns, splits=6, model=None)) <= 1e-4
