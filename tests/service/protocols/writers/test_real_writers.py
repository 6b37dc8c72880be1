"""A real Prometheus and the ``influx`` command write to a running server, as they do to their own."""

import http.server
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.harness.waiting import wait_until
from tests.builders import tiny_artifact
from tests.chaos.server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    tiny_artifact(folder / "artifacts", calendar=(), freq="1s")
    running = Server(folder, state_url="memory://", write_freq="1s", compiled="off")
    running.start()
    yield running
    running.stop()
    running.kill()


class Target(http.server.BaseHTTPRequestHandler):
    """What Prometheus scrapes: one gauge that goes up and down."""

    def do_GET(self) -> None:
        body = f"made_up_load {10 + int(time.time()) % 4}\n".encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing on stderr."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.skipif(not shutil.which("prometheus"), reason="prometheus is not installed")
def test_prometheus_scrapes_the_forecasts_of_what_it_writes(server: Server, tmp_path: Path) -> None:
    """The whole circle: a target, remote write, a session, a gauge; a wrong byte in any of them leaves no gauge."""
    target = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
    threading.Thread(target=target.serve_forever, daemon=True).start()
    host = server.url.removeprefix("http://")
    (tmp_path / "prometheus.yml").write_text(f"""
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: made-up
    static_configs: [{{targets: ["127.0.0.1:{target.server_port}"]}}]
  - job_name: forecasts
    metrics_path: /metrics/forecasts
    params: {{prefix: ["made_up_load"]}}
    static_configs: [{{targets: ["{host}"]}}]
remote_write:
  - url: {server.url}/api/v1/write
    queue_config: {{batch_send_deadline: 500ms}}
    write_relabel_configs: [{{source_labels: [__name__], regex: "made_up_.*|statecast_.*", action: keep}}]
""")
    port = free_port()
    command = [
        "prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    ]  # fmt: skip
    prometheus = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:

        def scraped() -> bool:
            query = {"query": 'statecast_forecast_quantile{quantile="0.5"}'}
            try:
                answer = httpx.get(f"http://127.0.0.1:{port}/api/v1/query", params=query)
                found = answer.raise_for_status().json()["data"]["result"]  # 503, in plain text, while it starts
            except (httpx.HTTPError, KeyError):
                return False
            return bool(found) and found[0]["metric"]["session"].startswith("made_up_load{")

        wait_until(scraped, 60, "Prometheus to scrape a forecast back")
        sessions = httpx.get(f"{server.url}/sessions").json()["sessions"]
        assert [one["id"].partition("{")[0] for one in sessions] == ["made_up_load"]
    finally:
        prometheus.kill()
        prometheus.wait()
        target.shutdown()
        target.server_close()


@pytest.mark.skipif(not shutil.which("influx"), reason="influx, the client of InfluxDB 1, is not installed")
def test_the_influx_command_inserts(server: Server) -> None:
    """People try a server by hand first."""
    host, port = server.url.removeprefix("http://").split(":")
    for value in (1, 2):
        run = subprocess.run(
            ["influx", "-host", host, "-port", port, "-database", "any", "-precision", "s", "-execute",
             f"INSERT power,site=hand watt={value} {1_700_000_000 + value}"],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert run.returncode == 0 and "ERR" not in run.stdout + run.stderr, run
    assert httpx.get(f"{server.url}/sessions/power,site=hand watt").json()["count"] == 2
