"""Warnings of streamed forecasts."""

from service.resident.session import ResidentSession
from service.serving.warnings import history_warnings
from statecast.config import ForecasterConfig


def warnings_of(session: ResidentSession, config: ForecasterConfig) -> list[tuple[str, str]]:
    """Say what makes a forecast less than it could be.

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
    read, tail = session.last_index - session.first_index + 1, session.tail_length
    constant = session.alike >= tail > 1
    return history_warnings(config, read, tail, constant=constant, freq=session.opened.freq)
