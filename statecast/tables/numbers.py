"""Texts as numbers: which mark stands before the decimals, told from all columns at once, never guessed."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from statecast.tables.errors import TableError

MISSING = (
    "", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None",
)  # fmt: skip
"""What stands in a column of numbers where there is none."""
_MOST_SHAPES = 10_000
_EXPONENT = r"(?:[eE][-+]?9+)?"
_SIGN = r"[-+]?"
_GROUPS = "[ '’\u00a0\u202f]"
_POINT = re.compile(rf"{_SIGN}(?:9{{1,3}}(?:([,'’ \u00a0\u202f])9{{3}})(?:\1?9{{3}})*|[9z]+)?(?:\.9*)?{_EXPONENT}")
_COMMA = re.compile(rf"{_SIGN}(?:9{{1,3}}(?:([.'’ \u00a0\u202f])9{{3}})(?:\1?9{{3}})*|[9z]+)?(?:,9*)?{_EXPONENT}")
Shapes = Mapping[str, str]
"""Shapes of the texts of a column, digits as nines, each with the first text that has it."""


def shapes_of(column: Any) -> dict[str, str] | None:
    """Find the shapes of a column's texts.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Texts.

    Returns
    -------
    dict of str to str, or None
        A text by each shape, such as ``9,9`` for ``1,5``, missing values left out; None where one is no number.
    """
    texts = present(column)
    if pc.any(pc.match_substring_regex(texts, r"[^-+−0-9eE.,'’ \x{00a0}\x{202f}]")).as_py():
        return None
    shapes = pc.replace_substring(texts, "−", "-")
    shapes = pc.replace_substring_regex(shapes, r"^([-+]?)0([.,])", r"\1z\2")
    shapes = pc.replace_substring_regex(shapes, r"[0-9]", "9")
    shapes = pc.replace_substring_regex(shapes, r"99999+", "9999")
    coded = pc.dictionary_encode(shapes.combine_chunks() if isinstance(shapes, pa.ChunkedArray) else shapes)
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    if len(coded.dictionary) > _MOST_SHAPES:
        return None
    _, first = np.unique(coded.indices.to_numpy(zero_copy_only=False), return_index=True)
    found = dict(zip(coded.dictionary.to_pylist(), texts.take(pa.array(first)).to_pylist(), strict=True))
    return found if all(_fits(shape, ".") or _fits(shape, ",") for shape in found) else None


def present(column: Any) -> Any:
    """Give the texts of a column that are not missing, without space around them.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Texts.

    Returns
    -------
    pyarrow.ChunkedArray
        Fewer texts, none of them null.
    """
    texts = pc.utf8_trim_whitespace(column)
    return texts.filter(pc.invert(pc.or_(texts.is_null(), pc.is_in(texts, pa.array(MISSING)))))


def choose_decimal(columns: Mapping[str, Shapes], separator: str | None) -> str:
    """Choose the decimal mark that fits every column.

    Parameters
    ----------
    columns : mapping of str to mapping
        Shapes by column.
    separator : str or None
        Mark between fields; where that is a comma, points are decimal.

    Returns
    -------
    str
        ``.`` or ``,``.

    Raises
    ------
    TableError
        If both fit and mean different numbers, or neither fits all.

    Examples
    --------
    >>> choose_decimal({"a": {"9,9": "1,5"}, "b": {"9.999": "1.234"}}, ";")
    ','
    """
    points = [mark for mark in ".," if all(_fits(shape, mark) for shapes in columns.values() for shape in shapes)]
    marked = [
        (name, shape, text)
        for name, shapes in columns.items()
        for shape, text in shapes.items()
        if "." in shape or "," in shape
    ]
    if not points:
        _refuse_mixture(columns)
    if len(points) == 1 or not marked:
        return points[0]
    if separator in (",", None) and not any("," in shape for _, shape, _ in marked):
        return "."
    name, _, text = marked[0]
    one, other = (to_floats(pa.chunked_array([[text]]), mark)[0] for mark in ".,")
    raise TableError(
        f"column {name!r}: {text!r} can be read in two ways: {one:.12g} with decimal=point, {other:.12g} with "
        "decimal=comma; say which", name,
    )  # fmt: skip


def fits(shapes: Shapes, decimal: str) -> bool:
    """Say whether a column can be read with a decimal mark.

    Parameters
    ----------
    shapes : mapping of str to str
        Of the column.
    decimal : str
        ``.`` or ``,``.

    Returns
    -------
    bool
        Whether every shape fits.
    """
    return all(_fits(shape, decimal) for shape in shapes)


def plain_floats(column: Any) -> NDArray[np.float64] | None:
    """Read texts as numbers with a point and nothing between their digits.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        N texts.

    Returns
    -------
    ndarray, shape [N], float64, or None
        NaN where missing; None where one is written otherwise.
    """
    try:
        return _cast(_without_missing(column))
    except pa.ArrowInvalid:
        return None


def to_floats(column: Any, decimal: str) -> NDArray[np.float64]:
    """Read texts as numbers whose shapes are known to fit.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        N texts.
    decimal : str
        ``.`` or ``,``.

    Returns
    -------
    ndarray, shape [N], float64
        NaN where missing.
    """
    texts = pc.replace_substring(_without_missing(column), "−", "-")
    texts = pc.replace_substring_regex(texts, rf"([0-9]){_GROUPS}([0-9])", r"\1\2")
    texts = pc.replace_substring(texts, "," if decimal == "." else ".", "")
    return _cast(pc.replace_substring(texts, ",", ".") if decimal == "," else texts)


def first_bad(column: Any, decimal: str) -> int:
    """Find the first text that is no number, by halves.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Texts, one of which is none.
    decimal : str
        ``.`` or ``,``.

    Returns
    -------
    int
        Its row.
    """
    low, high = 0, len(column)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _readable(column.slice(low, middle - low), decimal) else (low, middle)
    return low


def _readable(column: Any, decimal: str) -> bool:
    if decimal == "." and plain_floats(column) is not None:
        return True
    shapes = shapes_of(column)
    return shapes is not None and fits(shapes, decimal)


def _without_missing(column: Any) -> Any:
    texts = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.is_in(texts, pa.array(MISSING)), None, texts)


def _cast(texts: Any) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False)
    return numbers


def _fits(shape: str, decimal: str) -> bool:
    form = _POINT if decimal == "." else _COMMA
    return form.fullmatch(shape) is not None and "9" in shape.replace("z", "9")


def _refuse_mixture(columns: Mapping[str, Shapes]) -> None:
    cells: Iterable[tuple[str, str, str]] = [
        (name, shape, text) for name, shapes in columns.items() for shape, text in shapes.items()
    ]
    one = next((name, text) for name, shape, text in cells if not _fits(shape, ","))
    other = next((name, text) for name, shape, text in cells if not _fits(shape, "."))
    raise TableError(
        f"decimal: expected one mark before decimals, got {one[1]!r} in column {one[0]!r} and {other[1]!r} in column "
        f"{other[0]!r}; write both alike, or take one of the columns out",
        other[0],
    )
