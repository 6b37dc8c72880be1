"""What a request of ``POST /forecast`` wants of a model, and what it gets."""

from typing import NamedTuple

from service.errors import ServiceError
from service.models.catalog import Catalog
from service.models.model import Model
from service.models.work_limits import check_reply, horizon_of, levels_of, timeout_of
from service.settings import Settings


class Options(NamedTuple):
    """What stands beside the series of a request; None for what it leaves out.

    Parameters
    ----------
    model : str or None
        By name.
    horizon : int or None
        Steps.
    levels : tuple of float, or None
        Quantile levels.
    timeout_ms : int or None
        Milliseconds.
    """

    model: str | None = None
    horizon: int | None = None
    levels: tuple[float, ...] | None = None
    timeout_ms: int | None = None


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


def terms_of(options: Options, rows: int, began: float, catalogue: Catalog, settings: Settings) -> Terms | None:
    """Find what a request wants.

    Parameters
    ----------
    options : Options
        As the request has them.
    rows : int
        Series of the request.
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
        model = catalogue.resolve(options.model, "forecaster")
        horizon = horizon_of(options.horizon, model)
        levels = tuple(levels_of(options.levels, model.config, settings))
        check_reply(rows, horizon, levels, settings)
        return Terms(model, horizon, levels, began + timeout_of(options.timeout_ms, settings) / 1e3)
    except ServiceError:
        return None
