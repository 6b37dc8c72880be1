"""``/live``: the loop turns.  ``/ready``: a model is warm and the last step worked.  ``/metrics``: Prometheus."""

from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from service.errors import Loading
from service.protocols.admin import schemas
from service.protocols.container import container_of
from service.protocols.openapi import failures
from service.stores.interface import StoreError
from service.threads import STORE

router = APIRouter(tags=["health"])


@router.get("/live", response_model=schemas.Live)
async def live() -> Any:
    """Answer as long as the event loop turns."""
    return {"live": True}


@router.get("/ready", response_model=schemas.Ready, responses=failures(503))
async def ready(request: Request) -> Any:
    """Whether forecasts can be requested, of which models, and whether sessions survive a restart.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    """
    container = container_of(request)
    is_ready, detail = container.loaded().forecasts.ready
    if not is_ready:
        raise Loading(f"the engine is {detail.get('engine', 'not ready')}; try again in a few seconds")
    try:
        await STORE.run(container.loaded().forecasts.store.check)
    except StoreError as error:
        raise Loading(f"sessions: {error}", code="store_failed") from error
    return {"ready": True, **detail, "open_to_all": container.settings.open_to_all}


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """Every metric, in the text format of Prometheus.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    """
    return Response(container_of(request).metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
