"""An endpoint that only takes observations in, as a plain ASGI app: what writers of metrics send to."""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from service.codecs.query_string import parse_query
from service.codecs.table_warnings import HEADER, collect_warnings, write_warnings
from service.deadline import Deadline
from service.errors import Fault, ServiceError, Unprocessable
from service.http.body import read_body
from service.http.middleware import send_bytes, send_failure
from service.protocols.container import Container
from service.protocols.forecast.answering import Caller
from service.protocols.forecast.observations import Observation, Written, write_observations
from service.threads import DECODING
from statecast.errors import StatecastError
from statecast.time.frequency import Frequency

_log = logging.getLogger(__name__)
_NAMED = 3


@dataclass
class WriteRequest:
    """What a body holds.

    Parameters
    ----------
    observations : dict of str to list of Observation
        By session.
    unused : int
        Values of which nobody can make a forecast.
    wrong : list of Fault
        Parts that cannot be read.
    """

    observations: dict[str, list[Observation]] = field(default_factory=dict)
    unused: int = 0
    wrong: list[Fault] = field(default_factory=list)


class WriteEndpoint(ABC):
    """Reads a body, advances sessions, and answers 204. What can be kept is kept, whatever else is wrong.

    Parameters
    ----------
    container : Container
        What handlers share.
    """

    model_parameter = "model"
    """Parameter of the query that may name the model."""

    def __init__(self, container: Container) -> None:
        self.container = container

    @abstractmethod
    def read(self, body: bytes, headers: Mapping[bytes, bytes], query: Mapping[str, str]) -> WriteRequest:
        """Read a body, on a thread.

        Parameters
        ----------
        body : bytes
            As it was sent.
        headers : mapping of bytes to bytes
            Of the request.
        query : mapping of str to str
            Its parameters.

        Returns
        -------
        WriteRequest
            What can be read, and what is wrong with the rest.

        Raises
        ------
        ServiceError
            If nothing can be read.
        """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            warnings = await self._write(scope, dict(scope["headers"]), receive)
        except ClientDisconnect:
            return
        except ServiceError as error:
            self.container.metrics.rejected.labels(error.code).inc()
            await send_failure(error, scope, send)
            return
        beside = [(HEADER.lower().encode(), write_warnings(collect_warnings([(None, warnings)])))] if warnings else []
        await send_bytes(204, beside, b"", send)

    async def _write(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> list[tuple[str, str]]:
        settings = self.container.settings
        deadline = Deadline(time.monotonic() + settings.default_timeout_ms / 1e3)
        body = await read_body(headers, receive, settings.max_body_bytes)
        services = self.container.ready()
        query = parse_query(scope.get("query_string", b""), settings.max_fields)
        freq = self._freq(query.get("freq", settings.write_freq))
        name = query.get(self.model_parameter)
        known = {one for model in services.catalogue.models for one in (model.name, str(model))}
        found = await DECODING.run(self.read, body, headers, query)
        caller = Caller(scope["state"]["owner"])
        # Once it writes it goes on to the end, so that a client that leaves does not leave half of it behind.
        writing = write_observations(
            self.container, found.observations, freq, name if name in known else None, caller, deadline
        )
        written = await asyncio.shield(asyncio.ensure_future(writing))
        raise_refusals(found, written)
        return notes(found, written)

    def _freq(self, text: str) -> str:
        try:
            return str(Frequency.parse(text))
        except StatecastError as error:
            raise Unprocessable(f"freq: {error}") from None


def raise_refusals(request: WriteRequest, written: Written) -> None:
    """Refuse a request of which a part was wrong; the rest of it is kept by now.

    Parameters
    ----------
    request : WriteRequest
        With the parts that cannot be read.
    written : Written
        With the sessions that refused.

    Raises
    ------
    Unprocessable
        If there is any of either.
    """
    wrong = [f"{' '.join(map(str, fault.loc))}: {fault.msg}" for fault in request.wrong]
    wrong += [f"{session[:80]}: {error.detail}" for session, error in written.failures]
    if not wrong:
        return
    more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    kept = len(request.observations) - len(written.failures)
    raise Unprocessable(
        f"partial write: {len(wrong)} refused, {kept} series kept: {'; '.join(wrong[:_NAMED])}{more}",
        faults=[*request.wrong, *(Fault((session,), error.detail) for session, error in written.failures)],
    )


def notes(request: WriteRequest, written: Written) -> list[tuple[str, str]]:
    """Say what was left out of a request that succeeded.

    Parameters
    ----------
    request : WriteRequest
        With values that cannot be used.
    written : Written
        With observations that came too late.

    Returns
    -------
    list of (str, str)
        Code and detail of each warning.
    """
    found = []
    if request.unused:
        found.append(("not_a_number", f"{request.unused} values are no numbers; left out"))
    if written.left_out:
        detail = f"{written.left_out} observations lie in steps that had a value already; left out, see freq"
        found.append(("step_taken", detail))
    if written.begun_anew:
        detail = f"{written.begun_anew} sessions were silent for longer than what is filled, and begin anew"
        found.append(("begun_anew", detail))
    return found
