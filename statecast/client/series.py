"""A series of a notebook as a request has it."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from statecast.api.history import Placement, place_history, read_one, read_options, read_times
from statecast.client.numbers import to_json
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency
from statecast.time.stamps import Stamps, TimeOptions
from statecast.time.zones import offset_text

_TIME_OPTIONS = tuple(TimeOptions.__dataclass_fields__)


@dataclass(frozen=True)
class SentSeries:
    """One series on its way.

    Parameters
    ----------
    fields : dict
        What the request says of it, as JSON values.
    start, timestamps : Any
        Its times as they came.
    options : TimeOptions
        How they are read.
    zone : str or None
        Zone of its times where they know it themselves.
    """

    fields: dict[str, Any]
    start: Any
    timestamps: Any
    options: TimeOptions
    zone: str | None = None

    @classmethod
    def of(cls, history: Any, *, start: Any = None, timestamps: Any = None, **fields: Any) -> "SentSeries":
        """Describe a series.

        Parameters
        ----------
        history : sequence of float
            T observations, None or NaN where missing.
        start, timestamps : optional
            Its times, as in ``statecast.api.forecast.forecast_series``.
        **fields
            Further fields of a series of ``POST /forecast``; ``timezone``, ``timestamp_unit`` and ``dayfirst``;
            ``resolutions`` as in ``forecast_series``.

        Returns
        -------
        SentSeries
            Ready to be sent.

        Raises
        ------
        InputError
            If a time cannot be read, or a value is no number.
        """
        options = read_options({name: fields.pop(name) for name in _TIME_OPTIONS if fields.get(name) is not None})
        values, zone = {"target": to_json(history)}, None
        if timestamps is not None:
            stamps = read_times(timestamps, options)
            values["timestamps"], zone = _texts(stamps), _named(stamps)
        elif start is not None:
            values["start"] = _texts(read_one(start, options))[0]
        coarse = fields.pop("resolutions", None)
        if coarse:
            values["resolutions"] = {
                name: {"start": to_json(first), "target": to_json(own)} for name, (first, own) in coarse.items()
            }
        values |= {name: to_json(value) for name, value in fields.items() if value is not None}
        return cls(values, start, timestamps, options, options.timezone or zone)

    def times_ahead(self, start: str | None, freq: str | None, ahead: int) -> tuple[Any, list[str] | None]:
        """Say when the steps of a forecast are.

        Parameters
        ----------
        start : str or None
            The first, as the server says.
        freq : str or None
            Their distance, likewise.
        ahead : int
            How many.

        Returns
        -------
        instants : ndarray, shape [ahead], datetime64[s], or None
            In UTC; None without times.
        texts : list of str or None
            RFC 3339, in the zone of the series.
        """
        if start is None or freq is None:
            return None, None
        stamps = read_one(start, TimeOptions(self.zone))
        if self.fields["target"] and (self.start is not None or self.timestamps is not None):
            instants, texts = self.place(freq).following(ahead)
            if instants is not None and instants[0] == stamps.instants[0]:
                return instants, texts
        axis, first = TimeAxis.of_start(stamps, Frequency.parse(freq))
        return Placement(axis, first - 1, np.zeros(1, dtype=np.int64)).following(ahead)

    def place(self, freq: str | None) -> Placement:
        """Say where its own values lie.

        Parameters
        ----------
        freq : str or None
            Their distance, as the server says; None without times.

        Returns
        -------
        Placement
            On one grid, as the library has them.
        """
        own = self.fields.get("freq") or (None if self.start is None else freq)
        with warnings.catch_warnings():  # the server's reply has them too
            warnings.simplefilter("ignore", UserWarning)
            return place_history(len(self.fields["target"]), self.start, self.timestamps, own, freq, self.options)


def _texts(stamps: Stamps) -> list[str]:
    """RFC 3339; without an offset where they came without one, because a zone may yet be said."""
    texts = np.datetime_as_string(stamps.wall, unit="s").tolist()
    if stamps.naive:
        return list(texts)
    if isinstance(stamps.ahead, int):
        end = offset_text(stamps.ahead) or "Z"
        return [text + end for text in texts]
    return [text + (offset_text(ahead) or "Z") for text, ahead in zip(texts, stamps.ahead.tolist(), strict=True)]


def _named(stamps: Stamps) -> str | None:
    """Zone with a name, which the offsets of texts do not show."""
    return stamps.zone if "/" in stamps.zone else None
