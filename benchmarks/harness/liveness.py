"""How long ``/live`` takes while the server is under load, measured from a process of its own.

In the process of the load it would wait for the load's own work: the figure would be the client's, not the server's.
"""

import json
import subprocess
import sys
import time
from http.client import HTTPConnection

from benchmarks.harness.server import Server

_EVERY_S = 0.02


def start_probe(server: Server, seconds: float) -> "subprocess.Popen[str]":
    """Probe ``/live`` in the background for a number of seconds."""
    command = [sys.executable, "-m", "benchmarks.harness.liveness", server.host, str(server.port), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def read_probe(probe: "subprocess.Popen[str]") -> list[float]:
    """Wait for a probe to end, and return the milliseconds of each call."""
    output, _ = probe.communicate()
    times: list[float] = json.loads(output)
    return times


def main() -> None:
    """Probe and print the milliseconds as JSON."""
    host, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    connection, times = HTTPConnection(host, port), []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        connection.request("GET", "/live")
        connection.getresponse().read()
        times.append(1e3 * (time.perf_counter() - began))
        time.sleep(_EVERY_S)
    sys.stdout.write(json.dumps(times))


if __name__ == "__main__" and len(sys.argv) == 4:
    main()
