"""``GET`` and ``DELETE /sessions/{id}``."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from service.protocols.container import container_of
from service.protocols.forecast import schemas
from service.protocols.openapi import problems

router = APIRouter(tags=["sessions"])
SessionId = Annotated[str, Path(min_length=1)]


@router.get("/sessions/{id}", response_model=schemas.SessionDetails, responses=problems(404, 410, 503))
async def show_session(request: Request, id: SessionId) -> Any:
    """Look at a session: how far it is, what it takes, how good its forecasts were."""
    _, forecasting = container_of(request).require()
    return await forecasting.session(id, request.state.owner)


@router.delete("/sessions/{id}", status_code=204, response_class=Response, responses=problems(404, 503))
async def end_session(request: Request, id: SessionId) -> None:
    """End a session for good; its id may be used again."""
    _, forecasting = container_of(request).require()
    await forecasting.end(id, request.state.owner)
