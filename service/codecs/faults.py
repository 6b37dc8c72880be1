"""What is wrong with a request, in words: where it is, what was expected, what came."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from service.errors import Fault, Unprocessable

Loc = tuple[str | int, ...]
MAX_HINTS = 3
"""Unknown names of one object for which the nearest known one is looked for."""
_LONGEST_TYPO = 40
_SHOWN = 50


def raise_faults(faults: Sequence[Fault], code: str | None = None) -> None:
    """Refuse a request for its faults; do nothing where there are none.

    Parameters
    ----------
    faults : Sequence[Fault]
        Everything that is wrong; the first one becomes the ``detail``.
    code : str, optional
        A more precise code than ``invalid_request``.

    Raises
    ------
    Unprocessable
        With all of them.
    """
    if not faults:
        return
    more = f" (and {len(faults) - 1} more, see errors)" if len(faults) > 1 else ""
    raise Unprocessable(f"{dotted(faults[0].loc)}: {faults[0].msg}{more}", code=code, faults=faults)


def dotted(loc: Loc) -> str:
    """Write a place as people do.

    Parameters
    ----------
    loc : tuple of (str or int)
        Names of members and places in lists, from the top of the body.

    Returns
    -------
    str
        ``body`` for the top itself.

    Examples
    --------
    >>> dotted(("series", 0, "target", 3))
    'series[0].target[3]'
    """
    text = ""
    for part in loc[:_SHOWN]:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "body"


def unknown_name(name: str, known: Iterable[str]) -> str:
    """Word the refusal of a name, with the nearest one that is known.

    Parameters
    ----------
    name : str
        The name that came.
    known : iterable of str
        Every name that is allowed there.

    Returns
    -------
    str
        Message of a ``Fault``.

    Examples
    --------
    >>> unknown_name("horizn", ["horizon", "model"])
    "expected only known fields, got 'horizn'; did you mean 'horizon'?"
    """
    names = sorted(known)
    # Names that are no mistyped ones are not compared: a long one would take seconds.
    near = get_close_matches(name, names, n=1, cutoff=0.6) if len(name) <= _LONGEST_TYPO else []
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names[:_SHOWN]) or 'none'}"
    return f"expected only known fields, got {name[:80]!r}; {hint}"


def quoted(value: object) -> str:
    """Quote a value in a message: short, and in JSON's words.

    Parameters
    ----------
    value : object
        A plain value, not one of the parser's own.

    Returns
    -------
    str
        At most some 40 characters.

    Examples
    --------
    >>> quoted(None), quoted(True), quoted("a"), quoted(1.5), quoted([1])
    ('null', 'true', "'a'", '1.5', 'a list')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:40] + "…")
    if isinstance(value, (int, float)):
        return f"{value:.6g}" if isinstance(value, float) else str(value)[:40]
    if isinstance(value, (list, tuple)):
        return "a list" if value else "an empty list"
    return "an object"
