"""One message as a broker handed it over; it may come again until it is acknowledged."""

from dataclasses import dataclass


@dataclass(frozen=True, eq=False, slots=True)
class Delivery:
    """A message that is not acknowledged yet.

    Parameters
    ----------
    place : str
        Where it lies, for people: ``readings/0/1041``.
    key : str or None
        What names its series, where the broker knows: a key, a topic, a stream.
    payload : bytes
        Its content.
    token : object
        What the broker acknowledges it by.
    """

    place: str
    key: str | None
    payload: bytes
    token: object
