"""Options of the command line, each of which the environment may give instead: ``--group`` is ``CONNECTOR_GROUP``."""

import argparse
import os
from collections.abc import Callable, Mapping
from typing import Any

PREFIX = "CONNECTOR_"


class Options:
    """Declares options.

    Parameters
    ----------
    parser : ArgumentParser
        Takes them.
    environment : mapping
        Gives what the command line leaves out.
    """

    def __init__(self, parser: argparse.ArgumentParser, environment: Mapping[str, str] = os.environ) -> None:
        self._parser, self._environment = parser, environment

    def add(
        self, name: str, about: str, *, default: Any = None, kind: Callable[[str], Any] = str, needed: bool = False
    ) -> None:
        """Declare one option.

        Parameters
        ----------
        name : str
            Such as ``--group``.
        about : str
            One sentence for ``--help``.
        default : Any
            Where neither command line nor environment has it.
        kind : callable
            Reads its text.
        needed : bool
            Whether it has to be there.
        """
        variable = PREFIX + name.removeprefix("--").replace("-", "_").upper()
        given = self._environment.get(variable)
        usual = "" if default is None else f" [{','.join(default) if isinstance(default, tuple) else default}]"
        self._parser.add_argument(
            name,
            help=f"{about}{usual} ({variable})".replace("%", "%%"),
            default=default if given is None else given,  # a text is read by its kind
            type=kind,
            required=needed and given is None,
            metavar=name.removeprefix("--").upper(),
        )


def names(text: str) -> tuple[str, ...]:
    """Read names between commas.

    Parameters
    ----------
    text : str
        What was given.

    Returns
    -------
    tuple of str
        Without empty ones.

    Examples
    --------
    >>> names("session, key")
    ('session', 'key')
    """
    return tuple(part.strip() for part in text.split(",") if part.strip())


def numbers(text: str) -> tuple[float, ...]:
    """Read numbers between commas.

    Parameters
    ----------
    text : str
        What was given.

    Returns
    -------
    tuple of float
        In their order.

    Examples
    --------
    >>> numbers("0.1,0.5,0.9")
    (0.1, 0.5, 0.9)
    """
    return tuple(float(part) for part in names(text))


def pairs(text: str) -> dict[str, str]:
    """Read ``name=value`` between commas.

    Parameters
    ----------
    text : str
        What was given.

    Returns
    -------
    dict
        In their order.

    Examples
    --------
    >>> pairs("security.protocol=SSL,ssl.ca.location=/ca.pem")
    {'security.protocol': 'SSL', 'ssl.ca.location': '/ca.pem'}
    """
    split = [part.partition("=") for part in names(text)]
    if wrong := [name for name, mark, _ in split if not mark]:
        raise ValueError(f"expected name=value, got {wrong[0]!r}")
    return {name: value for name, _, value in split}
