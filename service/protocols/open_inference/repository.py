"""What the protocol says of the server and its models over HTTP.

Clients of this protocol do not read ``/openapi.json``: it describes what leads a person further, not every path.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request

from service.protocols.container import container_of
from service.protocols.open_inference import schemas
from service.protocols.open_inference.inference import metadata
from service.protocols.open_inference.inference.refusals import LOADING, SHARED_MEMORY, unsupported
from service.protocols.open_inference.inference.statistics import Statistics
from service.protocols.openapi import failures

MODEL, VERSION = "/v2/models/{model}", "/v2/models/{model}/versions/{version}"
LIVE, READY = "/v2/health/live", "/v2/health/ready"
_REFUSED = {
    "/v2/repository/models/{model}/load": LOADING,
    "/v2/repository/models/{model}/unload": LOADING,
    "/v2/systemsharedmemory/region/{region}/register": SHARED_MEMORY,
    "/v2/cudasharedmemory/region/{region}/register": SHARED_MEMORY,
}


def health() -> APIRouter:
    """Give ``/v2`` and ``/v2/health``."""
    router = APIRouter(tags=["open inference"])

    @router.get("/v2", response_model=schemas.ServerMetadata)
    async def server_metadata() -> Any:
        """What the server is, and which extensions of the protocol it has."""
        return metadata.server_metadata()

    @router.get(LIVE, include_in_schema=False)
    async def server_live() -> dict[str, bool]:
        """The loop turns."""
        return {"live": True}

    @router.get(READY, operation_id="server_ready", responses=failures(503))
    async def server_ready(request: Request) -> dict[str, bool]:
        """A model is warm and the last step worked; else 503 with the reason.

        Parameters
        ----------
        request : Request
            Its app holds the container.
        """
        metadata.check_ready(container_of(request))
        return {"ready": True}

    return router


def models(statistics: Statistics) -> APIRouter:
    """Give what is below ``/v2/models`` and ``/v2/repository``, but for what infers or is refused.

    Parameters
    ----------
    statistics : Statistics
        What this protocol's requests came to.
    """
    router = APIRouter(tags=["open inference"])

    @router.get("/v2/models/stats", response_model=schemas.ModelStatistics, include_in_schema=False)
    async def statistics_of_all_models(request: Request) -> Any:
        """What requests of this protocol came to, of every model."""
        return metadata.model_statistics(container_of(request).loaded().catalogue.models, statistics)

    async def model_metadata(request: Request, model: str, version: str = "") -> Any:
        """What a model takes and gives."""
        catalogue = container_of(request).loaded().catalogue
        return metadata.model_metadata(catalogue.resolve(metadata.model_text(model, version)), catalogue)

    async def model_ready(request: Request, model: str, version: str = "") -> Any:
        """Whether a model is loaded and warm; else 404 or 503 with the reason."""
        container = container_of(request)
        found = container.loaded().catalogue.resolve(metadata.model_text(model, version))
        metadata.check_ready(container)
        return {"name": found.name, "ready": True}

    async def model_config(request: Request, model: str, version: str = "") -> Any:
        """A model's configuration, as far as it applies here."""
        container = container_of(request)
        found = container.loaded().catalogue.resolve(metadata.model_text(model, version))
        return metadata.model_config(found, container.settings)

    async def model_statistics(request: Request, model: str, version: str = "") -> Any:
        """What requests of this protocol to one model came to."""
        found = container_of(request).loaded().catalogue.resolve(metadata.model_text(model, version))
        return metadata.model_statistics([found], statistics)

    @router.post("/v2/repository/index", response_model=list[schemas.ModelIndex], responses=failures(400, 422, 503))
    async def repository_index(request: Request, body: schemas.IndexBody | None = None) -> Any:
        """Models that are loaded, and folders that could not be."""
        catalogue = container_of(request).loaded().catalogue
        return metadata.repository_index(catalogue, ready=body is not None and body.ready)

    for path, handler, shape in (
        ("", model_metadata, schemas.ModelMetadata),
        ("/ready", model_ready, dict[str, Any]),
        ("/config", model_config, dict[str, Any]),
        ("/stats", model_statistics, schemas.ModelStatistics),
    ):
        for place, name in ((MODEL, handler.__name__), (VERSION, f"{handler.__name__}_of_version")):
            found = failures(404, 503)
            router.add_api_route(
                place + path, handler, response_model=shape, responses=found, operation_id=name,
                include_in_schema=(place, path) == (MODEL, ""),
            )  # fmt: skip
    return router


def refused() -> APIRouter:
    """Give the paths of what the protocol has and this server has not: each says what to do instead."""
    router = APIRouter(include_in_schema=False)
    for path, reason in _REFUSED.items():
        router.add_api_route(path, _refusal(reason), methods=["POST"])
    return router


def _refusal(reason: str) -> Callable[[], Awaitable[None]]:
    async def refuse() -> None:
        raise unsupported(reason)

    return refuse
