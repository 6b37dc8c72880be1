"""The page and the documents: plain files of this package, compressed once; no other host is contacted."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request, Response

from service.http.compression import choose_encoding
from service.http.problems import http_failure
from service.threads import FILES

router = APIRouter(include_in_schema=False)
WEB = Path(__file__).parents[2] / "web"
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
# The page may talk to its own server and to nobody else.
_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class _File:
    content: bytes
    packed: bytes
    content_type: str
    etag: str


@lru_cache(maxsize=32)
def _read(name: str) -> _File | None:
    """Read a file of the folder; None where there is none of this name."""
    path = {path.name: path for path in WEB.iterdir() if path.suffix in _KINDS}.get(name)
    if path is None:
        return None
    content = path.read_bytes()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return _File(content, gzip.compress(content, mtime=0), _KINDS[path.suffix], etag)


async def _page(request: Request, name: str) -> Response:
    file = await FILES.run(_read, name)
    if file is None:
        raise http_failure(404, f"/web/{name[:80]}: there is no such file; the page is at /")
    headers = {
        "content-security-policy": _POLICY, "x-content-type-options": "nosniff", "cache-control": "no-cache",
        "etag": file.etag, "vary": "Accept-Encoding",
    }  # fmt: skip
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    encoding = choose_encoding(request.headers.get("accept-encoding", "").replace("zstd", ""), len(file.content))
    if encoding is None:
        return Response(file.content, media_type=file.content_type, headers=headers)
    return Response(file.packed, media_type=file.content_type, headers=headers | {"content-encoding": encoding})


@router.get("/")
async def index(request: Request) -> Response:
    """Give the page.

    Parameters
    ----------
    request : Request
        Has the headers that choose the encoding.
    """
    return await _page(request, "index.html")


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Give ``/openapi.json``, readable.

    Parameters
    ----------
    request : Request
        Has the headers that choose the encoding.
    """
    return await _page(request, "docs.html")


@router.get("/web/{file}")
async def web_file(request: Request, file: str) -> Response:
    """Give a script or a style of the pages.

    Parameters
    ----------
    request : Request
        Has the headers that choose the encoding.
    file : str
        Its name.
    """
    return await _page(request, file)
