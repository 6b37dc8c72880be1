"""Several forecasters of unlike kinds as one: each quantile is the mean of theirs.

Members that err in different ways (other patches, cells, half-lives) are together better than the best of them, at the
sum of their costs. The state of a series is its members' states one after the other, so it streams as exactly as they.

Quantiles are averaged level by level in the target's unit (Vincent averaging), before any calibration: the mean of
calibrated intervals would hold more often than it promises. One calibration, from validation, is of the mean;
so members do not follow their own misses (``adaptation`` is 0).

Shapes: B rows, M origins, F horizon, Q levels, R resolutions of all members together.

References
----------
Lichtendahl, K. C., Grushka-Cockayne, Y. and Winkler, R. L. (2013). Is it better to average probabilities or quantiles?
Management Science 59(7).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor, nn

from statecast.errors import ConfigError
from statecast.models.forecaster import Forecaster
from statecast.models.interface import SeriesNetwork
from statecast.naive_forecasts import NAIVE_FORECASTS
from statecast.state.lookback import Observations
from statecast.state.state import Field, State, StateSpec
from statecast.state.transforms import expand
from statecast.uncertainty.calibration import Calibration
from statecast.uncertainty.prediction import Prediction

_SHARED = (
    "freq", "horizon", "season", "segment_length", "quantile_levels", "calendar", "mixed_frequency",
    "coarse_history_length", "past_covariates", "future_covariates", "static_covariates",
)  # fmt: skip

_Name = TypeVar("_Name", int, str)


class Ensemble(SeriesNetwork):
    """A network that forecasts what its members forecast on average.

    Its ``config`` is the first member's, with what the members keep together: the longest look-back and patch, every
    resolution and naive forecast.

    Parameters
    ----------
    members : sequence of Forecaster
        One or more, with the same freq, horizon, season, levels, calendar and covariates.

    Raises
    ------
    ConfigError
        If there is no member, members do not forecast the same, or one adapts for itself.
    """

    def __init__(self, members: Sequence[Forecaster]) -> None:
        super().__init__()
        if not members:
            raise ConfigError("members: expected at least one, got none")
        configs = [member.config for member in members]
        for number, config in enumerate(configs):
            for name in _SHARED:
                ours, first = getattr(config, name), getattr(configs[0], name)
                if ours != first:
                    raise ConfigError(f"members: expected {name} to be the same in all, got {first!r} and {ours!r}")
            if config.adaptation:
                raise ConfigError(
                    f"members: expected adaptation = 0, got {config.adaptation} in member {number + 1}; "
                    "the ensemble is calibrated as one"
                )
        self.members = nn.ModuleList(members)
        self.config = replace(
            configs[0],
            lookback_length=max(config.lookback_length for config in configs),
            patch_length=max(config.patch_length for config in configs),
            resolutions=tuple(sorted({step for config in configs for step in config.resolutions})),
            naive_forecasts=tuple(
                name for name in NAIVE_FORECASTS if any(name in config.naive_forecasts for config in configs)
            ),
            asinh_unit=0.0,  # quantiles are averaged, and then calibrated, in the target's unit
        )
        self.calibration = Calibration(self.config, 1)
        self.spec = StateSpec(
            tuple(Field(_name(at), (one.spec.row_bytes,), torch.uint8) for at, one in enumerate(self._members()))
        )

    @property
    def streaming(self) -> str:
        """See ``SeriesNetwork.streaming``; windowed if a member is."""
        return "windowed" if any(member.streaming == "windowed" for member in self._members()) else "exact"

    @property
    def takes_deviations(self) -> bool:
        """See ``SeriesNetwork.takes_deviations``; where all members do."""
        return all(member.takes_deviations for member in self._members())

    def fresh(self, time_index: Tensor, static: Tensor) -> State:
        """See ``SeriesNetwork.fresh``."""
        return self._pack([member.fresh(time_index, static) for member in self._members()])

    def prime(self, observations: Observations, state: State) -> State:
        """See ``SeriesNetwork.prime``."""
        after = [member.prime(observations, own) for member, own in self._own(state)]
        return state.replace({_name(at): own.rows for at, own in enumerate(after)})

    def decode(self, state: State, future: Tensor) -> Prediction:
        """See ``SeriesNetwork.decode``."""
        return self._mean([member.decode(own, future) for member, own in self._own(state)])

    def forward(
        self, observations: Observations, state: State, future: Tensor, every: int = 1
    ) -> tuple[Prediction, State]:
        """See ``SeriesNetwork.forward``."""
        found = [member.forward(observations, own, future, every) for member, own in self._own(state)]
        return self._mean([prediction for prediction, _ in found]), self._pack([after for _, after in found])

    def seasonal_naive(self, state: State, horizon: int | None = None) -> Tensor:
        """See ``SeriesNetwork.seasonal_naive``; from the longest look-back."""
        member, own = max(self._own(state), key=lambda pair: pair[0].config.lookback_length)
        return member.seasonal_naive(own, horizon)

    def seasonal_error(self, state: State) -> Tensor:
        """See ``SeriesNetwork.seasonal_error``."""
        member, own = self._own(state)[0]
        return member.seasonal_error(own)

    def autocorrelation(self, state: State) -> Tensor:
        """See ``SeriesNetwork.autocorrelation``; what validation found, the same for all series."""
        return self.calibration.autocorrelation.expand(len(state), -1)

    def shape(self) -> dict[str, object]:
        """See ``SeriesNetwork.shape``; the members' configs."""
        return {"members": [member.config.to_dict() for member in self._members()]}

    def _members(self) -> list[Forecaster]:
        return [member for member in self.members if isinstance(member, Forecaster)]

    def _own(self, state: State) -> list[tuple[Forecaster, State]]:
        return [(member, State(member.spec, state[_name(at)])) for at, member in enumerate(self._members())]

    def _pack(self, states: list[State]) -> State:
        return self.spec.pack({_name(at): state.rows for at, state in enumerate(states)})

    def _mean(self, predictions: list[Prediction]) -> Prediction:
        """The mean of what members forecast, in units of their mean scale around their mean level."""
        loc = _average([expand(one.loc, one.unit) for one in predictions])
        scale = _average([expand(one.loc + one.scale, one.unit) - expand(one.loc, one.unit) for one in predictions])
        inverse = torch.where(scale > 0, 1.0 / scale.clamp_min(1e-300), 0.0)[:, None, None]
        raw = (_average([one.raw_quantiles() for one in predictions]) - loc[:, None, None]) * inverse
        unmoved, old = raw.new_zeros((len(raw), 2, self.config.segments)), raw.new_full((len(raw),), torch.inf)
        naive = self.config.naive_forecasts
        pairs = [(one, member.config) for one, member in zip(predictions, self._members(), strict=True)]
        return Prediction(
            scaled=self.calibration.stretch(raw, unmoved, old),
            loc=loc,
            scale=scale,
            naive_forecast_weights=_average(
                [_widened(one.naive_forecast_weights, own.naive_forecasts, naive) for one, own in pairs]
            ),
            resolution_weights=_average(
                [_widened(one.resolution_weights, own.resolutions, self.config.resolutions) for one, own in pairs]
            ),
            levels=self.config.quantile_levels,
            raw=raw,
            unit=0.0,
            time_weights=_average_shares([one.time_weights for one in predictions]),
            feature_weights=_average_shares([one.feature_weights for one in predictions]),
        )


def _widened(weights: Tensor, known: Sequence[object], every: Sequence[object]) -> Tensor:
    """A member's weights ``[M, S, known]`` among those of all members, 0 at what it has not."""
    nothing = torch.zeros_like(weights[..., 0])
    return torch.stack([weights[..., known.index(one)] if one in known else nothing for one in every], dim=-1)


def _average_shares(parts: list[Mapping[_Name, Tensor]]) -> dict[_Name, Tensor]:
    """The mean of the shares of those members that have such a part."""
    having = [part for part in parts if part]
    names = {name: one for part in having for name, one in part.items()}
    return {name: _average([part.get(name, torch.zeros_like(one)) for part in having]) for name, one in names.items()}


def _average(values: list[Tensor]) -> Tensor:
    return torch.stack(values).mean(0)


def _name(place: int) -> str:
    return f"members.{place}"
