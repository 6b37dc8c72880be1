"""Covariates, calendar and holidays for a family: which dynamic regression reads a series."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError
from statecast.inputs.measured import measured_covariates
from statecast.models.family import Family
from statecast.models.interface import SeriesNetwork
from statecast.regression.family_member import regression_member
from statecast.regression.target_transform import choose_transform


@dataclass(frozen=True)
class Surroundings:
    """What is known beside a series of a family.

    Parameters
    ----------
    calendar : bool
        Whether hours, days of the week and the year are looked at.
    country : str or None
        Whose holidays count, such as ``US`` or ``US-CA``.
    past : mapping or None
        Covariates without a future, which are left out.
    future : mapping or None
        Covariates that are known ahead.
    static : mapping or None
        Covariates with one value, which say nothing about one series.
    """

    calendar: bool = False
    country: str | None = None
    past: Mapping[str, Sequence[Any]] | None = None
    future: Mapping[str, Sequence[Any]] | None = None
    static: Mapping[str, Any] | None = None

    def member(
        self, family: Family, season: int, freq: str | None, timed: bool, values: NDArray[np.float64]
    ) -> SeriesNetwork:
        """Return what forecasts a series.

        Parameters
        ----------
        family : Family
            Whose weights it has.
        season : int
            Steps per season.
        freq : str or None
            Distance of two observations.
        timed : bool
            Whether the series has times.
        values : ndarray, shape [T]
            What is known of it, NaN where missing.

        Returns
        -------
        SeriesNetwork
            The family's member itself where nothing is to be looked at.

        Raises
        ------
        InputError
            If a calendar is wanted without times, or there are more covariates than there is room for.
        """
        self._warn()
        if not (self.calendar or self.country or self.future):
            return family.of(season, freq).eval()
        if (self.calendar or self.country) and not (timed and freq):
            name = "calendar" if self.calendar else "country"
            raise InputError(f"{name}: needs times, got none; give start and freq, or timestamps")
        covariates = measured_covariates(self.future)
        transform = choose_transform(values) if covariates else None
        return regression_member(family, season, freq, covariates, transform, timed=timed, country=self.country)

    def _warn(self) -> None:
        for kind, given, reason in (
            ("past", self.past, "the default model reads covariates that are known ahead"),
            ("static", self.static, "one value says nothing about one series"),
        ):
            if given:
                text = f"{kind}_covariates: {', '.join(map(repr, given))} left out, because {reason}"
                warnings.warn(text, UserWarning, stacklevel=4)
