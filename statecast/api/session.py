"""A session in this process: each update costs what it brings, and forecasts are those of the whole history."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.api.backtest import choose_member
from statecast.api.history import Placement, read_one, read_options, read_times
from statecast.api.series_forecast import SeriesForecast
from statecast.api.whole_series import encode_more, known_ahead, read_values, read_whole
from statecast.compiled import compile_network, is_built, slot_network
from statecast.errors import InputError
from statecast.models.family import REACH, Family
from statecast.models.forecast_arrays import ForecastArrays
from statecast.models.interface import SeriesNetwork
from statecast.models.slot_network import Cache, SlotNetwork
from statecast.time.stamps import TimeError
from statecast.uncertainty.bounds import Bounds
from statecast.uncertainty.interval_levels import chosen_levels
from statecast.uncertainty.quantile_levels import quantiles_at

_ROW, _AHEAD = np.array([0]), np.array([1])


class SeriesSession:
    """A series and the state that its observations have come to.

    Parameters
    ----------
    network : SeriesNetwork or Family
        What forecasts.
    id : str
        Its name, for people.
    freq : str, optional
        Distance of two observations; left out, the model's own, or the one that the first update's timestamps show.
    season : int, optional
        Of a family: left out, the freq's usual one, or what the values of the first update show.
    calendar, country : optional
        Of a family, as in ``forecast_any``; covariates that are known ahead come with each update and forecast.
    bounds : Bounds or mapping, optional
        As in ``forecast_series``; left out, of a family 0 is the lower one while no value was below it.
    **time_options
        As in ``forecast_series``.
    """

    def __init__(
        self,
        network: SeriesNetwork | Family,
        id: str = "",
        *,
        freq: str | None = None,
        season: int | None = None,
        calendar: bool = False,
        country: str | None = None,
        bounds: Bounds | Mapping[str, Any] | None = None,
        **time_options: Any,
    ) -> None:
        self.id, self.count = id, 0
        self._network, self._freq, self._season, self._bounds = network, freq, season, bounds
        self._options, self._time_options = read_options(time_options), time_options
        self._calendar, self._country = calendar, country
        self._least = np.inf
        self._slots: SlotNetwork
        self._cache: Cache
        self._level: NDArray[np.float64]
        self._last: Placement

    def update(self, values: Any, *, start: Any = None, timestamps: Any = None, **covariates: Any) -> int:
        """Read what is new.

        Parameters
        ----------
        values : sequence of float
            Observations, None or NaN where missing; one alone may be a number.
        start, timestamps : optional
            When they were, as in ``forecast_series``; left out, they follow the last one. Steps left out are missing.
        **covariates
            ``past_covariates``, ``future_covariates``, ``static_covariates``, as in ``forecast_series``; static ones
            with the first update.

        Returns
        -------
        int
            Observations that it has read, as a server counts them: steps that were left out do not.

        Raises
        ------
        InputError
            If something does not fit, or is not later than what was read.
        """
        given = [values] if values is None or isinstance(values, int | float) else values
        target = np.asarray(given, dtype=np.float64)
        if not self.count:
            self._open(read_values(target), start=start, timestamps=timestamps, **covariates)
        else:
            placed = self._place(len(target), start, timestamps)
            config = self._slots.config
            read = encode_more(config, target, placed, self._level, **covariates)
            self._slots.advance_slots(self._cache, _ROW, _ROW, *read)
            self._last = Placement(placed.axis, placed.first + placed.span - 1, np.zeros(1, dtype=np.int64))
        self.count += len(target)
        self._least = min(self._least, np.nanmin(target, initial=np.inf))
        return self.count

    def forecast(
        self,
        horizon: int | None = None,
        *,
        level: float | Sequence[float] | None = None,
        quantile_levels: Sequence[float] | None = None,
        quantiles: Sequence[float] | None = None,
        future_covariates: Mapping[str, Sequence[Any]] | None = None,
        bounds: Bounds | Mapping[str, Any] | None = None,
    ) -> SeriesForecast:
        """Forecast from where it is.

        Parameters
        ----------
        horizon : int, optional
            Steps ahead F; left out, the model's.
        level : float or sequence of float, optional
            Percents of central intervals, instead of ``quantile_levels``.
        quantile_levels, quantiles : sequence of float, optional
            From 0.01 to 0.99; left out, the trained ones.
        future_covariates : mapping, optional
            F values each.
        bounds : Bounds or mapping, optional
            Left out, those of the session.

        Returns
        -------
        SeriesForecast
            As ``forecast_series`` of the whole history.

        Raises
        ------
        InputError
            If nothing was read, or a horizon, level or covariate does not fit.
        """
        if not self.count:
            raise InputError("session: expected observations before a forecast, got none; call update first")
        config, family = self._slots.config, isinstance(self._network, Family)
        most, wanted = REACH if family else config.horizon, horizon or self._network.config.horizon
        if not 1 <= wanted <= most:
            raise InputError(f"horizon: expected 1 to {most}, the longest that the model forecasts, got {wanted}")
        known = known_ahead(config, self._last, wanted, future_covariates)
        found_quantiles, mean, _ = roll_forecast(self._slots, self._cache, known, wanted)
        levels = chosen_levels(level, quantile_levels, quantiles) or config.quantile_levels
        exponents = self._slots.tail_exponents
        chosen = quantiles_at(found_quantiles + self._level, config.quantile_levels, levels, exponents)
        by_level = {level: chosen[:, place] for place, level in enumerate(levels)}
        found = SeriesForecast(mean + self._level, by_level, *self._last.following(wanted), read=self.count)
        own = self._bounds if bounds is None else bounds
        if own is None and family:
            own = Bounds.notice([np.array([self._least])])
        return found.within(Bounds.read(own))

    def _open(self, target: NDArray[np.float64], **options: Any) -> None:
        said = {"freq": self._freq, **options, **self._time_options}
        own, said = choose_member(
            self._network, target, 0, season=self._season, calendar=self._calendar, country=self._country, **said
        )
        if own.config.mixed_frequency:
            raise InputError("session: not supported in this process for a model of several frequencies; use a server")
        whole, placed = read_whole(own, target, **said)
        self._slots = slot_network((compile_network(own) if is_built() else None) or own)
        self._cache, self._level = self._slots.new_cache(2), whole.level
        self._slots.begin_slots(self._cache, _ROW, np.array([whole.before]), whole.static[None])
        self._slots.advance_slots(self._cache, _ROW, _ROW, whole.target, whole.past[None], whole.known[None])
        self._last = Placement(placed.axis, placed.first + placed.span - 1, np.zeros(1, dtype=np.int64))

    def _place(self, count: int, start: Any, timestamps: Any) -> Placement:
        axis, first = self._last.axis, self._last.first + 1
        if start is None and timestamps is None:
            return Placement(axis, first, np.arange(count))
        if axis is None:
            raise InputError("start: expected none, because the session has no times, got one; leave it out")
        if timestamps is None:
            index, axis = axis.continued(read_one(start, self._options))
            index = index[0] + np.arange(count)
        else:
            stamps = read_times(timestamps, self._options)
            if len(stamps) != count:
                raise InputError(f"timestamps: expected {count} times, one per value, got {len(stamps)}")
            index, axis = axis.continued(stamps)
        wrong = np.flatnonzero(np.diff(index, prepend=first - 1) <= 0)
        if len(wrong):
            raise TimeError(
                "expected times after those that were read, rising, got another; send each once", int(wrong[0])
            )
        return Placement(axis, first, index - first)


def roll_forecast(
    slots: SlotNetwork, cache: Cache, known: NDArray[np.float32], wanted: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], ForecastArrays]:
    """Forecast from the first row of a cache, past the network's horizon from its own medians.

    Parameters
    ----------
    slots : SlotNetwork
        What forecasts.
    cache : Cache
        Of two rows, the second of which is written.
    known : NDArray
        ``[F, Ck]`` float32, what is known of the steps to come.
    wanted : int
        Steps F.

    Returns
    -------
    quantiles : NDArray
        ``[F, Q]`` of what the network reads.
    mean : NDArray
        ``[F]``, likewise.
    ForecastArrays
        Of the network's own horizon, with a seasonal naive forecast of F steps.
    """
    horizon, middle = slots.config.horizon, slots.config.quantile_levels.index(0.5)
    near = slots.forecast_slots(cache, _ROW, np.ascontiguousarray(known[None, :horizon]), wanted)
    quantiles, mean, read = [near.quantiles], [near.mean], _ROW
    for reached in range(horizon, wanted, horizon):
        before, after = (known[None, begin : begin + horizon] for begin in (reached - horizon, reached))
        found = slots.roll_slots(
            cache, read, _AHEAD, near, quantiles[-1][..., middle], np.array([reached]),
            np.ascontiguousarray(before), np.ascontiguousarray(after),
        )  # fmt: skip
        read = _AHEAD
        quantiles.append(found.quantiles)
        mean.append(found.mean)
    return np.concatenate(quantiles, axis=1)[0], np.concatenate(mean, axis=1)[0], near
