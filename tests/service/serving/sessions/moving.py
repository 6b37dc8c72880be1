"""Sessions as files: exported and imported over HTTP."""

from typing import Any

import httpx

SECRET = "a secret of two servers"
OTHER = {"default_model": "tiny", "state_secret": SECRET}


async def export(client: httpx.AsyncClient, session: str = "s") -> bytes:
    answer = await client.get(f"/sessions/{session}/state")
    assert answer.status_code == 200, answer.text
    return answer.content


async def restore(
    client: httpx.AsyncClient, data: bytes, session: str = "s", status: int = 200, match: str = ""
) -> dict[str, Any]:
    answer = await client.put(f"/sessions/{session}/state", content=data, headers={"If-Match": match} if match else {})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found
