"""Members of a family that read covariates and the calendar: which there is for a series."""

from statecast.config import ForecasterConfig
from statecast.inputs.covariates import Covariate
from statecast.models.family import REACH, Family, FamilyConfig
from statecast.regression.dynamic_regression import DynamicRegression
from statecast.regression.shape import regression_shape
from statecast.regression.target_transform import TargetTransform
from statecast.regression.terms.calendar_terms import Calendar
from statecast.regression.terms.terms import Terms


def regression_member(
    family: Family,
    season: int,
    freq: str | None,
    covariates: tuple[Covariate, ...] = (),
    transform: TargetTransform | None = None,
    *,
    timed: bool = True,
    country: str | None = None,
) -> DynamicRegression:
    """Give the member that reads covariates.

    Parameters
    ----------
    family : Family
        Whose weights it shares.
    season : int
        Steps per season.
    freq : str or None
        Of its series.
    covariates : tuple of Covariate
        Known ahead, see ``statecast.inputs.measured``.
    transform : TargetTransform or None
        How the expert of all terms reads the target.
    timed : bool
        Whether its series have times; without a freq there is no calendar either.
    country : str or None
        Whose holidays count.

    Returns
    -------
    DynamicRegression
        In evaluation mode.

    Raises
    ------
    ConfigError, InputError
        If the season is longer than the family knows, or there are too many covariates.
    """
    member = family.of(season, freq)
    return DynamicRegression(member, covariates, timed, transform, country, REACH).eval()


def regression_member_shape(
    family: FamilyConfig, season: int, freq: str | None, covariates: tuple[Covariate, ...] = ()
) -> ForecasterConfig:
    """Give the shape of ``regression_member`` without making it.

    Parameters
    ----------
    family : FamilyConfig
        Of the family.
    season, freq, covariates
        See ``regression_member``.

    Returns
    -------
    ForecasterConfig
        Of the whole.

    Raises
    ------
    ConfigError, InputError
        As ``regression_member``.
    """
    calendar = Calendar.of(freq)
    numeric = sum(not one.levels for one in covariates)
    Terms(calendar, numeric, sum(len(one.levels) for one in covariates), max(season, 1))  # which refuses too many
    return regression_shape(family.of(season, freq), covariates, calendar, None, REACH)
