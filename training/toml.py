"""Tables of a TOML file as frozen values that refuse unknown keys by name."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

import tomli_w

from statecast.errors import ConfigError

T = TypeVar("T")


def expect(holds: bool, name: str, expected: str, got: object) -> None:
    """Refuse a value of a config unless a condition holds.

    Parameters
    ----------
    holds : bool
        The condition.
    name : str
        Name of the field.
    expected : str
        What was expected.
    got : object
        The value that came.

    Raises
    ------
    ConfigError
        With the field, what was expected and what came.

    Examples
    --------
    >>> expect(0 > 0, "[training] clip", "a number above 0", 0)
    Traceback (most recent call last):
        ...
    statecast.errors.ConfigError: [training] clip: expected a number above 0, got 0
    """
    if not holds:
        raise ConfigError(f"{name}: expected {expected}, got {got!r}")


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a TOML file.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    dict of str to any
        Its tables.

    Raises
    ------
    ConfigError
        If it cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from None


def write_toml(tables: Mapping[str, Any]) -> str:
    """Write text that ``read_toml`` reads back.

    Parameters
    ----------
    tables : mapping of str to any
        Tables by name; a sequence of tables becomes an array of tables. Absent values (None) are left out, because TOML
        has no word for them.

    Returns
    -------
    str
        The text of a file.

    Examples
    --------
    >>> print(write_toml({"data": {"target": "load 😀", "freq": None}}), end="")
    [data]
    target = "load 😀"
    """
    return tomli_w.dumps(_without_none(tables))


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list | tuple) else value


def build_table(kind: type[T], values: Mapping[str, Any], table: str) -> T:
    """Build a dataclass of defaults with the values of a table put in.

    Parameters
    ----------
    kind : type
        A dataclass whose fields all have defaults.
    values : mapping of str to any
        The table; a list becomes a tuple, and a whole number a float where the default is one.
    table : str
        Its name, for messages.

    Returns
    -------
    kind
        The dataclass.

    Raises
    ------
    ConfigError
        If a key is unknown or a value has another type than the default.
    """
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    default = kind()
    plain: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            raise ConfigError(f"[{table}]: unknown key {key!r}; known are {', '.join(sorted(known))}")
        expected = type(getattr(default, key))
        found = tuple(value) if isinstance(value, list) else value
        if expected is float and isinstance(found, int) and not isinstance(found, bool):
            found = float(found)
        if expected is not type(None) and found is not None and type(found) is not expected:
            name = {"tuple": "a list", "int": "a whole number", "str": "text"}.get(expected.__name__, expected.__name__)
            raise ConfigError(f"[{table}] {key}: expected {name}, got {value!r}")
        plain[key] = found
    return replace(default, **plain)  # type: ignore[type-var]
