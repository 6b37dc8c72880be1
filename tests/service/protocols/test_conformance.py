"""What holds for every protocol, those of other packages included: its own errors, methods, ids, description, keys.

A protocol that answers one failure in another shape than its clients read costs them the reason of every failure.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from service.app import create_app
from service.protocols.cloud_events.event import STRUCTURED
from service.protocols.container import Container
from service.protocols.registry import PROTOCOLS, ClientProtocol, enabled
from service.settings import Settings
from tests.builders import tiny_artifact, tiny_generator_artifact
from tests.service.http_client import http, serving, settings_of
from tests.service.protocols import toy_protocol

assert toy_protocol  # it has registered itself
NAMES = [name for name in PROTOCOLS.names() if name != "cloud_events"]
"""Those with paths: events come to the paths of all others, see ``tests/clients/test_events.py``."""
Flow = Callable[[httpx.AsyncClient, ClientProtocol, dict[str, Any]], Awaitable[None]]
BAD_BODIES = (b"", b"{", b"[]", b"\xff", b'{"there is no such field": 1}', b'{"a": NaN}')


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(folder)
    tiny_generator_artifact(folder)
    (folder / "keys.txt").write_text("me:secret\n")
    return folder


def protocol_of(name: str) -> ClientProtocol:
    return PROTOCOLS[name](Container.build(Settings(artifacts=Path("nowhere"))))


def run(name: str, settings: Settings, flow: Flow) -> None:
    """Run a flow against an app that speaks one protocol."""

    async def inside() -> None:
        async with serving(settings.model_copy(update={"protocols": name})) as (client, app):
            await flow(client, protocol_of(name), app.openapi())

    asyncio.run(inside())


def filled(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "nobody", path)


def check_failure(answer: httpx.Response, protocol: ClientProtocol, request_id: str) -> None:
    assert answer.headers["content-type"] == protocol.failure_type, answer.text
    protocol.failure_schema.model_validate(answer.json(), strict=True)
    assert answer.headers["x-request-id"] == request_id


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_body_is_refused_in_the_protocol_s_own_shape_as_its_description_says(name: str, artifacts: Path) -> None:
    async def flow(client: httpx.AsyncClient, protocol: ClientProtocol, document: dict[str, Any]) -> None:
        for endpoint in protocol.endpoints():
            described = document["paths"][endpoint.path][endpoint.method.lower()]["responses"]
            for number, body in enumerate(BAD_BODIES):
                headers = {"content-type": "application/json", "x-request-id": f"bad-{number}"}
                answer = await client.request(endpoint.method, endpoint.path, content=body, headers=headers)
                assert 400 <= answer.status_code < 500 and str(answer.status_code) in described, answer.text
                check_failure(answer, protocol, f"bad-{number}")

    run(name, settings_of(artifacts), flow)


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_method_is_405_and_names_those_that_there_are(name: str, artifacts: Path) -> None:
    async def flow(client: httpx.AsyncClient, protocol: ClientProtocol, document: dict[str, Any]) -> None:
        methods: dict[str, set[str]] = {}
        for path, some in protocol.paths():
            methods.setdefault(path, set()).update(some)
        assert methods
        for path, known in methods.items():
            answer = await client.request("PATCH", filled(path), headers={"x-request-id": "patch"})
            assert answer.status_code == 405, path
            assert set(answer.headers["allow"].split(", ")) == (known | {"HEAD"} if "GET" in known else known)
            check_failure(answer, protocol, "patch")

    run(name, settings_of(artifacts), flow)


@pytest.mark.parametrize("name", NAMES)
def test_every_path_is_described_and_every_reference_leads_somewhere(name: str, artifacts: Path) -> None:
    async def flow(client: httpx.AsyncClient, protocol: ClientProtocol, document: dict[str, Any]) -> None:
        served = (await client.get("/openapi.json")).json()
        routes = [route for router in protocol.routers() for route in router.routes if isinstance(route, Route)]
        described = {route.path for route in routes if route.include_in_schema}
        described |= {endpoint.path for endpoint in protocol.endpoints()}
        assert set(served["paths"]) == described
        named = set(re.findall(r'"#/components/schemas/([^"]+)"', (await client.get("/openapi.json")).text))
        assert named <= set(served["components"]["schemas"]) and protocol.failure_schema.__name__ in named

    run(name, settings_of(artifacts), flow)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_answered_before_the_models_are_warm(name: str, artifacts: Path) -> None:
    async def inside() -> None:
        app = create_app(settings_of(artifacts, protocols=name))
        async with http(app) as client:
            for endpoint in protocol_of(name).endpoints():
                headers = {"content-type": "application/json", "x-request-id": "early"}
                answer = await client.request(endpoint.method, endpoint.path, content=b"{}", headers=headers)
                assert answer.status_code == 503 and answer.headers["retry-after"].isdigit()
                check_failure(answer, protocol_of(name), "early")

    asyncio.run(inside())


@pytest.mark.parametrize("name", NAMES)
def test_without_an_artifact_whoever_needs_one_says_so(name: str, tmp_path: Path) -> None:
    async def flow(client: httpx.AsyncClient, protocol: ClientProtocol, document: dict[str, Any]) -> None:
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                if "503" in operation["responses"]:
                    headers = {"content-type": "application/json", "x-request-id": "none"}
                    answer = await client.request(method, filled(path), content=b"{}", headers=headers)
                    assert answer.status_code == 503 and "python -m training fit" in answer.text, path
                    check_failure(answer, protocol, "none")

    run(name, settings_of(tmp_path), flow)


@pytest.mark.parametrize("name", NAMES)
def test_only_open_paths_answer_without_a_key(name: str, artifacts: Path) -> None:
    async def flow(client: httpx.AsyncClient, protocol: ClientProtocol, document: dict[str, Any]) -> None:
        for path, methods in protocol.paths():
            answer = await client.request(methods[0], filled(path), headers={"x-request-id": "no-key"})
            assert (answer.status_code == 401) == (path not in protocol.open_paths), path
            if answer.status_code == 401:
                check_failure(answer, protocol, "no-key")

    run(name, settings_of(artifacts, api_keys_file=artifacts / "keys.txt"), flow)


def test_operations_have_short_names_of_their_own() -> None:
    """Generators of clients make functions of them; of two alike the second one is lost."""
    document = create_app(settings_of(Path("nowhere"))).openapi()
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(set(names)) == len(names) and not [name for name in names if not re.fullmatch("[a-z][a-z0-9_]*", name)]
    assert {"forecast", "list_models", "openai_list_models", "show_session"} <= set(names)


def test_what_is_switched_off_is_not_there(artifacts: Path) -> None:
    async def flow(client: httpx.AsyncClient, protocol: ClientProtocol, document: dict[str, Any]) -> None:
        assert (await client.post("/generate", json={})).status_code == 404
        assert (await client.post("/forecast", json={})).status_code == 422
        assert (await client.post("/forecast", json={}, headers={"ce-id": "1"})).json()["code"] != "invalid_event"
        structured = await client.post("/forecast", content=b"{}", headers={"content-type": STRUCTURED.decode()})
        assert structured.status_code == 415

    run("forecast", settings_of(artifacts), flow)


def test_those_of_this_package_are_spoken_unless_others_are_named() -> None:
    container = Container.build(Settings(artifacts=Path("nowhere")))
    ours = [type(protocol) for protocol in enabled(None, container)]
    assert toy_protocol.ToyProtocol not in ours and len(ours) == len(PROTOCOLS.names()) - 1
    assert [type(protocol) for protocol in enabled(" toy, admin,toy", container)] == [
        toy_protocol.ToyProtocol, PROTOCOLS["admin"],
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"STATECAST_PROTOCOLS: .*admin, .*forecast, .*'forecasts'"):
        enabled("forecasts", container)


def test_a_protocol_from_elsewhere_makes_a_real_forecast(artifacts: Path) -> None:
    async def inside() -> None:
        async with serving(settings_of(artifacts, protocols="forecast,toy", default_model="tiny")) as (client, _):
            values = [float(step % 7) for step in range(60)]
            toy = await client.post("/toy", json={"values": values})
            plain = await client.post("/forecast", json={"series": [{"target": values}]})
            assert toy.json()["mean"] == pytest.approx(plain.json()["forecasts"][0]["mean"], rel=1e-5)

    asyncio.run(inside())
