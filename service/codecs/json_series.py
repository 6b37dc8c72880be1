"""One series of a JSON body: lists straight to arrays, every fault kept with its place."""

from collections.abc import Callable, Iterator
from typing import Any

import simdjson

from service.codecs.forecast_request import Loc, Series
from service.codecs.json_fields import fields_of, is_object, kind_of, text_of, whole_of
from service.codecs.numbers import NumberFault, column, floats, is_list
from statecast.time.stamps import TimeOptions

FIELDS = (
    "item_id", "start", "freq", "season", "timestamps", "from_index", "target", "past_covariates", "future_covariates",
    "static_covariates", "resolutions", "session",
)  # fmt: skip


class Reader:
    """Reads series, and counts in ``lists`` the lists that it took."""

    def __init__(self, flat: bool, options: TimeOptions) -> None:
        self.lists = 0
        self._options = options
        self._flat = flat

    def series(self, entry: Any, loc: Loc) -> Series:
        """Read one series; what is wrong with it is noted in its ``faults``."""
        series = Series(loc, time_options=self._options)
        if not is_object(entry):
            series.fault(f"expected an object with target, got {kind_of(entry)}")
            return series
        fields = fields_of(entry, FIELDS, series.fault)
        for name in ("item_id", "freq", "session"):
            setattr(series, name, text_of(fields, name, series.fault))
        series.start = _start(fields, series)
        series.from_index = whole_of(fields, "from_index", 0, series.fault)
        series.season = whole_of(fields, "season", 1, series.fault)
        series.target = self._target(fields.get("target"), series)
        series.resolutions = self._resolutions(fields.get("resolutions"), series)
        series.past_covariates = self._columns(fields, "past_covariates", series)
        series.future_covariates = self._columns(fields, "future_covariates", series)
        if "static_covariates" in fields:
            series.static_covariates = _statics(fields["static_covariates"], series)
        if "timestamps" in fields:
            series.timestamps = _timestamps(fields["timestamps"], series)
            self.lists += 1
        return series

    def _target(self, value: Any, series: Series, what: str = "a series") -> dict[str, Any]:
        if value is None:
            series.fault(f"expected a list of numbers or null, got nothing; it is the one field {what} needs", "target")
            return {}
        if not is_object(value):
            return dict(self._read(floats, [("", value)], ("target",), series))
        members = fields_of(value, (), lambda msg, *name: series.fault(msg, "target", *name))
        if not members:
            series.fault("expected at least one variable, got an empty object", "target")
        return dict(self._read(floats, list(members.items()), ("target",), series))

    def _resolutions(self, value: Any, series: Series) -> dict[str, Series]:
        if value is None:
            return {}
        if not is_object(value):
            series.fault(
                f'expected an object such as {{"1d": {{"start": …, "target": […]}}}}, got {kind_of(value)}',
                "resolutions",
            )
            return {}
        found: dict[str, Series] = {}
        for name, entry in fields_of(value, (), lambda msg, *inner: series.fault(msg, "resolutions", *inner)).items():
            one = Series((*series.loc, "resolutions", name), faults=series.faults, time_options=self._options)
            if not is_object(entry):
                one.fault(f"expected an object with start and target, got {kind_of(entry)}")
                continue
            fields = fields_of(entry, ("start", "target"), one.fault)
            one.start = _start(fields, one)
            one.target = self._target(fields.get("target"), one, "a resolution")
            found[name] = one
        return found

    def _columns(self, fields: dict[str, Any], name: str, series: Series) -> dict[str, Any]:
        value = fields.get(name)
        if value is None:
            return {}
        if not is_object(value):
            series.fault(f"expected an object, one list a covariate, got {kind_of(value)}", name)
            return {}
        members = fields_of(value, (), lambda msg, *inner: series.fault(msg, name, *inner))
        return dict(self._read(column, list(members.items()), (name,), series))

    def _read(
        self, read: Callable[[Any, bool], Any], members: list[tuple[str, Any]], where: Loc, series: Series
    ) -> Iterator[tuple[str, Any]]:
        for name, value in members:
            place = (*where, name) if name else where
            try:
                self.lists += is_list(value)
                yield name, read(value, self._flat)
            except NumberFault as error:
                series.fault(str(error), *place, *(() if error.index is None else (error.index,)))


def _statics(value: Any, series: Series) -> dict[str, Any]:
    if not is_object(value):
        series.fault(f"expected an object, one value a covariate, got {kind_of(value)}", "static_covariates")
        return {}
    members = fields_of(value, (), lambda msg, *name: series.fault(msg, "static_covariates", *name))
    for name, member in members.items():
        if isinstance(member, bool) or not isinstance(member, (int, float, str)):
            series.fault(f"expected a number or a text, got {kind_of(member)}", "static_covariates", name)
    return members


def _start(fields: dict[str, Any], series: Series) -> str | int | None:
    value = fields.get("start")
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return text_of(fields, "start", series.fault)


def _timestamps(value: Any, series: Series) -> list[Any]:
    entries: Any = value.as_list() if isinstance(value, simdjson.Array) else value
    if not isinstance(entries, list):
        series.fault(f"expected a list of times, one a value, got {kind_of(value)}", "timestamps")
        return []
    for index, entry in enumerate(entries):
        if not isinstance(entry, (str, int)) or isinstance(entry, bool):
            series.fault(f"expected a time such as 2026-01-01T00:00:00Z, got {kind_of(entry)}", "timestamps", index)
            return []
    return entries
