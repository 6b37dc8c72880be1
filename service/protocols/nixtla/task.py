"""What nixtla's SDK can have done, as its endpoints and its jobs do it: read, run, and said what was not done."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from service.backtests.service import BacktestService
from service.codecs.faults import raise_faults
from service.codecs.json_document import limit_values, parse_object
from service.codecs.members import members_of
from service.codecs.schema import Schema
from service.codecs.table_warnings import Warned, collect_warnings
from service.deadline import Deadline
from service.errors import Fault, ServiceError
from service.models.model import Model
from service.protocols.container import Services
from service.protocols.forecast.schemas import SeriesBody
from service.protocols.forecast.validation import validate
from service.protocols.nixtla.models import find_model
from service.protocols.nixtla.requests import TaskRequest
from service.protocols.nixtla.series import NativeSeries, native_series
from service.scheduling.bridge import ForecastQueue
from service.sessions.series_input import SeriesInput
from service.settings import Settings
from service.threads import DECODING

_log = logging.getLogger(__name__)
T = TypeVar("T", bound=TaskRequest)
O = TypeVar("O")  # noqa: E741
_MOST_NOTED = 1000


@dataclass(frozen=True)
class TaskContext:
    """Who wants a task done, and where it is done.

    Parameters
    ----------
    services : Services
        Of the loaded models.
    settings : Settings
        Limits.
    owner : str
        Whose request it is.
    deadline : Deadline
        Until when it is worth it.
    backtests : BacktestService
        Reads whole series.
    queue : ForecastQueue or None
        Where forecasts wait; None for that of requests.
    """

    services: Services
    settings: Settings
    owner: str
    deadline: Deadline
    backtests: BacktestService
    queue: ForecastQueue | None = None


class Task(ABC, Generic[T]):
    """One thing that the SDK can have done."""

    shape: ClassVar[Schema[Any]]
    """Of its body."""

    def __init__(self) -> None:
        self._noted: set[tuple[str, str]] = set()

    def read(self, body: bytes, settings: Settings) -> T:
        """Read a body.

        Parameters
        ----------
        body : bytes
            JSON in UTF-8.
        settings : Settings
            Limits.

        Raises
        ------
        Malformed, TooLarge, Unprocessable
            If it is no JSON object, holds too many values, or is wrong.
        """
        limit_values(body, settings.max_values)
        faults: list[Fault] = []
        with np.errstate(over="ignore"):
            members = members_of(parse_object(body), faults, most=settings.max_fields)
            request, wrong = self.shape.read(members)
        raise_faults([*faults, *wrong])
        found: T = request
        return found

    @abstractmethod
    async def run(self, request: T, context: TaskContext) -> dict[str, Any]:
        """Do it.

        Parameters
        ----------
        request : T
            What was read.
        context : TaskContext
            Who wants it.

        Returns
        -------
        dict
            What orjson writes, arrays included.

        Raises
        ------
        ServiceError
            If a part of it failed: these clients know no answer to a part.
        """

    def model(self, request: T, context: TaskContext) -> Model:
        """Find the model that a request means; see ``find_model``."""
        return find_model(context.services.catalogue, context.settings, request.model, request.finetuned_model_id)

    async def inputs(
        self,
        request: T,
        model: Model,
        context: TaskContext,
        horizon: int = 0,
        reserved: int = 0,
        past: Sequence[int] | None = None,
    ) -> tuple[NativeSeries, list[SeriesInput]]:
        """Take the series of a request apart and check them, as those of our own requests are.

        Parameters
        ----------
        request : T
            What was read.
        model : Model
            What forecasts.
        context : TaskContext
            Who wants it.
        horizon : int
            Steps ahead; 0 where only the history is read.
        reserved : int
            See ``validate``.
        past : sequence of int or None
            See ``native_series``.

        Returns
        -------
        NativeSeries
            The series.
        list of SeriesInput
            The same, checked.
        """
        settings = context.settings

        def check() -> tuple[NativeSeries, list[SeriesInput | ServiceError]]:
            found = native_series(request.series, request.freq, model, settings, horizon, past)
            body = SeriesBody(series=found.series)
            return found, validate(body, model, settings, horizon, context.owner, context.deadline, reserved)

        native, inputs = await DECODING.run(check)
        return native, whole(inputs)

    def document(
        self,
        request: T,
        model: Model,
        native: NativeSeries,
        warned: Sequence[Sequence[tuple[str, str]]],
        answer: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Put an answer together: what was found, and what the client should know of it.

        Parameters
        ----------
        request : T
            What was read.
        model : Model
            What forecast.
        native : NativeSeries
            The series.
        warned : sequence
            Code and detail of the warnings of each series.
        answer : mapping
            Has ``mean``.

        Returns
        -------
        dict
            With ``warnings``, and weights of 0 for columns that were not used.
        """
        general = list(native.warnings)
        if request.multivariate:
            general.append(("series_apart", "multivariate: each series is forecast by itself, whatever is beside it"))
        unused = native.columns and not native.used
        contributions = None
        if request.feature_contributions and not native.used:
            mean = np.asarray(answer["mean"])
            contributions = [*([np.zeros(len(mean))] * native.columns), mean]
        elif request.feature_contributions:
            general.append(("no_contributions", "feature_contributions: none are made by this server; see /forecast"))
        for code, detail in general:
            self._note(model, code, detail)
        each: list[Warned] = [(None, general), *((None, one) for one in warned)]
        found = collect_warnings(each)
        return {
            **answer,
            "weights_x": [0.0] * native.columns if unused else None,
            "feature_contributions": contributions,
            "model": model.identity,
            "warnings": [{"code": one["code"], "detail": one["detail"], "series": one["items"]} for one in found],
        }

    def _note(self, model: Model, code: str, detail: str) -> None:
        """Have the log say once of each model what its clients were told."""
        if (model.digest, code) not in self._noted and len(self._noted) < _MOST_NOTED:
            self._noted.add((model.digest, code))
            _log.warning("a client of nixtla's SDK was warned, %s: %s", code, detail)


def whole(outcomes: Sequence[O | ServiceError]) -> list[O]:
    """Give what came of all series, unless one failed: then so does the request.

    Parameters
    ----------
    outcomes : sequence
        One per series.

    Raises
    ------
    ServiceError
        The first failure, with the place of its series.
    """
    for place, one in enumerate(outcomes):
        if isinstance(one, ServiceError):
            if one.faults or len(outcomes) == 1:
                raise one
            made = ServiceError(f"series[{place}]: {one.detail}", code=one.code)
            made.status, made.title, made.retry_after = one.status, one.title, one.retry_after
            raise made
    return [one for one in outcomes if not isinstance(one, ServiceError)]
