"""``GET /models`` and ``GET /models/{name}``: what is loaded."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from service.jobs.admission import kept
from service.models.catalog import Catalog
from service.models.model import Model
from service.protocols.admin import schemas
from service.protocols.container import container_of
from service.protocols.openapi import failures
from service.settings import Settings
from service.threads import FILES
from statecast.inputs.covariates import Covariate
from statecast.inputs.recording import RATES

router = APIRouter(tags=["models"])


@router.get("/models", response_model=schemas.Models, responses=failures(503))
async def list_models(request: Request) -> Any:
    """Every loaded model, and which one answers requests that name none.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    """
    container = container_of(request)
    catalogue = container.loaded().catalogue
    return {
        "default": str(catalogue.default),
        "models": [_details(model, catalogue, container.settings) for model in catalogue.models],
    }


@router.get("/models/{name}", response_model=schemas.ModelDetails, responses=failures(404, 503))
async def show_model(request: Request, name: str) -> Any:
    """One model by name, name@version or name@sha256:… .

    Parameters
    ----------
    request : Request
        Its app holds the container.
    name : str
        Of the model, as the path has it.
    """
    container = container_of(request)
    catalogue = container.loaded().catalogue
    return _details(catalogue.resolve(name), catalogue, container.settings)


@router.delete("/models/{name}", status_code=204, response_class=Response, responses=failures(404, 409, 503))
async def delete_model(request: Request, name: str) -> None:
    """Delete a model that a job of this key fitted; what is at work with it goes on until the server starts anew.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    name : str
        Of the model, as the path has it.
    """
    fitted = container_of(request).loaded().fitted
    await kept(FILES.run(fitted.remove, request.state.owner, name))


def _details(model: Model, catalogue: Catalog, settings: Settings) -> dict[str, Any]:
    manifest = model.manifest
    return {
        "name": model.name,
        "version": model.version,
        "digest": model.digest,
        "default": model is catalogue.default,
        "kind": model.kind,
        "streaming": model.streaming,
        **_DETAILS.get(model.kind, _of_series)(model, settings),
        "state_bytes": model.state_bytes,
        "scores": manifest.get("scores") or {},
        "coverage": manifest.get("coverage") or {},
        "created": manifest.get("created"),
    }


def _of_series(model: Model, settings: Settings) -> dict[str, Any]:
    config, named = model.config, model.manifest.get("columns")
    return {
        "horizon": config.horizon,
        "reach": model.reach,
        "longest_season": model.longest_season,
        "state_bytes_by_season": model.manifest.get("state_bytes_by_season"),
        "freq": config.freq,
        "season": config.season if model.longest_season is None else None,
        "resolutions": list(config.resolutions),
        "given": list(config.mixed_frequency_names),
        "quantile_levels": list(config.quantile_levels),
        "limits": {
            "horizon": model.reach,
            "quantile_levels": [config.quantile_levels[0], config.quantile_levels[-1]],
            "max_history": settings.max_history,
            "max_gap": settings.max_gap,
        },
        "columns": {name: text for name, text in (named or {}).items() if isinstance(text, str)},
        "past_covariates": _covariates(config.past_covariates),
        "future_covariates": _covariates(config.future_covariates),
        "static_covariates": _covariates(config.static_covariates),
    }


def _of_text(model: Model, settings: Settings) -> dict[str, Any]:
    vocabulary = model.artifact.generator.vocabulary
    return {
        "vocabulary": vocabulary.kind,
        "vocabulary_size": len(vocabulary),
        "limits": {"max_prompt": settings.max_prompt, "max_tokens": settings.max_tokens},
    }


def _of_classifier(model: Model, settings: Settings) -> dict[str, Any]:
    manifest = model.manifest
    return {
        "vocabulary": None if manifest["inputs"] == "values" else manifest["inputs"],
        "vocabulary_size": manifest.get("vocabulary_size"),
        "labels": manifest["labels"],
        "channels": manifest.get("channels"),
        "limits": {
            "max_inputs": settings.max_series,
            "max_characters": settings.max_prompt,
            "max_steps": min(settings.max_steps, manifest["longest"]),
        },
    }


def _of_transcriber(model: Model, settings: Settings) -> dict[str, Any]:
    manifest = model.manifest
    return {
        "symbols": manifest["symbols"],
        "sample_rates": [rate for rate in RATES if rate >= manifest["sample_rate"]],
        "limits": {"max_recording_s": settings.max_recording_s},
    }


_DETAILS: dict[str, Callable[[Model, Settings], dict[str, Any]]] = {
    "generator": _of_text,
    "classifier": _of_classifier,
    "transcriber": _of_transcriber,
}
"""What is said of models that forecast no series, by their kind."""


def _covariates(covariates: Sequence[Covariate]) -> list[dict[str, Any]]:
    return [{"name": covariate.name, "levels": list(covariate.levels)} for covariate in covariates]
