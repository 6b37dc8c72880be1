"""``GET /sessions``, ``GET`` and ``DELETE /sessions/{id}``."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from service.codecs.if_match import read_if_match
from service.protocols.admin import schemas
from service.protocols.container import container_of
from service.protocols.openapi import IF_MATCH, failures

router = APIRouter(tags=["sessions"])
PathId = Annotated[str, Path(min_length=1)]


@router.get("/sessions", response_model=schemas.Sessions, responses=failures(422, 503))
async def list_sessions(
    request: Request,
    prefix: Annotated[str, Query(max_length=256, description="How their ids begin.")] = "",
    model: Annotated[str | None, Query(description="Of which they are: name, name@version or digest.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Sessions in a page.")] = 100,
    cursor: Annotated[str | None, Query(max_length=2000, description="What the page before gave.")] = None,
) -> Any:
    """The caller's sessions in pages, in the order of their ids.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    prefix : str
        How their ids begin.
    model : str or None
        Of which they are.
    limit : int
        Sessions in a page.
    cursor : str or None
        What the page before gave.
    """
    sessions = container_of(request).loaded().sessions
    return await sessions.list(request.state.owner, prefix, model, limit, cursor)


@router.get("/sessions/{id}", response_model=schemas.SessionDetails, responses=failures(404, 410, 503))
async def show_session(request: Request, id: PathId, response: Response) -> Any:
    """A session: how far it is, how many bytes it takes, how good its forecasts were.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    id : str
        Of the session, as the path has it.
    response : Response
        Gets the digest as its ``ETag``.
    """
    found = await container_of(request).loaded().forecasts.session(id, request.state.owner)
    response.headers["ETag"] = f'"{found["digest"]}"'
    return found


@router.delete(
    "/sessions/{id}",
    status_code=204,
    response_class=Response,
    responses=failures(404, 412, 422, 503),
    openapi_extra={"parameters": [IF_MATCH]},
)
async def end_session(request: Request, id: PathId) -> None:
    """End a session for good; its id may be used again.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    id : str
        Of the session, as the path has it.
    """
    match = read_if_match(dict(request.scope["headers"]).get(b"if-match"))
    await container_of(request).loaded().forecasts.end(id, request.state.owner, match)
