"""What one replica streams is some observations ahead of the state in Redis; another replica must not notice."""

from pathlib import Path

import numpy as np

from tests.service.serving.test_replicas import Clients, folder, play, told

__all__ = ["folder"]


def test_what_one_streamed_goes_on_at_the_other(folder: Path) -> None:
    """Its state is some observations behind in Redis: the other replica reads these, and it exports and copies what is
    true now."""

    async def scene(clients: Clients) -> None:
        first, second = clients
        for end in (60, 70, 150, 151):
            begin = 0 if end == 60 else (await first.get("/sessions/s")).json()["count"]
            if begin:
                for step in range(begin, end):
                    await told(first, step, step + 1)
            else:
                await told(first, 0, end)
            once = await told(first, 0, end, f"once {end}")
            state = await second.get("/sessions/s/state")
            assert state.headers["etag"].strip('"') == once["session"]["digest"]
            copy = await second.put(f"/sessions/copy {end}/state", content=state.content)
            assert copy.status_code in (200, 201), copy.text
            for name in ("s", f"copy {end}"):
                again = await told(second, end, end, name)
                assert again["session"]["digest"] == once["session"]["digest"]
                np.testing.assert_allclose(again["mean"], once["mean"], atol=1e-3)
                one_more = await told(second, end, end + 1, name)
                whole = await told(second, 0, end + 1, f"whole {end} {name}")
                np.testing.assert_allclose(one_more["mean"], whole["mean"], atol=1e-3)

    play(folder, scene, state_secret="a secret of both")
