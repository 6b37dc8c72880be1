"""The shape of a dynamic regression: that of its network, and what it reads beside the target."""

from dataclasses import replace

from statecast.config import ForecasterConfig
from statecast.inputs.covariates import Covariate
from statecast.regression.terms.calendar_terms import Calendar
from statecast.time.features import HOLIDAYS


def regression_shape(
    own: ForecasterConfig, covariates: tuple[Covariate, ...], calendar: Calendar, country: str | None, reach: int
) -> ForecasterConfig:
    """Give the shape of a dynamic regression.

    Parameters
    ----------
    own : ForecasterConfig
        Of the network that forecasts.
    covariates : tuple of Covariate
        Known ahead.
    calendar : Calendar
        Of its series.
    country : str or None
        Whose holidays count.
    reach : int
        Steps ahead of the longest forecast.

    Returns
    -------
    ForecasterConfig
        Of the whole.
    """
    names = calendar.names if country is None else (*calendar.names, HOLIDAYS + country)
    return replace(own, horizon=reach, calendar=names, future_covariates=covariates, adaptation=0.0)
