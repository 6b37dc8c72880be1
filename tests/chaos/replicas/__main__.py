"""``python -m tests.chaos.replicas --kills 200``: replicas and their Redis are killed while clients stream to them.

Redis syncs its append-only file before it answers. Requests go round robin; what was cut off or refused is sent again,
and some of what was answered, too. Prints what was done; ends with 1 at the first thing that is lost or counts twice.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from statecast.compiled import is_built
from tests.chaos.replicas.kills import Scene


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="after which no more come")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("STATECAST_COMPILED", "auto" if is_built() else "off")  # see tests/conftest.py
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(Path(folder), options.seed)
        try:
            asyncio.run(scene.run(options.kills, options.minutes))
        finally:
            scene.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
