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
    """Raise ``ConfigError`` with the field, what was expected and what came, unless it holds."""
    if not holds:
        raise ConfigError(f"{name}: expected {expected}, got {got!r}")


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a file; raises ``ConfigError`` if it is not TOML."""
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from None


def write_toml(tables: Mapping[str, Any]) -> str:
    """Text that ``read_toml`` reads back.

    Parameters
    ----------
    tables : tables by name; a sequence of tables becomes an array of tables. Absent values (None) are left out,
        because TOML has no word for them.

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
    """A dataclass of defaults with the values of a table put in.

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
        given = tuple(value) if isinstance(value, list) else value
        if expected is float and isinstance(given, int) and not isinstance(given, bool):
            given = float(given)
        if expected is not type(None) and given is not None and type(given) is not expected:
            name = {"tuple": "a list", "int": "a whole number", "str": "text"}.get(expected.__name__, expected.__name__)
            raise ConfigError(f"[{table}] {key}: expected {name}, got {value!r}")
        plain[key] = given
    return replace(default, **plain)  # type: ignore[type-var]
