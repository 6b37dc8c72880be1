"""What the configs of all kinds of fits have in common: they are tables of a TOML file, one of them the network's."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from statecast.errors import ConfigError
from statecast.plain import describe_unknown
from training.toml import build_table, read_toml, write_toml


@dataclass(frozen=True)
class TabledConfig:
    """A config whose fields are tables with defaults, and of which ``network`` is plain values of the network's config.

    Attributes
    ----------
    NETWORK : type
        The network's config, a dataclass.
    FROM_DATA : tuple of str
        Its keys that follow from the data, and are none of the file's.
    """

    NETWORK: ClassVar[type]
    FROM_DATA: ClassVar[tuple[str, ...]]

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a TOML file.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        Self
            With defaults for what the file leaves out.

        Raises
        ------
        ConfigError
            If it cannot be read, is not TOML, or has an unknown table or key, or a value that is not allowed.
        """
        return cls.from_dict(read_toml(path))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a config from plain values.

        Parameters
        ----------
        values : mapping of str to any
            Tables by name, each of which may be left out.

        Returns
        -------
        Self
            With defaults for what is left out.

        Raises
        ------
        ConfigError
            If a table or key is unknown, or a value is not allowed.
        """
        default, names = cls(), [table.name for table in fields(cls)]
        for key in values:
            if key not in names:
                raise ConfigError(f"config: unknown table [{key}]; known are [{'], ['.join(names)}]")
        network = dict(values.get("network", {}))
        cls.refuse_unknown(network, "network")
        build_table(cls.NETWORK, network, "network")
        tables: dict[str, Any] = {
            name: build_table(type(getattr(default, name)), values.get(name, {}), name)
            for name in names
            if name != "network"
        }
        return cls(**tables | {"network": network})

    @classmethod
    def refuse_unknown(cls, keys: Mapping[str, Any], table: str) -> None:
        """Refuse keys that are none of the network's, or that follow from the data.

        Parameters
        ----------
        keys : mapping of str to any
            A table.
        table : str
            Its name, for the error.

        Raises
        ------
        ConfigError
            With the keys that there are.
        """
        known = {one.name for one in fields(cls.NETWORK)} - set(cls.FROM_DATA)
        for key in keys:
            if key not in known:
                raise ConfigError(describe_unknown(f"[{table}]", key, known))

    def with_network(self, shape: Mapping[str, Any]) -> Self:
        """Replace the network's keys by those of a network that was built, so that nothing is left open.

        Parameters
        ----------
        shape : mapping of str to any
            The network's whole config.

        Returns
        -------
        Self
            Without what follows from the data.
        """
        kept: dict[str, Any] = {"network": {key: one for key, one in shape.items() if key not in self.FROM_DATA}}
        return replace(self, **kept)

    def to_dict(self) -> dict[str, Any]:
        """Give plain JSON values, of which ``from_dict`` makes the same config."""
        return {table.name: _plain(getattr(self, table.name)) for table in fields(self)}

    def to_toml(self) -> str:
        """Give TOML, of which ``read`` makes the same config."""
        return write_toml(self.to_dict())


def _plain(table: Any) -> dict[str, Any]:
    return dict(table) if isinstance(table, Mapping) else asdict(table)
