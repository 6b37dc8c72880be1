"""Which model a request of nixtla's SDK means: one of this server's, or the one that a name of theirs stands for."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from service.models.catalog import Catalog
from service.models.kinds import KINDS
from service.models.model import Model
from service.settings import Settings

THEIRS = ("timegpt-1", "timegpt-1-long-horizon", "timegpt-2", "timegpt-2-mini", "timegpt-2-pro", "timegpt-2.1")
"""Names of nixtla's models that its SDK documents."""


def find_model(catalogue: Catalog, settings: Settings, name: str | None, finetuned: str | None = None) -> Model:
    """Find the model that a request means.

    Parameters
    ----------
    catalogue : Catalog
        What is loaded.
    settings : Settings
        Its ``nixtla_models`` says what other names stand for.
    name : str or None
        As the request has it; None for the default model.
    finetuned : str or None
        What it names as a fine-tuned model, which goes first.

    Returns
    -------
    Model
        One that forecasts series.

    Raises
    ------
    UnknownModel, Unprocessable
        If there is none, or it does something else.
    """
    name = finetuned or name
    own = {model.name for model in catalogue.models}
    if name is not None and name.partition("@")[0] not in own:
        for pattern, target in aliases(settings):
            if fnmatchcase(name, pattern):
                return catalogue.resolve(target, "forecaster")
    return catalogue.resolve(name, "forecaster")


def aliases(settings: Settings) -> Iterator[tuple[str, str | None]]:
    """Give the patterns of names that stand for a model, each with that model; None is the default one.

    Parameters
    ----------
    settings : Settings
        How the service runs.
    """
    for entry in filter(None, map(str.strip, settings.nixtla_models.split(","))):
        pattern, _, target = map(str.strip, entry.partition("="))
        yield pattern, target or None


def names_of(catalogue: Catalog, settings: Settings) -> list[str]:
    """List the names that a request can give.

    Parameters
    ----------
    catalogue : Catalog
        What is loaded.
    settings : Settings
        How the service runs.
    """
    able = [model for model in catalogue.models if KINDS[model.kind].does == KINDS["forecaster"].does]
    own = dict.fromkeys(text for model in able for text in (model.name, str(model)))
    patterns = [pattern for pattern, _ in aliases(settings)]
    theirs = [name for name in THEIRS if any(fnmatchcase(name, pattern) for pattern in patterns)]
    return [*own, *(name for name in theirs if name not in own)]
