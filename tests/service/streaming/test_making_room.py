"""What gives way while a batch is at work: places of sessions in memory, and the caches of networks."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from fastapi import FastAPI

from service.errors import QueueFull
from service.resident.residents import Residents
from tests.builders import tiny_family_artifact
from tests.service.streaming.scenes import Count, lane_of, nothing, post, series, serve


def test_a_session_that_is_put_whole_keeps_its_place_until_then(folder: Path, tmp_path: Path) -> None:
    """Another request took its place in that moment: the batch failed, or another session's state was put for it."""
    url = f"sqlite:///{tmp_path}/s.db"

    async def crash(client: httpx.AsyncClient, app: FastAPI) -> None:
        lane = lane_of(app)
        plan, slots, put = lane.journal.plan, lane._sessions.slots, []

        def make_room(batch: Any, at_least: int = 0) -> None:
            plan(batch, at_least)
            for table, row in batch.snapshots:
                put.append(table.keys[row])
                with suppress(QueueFull):  # as it is said to those that come too many at once
                    leases = []
                    for other in range(4):
                        leases.append(slots.checkout(f"other{other}", table.key, 1))
                for lease in leases:
                    slots.checkin(lease, table.key, keep=False)

        for name in ("a", "b"):
            await post(client, series(name, 0, 0, 40))
            await post(client, series(name, 0, 40, 41))
        lane.journal.plan, lane.journal._due = make_room, 1.0
        await post(client, series("b", 0, 41, 42))
        lane.journal.plan = plan
        assert len(put) == 1 and put[0] not in lane._residents.dirty
        await post(client, series("a", 0, 41, 42))
        lane.stop = nothing

    async def go_on(client: httpx.AsyncClient, app: FastAPI) -> None:
        whole = (await post(client, series("whole", 0, 0, 42)))["forecasts"][0]
        for name in ("a", "b"):
            again = (await post(client, {"target": [], "session": name}))["forecasts"][0]
            assert again["session"]["count"] == 42
            np.testing.assert_allclose(again["mean"], whole["mean"], atol=1e-3)

    serve(folder, crash, resident_sessions=4, state_url=url)
    serve(folder, go_on, state_url=url)


def test_what_a_batch_without_its_states_did_not_do_is_not_to_be_put(tmp_path: Path) -> None:
    """A network gave way while its observations waited; then its sessions were to be put whole.

    Its new cache had nothing of them: every batch that tried failed, whosever it was, until they were used again.
    """
    folder = tmp_path / "artifacts"
    tiny_family_artifact(folder)

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        lane, count = lane_of(app), Count(lane_of(app))
        run, members = lane._runner.run, lane._runner._networks._members
        for n, season in enumerate((24, 7)):
            await post(client, series(f"s{n}", n, 0, 60, season=season))

        def run_late(batch: Any) -> None:
            del members[batch.table.key]
            run(batch)

        lane._runner.run = run_late
        await post(client, series("s0", 0, 60, 61), status=503)
        lane._runner.run = run
        assert count.taken == 1 and not lane._residents.dirty
        lane.journal._due = 5.0
        await post(client, series("s1", 1, 60, 61))
        assert (await client.get("/sessions/s0/state")).status_code == 200
        for step in range(60, 63):
            last = await post(client, series("s0", 0, step, step + 1))
            assert last["forecasts"][0]["session"]["count"] == step + 1
        assert count.taken > 2

    serve(folder, scene, state_url=f"sqlite:///{tmp_path}/s.db")


def test_another_session_as_long_as_the_one_before_takes_its_place(folder: Path) -> None:
    """Only the digest tells both apart; the old one's values would be forecast from, and written over the new one's."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        residents: Residents = lane_of(app)._residents
        for name, number in (("a", 0), ("b", 1)):
            await post(client, series(name, number, 0, 40))
            await post(client, series(name, number, 40, 41))
        one, other = map(residents.record, list(residents.dirty))
        assert one is not None and other is not None and residents.settle(one)
        assert not residents.settle(replace(other, key=one.key))
        assert residents.at(one.key) is None and one.key not in residents.dirty

    serve(folder, scene)


def test_a_session_is_not_streamed_before_its_state_is_in_its_place(folder: Path, tmp_path: Path) -> None:
    """Its state waited for the store, and nothing lay in its new place: whoever took that was answered 500."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        residents: Residents = lane_of(app)._residents
        await post(client, series("a", 0, 0, 40))
        await post(client, series("a", 0, 40, 41))
        for n in range(1, 5):
            await post(client, series(f"other{n}", n, 0, 40))
        assert residents.unflushed
        await post(client, {"target": [], "session": "a"})
        await post(client, series("a", 1, 40, 41), status=409)
        for n in range(1, 5):
            await post(client, series(f"later{n}", n, 0, 40))
        last = await post(client, series("a", 0, 41, 42))
        assert last["forecasts"][0]["session"]["count"] == 42

    serve(folder, scene, resident_sessions=4, state_url=f"sqlite:///{tmp_path}/s.db")
