"""Errors of the library, one tree.

    StatecastError
    ├── ConfigError       a configuration that cannot be built (unknown key, impossible pair)
    ├── UnknownNameError  a cell, store, protocol or metric that nobody registered
    ├── InputError        observations that the network cannot take (shape, length, name, value)
    └── ArtifactError     a folder that is not a whole, unchanged artifact of a known schema
        └── GoldenError   an artifact whose forecast differs from the one that it recorded when it was saved

Every message says what was expected, what came, and how to mend it.
"""

from collections.abc import Sequence


class StatecastError(ValueError):
    """Base of all errors that the library raises on purpose."""


class ConfigError(StatecastError):
    """A configuration that cannot be built."""


class UnknownNameError(ConfigError):
    """A name that no implementation of its kind is registered under.

    Parameters
    ----------
    kind : str
        What was looked for, ``"state store"``.
    name : str
        The name that was requested.
    known : sequence of str
        Names that there are.
    missing : str or None
        Package that the implementation of this name needs and that is not installed.
    """

    def __init__(self, kind: str, name: str, known: Sequence[str], missing: str | None = None) -> None:
        more = f"; {name} needs the package {missing}, install it" if missing else ""
        super().__init__(f"{kind}: expected one of {', '.join(known)}, got {name[:40]!r}{more}")


class InputError(StatecastError):
    """Observations that the network cannot take."""


class ArtifactError(StatecastError):
    """A folder that is not a whole, unchanged artifact of a known schema."""


class GoldenError(ArtifactError):
    """An artifact that no longer forecasts what it forecast when it was saved."""
