"""HEAD wherever GET is: probes and caches ask so, and 405 tells them that the service is down."""

from pathlib import Path

from service.app import create_app
from tests.service.http.live_server import listening, play
from tests.service.http_client import settings_of


def test_head_answers_as_get_does_without_a_body(tmp_path: Path) -> None:
    async def scene() -> None:
        app = create_app(settings_of(tmp_path))
        async with listening(app, app.state.connections) as live:
            client = await live.client()
            for path in (b"/live", b"/ready", b"/", b"/docs", b"/openapi.json", b"/models", b"/nowhere", b"/v1/models"):
                answers = []
                for method in (b"GET", b"HEAD"):
                    client.send(method + b" " + path + b" HTTP/1.1\r\nHost: here\r\nX-Request-ID: mine\r\n\r\n")
                    status, headers, body = await client.answer(method)
                    headers.pop("date")
                    answers.append((status, headers))
                    assert bool(body) == (method == b"GET")
                assert answers[0] == answers[1], path
            client.send(b"HEAD /forecast HTTP/1.1\r\nHost: here\r\n\r\n")
            assert (await client.answer(b"HEAD"))[0] == 405
            client.send(b"PUT /models HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n")
            assert (await client.answer())[1]["allow"] == "GET, HEAD"

    play(scene)
