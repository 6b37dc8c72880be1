"""The description is one that generators of clients and people can use: names, examples, and a client made from it."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.protocols.anomalies.schemas import AnomaliesReply
from service.protocols.backtest.schemas import BacktestReply
from service.protocols.forecast.schemas import ForecastReply
from tests.test_docs import ROOT

GENERATOR = ROOT / ".venv" / "generator"
REPLIES = {"/forecast": ForecastReply, "/backtest": BacktestReply, "/anomalies": AnomaliesReply}


def keys(value: Any) -> Any:
    """The members of an object, of those within it too; of a list those of its first part."""
    if isinstance(value, dict):
        return {name: keys(part) for name, part in value.items()}
    return [keys(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None


@pytest.mark.parametrize("path", REPLIES)
def test_examples_are_answered_as_the_description_shows(path: str, url: str) -> None:
    """An example that fails when it is sent costs a reader the belief in the rest."""
    operation = httpx.get(f"{url}/openapi.json").json()["paths"][path]["post"]
    asked = operation["requestBody"]["content"]
    shown = operation["responses"]["200"]["content"]["application/json"]["example"]
    REPLIES[path].model_validate(shown, strict=True)
    body = asked["application/json"]["example"] | {"model": "default"}
    answer = httpx.post(url + path, json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    assert keys(answer.json()) == keys(shown)
    table = httpx.post(
        f"{url}{path}?model=default&freq=1d{'&horizon=1' if path != '/anomalies' else ''}",
        content=asked["text/csv"]["example"] + "shop,2026-01-03,21\nshop,2026-01-04,23\n",
        headers={"content-type": "text/csv"},
        timeout=60,
    )
    assert table.status_code == 200, table.text


@pytest.mark.skipif(
    not GENERATOR.is_dir(), reason="openapi-python-client is not in .venv/generator; make test puts it there"
)
def test_a_generated_client_forecasts(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Teams with many languages generate their clients; a name or a type that a generator trips over stops them all."""
    description = tmp_path / "openapi.json"
    description.write_text(httpx.get(f"{url}/openapi.json").text)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    made = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(description), "--meta", "none",
         "--output-path", str(tmp_path / "generated_client")],
        env=os.environ | {"PYTHONPATH": str(GENERATOR), "PATH": path},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(tmp_path)
    package = importlib.import_module("generated_client")
    operation = importlib.import_module("generated_client.api.forecast.forecast")
    models = importlib.import_module("generated_client.models")
    example = json.loads(description.read_text())["paths"]["/forecast"]["post"]["requestBody"]["content"]
    body = models.ForecastRequest.from_dict(example["application/json"]["example"] | {"model": "default"})
    with package.Client(base_url=url) as client:
        reply = operation.sync(client=client, body=body)
    assert isinstance(reply, models.ForecastReply), reply
    assert len(reply.forecasts[0].mean) == 2
    with package.Client(base_url=url) as client:
        problem = operation.sync(client=client, body=models.ForecastRequest(series=[]))
    assert isinstance(problem, models.Problem) and "series" in problem.detail
