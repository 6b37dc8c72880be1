"""Errors of the library, one tree.

    StatecastError
    ├── ConfigError       a configuration that cannot be built (unknown key, impossible pair)
    ├── InputError        observations that the network cannot take (shape, length, name, value)
    └── ArtifactError     a folder that is not a whole, unchanged artifact of a known schema
        └── GoldenError   an artifact whose forecast differs from the one that it recorded when it was saved

Every message says what was expected, what came, and how to mend it.
"""


class StatecastError(ValueError):
    """Base of all errors that the library raises on purpose."""


class ConfigError(StatecastError):
    """A configuration that cannot be built."""


class InputError(StatecastError):
    """Observations that the network cannot take."""


class ArtifactError(StatecastError):
    """A folder that is not a whole, unchanged artifact of a known schema."""


class GoldenError(ArtifactError):
    """An artifact that no longer forecasts what it forecast when it was saved."""
