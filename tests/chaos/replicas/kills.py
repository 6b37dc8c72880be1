"""One replica, both, or their Redis are killed over and over."""

import asyncio
import random
import time
from collections.abc import Sequence

from tests.chaos.replicas.scene import Scene
from tests.chaos.server import Server
from tests.service.stores.redis_server import RedisServer

REPLICAS = (("first",), ("second",), ("first",), ("second",), ("first", "second"))
IN_ORDER = 0.2
"""Share of the ends of replicas that are stops, as in a rolling restart."""
SAID_EVERY = 10
"""Kills."""


async def kill_over_and_over(scene: Scene, kills: int, seed: int, minutes: float = float("inf")) -> None:
    """So many kills in all. Redis is killed beside the replicas, perhaps in the middle of a start."""
    draw, until = random.Random(seed), time.monotonic() + 60 * minutes

    async def kill(choices: Sequence[tuple[str, ...]], pause_s: float) -> None:
        while sum(scene.done.values()) < kills and time.monotonic() < until:
            await asyncio.sleep(draw.uniform(0.1, pause_s))
            victims = draw.choice(choices)
            in_order = victims != ("redis",) and draw.random() < IN_ORDER
            await asyncio.gather(*(asyncio.to_thread(_end, _of(scene, name), in_order) for name in victims))
            scene.note(" and ".join(victims) + in_order * " in order")
            await asyncio.sleep(draw.choice((0, 0, 0.5)))
            await asyncio.gather(*(asyncio.to_thread(_of(scene, name).start) for name in victims))
            if sum(scene.done.values()) % SAID_EVERY == 0:
                print(scene.text(), flush=True)

    await asyncio.gather(kill(REPLICAS, 1.5), kill((("redis",),), 7))


def _of(scene: Scene, name: str) -> RedisServer | Server:
    return scene.redis if name == "redis" else scene.replicas[name]


def _end(victim: RedisServer | Server, in_order: bool) -> None:
    if in_order and isinstance(victim, Server):
        victim.stop()
    victim.kill()
