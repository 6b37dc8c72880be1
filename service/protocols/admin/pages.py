"""The page, and the documents: plain files of ours, no other host is asked for anything."""

from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Response

from service.errors import ServiceError
from service.http.problems import http_failure

router = APIRouter(include_in_schema=False)
WEB = Path(__file__).parents[2] / "web"
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
# The page may talk to its own server and to nobody else.
_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    return {path.name: path for path in WEB.iterdir() if path.suffix in _KINDS}


def _page(name: str) -> Response:
    path = _files().get(name)
    if path is None:
        raise _missing(name)
    headers = {"content-security-policy": _POLICY, "x-content-type-options": "nosniff", "cache-control": "no-cache"}
    return Response(path.read_bytes(), media_type=_KINDS[path.suffix], headers=headers)


def _missing(name: str) -> ServiceError:
    return http_failure(404, f"/web/{name[:80]}: there is no such file; the page is at /")


@router.get("/")
async def index() -> Response:
    """The page."""
    return _page("index.html")


@router.get("/docs")
async def docs() -> Response:
    """``/openapi.json``, readable."""
    return _page("docs.html")


@router.get("/web/{file}")
async def web_file(file: str) -> Response:
    """Script and style of the pages."""
    return _page(file)
