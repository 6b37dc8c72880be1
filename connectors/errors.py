"""What ends a connector, and what it goes on after."""

from statecast.errors import StatecastError


class ConnectorError(StatecastError):
    """Base of all failures of a connector; by itself: it cannot go on as it was started."""


class BrokerLost(ConnectorError):
    """The broker cannot be reached; what was not acknowledged comes again once it can."""


class Undrained(ConnectorError):
    """The connector was stopped, and what it had in hand could not be answered in time; it comes again."""


class PoisonMessage(ConnectorError):
    """A message that no observation can be made of.

    Parameters
    ----------
    code : str
        Which failure, as ``docs/howto/streams.md`` lists them.
    detail : str
        The field, what was expected, what came, how to mend it.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
