"""``python -m tests.fuzz --requests 100000``: send as many, keep what does harm, say what came of it."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from statecast.compiled import is_built
from tests.fuzz.generators.conversations import conversation_of, enough
from tests.fuzz.request import KEPT, keep
from tests.fuzz.run import folder_of, run

WARM = 1_500


def main() -> int:
    """1 if anything did harm."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0, help="number of the first conversation")
    parser.add_argument("--keep", type=Path, default=KEPT, help="folder for the conversations that did harm")
    options = parser.parse_args()
    os.environ.setdefault("STATECAST_COMPILED", "auto" if is_built() else "off")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        warm = map(conversation_of, range(10**9, 10**9 + WARM))
        found = run(folder_of(Path(folder)), enough(options.seed, options.requests), warm, say=print)
    print(f"{found.sent} requests in {time.monotonic() - began:.0f} s: {dict(sorted(found.statuses.items()))}")
    print(
        f"longest {found.slowest[0]:.2f} s of computing, {len(found.suspects)} held again alone; memory "
        f"{found.before / 2**20:.0f} MiB before, {found.grown:+.1%}"
    )
    options.keep.mkdir(parents=True, exist_ok=True)
    for number, (conversation, fault) in enumerate(found.faults):
        print(fault[:400])
        if number < 50:
            keep(options.keep / f"found-{options.seed}-{number}.json", conversation)
    return 1 if found.faults or found.grown > 0.05 else 0


if __name__ == "__main__":
    sys.exit(main())
