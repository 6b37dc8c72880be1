"""How a function becomes machine code: the decorators, and the types that its signature is read with.

What is compiled keeps NaN and infinities as they are, holds no lock of the interpreter, and checks no bounds. A product
and a sum may become one instruction (``contract``), which rounds once in place of twice.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Booleans = NDArray[np.bool_]
Number = Any
"""A float32 within compiled code: Python has no word for it."""
Network = Any
"""A record of ``statecast.compiled.network.NUMBERS``: lengths, rates, and places of fields and weights."""

ONE, HALF, TWO, ZERO = np.float32(1), np.float32(0.5), np.float32(2), np.float32(0)
NEVER = np.float32(-np.inf)

_Function = TypeVar("_Function", bound=Callable[..., Any])
_SETTINGS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
# Only entries are called from Python: for the others the code that takes arguments apart would be most of the work.
_WITHIN = {**_SETTINGS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def kernel(function: _Function) -> _Function:
    """Compile for elementwise arithmetic: every element comes to the same bits, whatever stands beside it.

    Parameters
    ----------
    function : callable
        Called by compiled code only; Python cannot call the result.

    Returns
    -------
    callable
        Its compiled form, which compiles where an entry that needs it does.
    """
    compiled: _Function = numba.njit(fastmath={"contract", "nsz"}, **_WITHIN)(function)
    return compiled


def summing(function: _Function) -> _Function:
    """Compile for sums, which may be taken in another order (one that depends on their length alone).

    Parameters
    ----------
    function : callable
        Called by compiled code only; Python cannot call the result.

    Returns
    -------
    callable
        Its compiled form.
    """
    compiled: _Function = numba.njit(fastmath={"contract", "nsz", "reassoc"}, **_WITHIN)(function)
    return compiled


def inlined(function: _Function) -> _Function:
    """As ``kernel``, but a copy for each call: one that is called with a number becomes code for that number.

    Parameters
    ----------
    function : callable
        Called by compiled code only; Python cannot call the result.

    Returns
    -------
    callable
        Its compiled form.
    """
    compiled: _Function = numba.njit(inline="always", fastmath={"contract", "nsz"}, **_WITHIN)(function)
    return compiled


def entry(function: _Function) -> _Function:
    """Compile for calls from Python, kept on disk; see ``statecast.compiled.build``.

    Parameters
    ----------
    function : callable
        Takes contiguous arrays and fills some of them; returns a number or nothing.

    Returns
    -------
    callable
        Its compiled form, which Python can call.
    """
    compiled: _Function = numba.njit(cache=True, fastmath={"contract", "nsz"}, **_SETTINGS)(function)
    return compiled


def signature(*arrays: tuple[Any, int]) -> Any:
    """Give the argument types of an entry, whose arrays are all contiguous.

    Parameters
    ----------
    *arrays : tuple of (dtype, int)
        Of each argument the kind of number and the number of dimensions.

    Returns
    -------
    tuple of numba.types.Array
        A type per argument.
    """
    return tuple(numba.types.Array(numba.from_dtype(np.dtype(kind)), dims, "C") for kind, dims in arrays)
