"""Messages as observations: which fields name the session, the time and the value."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

import numpy as np

from connectors.delivery import Delivery
from connectors.errors import PoisonMessage
from connectors.messages.covariates import NONE_NEEDED, NeededCovariates
from connectors.messages.fields import as_number, find_field, has_field, parse
from connectors.observation import Observation
from statecast.errors import InputError
from statecast.time.frequency import Frequency
from statecast.time.parse import read_stamps
from statecast.time.stamps import Stamps, TimeOptions

SESSION = ("session", "key", "item_id", "unique_id")
TIMESTAMP = ("timestamp", "ds", "time")
TARGET = ("target", "value", "y")
INDEX = ("index",)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS = 100_000_000_000
"""Numbers from here on are milliseconds; as seconds this is the year 5138."""
_LARGEST = 2**53
"""Whole numbers from here on are not exact in every JSON parser."""


@dataclass(frozen=True)
class MessageFormat:
    """How a message is read: a JSON object, or a number alone.

    Parameters
    ----------
    session, timestamp, target, index : sequence of str
        Names of fields, of which the first that is there counts; ``a.b`` is the field b of the object a.
    prefix : str
        Put before the name of each session.
    freq : str or None
        Step of the series.
    timestamp_unit : str or None
        Unit of times that are numbers since 1970; None leaves them to the server.
    floor : Frequency or None
        Step to whose beginning, in UTC, times are cut down; None leaves them as they are.
    covariates : NeededCovariates
        Those that every message has to have.
    """

    session: Sequence[str] = SESSION
    timestamp: Sequence[str] = TIMESTAMP
    target: Sequence[str] = TARGET
    index: Sequence[str] = INDEX
    prefix: str = ""
    freq: str | None = None
    timestamp_unit: str | None = None
    floor: Frequency | None = None
    covariates: NeededCovariates = NONE_NEEDED

    def read(self, delivery: Delivery) -> Observation:
        """Read a message.

        Parameters
        ----------
        delivery : Delivery
            The message.

        Returns
        -------
        Observation
            What it says.

        Raises
        ------
        PoisonMessage
            If it says nothing that can be read.

        Examples
        --------
        >>> message = Delivery("readings/0/7", "pump/7", b'{"timestamp": "2026-01-01T00:00:00Z", "value": 5}', None)
        >>> observation = MessageFormat(freq="1h").read(message)
        >>> observation.session, observation.series["target"], observation.known
        ('pump.7', [5.0], True)
        >>> MessageFormat().read(Delivery("pump/8", "pump/8", b"21.5", None)).known
        False
        """
        message = parse(delivery.payload)
        if not isinstance(message, dict):
            message = {self.target[0]: message}
        session = self._session(message, delivery)
        series: dict[str, Any] = {"session": session, "target": self._target(message)}
        time, index = find_field(message, self.timestamp), find_field(message, self.index)
        if time is not None:
            series["timestamps"] = [self._time(time)]
        elif index is not None:
            series["from_index"] = _whole(index, self.index)
        if self.freq is not None:
            series["freq"] = self.freq
        series |= self.covariates.read(message)
        return Observation(session, series, delivery)

    def _session(self, message: Mapping[str, Any], delivery: Delivery) -> str:
        found = find_field(message, self.session)
        name = delivery.key if found is None else found
        if not isinstance(name, str | int) or isinstance(name, bool) or name == "":
            came = "none" if name is None or name == "" else json.dumps(name)[:80]
            raise PoisonMessage(
                "no_session",
                f"{self.session[0]}: expected the name of a session in the message or as its key, got {came}",
            )
        return self.prefix + str(name).replace("/", ".")  # an id has to fit in a path

    def _target(self, message: Mapping[str, Any]) -> Any:
        name = next((name for name in self.target if has_field(message, name)), None)
        if name is None:
            raise PoisonMessage("no_target", f"{self.target[0]}: expected a number, got no such field")
        value = find_field(message, (name,))
        if isinstance(value, dict):
            return {variable: [_number(one, f"{name}.{variable}")] for variable, one in value.items()}
        return [_number(value, name)]

    def _time(self, value: Any) -> Any:
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise PoisonMessage(
                "unreadable_timestamp",
                f"{self.timestamp[0]}: expected a time such as 2026-01-01T00:00:00Z, got {json.dumps(value)[:80]}",
            )
        number = as_number(value)
        if self.floor is not None:
            return self._floored(value, number, self.floor)
        if self.timestamp_unit is None or number is None:
            return int(value) if isinstance(value, float) and value.is_integer() else value
        try:
            if number != int(number) or abs(number) >= _LARGEST:
                raise InputError(f"expected a whole number since 1970, got {number}; round the times")
            stamps = read_stamps([int(number)], TimeOptions(timestamp_unit=self.timestamp_unit))
        except InputError as error:
            raise PoisonMessage("unreadable_timestamp", f"{self.timestamp[0]}: {error}") from None
        if not isinstance(stamps, Stamps):
            return value
        return f"{np.datetime_as_string(stamps.instants[0], unit='s')}Z"

    def _floored(self, value: Any, number: float | int | None, step: Frequency) -> str:
        try:
            if number is None:
                moment = datetime.fromisoformat(value)
                second = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // timedelta(seconds=1)
            else:
                unit = self.timestamp_unit or ("ms" if abs(number) >= _MILLISECONDS else "s")
                second = int(number // (1000 if unit == "ms" else 1))
            if not -_LARGEST < second < _LARGEST:
                raise ValueError("it is out of range")
            index, _ = step.place_one(second)
        except (TypeError, ValueError, OverflowError) as error:
            raise PoisonMessage(
                "unreadable_timestamp",
                f"{self.timestamp[0]}: expected an RFC 3339 time or a number since 1970, got "
                f"{json.dumps(value)[:80]} ({error})",
            ) from None
        return f"{np.datetime_as_string(step.times(np.array([index]))[0], unit='s')}Z"


def _number(value: Any, name: str) -> float | None:
    if value is None or value == "":
        return None
    number = as_number(value)
    try:
        found = None if number is None else float(number)
    except OverflowError:
        found = None
    if found is None or not isfinite(found):
        raise PoisonMessage(
            "unreadable_target", f"{name}: expected a finite number or null, got {json.dumps(value)[:80]}"
        )
    return found


def _whole(value: Any, names: Sequence[str]) -> int:
    number = as_number(value)
    if number is None or number != int(number) or not 0 <= number < _LARGEST:
        raise PoisonMessage(
            "unreadable_index", f"{names[0]}: expected a whole number from 0, got {json.dumps(value)[:80]}"
        )
    return int(number)
