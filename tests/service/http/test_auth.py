"""API keys: who is asking, and whose a session is."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from service.errors import NoKey, WrongKey
from service.http.auth import ApiKeys
from tests.builders import tiny_artifact
from tests.service.http_client import serving, settings_of


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    digest = hashlib.sha256(b"two").hexdigest()
    path = tmp_path / "keys.txt"
    path.write_text(f"# ours\nalice:one\n\nbob:sha256:{digest}\nbare\n")
    return path


def test_owners(keys_file: Path) -> None:
    keys = ApiKeys.read(keys_file)
    assert keys.owner("Bearer one", None) == "alice"
    assert keys.owner("bearer  two", None) == "bob"
    assert keys.owner(None, "bare").startswith("key-")
    with pytest.raises(WrongKey):
        keys.owner("Bearer three", None)
    for authorization in (None, "Basic b25l", "Bearer "):
        with pytest.raises(NoKey):
            keys.owner(authorization, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [("# none\n", "at least one key"), ("a:x\na:y\n", "twice"), ("a:sha256:12\n", "64"), (":x\n", "empty half")],
)
def test_a_bad_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "keys.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        ApiKeys.read(path)


async def visit(folder: Path, keys_file: Path) -> None:
    async with serving(settings_of(folder, api_keys_file=keys_file)) as (client, _):
        body = {"series": [{"target": [1.0, 2.0], "session": "s"}]}
        for path in ("/live", "/ready", "/metrics", "/", "/docs", "/openapi.json", "/web/page.js"):
            assert (await client.get(path)).status_code == 200, path
        refused = await client.post("/forecast", json=body)
        assert (refused.status_code, refused.json()["code"]) == (401, "no_api_key")
        assert refused.headers["www-authenticate"].startswith("Bearer")
        wrong = await client.get("/models", headers={"x-api-key": "nope"})
        assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_api_key")
        alice, bob = {"authorization": "Bearer one"}, {"x-api-key": "two"}
        assert (await client.post("/forecast", json=body, headers=alice)).status_code == 200
        assert (await client.get("/sessions/s", headers=alice)).status_code == 200
        for method in ("GET", "DELETE"):
            assert (await client.request(method, "/sessions/s", headers=bob)).json()["code"] == "unknown_session"
        assert (await client.delete("/sessions/s", headers=alice)).status_code == 204


def test_a_session_is_its_key_s_alone(tmp_path: Path, keys_file: Path) -> None:
    tiny_artifact(tmp_path)
    asyncio.run(visit(tmp_path, keys_file))
