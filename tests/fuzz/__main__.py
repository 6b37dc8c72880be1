"""``python -m tests.fuzz --requests 100000``: send as many, keep what does harm, say what came of it."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.request import KEPT
from tests.fuzz.requests import request_of
from tests.fuzz.run import folder_of, run

WARM = 2_000


def main() -> int:
    """1 if anything did harm."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0, help="number of the first request")
    parser.add_argument("--keep", type=Path, default=KEPT, help="folder for the requests that did harm")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.requests)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        warm = map(request_of, range(10**9, 10**9 + WARM))
        found = run(folder_of(Path(folder)), map(request_of, seeds), warm)
    print(f"{options.requests} requests in {time.monotonic() - began:.0f} s: {dict(sorted(found.statuses.items()))}")
    print(f"slowest {found.slowest[0]:.2f} s; memory {found.grown:+.1%}")
    options.keep.mkdir(parents=True, exist_ok=True)
    for number, (request, fault) in enumerate(found.faults):
        print(f"{request.method} {request.path[:60]!r} ({len(request.body)} bytes): {fault[:300]}")
        if number < 50:
            request.write(options.keep / f"found-{options.seed}-{number}.json")
    return 1 if found.faults or found.grown > 0.05 else 0


if __name__ == "__main__":
    sys.exit(main())
