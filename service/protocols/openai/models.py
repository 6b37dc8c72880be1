"""``GET /v1/models``: the text models in the shape of the OpenAI API."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request

from service.models.catalog import Catalog
from service.models.model import Model
from service.protocols.container import container_of
from service.protocols.openai import schemas
from service.protocols.openapi import failures

router = APIRouter(tags=["openai"])


@router.get("/v1/models", response_model=schemas.OpenaiModels, responses=failures(503))
async def list_models(request: Request) -> Any:
    """Every model that writes text.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    """
    catalogue = container_of(request).loaded().catalogue
    models = [_describe(model, catalogue) for model in catalogue.models if model.kind == "generator"]
    return {"object": "list", "data": models}


@router.get("/v1/models/{id}", response_model=schemas.OpenaiModel, responses=failures(404, 503))
async def show_model(request: Request, id: str) -> Any:
    """One model that writes text.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    id : str
        Of the model, as the path has it.
    """
    catalogue = container_of(request).loaded().catalogue
    return _describe(catalogue.resolve(id, "generator"), catalogue)


def _describe(model: Model, catalogue: Catalog) -> dict[str, Any]:
    """Describe a model; a bare name is the id of its newest version, which it means in requests too."""
    newest = catalogue.resolve(model.name) is model
    return {
        "id": model.name if newest else str(model),
        "object": "model",
        "created": _seconds(model.manifest.get("created")),
        "owned_by": "statecast",
    }


def _seconds(created: object) -> int:
    try:
        return int(datetime.fromisoformat(str(created)).timestamp())
    except ValueError:
        return 0
