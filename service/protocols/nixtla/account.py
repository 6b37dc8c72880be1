"""What nixtla's SDK asks beside its tasks: its key, its usage, models by name; and what is refused."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from service.errors import ServiceError, Unprocessable
from service.protocols.container import container_of
from service.protocols.nixtla import replies
from service.protocols.nixtla.models import find_model, names_of
from service.protocols.openapi import failures

router = APIRouter(tags=["nixtla"])
_INSTEAD = {
    "finetune/async": "POST /v2/finetune waits for the model, and POST /jobs?kind=fit does not",
    "explain": "POST /forecast with include=attention says what a forecast looked at",
    "execute_step": "prepare tables on your side",
}


@router.get("/validate_api_key", response_model=replies.KeyStatus, operation_id="nixtla_validate_api_key")
async def validate_api_key(request: Request) -> Any:
    """Whether the key of the request is one of this server's; it is not answered otherwise.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    """
    keys = container_of(request).keys is not None
    return {"detail": "the API key is valid" if keys else "this server needs no API key; any is taken"}


@router.get("/usage", response_model=replies.UsageOfKey, operation_id="nixtla_usage")
async def show_usage() -> Any:
    """Requests of this minute and this month: they are not counted, and nothing is billed."""
    uncounted = {"consumed": None, "limit": None}
    return {"minute": uncounted, "month": uncounted}


@router.get(
    "/v2/models", response_model=replies.NamedModels, responses=failures(503), operation_id="nixtla_list_models"
)
async def list_models(request: Request) -> Any:
    """Names that requests can give: models of this server, and what else stands for one.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    """
    container = container_of(request)
    return {"models": [{"name": name} for name in names_of(container.loaded().catalogue, container.settings)]}


@router.get(
    "/model_params",
    response_model=replies.ModelParameters,
    responses=failures(404, 422, 503),
    operation_id="nixtla_model_params",
)
async def show_parameters(
    request: Request,
    model: Annotated[str, Query(max_length=300, description="As requests give it.")] = "",
    freq: Annotated[str, Query(max_length=300, description="Nothing depends on it.")] = "",  # noqa: ARG001
) -> Any:
    """How much of a history counts, which is all of it, and how far a usual forecast reaches.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    model : str
        As requests give it.
    freq : str
        Nothing depends on it.
    """
    container = container_of(request)
    found = find_model(container.loaded().catalogue, container.settings, model or None)
    return {"detail": {"input_size": container.settings.max_history, "horizon": found.horizon}}


@router.post("/v2/finetune/async", include_in_schema=False)
async def refuse_finetune() -> Any:
    """Refuse to fine-tune a model as a job of this shape, which no SDK has."""
    raise _unsupported("finetune/async")


@router.post("/v2/explain/async", include_in_schema=False)
async def refuse_explain() -> Any:
    """Refuse to weigh features."""
    raise _unsupported("explain")


@router.post("/v2/execute_step/async", include_in_schema=False)
async def refuse_step() -> Any:
    """Refuse to prepare tables."""
    raise _unsupported("execute_step")


def _unsupported(task: str) -> ServiceError:
    return Unprocessable(f"{task}: not supported by this server; {_INSTEAD[task]}", code="not_supported")
