"""``GET /ping`` and ``GET /execution-parameters``: what SageMaker asks a container."""

from typing import Any

from fastapi import APIRouter, Request, Response

from service.protocols.admin.health import ready
from service.protocols.container import container_of
from service.protocols.openapi import failures

router = APIRouter(tags=["sagemaker"])


@router.get("/ping", response_class=Response, responses=failures(503))
async def ping(request: Request) -> Response:
    """Whether forecasts can be requested: 200 without a body once the models are warm.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    """
    await ready(request)
    return Response()


@router.get("/execution-parameters")
async def execution_parameters(request: Request) -> dict[str, Any]:
    """How a batch transform should call: several records at a time, which are computed together.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    """
    most = container_of(request).settings.max_body_bytes // 2**20
    return {"MaxConcurrentTransforms": 8, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": max(1, min(most, 100))}
