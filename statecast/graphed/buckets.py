"""Batch sizes that graphs are captured at, and how any number of rows is dealt to them."""

from collections.abc import Iterator, Sequence


def deal(count: int, sizes: Sequence[int]) -> Iterator[tuple[slice, int]]:
    """Deal rows to batch sizes.

    Parameters
    ----------
    count : int
        Number of rows.
    sizes : sequence of int
        Sizes that there are, ascending.

    Yields
    ------
    tuple of slice and int
        Some of the rows, and the size of the batch that holds them: the largest as long as it is filled, then the
        smallest that holds the rest.

    Examples
    --------
    >>> list(deal(70, (1, 4, 16, 32)))
    [(slice(0, 32, None), 32), (slice(32, 64, None), 32), (slice(64, 70, None), 16)]
    """
    begin, most = 0, sizes[-1]
    while count - begin > most:
        yield slice(begin, begin + most), most
        begin += most
    if begin < count:
        yield slice(begin, count), next(size for size in sizes if size >= count - begin)
