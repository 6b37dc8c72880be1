"""Capturing work as a CUDA graph; on a CPU, which has none, a stand-in that does the work anew each time."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias, cast

import torch
from torch import Tensor

_BEFORE = 3  # runs before a capture: libraries set themselves up, constants are brought over

Pool: TypeAlias = tuple[int, int] | None
"""What ``torch.cuda.graph_pool_handle`` gives."""


class Replay(Protocol):
    """Work that was captured once."""

    def __call__(self) -> None:
        """Do it again on the memory that it was captured on."""


def capture(work: Callable[[], Tensor | None], device: torch.device, pool: Pool = None) -> tuple[Replay, Tensor | None]:
    """Capture work.

    Parameters
    ----------
    work : callable
        Reads and writes memory that stays where it is, waits for nothing, and always does the same operators.
    device : torch.device
        Where it works.
    pool : tuple of int or None
        Memory shared with other graphs, of which none runs at once and none reads another's results.

    Returns
    -------
    tuple of Replay and Tensor or None
        What does it again, and its result, whose memory each replay fills anew.
    """
    return _as_graph(work, pool) if device.type == "cuda" else _again(work)


def _as_graph(work: Callable[[], Tensor | None], pool: Pool) -> tuple[Replay, Tensor | None]:
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(_BEFORE):
            work()
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=cast(Any, pool)):
        result = work()
    return graph.replay, result


def _again(work: Callable[[], Tensor | None]) -> tuple[Replay, Tensor | None]:
    result = work()

    def replay() -> None:
        found = work()
        with torch.inference_mode():
            if result is not None and found is not None:
                result.copy_(found)

    return replay, result


def out_of_memory(error: RuntimeError) -> bool:
    """Whether an error says that a device has no memory left.

    Parameters
    ----------
    error : RuntimeError
        Of torch.

    Returns
    -------
    bool
        False for any other error.
    """
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error).lower()


def that_fit(sizes: Iterable[int], build: Callable[[int], None]) -> tuple[int, ...]:
    """Build something for each batch size as long as memory lasts.

    Parameters
    ----------
    sizes : iterable of int
        Ascending.
    build : callable
        Builds it for one.

    Returns
    -------
    tuple of int
        Those that were built.

    Raises
    ------
    RuntimeError
        What building the smallest raised, or another error than of memory.
    """
    built: list[int] = []
    for size in sizes:
        try:
            build(size)
        except RuntimeError as error:
            if not built or not out_of_memory(error):
                raise
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            break
        built.append(size)
    return tuple(built)
