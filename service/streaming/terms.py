"""What a streamed request wants of a model."""

from typing import NamedTuple

from service.errors import ServiceError
from service.models.catalog import Catalog
from service.models.model import Model
from service.models.work_limits import check_reply, horizon_of, levels_of, timeout_of
from service.settings import Settings
from service.streaming.body import StreamedBody


class Terms(NamedTuple):
    """The same for all rows of a request.

    Parameters
    ----------
    model : Model
        What forecasts, whole.
    horizon : int
        Steps F.
    levels : tuple of float
        Quantile levels Q.
    deadline : float
        ``time.monotonic()`` after which the request is dropped unless it has begun.
    """

    model: Model
    horizon: int
    levels: tuple[float, ...]
    deadline: float


def terms_of(body: StreamedBody, began: float, catalogue: Catalog, settings: Settings) -> Terms | None:
    """Find what a request wants.

    Parameters
    ----------
    body : StreamedBody
        The request.
    began : float
        ``time.monotonic()`` when it came.
    catalogue : Catalog
        All models.
    settings : Settings
        Limits.

    Returns
    -------
    Terms or None
        None where it wants what it cannot have, which the general way words.
    """
    try:
        model = catalogue.resolve(body.model, "forecaster")
        horizon = horizon_of(body.horizon, model)
        levels = tuple(levels_of(body.levels, model.config, settings))
        check_reply(len(body.sessions), horizon, levels, settings)
        return Terms(model, horizon, levels, began + timeout_of(body.timeout_ms, settings) / 1e3)
    except ServiceError:
        return None
