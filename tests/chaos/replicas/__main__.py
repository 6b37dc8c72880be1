"""``python -m tests.chaos.replicas kills|rolling|race``: what may befall two replicas on one Redis, under load.

``kills`` kills replicas and their Redis over and over, ``rolling`` stops replicas in order and starts them again,
``race`` has both advance one session at once. Prints what was done; ends with 1 at the first thing that is lost, counts
twice or is untrue.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

from statecast.compiled import is_built
from tests.chaos.replicas.kills import kill_over_and_over
from tests.chaos.replicas.race import race
from tests.chaos.replicas.rolling import scale_and_restart
from tests.chaos.replicas.scene import Scene


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("kills", "rolling", "race"))
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="after which nobody is killed any more")
    parser.add_argument("--rounds", type=int, default=5, help="in which each replica is stopped and started once")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument(
        "--gateway", action="store_true", help="nginx stands in front, else clients take turns themselves"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("STATECAST_COMPILED", "auto" if is_built() else "off")  # see tests/conftest.py
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(Path(folder), options.gateway)
        courses = {
            "kills": partial(kill_over_and_over, kills=options.kills, seed=options.seed, minutes=options.minutes),
            "rolling": partial(scale_and_restart, rounds=options.rounds),
        }
        try:
            if options.what == "race":
                scene.redis.start()
                asyncio.run(race(scene, options.requests, options.seed))
            else:
                asyncio.run(scene.run(courses[options.what]))
        finally:
            scene.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
