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
    training mean. A categorical one is one column per level; an unknown or missing level is all zeros.

    Parameters
    ----------
    name : str
        Its column in tables and its key in requests.
    loc : float
        Mean of the training rows, in its own unit.
    scale : float
        Standard deviation of the training rows, in its own unit; above 0.
    levels : tuple of str
        Levels of a categorical one.

    Raises
    ------
    ConfigError
        If the scale is not above 0.

    Examples
    --------
    >>> Covariate("wind", loc=5.0, scale=2.0).encode([5.0, 9.0, None]).tolist()
    [[0.0], [2.0], [0.0]]
    >>> Covariate("sky", levels=("clear", "dull")).encode(["dull", "fog"]).tolist()
    [[0.0, 1.0], [0.0, 0.0]]
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
        """Turn raw values into columns.

        Parameters
        ----------
        values : array_like
            ``[...]`` numbers or level names, None or NaN where missing.

        Returns
        -------
        ndarray
            ``[..., width]`` float32.

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
    """Count the columns that covariates take together.

    Parameters
    ----------
    covariates : sequence of Covariate
        The covariates.

    Returns
    -------
    int
        C.
    """
    return sum(covariate.width for covariate in covariates)


def encode_covariates(
    covariates: Sequence[Covariate], values: dict[str, Any], shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Turn raw values of several covariates into columns.

    Parameters
    ----------
    covariates : sequence of Covariate
        Those of the model, in the config's order.
    values : dict of str to array_like
        Raw values ``shape`` by name; a covariate that is left out counts as missing throughout.
    shape : tuple of int
        Shape of each covariate's values.

    Returns
    -------
    ndarray
        ``[*shape, C]`` float32.

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
        missing = covariate.name not in values
        block = covariate.encode(np.full(shape, np.nan) if missing else values[covariate.name])
        if block.shape[:-1] != shape:
            raise InputError(
                f"covariate {covariate.name!r}: expected {shape} values, one per step, got {block.shape[:-1]}"
            )
        columns.append(block)
    return np.concatenate(columns, axis=-1)
