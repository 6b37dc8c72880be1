"""A kind of fit other than on tables: only its configs have a certain table, and its artifacts are of one kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from rich.console import Console

import statecast
from statecast.errors import ConfigError
from training.cli.options import option_of
from training.fit_config import TabledConfig

_OPTIONS = ("seconds", "seed", "device")  # which all kinds have, as keys of [training]
C = TypeVar("C", bound=TabledConfig)
C_contra = TypeVar("C_contra", bound=TabledConfig, contravariant=True)


class FitFile(Protocol[C_contra]):
    """Trains on a file."""

    def __call__(
        self, console: Console, config: C_contra, data: Path, out: Path, *, name: str, version: str, resume: bool
    ) -> None:
        """Train on a file, print the table of scores, and write the artifact.

        Parameters
        ----------
        console : rich.console.Console
            Where to print.
        config : TabledConfig
            How it is read and what is trained on it.
        data : Path
            The file.
        out : Path
            Folder of the artifact.
        name, version : str
            Of the artifact.
        resume : bool
            Whether to continue from the last checkpoint in ``out``.
        """


@dataclass(frozen=True)
class FitKind(Generic[C]):
    """What ``fit`` and ``backtest`` do with one kind of data."""

    table: str
    """Table that only a config of this kind has."""
    artifact: str
    """Kind of the artifacts that it makes."""
    data: str
    """What it trains on, for errors."""
    config: type[C]
    """Its configs."""
    length: str
    """Option that says how long it trains, a key of ``[training]``."""
    fit: FitFile[C]
    """Trains on a file."""
    backtest: Callable[[Console, statecast.Artifact, Path], None]
    """Prints the scores of an artifact on a file."""

    def refuse(self, options: Mapping[str, Any]) -> None:
        """Refuse options that mean nothing to it, because one that is silently left out would be believed.

        Parameters
        ----------
        options : mapping of str to any
            What was passed, as ``columns_of`` and ``given`` name it.

        Raises
        ------
        ConfigError
            For the first of them.
        """
        for name in options:
            raise ConfigError(f"--{option_of(name)}: not supported for {self.data}; remove the option")

    def configure(self, tables: Mapping[str, Any], options: Mapping[str, Any]) -> C:
        """Build the config of a fit.

        Parameters
        ----------
        tables : mapping of str to any
            What the config's file holds.
        options : mapping of str to any
            What was passed; it replaces keys of ``[training]``.

        Returns
        -------
        config
            With defaults for what both leave out.

        Raises
        ------
        ConfigError
            If an option means nothing to it, a table or key is unknown, or a value is not allowed.
        """
        own = (*_OPTIONS, self.length)
        self.refuse({name: value for name, value in options.items() if name not in own})
        chosen: Any = self.config.from_dict(tables)
        changed: C = replace(chosen, training=replace(chosen.training, **options))
        return changed
