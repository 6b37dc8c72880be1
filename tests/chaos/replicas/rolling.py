"""Replicas are stopped in order and started again under load: nobody notices."""

import asyncio

from tests.chaos.replicas.scene import Scene


async def scale_and_restart(scene: Scene, rounds: int, calm_s: float = 3.0) -> None:
    """Each round goes from two replicas to one, to two, to the other one, to two: a rolling restart, and 1, 2, 1.

    A replica drains before it ends, so nothing is cut off; what comes while it starts goes to the other.
    """
    for _ in range(rounds):
        for name, server in scene.replicas.items():
            await asyncio.sleep(calm_s)
            await asyncio.to_thread(server.stop)
            server.kill()
            scene.note(f"stops of the {name}")
            await asyncio.sleep(calm_s)
            await asyncio.to_thread(server.start)
        print(scene.text(), flush=True)
    late = sum(client.late for client in scene.clients)
    assert not scene.broken and not late, f"{scene.broken} requests were cut off, {late} came too late"
