"""``python -m tests.chaos.disasters [NAME ...]``: what may befall a store while many clients stream to its server.

Each strikes while ``/ready`` is asked all along, and goes again. Then the server is killed and started, and everything
that was answered must be there, once. Prints what was seen; ends with 1 at the first thing that is lost, counts twice
or is untrue.
"""

import argparse
import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from statecast.compiled import is_built
from tests.builders import tiny_artifact, tiny_family_artifact
from tests.chaos import harm
from tests.chaos.clients import Client, Outcome, clients
from tests.chaos.server import Server
from tests.chaos.watch import Poll, Watch, false_alarms, lies

NOTICED_S, HEALED_S = 1.0, 5.0
"""Seconds within which ``/ready`` says that files are gone, and that all is well again."""
SLACK_S = float(os.environ.get("STATECAST_CHAOS_SLACK_S", "2"))
"""What a busy machine may add to both."""


@dataclass
class Scene:
    """One server on one file, and who streams to it."""

    folder: Path
    server: Server
    outcomes: list[Outcome] = field(default_factory=list)
    watch: Watch = field(default_factory=Watch)
    streaming: list[Client] = field(init=False)

    def __post_init__(self) -> None:
        self.streaming = clients(self.outcomes)


@dataclass(frozen=True)
class Disaster:
    """How it begins and ends; ``harm`` says whether commits fail meanwhile, ``at_once`` whether all of them do."""

    begin: Callable[[Scene], None]
    end: Callable[[Scene], None]
    harm: bool = True
    at_once: bool = True
    heals: bool = True


def _take_over(scene: Scene) -> None:
    with closing(sqlite3.connect(scene.folder / "s.db", timeout=30)) as other:
        other.execute("UPDATE owner SET token = 'another' WHERE place = 1")
        other.commit()


def _replace(scene: Scene) -> None:
    harm.move_away(scene.folder)
    harm.put_copies(scene.folder)


def _nothing(scene: Scene) -> None:
    pass


DISASTERS = {
    "second-process": Disaster(
        lambda scene: harm.refused_second(
            scene.folder, _server(scene.folder, state_url=f"sqlite:///{scene.folder}/link.db")
        ),
        _nothing,
        harm=False,
    ),
    "takeover": Disaster(_take_over, _nothing, heals=False),
    "deleted": Disaster(lambda scene: harm.move_away(scene.folder), lambda scene: harm.move_back(scene.folder)),
    "replaced": Disaster(_replace, lambda scene: harm.move_back(scene.folder)),
    "full-disk": Disaster(
        lambda scene: harm.fill_disk(scene.folder, scene.server),
        lambda scene: harm.limit_files(scene.server, harm.FOREVER),
        at_once=False,
    ),
    "clock-forward": Disaster(
        lambda scene: harm.set_clock(scene.folder, 31), lambda scene: harm.set_clock(scene.folder, 0), harm=False
    ),
    "clock-back": Disaster(
        lambda scene: harm.set_clock(scene.folder, -90), lambda scene: harm.set_clock(scene.folder, 0), harm=False
    ),
}


def _server(folder: Path, **changes: str) -> Server:
    settings = {
        "artifacts": str(folder / "artifacts"), "default_model": "tiny", "state_url": f"sqlite:///{folder}/s.db",
        "session_ttl_s": str(30 * harm.DAY), **changes,
    }  # fmt: skip
    return Server(folder, module="tests.chaos.jumping_clock", **settings)


def scene_in(folder: Path) -> Scene:
    os.environ["CLOCK_FILE"] = str(folder / "clock")
    harm.set_clock(folder, 0)
    tiny_artifact(folder / "artifacts", calendar=())
    tiny_family_artifact(folder / "artifacts")
    return Scene(folder, _server(folder))


async def befall(scene: Scene, disaster: Disaster, calm_s: float, struck_s: float) -> str:
    """Stream before, meanwhile and afterwards; then kill, start, and look what is there."""
    await asyncio.to_thread(scene.server.start)
    over = asyncio.Event()
    began = ended = healed = 0.0

    async def course() -> None:
        nonlocal began, ended, healed
        await asyncio.sleep(calm_s)
        began = time.monotonic()
        await asyncio.to_thread(disaster.begin, scene)
        await asyncio.sleep(struck_s)
        ended = time.monotonic()
        await asyncio.to_thread(disaster.end, scene)
        if disaster.heals:
            healed = await scene.watch.ready(HEALED_S + SLACK_S)
            await asyncio.sleep(calm_s)
        scene.watch.stop()
        over.set()

    async with httpx.AsyncClient(base_url=scene.server.url, timeout=60) as http:
        streams = (client.stream(http, over.is_set) for client in scene.streaming)
        await asyncio.gather(course(), scene.watch.run(http), *streams)
    assert scene.server.process is not None
    assert scene.server.process.poll() is None, f"the server ended by itself, with {scene.server.process.returncode}"
    await asyncio.to_thread(scene.server.kill)
    _judge(scene, disaster, began, ended, healed)
    await asyncio.to_thread(scene.server.start)
    async with httpx.AsyncClient(base_url=scene.server.url, timeout=60) as http:
        await each(scene, lambda client: client.recover(http))
        for client in scene.streaming:
            await client.check(http)
    return (
        f"{len(scene.outcomes)} requests, {sum(one.store_failed for one in scene.outcomes)} refused by the store; "
        f"{len(scene.watch.polls)} looks at /ready, {len(false_alarms(scene.watch.polls))} times not ready"
    )


async def each(scene: Scene, do: Callable[[Client], Awaitable[object]]) -> None:
    await asyncio.gather(*(do(client) for client in scene.streaming))


def _judge(scene: Scene, disaster: Disaster, began: float, ended: float, healed: float) -> None:
    """Whether ``/ready`` told the truth, and nobody was refused for nothing."""
    polls, failures = scene.watch.polls, [one for one in scene.outcomes if one.store_failed]
    first = min((one.sent for one in failures), default=float("inf"))
    assert not [one for one in failures if one.answered < began], "refused before anything had happened"
    assert bool(failures) == disaster.harm, f"{len(failures)} requests were refused by the store"
    struck = began if disaster.at_once and disaster.harm else first
    alarms = false_alarms([poll for poll in polls if poll.answered < struck])
    assert not alarms, f"not ready {alarms[0].asked - began:.2f} s after it began, {len(alarms)} times, for nothing"
    untrue = lies(polls, scene.outcomes, ended)
    assert not untrue, f"ready while commits failed, {untrue[0].asked - began:.2f} s after it began"
    if disaster.harm and disaster.at_once:
        late = [one for one in _within(polls, began + NOTICED_S + SLACK_S, ended) if one.status == 200]
        assert not late, f"still ready {late[0].asked - began:.2f} s after it began"
    assert polls[-1].answered > ended - SLACK_S, "/ready did not answer to the end"
    if disaster.heals:
        after = false_alarms(_within(polls, healed, float("inf")))
        assert not after, f"not ready {after[-1].asked - ended:.2f} s after it ended, though it had been"


def _within(polls: list[Poll], begin: float, end: float) -> list[Poll]:
    return [poll for poll in polls if poll.asked >= begin and poll.answered < end]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*DISASTERS, []], help="which; all if left out")
    parser.add_argument("--seconds", type=float, default=10.0, help="for which it lasts")
    options = parser.parse_args()
    os.environ.setdefault("STATECAST_COMPILED", "auto" if is_built() else "off")  # see tests/conftest.py
    for name in options.names or DISASTERS:
        with tempfile.TemporaryDirectory() as folder:
            scene = scene_in(Path(folder))
            try:
                print(f"{name}: {asyncio.run(befall(scene, DISASTERS[name], 3.0, options.seconds))}", flush=True)
            finally:
                scene.server.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
