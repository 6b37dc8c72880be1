"""What is wrong with a job is said at once where it shows at once, else by the job, in the one shape of an error.

Without this a client would wait for a job that can never be done, or learn nothing of why it failed.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx

from service.protocols.schemas import Problem
from tests.service.jobs.scenes import ARROW, CSV, csv, finished, read, run, submit, table

AT_ONCE: dict[str, tuple[str, str, int, str, str]] = {
    "no kind": ("", CSV, 422, "invalid_request", "one of forecast, backtest, anomalies"),
    "an unknown kind": ("kind=train", CSV, 422, "invalid_request", "one of forecast, backtest, anomalies, fit"),
    "a parameter of another kind": ("kind=forecast&cutoffs=3", CSV, 422, "invalid_request", "cutoffs"),
    "an unknown form": ("kind=forecast&result=json", CSV, 422, "invalid_request", "csv, arrow, parquet"),
    "an unknown model": ("kind=forecast&model=none", CSV, 404, "unknown_model", "none"),
    "too long a horizon": ("kind=backtest&model=tiny&horizon=5000", CSV, 422, "horizon_too_long", "horizon"),
    "an unknown metric": ("kind=backtest&metrics=rmsse", CSV, 422, "invalid_request", "rmsse"),
    "a timeout": ("kind=anomalies&timeout_ms=50", CSV, 422, "invalid_request", "as long as it takes"),
    "a session": ("kind=forecast&session=s", CSV, 422, "invalid_request", "keeps nothing"),
    "an image": ("kind=forecast", "image/png", 415, "unknown_content_type", "image/png"),
}
BY_THE_JOB: dict[str, tuple[str, str, bytes, int, str]] = {
    "no table": ("kind=forecast", CSV, b"\0\1", 400, "malformed_body"),
    "a stream cut off": ("kind=forecast", ARROW, b"ARROW", 400, "malformed_body"),
    "no JSON": ("kind=forecast", "application/json", b"{", 400, "malformed_body"),
    "an unknown model in JSON": (
        "kind=forecast", "application/json", b'{"model": "none", "series": [{"target": [1.0]}]}', 404, "unknown_model",
    ),
    "a policy that looks ahead": (
        "kind=anomalies&missing=linear", CSV, b"target\n1\n2\n", 422, "invalid_request",
    ),
    "too many series": ("kind=forecast", CSV, csv(table(30, 3)), 413, "too_large"),
    "too large a result": ("kind=backtest&model=tiny&cutoffs=900&horizon=12", CSV, csv(table(3, 3)), 413, "too_large"),
}  # fmt: skip


def refused(answer: httpx.Response, status: int, code: str) -> str:
    """Detail of a failure, in the one shape."""
    assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json", answer.text
    problem = Problem.model_validate(answer.json(), strict=True)
    assert problem.code == code and problem.status == status, answer.text
    return problem.detail


def test_what_shows_at_once_is_refused_at_once(folder: Path) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        for query, kind, status, code, words in AT_ONCE.values():
            answer = await client.post(f"/jobs?{query}", content=b"target\n1\n2\n", headers={"content-type": kind})
            assert words in refused(answer, status, code)
        refused(await client.post("/jobs?kind=forecast", content=b""), 400, "malformed_body")
        assert (await client.get("/jobs")).json() == {"jobs": [], "cursor": None}
        answer = await client.post("/jobs?kind=forecast", content=bytes(5000), headers={"content-type": CSV})
        assert "STATECAST_MAX_JOB_BYTES" in refused(answer, 413, "too_large")

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(5):
                yield bytes(1000)

        answer = await client.post("/jobs?kind=forecast", content=pieces(), headers={"content-type": CSV})
        refused(answer, 413, "too_large")
        assert not [path for path in (folder / "files").iterdir() if path.is_dir()]
        for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/result"), ("DELETE", "/result")):
            refused(await client.request(method, f"/jobs/nobody{path}"), 404, "unknown_job")
        refused(await client.get("/jobs?limit=0"), 422, "invalid_request")

    run(folder, scene, max_job_bytes=4096)


def test_what_shows_later_is_said_by_the_job(folder: Path) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        for query, kind, body, status, code in BY_THE_JOB.values():
            job = await submit(client, query, body, kind)
            shown = await finished(client, job["id"])
            error = Problem.model_validate(shown["error"], strict=True)
            assert (shown["status"], error.status, error.code) == ("failed", status, code), shown
            assert error.detail in refused(await client.get(f"/jobs/{job['id']}/result"), 409, "job_failed")
            refused(await client.delete(f"/jobs/{job['id']}"), 409, "job_finished")
        assert not [path for path in (folder / "files").iterdir() if path.is_dir()]

    run(folder, scene, max_job_series=20, max_job_values=30_000)


def test_a_series_fails_alone(folder: Path) -> None:
    """One bad series of ten thousand must not cost the others; one part of which all fail must not either."""

    async def scene(client: httpx.AsyncClient) -> None:
        series = [{"item_id": f"s{number}", "target": [1.0, 2.0, 3.0, None, 5.0]} for number in range(130)]
        series += [{"item_id": "kept", "target": [1.0, 2.0], "session": "s"}, {"item_id": "unseen", "target": [None]}]
        body = json.dumps({"series": series, "model": "tiny"}).encode()
        job = await submit(client, "kind=forecast&result=csv", body, "application/json")
        shown = await finished(client, job["id"])
        assert shown["status"] == "succeeded" and shown["progress"] == {"done": 132, "total": 132, "failed": 2}
        assert {"short_history"} <= {one["code"] for one in shown["warnings"]} and shown["warned"] >= 1
        found = read(await client.get(f"/jobs/{job['id']}/result"))
        assert found.column_names[-1] == "error" and len(found) == 130 * 12 + 2
        kept, unseen = found.slice(130 * 12).to_pylist()
        assert kept["item_id"] == "kept" and "session" in kept["error"] and "all_missing" in unseen["error"]

    run(folder, scene)


def test_too_many_jobs_are_refused_and_each_key_has_its_own(folder: Path) -> None:
    """One client could fill the disk, or keep all others waiting for ever."""
    (folder / "keys.txt").write_text("me:mine\nyou:yours\n")
    me, you = {"x-api-key": "mine"}, {"x-api-key": "yours"}

    async def scene(client: httpx.AsyncClient) -> None:
        body = csv(table(400, 60))
        mine = [await submit(client, "kind=backtest&cutoffs=30&horizon=1", body, **me) for _ in range(2)]
        answer = await client.post("/jobs?kind=forecast", content=body, headers={"content-type": CSV, **me})
        assert "STATECAST_MAX_JOBS" in refused(answer, 429, "too_many_jobs") and int(answer.headers["retry-after"]) > 0
        yours = await submit(client, "kind=forecast&model=tiny", csv(table(1)), **you)
        answer = await client.post("/jobs?kind=forecast", content=body, headers={"content-type": CSV, **you})
        assert "STATECAST_MAX_KEPT_JOBS" in refused(answer, 429, "too_many_jobs")
        refused(await client.get(f"/jobs/{mine[0]['id']}", headers=you), 404, "unknown_job")
        refused(await client.delete(f"/jobs/{mine[0]['id']}", headers=you), 404, "unknown_job")
        listed = (await client.get("/jobs", headers=me)).json()
        assert [one["id"] for one in listed["jobs"]] == [one["id"] for one in mine]
        page = (await client.get("/jobs?limit=1", headers=me)).json()
        rest = (await client.get(f"/jobs?limit=1&cursor={page['cursor']}", headers=me)).json()
        assert page["jobs"] + rest["jobs"] == listed["jobs"] or rest["jobs"][0]["id"] == mine[1]["id"]
        for one in mine:
            assert (await client.delete(f"/jobs/{one['id']}", headers=me)).json()["status"] == "cancelled"
            assert (await client.delete(f"/jobs/{one['id']}", headers=me)).json()["status"] == "cancelled"
            assert "cancelled" in refused(await client.get(f"/jobs/{one['id']}/result", headers=me), 409, "job_failed")

        async def shown(job: str) -> httpx.Response:
            return await client.get(f"/jobs/{job}", headers=you)

        assert (await _ended(shown, yours["id"]))["status"] == "succeeded"
        refused(await client.delete(f"/jobs/{yours['id']}", headers=you), 409, "job_finished")
        assert (await client.delete(f"/jobs/{yours['id']}/result", headers=you)).status_code == 204
        refused(await client.get(f"/jobs/{yours['id']}", headers=you), 404, "unknown_job")
        assert not [path for path in (folder / "files").iterdir() if path.is_dir()]

    run(folder, scene, max_jobs=2, max_kept_jobs=3, api_keys_file=folder / "keys.txt")


async def _ended(show: Callable[[str], Awaitable[httpx.Response]], job: str) -> dict[str, object]:
    while True:
        shown: dict[str, object] = (await show(job)).json()
        if shown["status"] not in ("queued", "running"):
            return shown


def test_a_file_that_is_gone_is_said(folder: Path) -> None:
    """Somebody tidied the folder up: the job must end, and its client know why."""

    async def scene(client: httpx.AsyncClient) -> None:
        first = await submit(client, "kind=backtest&cutoffs=30&horizon=1", csv(table(300, 60)))
        second = await submit(client, "kind=forecast", csv(table(1)))
        (folder / "files" / second["id"] / "input").unlink()
        refused(await client.get(f"/jobs/{second['id']}/result"), 409, "job_unfinished")
        refused(await client.delete(f"/jobs/{second['id']}/result"), 409, "job_unfinished")
        await client.delete(f"/jobs/{first['id']}")
        shown = await finished(client, second["id"])
        assert (shown["status"], shown["error"]["code"]) == ("failed", "job_file_gone")
        third = await submit(client, "kind=forecast&model=tiny", csv(table(1)))
        assert (await finished(client, third["id"]))["status"] == "succeeded"
        (folder / "files" / third["id"] / "result").unlink()
        refused(await client.get(f"/jobs/{third['id']}/result"), 410, "job_file_gone")

    run(folder, scene)


def test_a_folder_that_cannot_be_written_is_said(folder: Path) -> None:
    """On a disk that is full or read-only a job is not taken; nothing else of the server minds."""
    (folder / "file").write_text("")

    async def scene(client: httpx.AsyncClient) -> None:
        answer = await client.post("/jobs?kind=forecast", content=b"target\n1\n", headers={"content-type": CSV})
        refused(answer, 503, "store_failed")
        assert int(answer.headers["retry-after"]) > 0
        answer = await client.post("/forecast", json={"series": [{"target": [1.0, 2.0]}]})
        assert answer.status_code == 200
        assert (await client.get("/jobs")).json()["jobs"] == []

    run(folder, scene, jobs_folder=folder / "file" / "below")
