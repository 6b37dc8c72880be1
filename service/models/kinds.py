"""What each kind of model does, as messages name it."""

from typing import NamedTuple


class Kind(NamedTuple):
    """One kind of model.

    Parameters
    ----------
    does : str
        What it does; kinds that do the same stand in for each other.
    how : str
        How to have it do that.
    holds : str
        What its sessions hold.
    """

    does: str
    how: str
    holds: str


_SERIES = Kind("forecasts series", "give it series, at POST /forecast or POST /generate", "a series")
KINDS = {
    "forecaster": _SERIES,
    "family": _SERIES,
    "generator": Kind("writes text", "give it a prompt, at POST /generate", "a text"),
    "classifier": Kind("classifies", "give it inputs, at POST /classify", "an input to classify"),
    "transcriber": Kind("writes down speech", "give it a recording, at POST /transcribe", "a recording"),
}
FORECASTING = ("forecaster", "family")
"""Kinds that forecast series."""
