"""Dynamic regression: a network reads what calendar and covariates leave over of a series, beside the series itself.

Each expert is one more row of the same network: the first reads the series, the others what a regression leaves over of
it (``statecast.regression``), or of its transform. A forecast of an expert is the network's plus the effects on the
horizon; quantiles of all are averaged level by level, weighted by recent losses (``statecast.regression.combination``).
No weight is trained, and a state holds everything, so it streams as exactly as the network.

Shapes: B rows, E experts, K = effects, T steps, F horizon, Q levels, Ck columns known ahead.

References
----------
Hyndman, R. J. and Athanasopoulos, G. (2021). Forecasting: Principles and Practice, 3rd ed., ch. 10. OTexts.
Bates, J. M. and Granger, C. W. J. (1969). The combination of forecasts. Operational Research Quarterly 20(4).
"""

from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor

from statecast.errors import InputError
from statecast.inputs.covariates import Covariate
from statecast.models.forecaster import Forecaster
from statecast.models.interface import SeriesNetwork
from statecast.models.roll_out import roll_on
from statecast.regression.combination import Combination
from statecast.regression.effects import Effect, Experts
from statecast.regression.kept_forecasts import KeptForecasts
from statecast.regression.member_states import MemberStates
from statecast.regression.regression import Regression
from statecast.regression.shape import regression_shape
from statecast.regression.target_transform import TargetTransform
from statecast.regression.terms.calendar_terms import Calendar
from statecast.regression.terms.terms import Terms
from statecast.state.lookback import Observations
from statecast.state.state import State, StateSpec
from statecast.uncertainty.prediction import Prediction

_OF_WEEKS = 4  # steps from one solution to the next where a season is one step or a year
_COMPARED = 32  # steps ahead that experts are compared over, of days and longer


class DynamicRegression(SeriesNetwork):
    """A forecaster that takes covariates and knows the calendar, without having learned of either.

    Parameters
    ----------
    network : Forecaster
        What forecasts: without covariates and calendar of its own. Its weights are shared; its ``adaptation`` is left
        out, because the combination follows its own misses.
    covariates : tuple of Covariate
        Known ahead, numeric ones first; see ``statecast.inputs.measured``.
    timed : bool
        Whether its series have times, so that there is a calendar.
    transform : TargetTransform or None
        How the expert of all terms reads the target; None for as it is.
    country : str or None
        Whose holidays count; see ``statecast.time.features``.
    reach : int
        Steps ahead of the longest forecast.

    Raises
    ------
    InputError
        If there are more covariates than there is room for.
    """

    def __init__(
        self,
        network: Forecaster,
        covariates: tuple[Covariate, ...] = (),
        timed: bool = True,
        transform: TargetTransform | None = None,
        country: str | None = None,
        reach: int = 1024,
    ) -> None:
        super().__init__()
        self.network = network = _without_adaptation(network)
        self.transform, own = transform, network.config
        calendar = Calendar.of(own.freq if timed else None)
        numeric = sum(not one.levels for one in covariates)
        season = max(own.season, 1)
        terms = Terms(calendar, numeric, sum(len(one.levels) for one in covariates), season, country is not None)
        effects = [Effect(0, False)] if calendar.names else []
        effects += [Effect(int(transform is not None), True)] if covariates or country else []
        self.experts = Experts(tuple(effects), transform)
        compared = own.horizon if calendar.hourly else min(own.horizon, _COMPARED)
        outside, rate = own.quantile_levels[0], 1 / 120
        self.combination = Combination(self.experts.count, compared, season, outside, rate)
        every = _OF_WEEKS if season == 1 or calendar.names == ("year",) else season
        targets = 1 if transform is None else 2
        self.regression = Regression(terms, self.experts.effects, targets, every, self.combination.stride)
        self.config = regression_shape(own, covariates, calendar, country, reach)
        self.calibration = network.calibration
        self.kept = KeptForecasts(network, self.experts, self.combination)
        self.members = MemberStates(network, self.experts.count)
        self.spec = StateSpec(
            (
                *self.members.fields(),
                *self.regression.fields(),
                *self.combination.fields(),
            )
        )

    @property
    def streaming(self) -> str:
        """See ``SeriesNetwork.streaming``."""
        return self.network.streaming

    @property
    def takes_deviations(self) -> bool:
        """See ``SeriesNetwork.takes_deviations``; a transform reads values themselves."""
        return self.transform is None and self.network.takes_deviations

    def fresh(self, time_index: Tensor, static: Tensor) -> State:
        """See ``SeriesNetwork.fresh``."""
        every, experts = (
            static.repeat_interleave(self.experts.count, 0),
            time_index.repeat_interleave(self.experts.count),
        )
        fresh = self.spec.fresh(len(time_index), time_index.device)
        return fresh.replace(self.members.pack(self.network.fresh(experts, every)))

    def prime(self, observations: Observations, state: State) -> State:
        """See ``SeriesNetwork.prime``."""
        self._check(observations)
        targets, members = self.experts.targets(observations.target), self.members.unpack(state)
        time_index, count = (members[name][:: self.experts.count] for name in ("time_index", "count"))
        reading = self.regression.read(targets, observations.known, time_index, count, state)
        index = time_index[:, None] + 1 + torch.arange(targets.shape[1], device=targets.device)
        left = self.experts.left_over(targets, reading.effects).flatten(0, 1).float()
        fields = {field.name: state[field.name] for field in self.combination.fields()}
        for begin, end in pairwise(self.kept.cuts(index)):
            part = slice(begin, end)
            fields = self.kept.compare(fields, targets[:, part, 0], reading.kept_effects[:, part], index[:, part])
            nothing = left.new_zeros((len(left), end - begin, 0))
            members = self.network.prime(Observations(left[:, part], nothing, nothing), members)
            due = torch.remainder(index[:, end - 1], self.combination.stride) == 0
            fields = self.kept.keep(fields, due, members)
        return state.replace(self.members.pack(members) | reading.fields | fields)

    def decode(self, state: State, future: Tensor) -> Prediction:
        """See ``SeriesNetwork.decode``."""
        members, count, horizon = self.members.unpack(state), self.experts.count, self.network.config.horizon
        ahead = future.new_zeros((len(members), future.shape[1], 0))
        near = self.network.decode(members, ahead[:, :horizon])
        quantiles = roll_on(self.network, members, ahead, near)[0].unflatten(0, (len(state), count))
        found = self.experts.say(quantiles, self.regression.ahead(future, state))
        shares = self.combination.shares(state["losses"])
        raw = torch.einsum("be,befq->bfq", shares, found)
        middle = self.config.quantile_levels.index(0.5)
        stretch = torch.exp(state["interval_offsets"].double())[:, None, :, None]
        centre, away = raw[..., middle : middle + 1], raw - raw[..., middle : middle + 1]
        stretched = centre + torch.cat(
            [away[..., :middle] * stretch[:, :, 0], away[..., middle:] * stretch[:, :, 1]], dim=-1
        )
        loc, scale = (one[::count] for one in (near.loc, near.scale))
        # The network's unit where the series moves; the target's own where it does not.
        scale = torch.where(scale > 0, scale, torch.where(scale.isnan(), scale, 1.0))
        naive, resolutions = (
            torch.einsum("be,bes...->bs...", shares.float(), one.unflatten(0, (len(state), count)))
            for one in (near.naive_forecast_weights, near.resolution_weights)
        )
        return Prediction(
            scaled=(stretched - loc[:, None, None]) / scale[:, None, None],
            loc=loc,
            scale=scale,
            naive_forecast_weights=naive,
            resolution_weights=resolutions,
            levels=self.config.quantile_levels,
            raw=(raw - loc[:, None, None]) / scale[:, None, None],
            unit=0.0,
        )

    def forward(
        self, observations: Observations, state: State, future: Tensor, every: int = 1
    ) -> tuple[Prediction, State]:
        """See ``SeriesNetwork.forward``; a piece of history after the other."""
        found, steps = [], observations.target.shape[1]
        for number in range(steps // every):
            part = slice(number * every, (number + 1) * every)
            state = self.prime(Observations(*(one[:, part] for one in observations[:3])), state)
            found.append(self.decode(state, future[:, number]))
        if steps % every:
            state = self.prime(Observations(*(one[:, -(steps % every) :] for one in observations[:3])), state)
        return _joined(found), state

    def seasonal_naive(self, state: State, horizon: int | None = None) -> Tensor:
        """See ``SeriesNetwork.seasonal_naive``."""
        return self.network.seasonal_naive(self._plain(state), horizon or self.config.horizon)

    def seasonal_error(self, state: State) -> Tensor:
        """See ``SeriesNetwork.seasonal_error``."""
        return self.network.seasonal_error(self._plain(state))

    def autocorrelation(self, state: State) -> Tensor:
        """See ``SeriesNetwork.autocorrelation``; that of the network, 0 beyond its horizon."""
        found = self.network.autocorrelation(self._plain(state))
        return torch.nn.functional.pad(found, (0, self.config.horizon - found.shape[1]))

    def shape(self) -> dict[str, object]:
        """See ``SeriesNetwork.shape``."""
        transform = None if self.transform is None else self.transform.to_dict()
        return {"dynamic_regression": self.config.to_dict(), "transform": transform}

    def _plain(self, state: State) -> State:
        return self.members.unpack(state, slice(1))

    def _check(self, observations: Observations) -> None:
        target, known = observations.target, observations.known
        expected = (*target.shape, self.config.known_width)
        if target.dim() != 2 or known.shape != expected or not target.shape[1]:
            raise InputError(
                f"observations: expected target [B, T >= 1] and known [B, T, {self.config.known_width}], got "
                f"{tuple(target.shape)}, {tuple(known.shape)}"
            )


def _without_adaptation(network: Forecaster) -> Forecaster:
    """The same parts, in a forecaster whose states keep no hindcasts."""
    with torch.random.fork_rng(devices=[]):  # its own first weights are thrown away
        own = Forecaster(replace(network.config, adaptation=0.0))
    for name, part in network.named_children():
        setattr(own, name, part)
    return own.train(network.training)


def _joined(parts: list[Prediction]) -> Prediction:
    """Forecasts from N origins each of B rows, as B N forecasts row by row."""
    scaled, loc, scale, naive, resolutions, raw = (
        torch.stack(list(values), dim=1).flatten(0, 1)
        for values in zip(
            *(
                (one.scaled, one.loc, one.scale, one.naive_forecast_weights, one.resolution_weights, one.raw)
                for one in parts
            ),
            strict=True,
        )
    )
    levels, unit = parts[0].levels, parts[0].unit
    return Prediction(scaled, loc, scale, naive, resolutions, levels, raw, unit)
