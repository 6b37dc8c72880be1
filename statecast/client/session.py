"""A session of a server, by its id."""

from typing import Any
from urllib.parse import quote

from statecast.api.series_forecast import SeriesForecast


class Session:
    """A series whose state the server keeps; as ``statecast.api.session.SeriesSession`` in this process.

    Parameters
    ----------
    client : Client
        Who sends.
    id : str
        Of the session; the first update opens it where there is none.
    **options
        Said with each request: ``freq``, ``model``, ``season``, ``timezone``, ``open``, ...
    """

    def __init__(self, client: Any, id: str, **options: Any) -> None:
        self.client, self.id, self.options = client, id, options

    def update(self, values: Any, **options: Any) -> int:
        """Send what is new.

        Parameters
        ----------
        values : sequence of float
            Observations, None or NaN where missing; one alone may be a number.
        **options
            ``start`` or ``timestamps``, covariates, ...: as of ``Client.forecast``.

        Returns
        -------
        int
            Observations that the session has read; what it had before counts once.

        Raises
        ------
        InputError, ClientError
            As ``Client.forecast``.
        """
        return int(self.client.forecast(listed(values), 1, **{"session": self.id, **self.options, **options}).read)

    def forecast(self, horizon: int | None = None, **options: Any) -> SeriesForecast:
        """Forecast from where the session is.

        Parameters
        ----------
        horizon : int, optional
            Steps ahead; left out, the model's.
        **options
            ``level``, ``quantile_levels``, ``bounds``, ``future_covariates``: as of ``Client.forecast``.

        Returns
        -------
        SeriesForecast
            As a forecast of the whole history would be.

        Raises
        ------
        InputError, ClientError
            As ``Client.forecast``.
        """
        found: SeriesForecast = self.client.forecast([], horizon, **{"session": self.id, **self.options, **options})
        return found

    def describe(self) -> dict[str, Any]:
        """Say how far it is and how good its forecasts were, as ``GET /sessions/{id}`` does."""
        found: dict[str, Any] = self.client.get(path_of(self.id))
        return found

    def end(self) -> None:
        """End it for good."""
        self.client.delete(path_of(self.id))


class AsyncSession:
    """A session of a server, awaited; see ``Session``.

    Parameters
    ----------
    client : AsyncClient
        Who sends.
    id : str
        Of the session.
    **options
        Said with each request.
    """

    def __init__(self, client: Any, id: str, **options: Any) -> None:
        self.client, self.id, self.options = client, id, options

    async def update(self, values: Any, **options: Any) -> int:
        """Send what is new; see ``Session.update``."""
        found = await self.client.forecast(listed(values), 1, **{"session": self.id, **self.options, **options})
        return int(found.read)

    async def forecast(self, horizon: int | None = None, **options: Any) -> SeriesForecast:
        """Forecast from where the session is; see ``Session.forecast``."""
        said = {"session": self.id, **self.options, **options}
        found: SeriesForecast = await self.client.forecast([], horizon, **said)
        return found

    async def describe(self) -> dict[str, Any]:
        """Say how far it is; see ``Session.describe``."""
        found: dict[str, Any] = await self.client.get(path_of(self.id))
        return found

    async def end(self) -> None:
        """End it for good; see ``Session.end``."""
        await self.client.delete(path_of(self.id))


def listed(values: Any) -> Any:
    """Take a single observation for a list of one.

    Parameters
    ----------
    values : Any
        A number, or several.

    Returns
    -------
    Any
        Several.
    """
    return [values] if values is None or isinstance(values, int | float) else values


def path_of(id: str) -> str:
    """Give the path of a session.

    Parameters
    ----------
    id : str
        Any text.

    Returns
    -------
    str
        With what a path cannot hold written otherwise.

    Examples
    --------
    >>> path_of("plant 7/a")
    '/sessions/plant%207%2Fa'
    """
    return f"/sessions/{quote(id, safe='')}"
