"""Send requests to an app in this process, look at every answer, and at the memory."""

import asyncio
import ctypes
import gc
import resource
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
from fastapi import FastAPI

from tests.builders import tiny_artifact, tiny_family_artifact, tiny_generator_artifact
from tests.fuzz.request import RawRequest
from tests.service.http_client import serving, settings_of

LONGEST_S = 2.0
"""Of one request, as computed by the whole process: a machine that is busy with something else must not count."""
_WAITS = (503, 504, 429)


@dataclass
class Findings:
    """What came of a run."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[tuple[RawRequest, str]] = field(default_factory=list)
    slowest: tuple[float, RawRequest | None] = (0.0, None)
    grown: float = 0.0
    """Memory after the run over that before, less one."""


def folder_of(path: Path) -> Path:
    """Make the models that are asked: a forecaster, a family, a text model."""
    tiny_artifact(path)
    tiny_family_artifact(path)
    tiny_generator_artifact(path)
    return path


def run(folder: Path, requests: Iterable[RawRequest], warm: Iterable[RawRequest] = (), **settings: Any) -> Findings:
    """Send requests one after the other to a fresh app.

    Parameters
    ----------
    folder : Path
        What ``folder_of`` made.
    requests : iterable of RawRequest
        Sent and looked at.
    warm : iterable of RawRequest
        Sent before the memory is measured, so that what is built once does not count.
    **settings
        Of the app.
    """
    findings = Findings()

    async def inside() -> None:
        usual = {
            "default_model": "tiny",
            "resident_sessions": 64,
            "max_body_bytes": 8 << 20,
            "max_path_values": 200_000,
            "max_path_steps": 1000,
        }
        async with serving(settings_of(folder, **{**usual, **settings})) as (_, app):
            for request in warm:
                await send(app, request)
            before = memory()
            for request in requests:
                await _look(app, request, findings)
            findings.grown = memory() / before - 1

    asyncio.run(inside())
    return findings


async def _look(app: FastAPI, request: RawRequest, findings: Findings) -> None:
    began = time.process_time()
    try:
        status, headers, body = await send(app, request)
    except Exception as error:
        findings.faults.append((request, f"raised {error!r}"))
        return
    took = time.process_time() - began
    findings.statuses[status] += 1
    if took > findings.slowest[0]:
        findings.slowest = (took, request)
    if fault := fault_of(request, status, headers, body):
        findings.faults.append((request, fault))
    elif took > LONGEST_S:
        findings.faults.append((request, f"took {took:.1f} s"))


def fault_of(request: RawRequest, status: int, headers: dict[bytes, bytes], body: bytes) -> str:
    """Say what is wrong with an answer, "" where nothing is."""
    if not status:
        return "no answer"
    if status >= 500 and status not in _WAITS:
        return f"{status}: {body[:300]!r}"
    if status >= 400 and request.method != "HEAD":
        try:
            problem = orjson.loads(body)
        except orjson.JSONDecodeError:
            return f"{status} is no JSON: {body[:100]!r}"
        if "request_id" not in problem and "error" not in problem:
            return f"{status} is no problem: {body[:100]!r}"
        if len(body) > 256_000:
            return f"{status} with {len(body)} bytes of explanation"
    elif headers.get(b"content-type", b"") == b"application/json" and b"content-encoding" not in headers and body:
        with suppress(orjson.JSONDecodeError):
            orjson.loads(body)
            return ""
        return f"{status} is no JSON: {body[:100]!r}"
    return ""


async def send(app: FastAPI, request: RawRequest, limit_s: float = 60.0) -> tuple[int, dict[bytes, bytes], bytes]:
    """Send one request; give status, headers and body of the answer."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request.method, "scheme": "http",
        "path": request.path, "raw_path": request.path.encode("utf-8", "surrogatepass"), "query_string": request.query,
        "root_path": "", "headers": list(request.headers), "client": ("127.0.0.1", 1), "server": ("test", 80),
        "state": {},
    }  # fmt: skip
    sent: list[dict[str, Any]] = []
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def take(message: Any) -> None:
        sent.append(message)

    async with asyncio.timeout(limit_s):
        await app(scope, receive, take)
    status = next((message["status"] for message in sent if message["type"] == "http.response.start"), 0)
    headers = next((dict(message["headers"]) for message in sent if message["type"] == "http.response.start"), {})
    return status, headers, b"".join(message.get("body", b"") for message in sent)


def memory() -> int:
    """Bytes that this process holds, after what is free was given back."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()
