"""The README's requests, as printed, against a running server."""

from pathlib import Path

import httpx

from benchmarks.harness.server import running_server
from tests.builders import tiny_family_artifact
from tests.test_docs import ROOT, requests


def test_the_requests_of_the_readme_answer_as_it_says(tmp_path: Path) -> None:
    """The first thing that anyone tries; where it fails, nothing else is ever tried."""
    artifacts = ROOT / "artifacts" / "default"
    if not (artifacts / "manifest.json").exists():  # it is not trained yet, or was taken away
        artifacts = tmp_path / "artifacts"
        tiny_family_artifact(artifacts)
    first, second = requests(ROOT / "README.md")
    with running_server(artifacts) as server:

        def send(request: tuple[str, dict[str, str], str]) -> dict:
            url, headers, body = request
            assert url.startswith("http://127.0.0.1:8000/")
            here = url.replace(":8000/", f":{server.port}/")
            reply = httpx.post(here, headers=headers, content=body, timeout=30)
            assert reply.status_code == 200, reply.text
            return reply.json()["forecasts"][0]

        opened, advanced, repeated = send(first), send(second), send(second)
    assert len(opened["mean"]) == 6
    assert opened["season"] == advanced["season"] == 24
    assert list(opened["quantiles"]) == ["0.1", "0.5", "0.9"]
    assert opened["session"]["count"] == 24
    assert (advanced["session"]["count"], advanced["session"]["applied"]) == (25, 1)
    assert (repeated["session"]["count"], repeated["session"]["duplicates"]) == (25, 1)
    assert repeated["mean"] == advanced["mean"]
