"""How a frame was, so that what comes of it is a frame of the same library, with ids and times of the same types."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from statecast.frames.times import as_numbers, as_texts, wall_times
from statecast.tables.reader import has_telling_index, is_pandas, is_period, of_frame, plain_pandas
from statecast.tables.series import SeriesTable


@dataclass(frozen=True, eq=False)
class FrameShape:
    """A frame as it came.

    Parameters
    ----------
    frame : narwhals.DataFrame
        Its columns, an index that tells something among them.
    native : Any
        The frame itself.
    series : SeriesTable
        What was read of it.
    """

    frame: Any
    native: Any
    series: SeriesTable

    @classmethod
    def of(cls, native: Any, series: SeriesTable) -> "FrameShape":
        """Look at a frame.

        Parameters
        ----------
        native : Any
            Of any library.
        series : SeriesTable
            What was read of it.

        Returns
        -------
        FrameShape
            Of a library that narwhals does not know, that of its columns in Arrow.
        """
        plain = plain_pandas(native) if is_pandas(native) else native
        try:
            return cls(nw.from_native(plain, eager_only=True), native, series)
        except TypeError:
            return cls(nw.from_native(of_frame(native).columns, eager_only=True), native, series)

    def fill(self, lengths: Sequence[int], columns: Mapping[str, NDArray[Any]], times: Collection[str]) -> Any:
        """Make a frame like this one of what came of its series.

        Parameters
        ----------
        lengths : sequence of int
            Rows of each series.
        columns : mapping of str to array
            All but that of the items, NaN where missing.
        times : collection of str
            Those of times: instants in UTC, or counted steps.

        Returns
        -------
        Any
            Its rows one series below the other, in the order in which they came.
        """
        layout, made = self.series.layout, {}
        if layout.series:
            names = np.repeat(np.asarray(self.series.names, dtype=object), lengths).tolist()
            made["item_id"] = self._new("item_id", names)
        elif layout.item_id is not None:
            first = np.unique(self.series.codes, return_index=True)[1]
            made[layout.item_id] = self._column(layout.item_id)[np.repeat(first, lengths).tolist()]
        for name, values in columns.items():
            made[name] = self._times(name, values) if name in times else self._new(name, values)
        return self._indexed(nw.from_dict(made).to_native())

    def _column(self, name: str) -> Any:
        """A column by the name that the reader knows it by."""
        return self.frame[next(one for one in self.frame.columns if one.strip() == name)]

    def _new(self, name: str, values: Any, dtype: Any = None) -> Any:
        made = nw.new_series(name, values, dtype, backend=self.frame.implementation)
        floats = isinstance(values, np.ndarray) and values.dtype.kind == "f"
        return made.fill_nan(None) if floats and not is_pandas(made.to_native()) else made

    def _times(self, name: str, values: NDArray[Any]) -> Any:
        layout = self.series.layout
        if values.dtype.kind != "M" or layout.timestamp is None:
            return self._new(name, values)
        column, zone = self._column(layout.timestamp), getattr(self.series.times, "zone", "")
        dtype, one, wall = column.dtype, column[0], wall_times(values, zone)
        if isinstance(own := getattr(getattr(column.to_native(), "dtype", None), "tz", None), tzinfo):
            # By pandas itself: narwhals reads no zone whose name has an underscore, such as America/New_York.
            made = self._new(name, values.astype(f"M8[{column.to_native().dtype.unit}]")).to_native()
            return nw.from_native(made.dt.tz_localize("UTC").dt.tz_convert(own), series_only=True)
        if dtype == nw.Datetime:
            unit, own = dtype.time_unit, dtype.time_zone
            made = self._new(name, (values if own else wall).astype(f"M8[{unit}]"))
            return made.dt.replace_time_zone("UTC").dt.convert_time_zone(own) if own else made
        if dtype == nw.Date or type(one) is date:
            return self._new(name, wall.astype("M8[D]").astype(object).tolist(), dtype if dtype == nw.Date else None)
        if isinstance(one, str):
            return self._new(name, as_texts(values, one, zone))
        numbers = as_numbers(values, int(one), self.series.times) if dtype.is_integer() else None
        return self._new(name, wall.astype("M8[us]")) if numbers is None else self._new(name, numbers).cast(dtype)

    def _indexed(self, made: Any) -> Any:
        """Give pandas its index and its kinds of columns back."""
        if not is_pandas(self.native):
            return made
        plain, layout, made = self.frame.to_native(), self.series.layout, made.reset_index(drop=True)
        periods, kinds = {}, {}
        if layout.timestamp in plain.columns and layout.timestamp in made.columns:
            own, came = plain[layout.timestamp].dtype, self._came_as(str(layout.timestamp))
            if came is not None and is_period(came):
                periods[layout.timestamp] = came.dtype
            elif made[layout.timestamp].dtype.kind == "M" and str(own) != str(made[layout.timestamp].dtype):
                kinds[layout.timestamp] = own
        made = made.astype(kinds) if kinds else made
        for name, dtype in periods.items():
            made[name] = made[name].dt.to_period(dtype.freq)
        if not has_telling_index(self.native):
            return made
        named = self.native.index.names
        kept = [name if name is not None else "timestamp" for name in named]
        if not all(name in made.columns for name in kept):
            return made
        return made.set_index(kept).rename_axis(list(named))

    def _came_as(self, name: str) -> Any:
        """The column or level of the index as it was before periods became times."""
        native = self.native
        if native.ndim == 2 and name in native.columns:
            return native[name]
        names = [one if one is not None else "timestamp" for one in native.index.names]
        return native.index.get_level_values(names.index(name)) if name in names else None
