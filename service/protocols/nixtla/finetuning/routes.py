"""Models that jobs fitted, as nixtla's SDK lists and deletes them."""

from typing import Any

from fastapi import APIRouter, Request, Response

from service.jobs.admission import kept
from service.models.fitting import Fitting
from service.models.model import Model
from service.protocols.container import container_of
from service.protocols.nixtla import replies
from service.protocols.openapi import failures
from service.serving.views import instant
from service.threads import FILES

router = APIRouter(tags=["nixtla"])


@router.get(
    "/v2/finetuned_models",
    response_model=replies.FinetunedModels,
    responses=failures(503),
    operation_id="nixtla_finetuned_models",
)
async def list_finetuned(request: Request) -> Any:
    """Models that jobs of this key fitted, the oldest first.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    """
    fitted = container_of(request).loaded().fitted
    found = fitted.each(request.state.owner)
    return {"finetuned_models": [_shown(fitting, model) for fitting, model in found]}


@router.get(
    "/v2/finetuned_models/{id}",
    response_model=replies.FinetunedModel,
    responses=failures(404, 503),
    operation_id="nixtla_finetuned_model",
)
async def find_finetuned(request: Request, id: str) -> Any:
    """A model that a job of this key fitted.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    id : str
        Its name.
    """
    return _shown(*container_of(request).loaded().fitted.find(request.state.owner, id))


@router.delete(
    "/v2/finetuned_models/{id}",
    status_code=204,
    response_class=Response,
    responses=failures(404, 409, 503),
    operation_id="nixtla_delete_finetuned_model",
)
async def delete_finetuned(request: Request, id: str) -> None:
    """Delete a model that a job of this key fitted.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    id : str
        Its name.
    """
    await kept(FILES.run(container_of(request).loaded().fitted.remove, request.state.owner, id))


def _shown(fitting: Fitting, model: Model) -> dict[str, Any]:
    base = (fitting.base or "").partition("@")[0]
    return {
        "id": model.name,
        "created_at": instant(fitting.created),
        "created_by": fitting.owner,
        "base_model_id": base,
        "steps": fitting.steps or 0,
        "depth": 5,
        "loss": "default",
        "model": base,
        "freq": fitting.freq or "",
    }
