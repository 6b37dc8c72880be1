"""Errors of the training package: what a person can mend, in one line."""

from statecast.errors import StatecastError


class TrainingError(StatecastError):
    """A fit, backtest or forecast that cannot be done as requested."""


class TableError(TrainingError):
    """A table that is not a panel of regular series; the message names the item and how to mend it."""
