"""The tools: forecast, backtest, anomalies, as the endpoints of these names; and what there is of sessions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.types import ASGIApp

from service.errors import Fault, ServiceError, UnknownModel, Unprocessable
from service.http.problems import problem
from service.protocols.anomalies.routes import Anomalies
from service.protocols.anomalies.schemas import ANOMALIES
from service.protocols.backtest.routes import Backtest
from service.protocols.backtest.schemas import BACKTEST
from service.protocols.container import Container
from service.protocols.forecast.routes import Forecast
from service.protocols.forecast.schemas import FORECAST
from service.protocols.mcp.inner_call import inner_call
from service.serving.admission import Admission

_SERIES = (
    " Only series[].target is required: the observed values, oldest first, null where one is missing. Give start and "
    "freq, or timestamps, to get times back."
)


class SessionsQuery(BaseModel):
    """Which sessions are wanted."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str | None, Field(description="Show this session alone: how far it is, how good it was.")] = None
    prefix: Annotated[str, Field(max_length=256, description="List those whose ids begin so.")] = ""
    model: Annotated[str | None, Field(description="List those of this model.")] = None
    limit: Annotated[int, Field(ge=1, le=1000, description="Sessions in a page.")] = 50
    cursor: Annotated[str | None, Field(max_length=2000, description="What the page before gave.")] = None


@dataclass(frozen=True)
class ToolText:
    """What a client reads of a tool.

    Parameters
    ----------
    description : str
        What it does and needs.
    schema : dict
        JSON Schema of its arguments.
    """

    description: str
    schema: Mapping[str, Any]


class Tools:
    """Everything that can be called.

    Parameters
    ----------
    container : Container
        What handlers share.
    """

    def __init__(self, container: Container) -> None:
        self._container = container
        self._apps: dict[str, ASGIApp] = {
            "forecast": Forecast(container, Admission(container.settings)),
            "backtest": Backtest(container),
            "anomalies": Anomalies(container),
        }

    def described(self) -> dict[str, ToolText]:
        """Give every tool by its name."""
        return {
            "forecast": ToolText(
                "Forecast one or many time series: mean and quantiles of each step ahead. A series that names a "
                "session is remembered: later calls bring only what is new." + _SERIES,
                FORECAST.body.described,
            ),
            "backtest": ToolText(
                "How good forecasts of a series would have been: errors at many cut-offs of its past." + _SERIES,
                BACKTEST.body.described,
            ),
            "anomalies": ToolText(
                "How surprising each value of a history is: what was expected, its interval, a flag." + _SERIES,
                ANOMALIES.body.described,
            ),
            "sessions": ToolText(
                "The sessions that forecasts have opened: a page of them, or one with its running errors.",
                SessionsQuery.model_json_schema(),
            ),
        }

    async def call(self, name: str, arguments: Mapping[str, Any], state: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
        """Call a tool.

        Parameters
        ----------
        name : str
            Which one.
        arguments : mapping
            As its schema has them.
        state : dict
            Of the request: owner, request id.

        Returns
        -------
        bool
            Whether it could be done.
        dict
            The answer, else the problem (RFC 9457).
        """
        try:
            if name == "sessions":
                return True, await self._sessions(arguments, state["owner"])
            app = self._apps.get(name)
            if app is None:
                raise UnknownModel(
                    f"tool: expected one of {', '.join(self.described())}, got {name[:80]!r}", code="unknown_tool"
                )
        except ServiceError as error:
            return False, problem(error, state["request_id"])
        status, body = await inner_call(app, f"/{name}", orjson.dumps(arguments), state)
        return status == 200, orjson.loads(body)

    async def _sessions(self, arguments: Mapping[str, Any], owner: str) -> dict[str, Any]:
        try:
            wanted = SessionsQuery.model_validate(arguments)
        except ValidationError as error:
            first = error.errors()[0]
            fault = Fault(first["loc"], f"{first['msg']}, got {str(first['input'])[:80]}")
            raise Unprocessable(f"{'.'.join(map(str, fault.loc))}: {fault.msg}", faults=[fault]) from None
        services = self._container.ready()
        if wanted.id is not None:
            return await services.forecasts.session(wanted.id, owner)
        return await services.sessions.list(owner, wanted.prefix, wanted.model, wanted.limit, wanted.cursor)
