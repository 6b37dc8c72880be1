"""Warnings of streamed forecasts."""

from service.models.value_bounds import CODE
from service.resident.session import ResidentSession
from service.serving.warnings import history_warnings
from statecast.config import ForecasterConfig


def warnings_of(session: ResidentSession, config: ForecasterConfig, note: str) -> list[tuple[str, str]]:
    """Say what makes a forecast less than it could be.

    Parameters
    ----------
    session : ResidentSession
        As it stands after its observation.
    config : ForecasterConfig
        Of its network.
    note : str
        Of bounds that nobody requested and that changed it; empty for none.

    Returns
    -------
    list of (str, str)
        Code and detail of each.
    """
    read, tail = session.last_index - session.first_index + 1, session.tail_length
    constant = session.alike >= tail > 1
    found = history_warnings(config, read, tail, constant=constant, freq=session.opened.freq)
    return [*found, (CODE, note)] if note else found
