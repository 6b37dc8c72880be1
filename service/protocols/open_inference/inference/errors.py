"""Failures in the shape that clients of this protocol expect: one text."""

from service.codecs.faults import Loc, dotted
from service.errors import ServiceError

_SHOWN = 5


def failure_text(error: ServiceError) -> str:
    """Give the text of a failure, with the first faults of several, because there is no other place for them.

    Parameters
    ----------
    error : ServiceError
        What went wrong.

    Returns
    -------
    str
        What a person can act on.

    Examples
    --------
    >>> from service.errors import Fault, Unprocessable
    >>> faults = [Fault(("target",), "expected FP32, got BOOL"), Fault(("lengths",), "expected INT64, got FP32")]
    >>> failure_text(Unprocessable("two", faults=faults))
    'target: expected FP32, got BOOL; lengths: expected INT64, got FP32'
    """
    if len(error.faults) < 2:
        return error.detail
    shown = [f"{dotted(_by_row(fault.loc))}: {fault.msg}" for fault in error.faults[:_SHOWN]]
    more = len(error.faults) - len(shown)
    return "; ".join([*shown, f"and {more} more"] if more else shown)


def _by_row(loc: Loc) -> Loc:
    """What is a series to the server came as a row."""
    return ("rows", *loc[1:]) if loc[:1] == ("series",) else loc
