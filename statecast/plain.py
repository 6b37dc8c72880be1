"""Configs as frozen values that check themselves and survive JSON."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from statecast.errors import ConfigError, StatecastError
from statecast.translation import renamed_key


@dataclass(frozen=True)
class Plain:
    """A config that survives JSON."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; ``from_dict`` gives the same config back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a config from JSON values.

        Parameters
        ----------
        values : mapping of str to Any
            Values by field; those left out take the field's default.

        Returns
        -------
        Self
            The config.

        Raises
        ------
        ConfigError
            If a key is unknown, a value has the wrong type, or values do not go together.
        """
        known = {field.name for field in fields(cls)}
        for key in values:
            if key not in known:
                raise ConfigError(describe_unknown("config", key, known))
        try:
            return cls(**cls._typed(dict(values)))
        except StatecastError:
            raise
        except (TypeError, AttributeError, ValueError) as error:
            raise ConfigError(f"config: a value has the wrong type: {error}") from None

    @classmethod
    def _typed(cls, values: dict[str, Any]) -> dict[str, Any]:
        """What JSON cannot tell apart, such as tuples, as the fields want it."""
        return values


def as_tuples(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """Turn lists of JSON into the tuples that a config holds.

    Parameters
    ----------
    values : dict of str to Any
        JSON values.
    *names : str
        Keys whose values are turned; one that is absent is skipped.

    Returns
    -------
    dict of str to Any
        A copy.
    """
    return values | {name: tuple(values[name]) for name in names if name in values}


def describe_unknown(table: str, key: str, known: Collection[str]) -> str:
    """Say that a key is not known, and what it is called today if it was renamed.

    Parameters
    ----------
    table : str
        Where the key stands, such as ``config``.
    key : str
        The key.
    known : collection of str
        Keys that there are.

    Returns
    -------
    str
        The message of an error.

    Examples
    --------
    >>> describe_unknown("network", "experts", {"naive_forecasts"})
    "network: 'experts' is called 'naive_forecasts' now; rename the key"
    """
    newest = renamed_key(key)
    if newest in known:
        return f"{table}: {key!r} is called {newest!r} now; rename the key"
    return f"{table}: unknown key {key!r}; known are {', '.join(sorted(known))}"


def expect(holds: bool, name: str, expected: str, got: object) -> None:
    """Raise an error unless a condition holds.

    Parameters
    ----------
    holds : bool
        The condition.
    name : str
        Key of the config that it is about.
    expected : str
        What was expected, in words.
    got : object
        What came.

    Raises
    ------
    ConfigError
        If it does not hold; it names key, expectation and value.
    """
    if not holds:
        raise ConfigError(f"{name}: expected {expected}, got {got!r}")
