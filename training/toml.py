"""Tables of a TOML file as frozen values that refuse unknown keys by name."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

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


def write_toml(tables: Mapping[str, Mapping[str, Any] | Sequence[Mapping[str, Any]]]) -> str:
    """Text that ``read_toml`` reads back; absent values are left out. A list of tables is an array of tables."""
    lines = []
    for name, content in tables.items():
        single = isinstance(content, Mapping)
        for values in [content] if isinstance(content, Mapping) else content:
            lines.append(f"[{name}]" if single else f"[[{name}]]")
            lines += [f"{key} = {_written(value)}" for key, value in values.items() if value is not None]
            lines.append("")
    return "\n".join(lines)


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_written(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)  # other values of these tables are written alike in TOML and JSON


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
