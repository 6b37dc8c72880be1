"""What the manifest of a fitted artifact says of its data and its training."""

from dataclasses import asdict
from typing import Any

from training.data.encoding import covariate_names
from training.selection.members import join_curves, sum_costs
from training.selection.train import FittedModel


def describe_data(fitted: FittedModel, digest: str | None) -> dict[str, Any]:
    """Describe the data that a network was fitted on.

    Parameters
    ----------
    fitted : FittedModel
        The network with its panel.
    digest : str or None
        Fingerprint of the files, if there were any.

    Returns
    -------
    dict of str to any
        JSON values: how many items and rows, the seeds, the fingerprint, the names of the columns, what was
        noted of the table, and the covariates by kind.
    """
    panel, covariates = fitted.task.panel, covariate_names(fitted.network.config)
    return {
        "item_count": len(panel.items),
        "rows": panel.rows,
        "seeds": [fit.settings.seed for fit in fitted.fits],
        "data_sha256": digest,
        "columns": dict(panel.columns),
        "notes": list(panel.notes),
        "covariates": covariates,
        "optional_covariates": fitted.config.training.covariate_dropout > 0 or not any(covariates.values()),
    }


def describe_training(fitted: FittedModel, seconds: float) -> dict[str, Any]:
    """Describe how a network was fitted.

    Parameters
    ----------
    fitted : FittedModel
        The network with its config, its fits and its trials.
    seconds : float
        Processor seconds of the whole fit, calibration included and the leaderboard not.

    Returns
    -------
    dict of str to any
        Plain values: the config, costs, curves, the starts if several were tried, and the race of recipes.
    """
    starts = {start.name: round(start.validation, 6) for start in fitted.starts}
    return {
        "config": fitted.config.to_dict(),
        "costs": sum_costs(fitted.fits) | {"processor_seconds": round(seconds, 1), "parameters": fitted.parameters},
        "curves": join_curves(fitted.fits),
        **({"starts": starts} if starts else {}),
        "race": [asdict(one) for one in fitted.trials],
    }
