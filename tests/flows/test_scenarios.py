"""What the server answers beside forecasts: pages, paths, models, metrics, and what to do where there is no model."""

import asyncio
from pathlib import Path

from service.protocols.admin.schemas import Models
from tests.builders import tiny_artifact
from tests.service.http_client import serving, settings_of


def test_without_an_artifact_the_server_says_what_to_do(tmp_path: Path) -> None:
    async def inside() -> None:
        async with serving(settings_of(tmp_path)) as (client, _):
            assert (await client.get("/live")).status_code == 200
            for method, path in (("GET", "/ready"), ("GET", "/models"), ("GET", "/sessions/x"), ("POST", "/forecast")):
                answer = await client.request(method, path)
                assert answer.status_code == 503 and answer.headers["retry-after"].isdigit()
                assert "python -m training fit" in answer.json()["detail"], path

    asyncio.run(inside())


def test_pages_and_paths(tmp_path: Path) -> None:
    tiny_artifact(tmp_path)
    tiny_artifact(tmp_path, "weather", seed=3)

    async def inside() -> None:
        async with serving(settings_of(tmp_path)) as (client, _):
            own = ("/", "/docs", "/web/page.css", "/web/page.js", "/web/chart.js", "/web/docs.js")
            for path in (*own, "/web/swagger-ui-bundle.js", "/web/swagger-ui.css"):
                page = await client.get(path)
                assert page.status_code == 200 and "default-src 'self'" in page.headers["content-security-policy"]
                if path in own:
                    assert "http://" not in page.text.replace("http://www.w3.org", "") and "https://" not in page.text
                again = await client.get(path, headers={"if-none-match": page.headers["etag"]})
                assert (again.status_code, again.content) == (304, b"")
            assert (await client.get("/web/swagger-ui.LICENSE")).status_code == 404
            for method, path, allow in (
                ("GET", "/forecast", "POST"),
                ("PUT", "/sessions/x", "GET, HEAD, DELETE"),
                ("POST", "/live", "GET, HEAD"),
            ):
                answer = await client.request(method, path)
                assert (answer.status_code, answer.headers["allow"]) == (405, allow)
                assert answer.headers["content-type"] == "application/problem+json"
            assert (await client.get("/wp-admin")).status_code == 404
            lost = await client.get("/web/..%2Fapp.py", headers={"x-request-id": "mine-1"})
            assert (lost.status_code, lost.json()["request_id"], lost.headers["x-request-id"]) == (
                404,
                "mine-1",
                "mine-1",
            )
            models = (await client.get("/models")).json()
            Models.model_validate(models)
            assert [model["name"] for model in models["models"]] == ["tiny", "weather"]
            assert (await client.post("/forecast", json={"series": [{"target": [1.0, 2.0]}]})).status_code == 200
            text = (await client.get("/metrics")).text
            assert 'statecast_requests_total{path="/forecast",status="200"} 1.0' in text
            assert "statecast_batch_rows_sum" in text
            assert 'path="/sessions/{id}"' in text and 'path="other"' in text and "wp-admin" not in text

    asyncio.run(inside())
