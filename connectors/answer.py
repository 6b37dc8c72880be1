"""What became of a message: a forecast for the output topic, or a reason for the dead-letter topic."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.delivery import Delivery
from connectors.observation import Observation


@dataclass(frozen=True, eq=False, slots=True)
class DeadLetter:
    """A message that was not counted, and why.

    Parameters
    ----------
    delivery : Delivery
        The message.
    code, detail : str
        Which failure, and in words.
    """

    delivery: Delivery
    code: str
    detail: str


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """An observation that the service has, and the forecast after it.

    Parameters
    ----------
    observation : Observation
        What was sent.
    forecast : mapping
        Its object in the reply.
    model : mapping
        Name, version and digest of what made it.
    """

    observation: Observation
    forecast: Mapping[str, Any]
    model: Mapping[str, Any]

    @property
    def duplicate(self) -> bool:
        """Whether the session had it already."""
        return bool(self.forecast["session"]["duplicates"])

    @property
    def superseded(self) -> bool:
        """Whether the session has read on since. Its forecast was published before, because the next batch waits."""
        if not self.duplicate:
            return False
        session, series = self.forecast["session"], self.observation.series
        if "timestamps" in series:
            own, last = instant(series["timestamps"][0]), instant(session["last_timestamp"])
            return own is not None and last is not None and own < last
        last_index = session.get("last_index")
        return "from_index" in series and last_index is not None and series["from_index"] < last_index

    def document(self) -> bytes:
        """Give the message of the output topic, as JSON."""
        session, series = self.forecast["session"], self.observation.series
        surprise, anomaly = session.get("surprise"), session.get("anomaly")
        document = {
            "session": self.observation.session,
            "timestamp": series["timestamps"][0] if "timestamps" in series else session["last_timestamp"],
            "target": _only(series["target"]),
            "count": session["count"],
            "surprise": _only(surprise),
            **({} if anomaly is None else {"anomaly": _only(anomaly)}),
            "duplicate": self.duplicate,
            "forecast": {name: self.forecast[name] for name in ("start", "freq", "mean", "quantiles")},
            "model": self.model,
            "warnings": self.forecast["warnings"],
            "origin": self.observation.delivery.place,
        }
        return json.dumps(document, separators=(",", ":")).encode()


def _only(values: Any) -> Any:
    """The one value of a list, or of each variable's."""
    if isinstance(values, Mapping):
        return {name: _only(own) for name, own in values.items()}
    return values[0] if values else None


def instant(text: Any) -> datetime | None:
    """Read a time of a message or an answer.

    Parameters
    ----------
    text : Any
        RFC 3339; without an offset it is UTC.

    Returns
    -------
    datetime or None
        None where it is something else.

    Examples
    --------
    >>> instant("2026-01-01T00:00:00Z"), instant(7)
    (datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), None)
    """
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
