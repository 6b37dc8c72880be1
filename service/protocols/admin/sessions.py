"""``GET`` and ``DELETE /sessions/{id}``."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from service.protocols.admin import schemas
from service.protocols.container import container_of
from service.protocols.openapi import failures

router = APIRouter(tags=["sessions"])
SessionId = Annotated[str, Path(min_length=1)]


@router.get("/sessions/{id}", response_model=schemas.SessionDetails, responses=failures(404, 410, 503))
async def show_session(request: Request, id: SessionId) -> Any:
    """A session: how far it is, how many bytes it takes, how good its forecasts were.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    id : str
        Of the session, as the path has it.
    """
    return await container_of(request).loaded().forecasts.session(id, request.state.owner)


@router.delete("/sessions/{id}", status_code=204, response_class=Response, responses=failures(404, 503))
async def end_session(request: Request, id: SessionId) -> None:
    """End a session for good; its id may be used again.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    id : str
        Of the session, as the path has it.
    """
    await container_of(request).loaded().forecasts.end(id, request.state.owner)
