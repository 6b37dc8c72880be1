"""Rounds of observations as requests to the service, sent until they are answered."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors.answer import Answer, DeadLetter, instant
from connectors.errors import ConnectorError
from connectors.observation import Observation
from connectors.shutdown import Shutdown
from statecast.client import (
    AccessError,
    AsyncClient,
    DeadlineError,
    OverloadError,
    ProblemError,
    UnreachableError,
)

_log = logging.getLogger(__name__)
_AT_ONCE = 16
"""Requests at work, of observations that need one each."""
_REMEMBERED = 1_000_000
"""Sessions that are known to have been opened."""
_PASSING = (408, 429, 502, 503, 504)
_OVER = ("session_expired", "gap_too_long")
"""Codes of sessions by which whoever comes back after a long silence would be refused for ever."""
_AHEAD = timedelta(hours=1)
"""How far a sender's clock may be ahead. For a time that is further ahead, a mistake, no session ends."""
_FIRST_S, _LONGEST_S = 0.2, 15.0

Identify = Callable[[Sequence[Observation]], Awaitable[list[str]]]


class Forecasting:
    """Sends observations and sorts what comes back.

    Observations with a time or an index go together in one request; the server knows them again by these. One without
    goes alone under an ``Idempotency-Key`` made of the message's identity, because a key belongs to a whole request and
    after a crash the same messages come in other company.

    Parameters
    ----------
    client : AsyncClient
        Reaches the service.
    request : mapping
        What every request says beside its series: model, horizon, ...
    identify : callable
        Names messages for their ``Idempotency-Key``.
    season : int or None
        Steps per season of new sessions. Sent until a session is known to be there: it keeps a request off the server's
        short way.
    shutdown : Shutdown
        Ends the waiting for a service that does not answer.
    """

    def __init__(
        self,
        client: AsyncClient,
        request: Mapping[str, Any],
        season: int | None,
        identify: Identify,
        shutdown: Shutdown,
    ) -> None:
        self._client, self._request, self._season = client, dict(request), season
        self._identify, self._shutdown = identify, shutdown
        self._opened: set[str] = set()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def forecast(self, observations: Sequence[Observation]) -> list[Answer | DeadLetter]:
        """Send one batch.

        Parameters
        ----------
        observations : sequence of Observation
            At most one of each session.

        Returns
        -------
        list of Answer or DeadLetter
            One per observation, in any order.

        Raises
        ------
        ConnectorError
            If the service refuses what every request says.
        Undrained
            If it was stopped and the service does not answer.
        """
        known = [one for one in observations if one.known]
        unknown = [one for one in observations if not one.known]
        found = await self._together(known) if known else []
        if unknown:
            keys = await self._identify(unknown)
            alone = await asyncio.gather(*map(self._alone, unknown, keys))
            found += [outcome for outcomes in alone for outcome in outcomes]
        return found

    async def _alone(self, observation: Observation, key: str) -> list[Answer | DeadLetter]:
        async with self._slots:
            return await self._together([observation], key)

    async def _together(self, observations: Sequence[Observation], key: str | None = None) -> list[Answer | DeadLetter]:
        """Send one request, and again what of it failed for a while; what fails as a whole is halved."""
        try:
            reply = await self._post(observations, key)
        except ProblemError as error:
            if len(observations) == 1:
                if _begins_anew(error.code, observations[0]):
                    return await self._begin_anew(observations[0], key)
                return [DeadLetter(observations[0].delivery, error.code or str(error.status), str(error))]
            middle = len(observations) // 2
            return await self._together(observations[:middle]) + await self._together(observations[middle:])
        found: list[Answer | DeadLetter] = []
        again, anew = [], []
        for observation, forecast in zip(observations, reply["forecasts"], strict=True):
            problem = forecast["error"]
            if problem is None:
                found.append(Answer(observation, forecast, reply["model"]))
                if self._season is not None:
                    self._opened.add(observation.session)
            elif problem["status"] in _PASSING:
                again.append(observation)
            elif _begins_anew(problem["code"], observation):
                anew.append(observation)
            else:
                found.append(DeadLetter(observation.delivery, problem["code"], problem["detail"]))
        if again:
            await self._shutdown.pause(_FIRST_S)
            found += await self._together(again, key)
        for observation in anew:
            found += await self._begin_anew(observation, key)
        return found

    async def _begin_anew(self, observation: Observation, key: str | None) -> list[Answer | DeadLetter]:
        """End a session that was silent for longer than what is filled, and open it once more."""
        _log.warning("session %s was silent for too long and begins anew", observation.session)
        with suppress(ProblemError):
            await self._client.delete(f"/sessions/{quote(observation.session, safe='')}")
        self._opened.discard(observation.session)
        return await self._together([observation], key)

    def _series(self, observation: Observation) -> Mapping[str, Any]:
        if self._season is None or observation.session in self._opened:
            return observation.series
        if len(self._opened) >= _REMEMBERED:
            self._opened.clear()
        return {**observation.series, "season": self._season}

    async def _post(self, observations: Sequence[Observation], key: str | None) -> Any:
        """Send a request until it is answered; a failure that will not pass is raised."""
        body = {**self._request, "series": [self._series(one) for one in observations]}
        wait_s = _FIRST_S
        while True:
            try:
                return await self._client.post("/forecast", body, idempotency_key=key)
            except (UnreachableError, OverloadError, DeadlineError) as error:
                wanted = error.retry_after_s if isinstance(error, ProblemError) else None
                wait_s = min(wait_s * 2, _LONGEST_S) if wanted is None else wanted
                _log.warning("the service does not answer, next try in %.1f s: %s", wait_s, error)
                await self._shutdown.pause(wait_s)
            except ProblemError as error:
                if _about_all(error):
                    raise ConnectorError(f"the service refuses every request: {error}") from error
                raise


def _begins_anew(code: str, observation: Observation) -> bool:
    if code not in _OVER:
        return False
    own = instant(observation.series["timestamps"][0]) if "timestamps" in observation.series else None
    return own is not None and own <= datetime.now(UTC) + _AHEAD


def _about_all(error: ProblemError) -> bool:
    """Whether a failure is about the connector's own options and not about messages, and would come for all of them."""
    if isinstance(error, AccessError) or error.code == "unknown_model" or (error.status == 404 and not error.code):
        return True
    places = [place["loc"] for place in error.errors if place.get("loc")]
    return bool(places) and all(place[0] != "series" for place in places)
