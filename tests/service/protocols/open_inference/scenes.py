"""Both clients of ``tritonclient`` behind one face, because both must get the same answers."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Ports(NamedTuple):
    http: str
    grpc: str


RNG = np.random.default_rng(5)
SERIES = (10 + np.sin(np.arange(3 * 40) * np.pi / 2).reshape(3, 40) + RNG.normal(size=(3, 40)) / 5).astype(np.float32)
SERIES[1, 7] = np.nan
KINDS = {np.dtype("f4"): "FP32", np.dtype("f8"): "FP64", np.dtype("i8"): "INT64", np.dtype("O"): "BYTES"}


def tensors(module: Any, **arrays: NDArray[Any]) -> list[Any]:
    """Arrays as the inputs of a client's module."""
    found = []
    for name, array in arrays.items():
        found.append(module.InferInput(name, list(array.shape), KINDS[array.dtype]))
        found[-1].set_data_from_numpy(array)
    return found
