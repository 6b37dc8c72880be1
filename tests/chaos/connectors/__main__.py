"""``python -m tests.chaos.connectors kafka --messages 10000 --kills 10``: a connector that is killed over and over.

All messages are written first, readings with times and, with ``--plain``, numbers alone among them. The connector is
killed (SIGKILL) at random points, counted in observations that sessions have, and started again; a broker that persists
is restarted once in the middle, and later the service is killed and started again. Ends with 1 at the first observation
that is missing or counted twice, or has no forecast; prints lag and throughput. With ``--kills 0`` nothing is killed.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx

from benchmarks.harness.process import free_port
from statecast.compiled import is_built
from tests.builders import tiny_artifact
from tests.chaos.server import Server
from tests.connectors.brokers import BROKERS, Message, RunningBroker, missing
from tests.connectors.scene import REQUEST, check_outputs, check_sessions, plain, readings

ROOT = Path(__file__).parents[3]
PATIENCE_S = 600


def applied(server: Server) -> int:
    """Observations that sessions have read, as the service counts them."""
    sessions, cursor = 0, ""
    while True:
        page = httpx.get(f"{server.url}/sessions?limit=1000{cursor}", timeout=60).json()
        sessions += sum(one["count"] for one in page["sessions"])
        if not page["cursor"]:
            return sessions
        cursor = f"&cursor={page['cursor']}"


class Connector:
    """``python -m connectors`` as a process, which adds to one log."""

    def __init__(self, broker: RunningBroker, server: Server, log: Path) -> None:
        report = ["--report-s", "1", "--until-idle-s", "3"]
        command = [*broker.arguments, "--url", server.url, *REQUEST, *report]
        with log.open("ab") as file:
            self.process = subprocess.Popen([sys.executable, "-m", "connectors", *command], cwd=ROOT, stderr=file)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def wait(self, seconds: float) -> None:
        """Until it ends, for so long at most."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)


def mixed(draw: random.Random, *streams: list[Message]) -> list[Message]:
    """At random, each stream in its order."""
    order = [place for place, stream in enumerate(streams) for _ in stream]
    draw.shuffle(order)
    each = [iter(stream) for stream in streams]
    return [next(each[place]) for place in order]


def run(broker: RunningBroker, server: Server, options: argparse.Namespace, folder: Path) -> None:
    draw, log = random.Random(options.seed), folder / "connector.log"
    keys = options.keys
    steps, numbers = options.messages // keys, options.plain // keys
    broker.produce(mixed(draw, readings("r", keys, steps), plain("p", keys, numbers)))
    total = keys * (steps + numbers)
    points = sorted(draw.randrange(total) for _ in range(options.kills))
    restart = total // 2 if broker.persists and options.kills else None
    crash = total * 3 // 4 if options.kills else None
    began, kills, restarts, crashes, at_start = time.monotonic(), 0, 0, 0, 0
    connector = Connector(broker, server, log)
    while connector.process.poll() is None:
        done = applied(server) if points or restart or crash else 0
        if points and done > at_start and done >= points[0]:
            connector.kill()
            points.pop(0)
            kills += 1
            at_start = applied(server)
            connector = Connector(broker, server, log)
        if crash is not None and done >= crash:
            server.kill()
            server.start()
            crash, crashes = None, 1
        if restart is not None and done >= restart:
            broker.stop()
            connector.wait(1)  # it is to notice
            broker.start()
            restart, restarts = None, 1
        assert time.monotonic() - began < PATIENCE_S, f"{done} of {total} after {PATIENCE_S} s"
        connector.wait(0.05)
    assert connector.process.returncode == 0, log.read_text()[-3000:]
    took = time.monotonic() - began
    check_sessions(server.url, broker, "r", keys, steps)
    check_sessions(server.url, broker, "p", keys, numbers, timed=False)
    again = check_outputs(broker, [one for one in broker.outputs() if one["timestamp"]], "r", keys, steps)
    assert broker.letters() == [], broker.letters()[:5]
    said = log.read_text()
    rates = [int(rate) for rate in re.findall(r"(\d+) messages/s", said)]
    lags = [int(lag) for lag in re.findall(r"lag (\d+)", said)]
    print(f"{broker.name}: {total} messages of {2 * keys if numbers else keys} sessions, {kills} kills of the "
          f"connector, {restarts} restarts of the broker, {crashes} kills of the service: each counted once, "
          f"with its forecast; {again} forecasts published again, {took:.0f} s in all")  # fmt: skip
    print(f"  best second {max(rates, default=0)} messages/s; lag {lags[:1]} to {lags[-1:]}, of {len(lags)} reports")
    print("  " + "\n  ".join(line.partition("ended: ")[2] for line in said.splitlines() if "ended: " in line))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("broker", choices=BROKERS)
    parser.add_argument("--messages", type=int, default=10_000, help="readings with times")
    parser.add_argument("--plain", type=int, default=0, help="numbers alone, beside")
    parser.add_argument("--keys", type=int, default=100)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if reason := missing(options.broker):
        print(reason)
        return 1
    os.environ.setdefault("STATECAST_COMPILED", "auto" if is_built() else "off")  # see tests/conftest.py
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tiny_artifact(folder / "artifacts", calendar=())
        server = Server(
            folder, artifacts=str(folder / "artifacts"), state_url=f"sqlite:///{folder}/s.db", port=str(free_port())
        )
        broker = BROKERS[options.broker](folder / options.broker)
        server.start()
        try:
            broker.start()
            run(broker, server, options, folder)
        finally:
            broker.kill()
            server.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
