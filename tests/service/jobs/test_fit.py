"""``kind=fit``: a table in, a new model out, trained by a process of its own, whatever befalls the server meanwhile.

Without this a night's training is gone with a restart, goes on unseen after a kill, or takes the name of a model that
others rely on. There is one training for all of this, because it is what costs.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.harness.waiting import wait_until
from service.models.catalog import Catalog
from service.models.fitting import FITTED
from service.settings import Settings
from tests.builders import tiny_artifact
from tests.chaos.server import Server
from tests.service.http_client import serving, settings_of
from tests.service.jobs.scenes import CSV, csv, finished, read, run, submit, table
from tests.service.jobs.test_refusals import refused

QUERY = "kind=fit&name=mine&horizon=4&season=24&steps=40&seed=1"
BODY = csv(table(3, 120))
HEADERS = {"content-type": CSV}


def trainings(folder: Path) -> list[int]:
    """Processes that train in a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if b"training" in words and os.fsencode(folder) in words:
            found.append(int(path.parent.name))
    return found


async def at_work(client: httpx.AsyncClient, job: str) -> dict[str, Any]:
    """A job whose training has taken a step."""
    async with asyncio.timeout(120):
        while True:
            shown: dict[str, Any] = (await client.get(f"/jobs/{job}")).json()
            assert shown["status"] in ("queued", "running"), shown
            if (shown["training"] or {}).get("steps"):
                return shown
            await asyncio.sleep(0.05)


@pytest.mark.timeout(360)  # on a machine that has much else to do
def test_a_model_is_fitted_and_served_whatever_befalls_the_server(folder: Path, tmp_path: Path) -> None:
    files = tmp_path / "files"
    (folder / "default-1").unlink()  # one network is warm sooner
    settings = settings_of(folder, state_url=f"sqlite:///{tmp_path}/s.db", jobs_folder=files, fit_nice=0)
    changed = settings.model_dump(include={"artifacts", "state_url", "jobs_folder", "fit_nice"})
    server = Server(tmp_path, **{name: str(value) for name, value in changed.items()})

    async def begin() -> str:
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
            job = await submit(client, QUERY, BODY)
            shown = await at_work(client, job["id"])
            assert shown["training"]["steps"] == 40 and shown["training"]["seconds"] > 0 and shown["model"] is None
            assert len(trainings(files)) == 1
            # Tables do not wait for it.
            quick = await submit(client, "kind=forecast&model=tiny", csv(table(1)))
            assert (await finished(client, quick["id"]))["status"] == "succeeded"
            assert 'statecast_jobs_running{kind="fit"} 1.0' in (await client.get("/metrics")).text
            return str(job["id"])

    try:
        server.start()
        job = asyncio.run(begin())
        (process,) = trainings(files)
    finally:
        server.kill()
    wait_until(lambda: not trainings(files), 10, f"process {process} to end with its server")
    asyncio.run(_go_on(settings, job))


async def _go_on(settings: Settings, job: str) -> None:
    """The next server has it trained to the end, and serves it."""
    folder = settings.artifacts
    async with serving(settings) as (client, app):
        shown = await finished(client, job, 150.0)
        assert shown["status"] == "succeeded", shown
        assert shown["model"]["name"] == "mine" and shown["progress"] == {"done": 1, "total": 1, "failed": 0}
        async with asyncio.timeout(10):
            while [path.name for path in (settings.jobs_folder / job).iterdir()] != ["result"]:
                await asyncio.sleep(0.02)
        errors = read(await client.get(f"/jobs/{job}/result"))
        assert "mine@1" in errors["forecaster"].to_pylist() and {"mase", "wql"} <= set(errors.column_names)
        assert 'statecast_jobs_total{kind="fit",status="succeeded"} 1.0' in (await client.get("/metrics")).text
        assert (await client.get("/models")).json()["default"] == "tiny@1"
        body = {"model": "mine", "series": [{"target": [50.0 + k % 7 for k in range(60)], "session": "s"}]}
        answer = (await client.post("/forecast", json=body)).json()["forecasts"][0]
        assert len(answer["mean"]) == 4 and answer["session"]["count"] == 60
        body["series"] = [{"target": [52.0], "session": "s"}]
        assert (await client.post("/forecast", json=body)).json()["forecasts"][0]["session"]["count"] == 61
        await _check_names(client)
        # Other replicas see in the folder what there is, and what there is no longer.
        fitted, away = app.state.container.services.fitted, folder / "away"
        (folder / job).rename(away)
        fitted.refresh()
        assert (await client.get("/models/mine")).status_code == 404
        away.rename(folder / job)
        fitted.refresh()
        assert (await client.get("/models/mine")).status_code == 200
        refused(await client.delete("/models/tiny"), 404, "unknown_model")
        assert (await client.delete("/models/mine")).status_code == 204
        assert not (folder / job).exists() and (await client.get("/models/mine")).status_code == 404


async def _check_names(client: httpx.AsyncClient) -> None:
    """Nobody takes the name of a model that others rely on."""
    answer = await client.post(f"/jobs?{QUERY}", content=BODY, headers=HEADERS)
    assert "give another version" in refused(answer, 409, "model_exists")
    answer = await client.post("/jobs?kind=fit&name=tiny&version=9", content=BODY, headers=HEADERS)
    assert "give another name" in refused(answer, 409, "model_exists")


def test_a_model_that_a_job_fitted_is_never_the_default(tmp_path: Path) -> None:
    """Else any client could put its own model in the place of everybody's."""
    tiny_artifact(tmp_path, "aaa")
    tiny_artifact(tmp_path, "tiny")
    (tmp_path / "aaa-1" / FITTED).write_bytes(b"{}")
    catalogue = Catalog.load(tmp_path, None, "cpu")
    assert str(catalogue.default) == str(catalogue.resolve(None, "forecaster")) == "tiny@1"
    (tmp_path / "aaa-1" / "model.safetensors").unlink()  # nor does a broken one end the start
    assert [str(model) for model in Catalog.load(tmp_path, None, "cpu").models] == ["tiny@1"]


WRONG = {
    "JSON": ("kind=fit", "application/json", 415, "unknown_content_type", "a table"),
    "an unknown option": ("kind=fit&stepps=3", CSV, 422, "invalid_request", "did you mean 'steps'"),
    "no steps": ("kind=fit&steps=0", CSV, 422, "invalid_request", "steps"),
    "a base that is fitted already": ("kind=fit&base=tiny", CSV, 422, "invalid_request", "default@1"),
    "no such base": ("kind=fit&base=none", CSV, 404, "unknown_model", "none"),
    "covariates of a family": ("kind=fit&base=default&past=wind", CSV, 422, "invalid_request", "covariates"),
    "a name with a version": ("kind=fit&name=a@b", CSV, 422, "invalid_request", "without @"),
    "a zero character": ("kind=fit&target_column=a%00b", CSV, 422, "invalid_request", "zero"),
}  # fmt: skip


def test_what_is_wrong_with_a_fit_is_said_at_once(folder: Path) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        for query, kind, status, code, words in WRONG.values():
            answer = await client.post(f"/jobs?{query}", content=BODY, headers={"content-type": kind})
            assert words in refused(answer, status, code), query
        gone = await submit(client, QUERY, BODY)
        async with asyncio.timeout(10):
            while not trainings(folder / "files"):
                await asyncio.sleep(0.02)
        assert (await client.delete(f"/jobs/{gone['id']}")).json()["status"] == "cancelled"
        async with asyncio.timeout(10):
            while trainings(folder / "files"):
                await asyncio.sleep(0.05)

    run(folder, scene, fit_nice=0)


@pytest.mark.long  # the training packages take their time to be imported
def test_what_the_training_refuses_is_said_in_its_own_words(folder: Path) -> None:
    """Without a path of this machine."""

    async def scene(client: httpx.AsyncClient) -> None:
        job = await submit(client, "kind=fit&target_column=none", BODY)
        shown = await finished(client, job["id"], 120.0)
        assert (shown["status"], shown["error"]["code"]) == ("failed", "fit_refused"), shown
        assert "none" in shown["error"]["detail"] and str(folder) not in shown["error"]["detail"]

    run(folder, scene, fit_nice=0)


def test_a_server_without_the_training_packages_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.jobs.training._NEEDED", ("training", "no_such_package"))

    async def scene(client: httpx.AsyncClient) -> None:
        answer = await client.post("/jobs?kind=fit", content=BODY, headers=HEADERS)
        assert "pip install 'statecast[training]'" in refused(answer, 422, "training_not_installed")

    run(folder, scene)


def test_a_server_may_take_no_fits(folder: Path) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        answer = await client.post("/jobs?kind=fit", content=BODY, headers=HEADERS)
        assert "STATECAST_FITS" in refused(answer, 422, "not_supported")

    run(folder, scene, fits=0)
