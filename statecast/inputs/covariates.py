"""Covariates as numbers: fitted offline, saved in the config, applied alike in training and in service."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.errors import ConfigError, InputError


@dataclass(frozen=True)
class Covariate:
    """One covariate and how it becomes columns.

    A numeric one (``levels`` empty) is standardised: ``(x - loc) / scale``, one column; a missing value becomes 0, the
    training mean. A categorical one is one column a level; an unknown or missing level is all zeros.
    """

    name: str
    loc: float = 0.0
    scale: float = 1.0
    levels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.scale > 0:
            raise ConfigError(f"covariate {self.name!r}: expected a scale above 0, got {self.scale}")

    @property
    def width(self) -> int:
        """Columns that this covariate takes."""
        return len(self.levels) or 1

    def encode(self, values: Sequence[Any] | NDArray[Any]) -> NDArray[np.float32]:
        """Columns ``[..., width]``, float32, of raw values ``[...]`` (numbers, or level names).

        Raises
        ------
        InputError
            If a numeric covariate holds something that is not a number.
        """
        if self.levels:
            array = np.asarray(values, dtype=object)
            return np.stack([array == level for level in self.levels], axis=-1).astype(np.float32)
        try:
            numbers = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(f"covariate {self.name!r}: expected numbers or null; {error}") from None
        return np.nan_to_num((numbers - self.loc) / self.scale, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)[
            ..., None
        ]


def covariates_width(covariates: Sequence[Covariate]) -> int:
    """Columns that these covariates take together."""
    return sum(covariate.width for covariate in covariates)


def encode_covariates(
    covariates: Sequence[Covariate], values: dict[str, Any], shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Columns ``[*shape, C]`` in the config's order; a covariate that ``values`` lacks counts as missing throughout.

    Raises
    ------
    InputError
        If ``values`` names a covariate that the model does not know, or one has another shape than ``shape``.
    """
    known = [covariate.name for covariate in covariates]
    for name in values:
        if name not in known:
            raise InputError(f"covariate {name!r}: the model knows {', '.join(known) or 'none'}; leave it out")
    columns = [np.zeros((*shape, 0), dtype=np.float32)]
    for covariate in covariates:
        if covariate.name not in values:
            columns.append(np.zeros((*shape, covariate.width), dtype=np.float32))
            continue
        block = covariate.encode(values[covariate.name])
        if block.shape[:-1] != shape:
            raise InputError(
                f"covariate {covariate.name!r}: expected {shape} values, one a step, got {block.shape[:-1]}"
            )
        columns.append(block)
    return np.concatenate(columns, axis=-1)
