"""Warnings of streamed forecasts."""

from service.resident.session import ResidentSession
from statecast.config import ForecasterConfig


def warnings_of(session: ResidentSession, config: ForecasterConfig) -> list[tuple[str, str]]:
    """Say what makes a forecast less than it could be, as ``views.warnings_of`` does.

    Parameters
    ----------
    session : ResidentSession
        As it stands after its observation.
    config : ForecasterConfig
        Of its network.

    Returns
    -------
    list of (str, str)
        Code and detail of each.
    """
    found = []
    read = session.last_index - session.first_index + 1
    if read < max(2 * config.season, config.patch_length):
        found.append(("short_history", f"{read} of {config.lookback_length} steps given"))
    if session.alike >= session.tail_length > 1:
        found.append(("constant_history", f"the last {session.tail_length} steps are all the same"))
    if config.calendar and session.opened.freq is None:
        found.append(("calendar_missing", "the model reads the calendar, but the series has no times"))
    return found
