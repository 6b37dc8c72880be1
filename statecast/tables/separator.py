"""The mark between the fields of a text table: the one that cuts every line as its header is cut."""

import csv
import io
import itertools
import re
from collections.abc import Sequence

from statecast.tables.errors import TableError, UnreadableError

WORDS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space"}
"""What marks are called in messages."""
_KNOWN = ",;\t|"
_SAMPLE = 64 * 1024
_LINES = 200
_NUMBER = re.compile(r"[-+]?[0-9]+(?:[ .'][0-9]{3})*,[0-9]+|[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")


def choose_separator(text: str) -> str:
    r"""Choose the separator that the first lines of a table show.

    Parameters
    ----------
    text : str
        The table, or its beginning.

    Returns
    -------
    str
        One character; a comma where there is one column.

    Raises
    ------
    TableError
        If two marks cut the lines evenly.

    Examples
    --------
    >>> choose_separator("timestamp;target\n2024-01-01;1000,5\n")
    ';'
    """
    lines = list(itertools.islice(io.StringIO(text[:_SAMPLE], newline=""), _LINES))
    if len(lines) > 1 and len(text) > _SAMPLE:
        lines.pop()  # may be cut
    cut = {mark: records(lines, mark) for mark in _KNOWN}
    candidates = [mark for mark, rows in cut.items() if rows and len(rows[0]) > 1]
    if not candidates:
        return ","
    even = [mark for mark in candidates if all(len(row) == len(cut[mark][0]) for row in cut[mark])]
    if not even:
        return max(candidates, key=lambda mark: (_share(cut[mark]), len(cut[mark][0])))
    clean = [mark for mark in even if not _holds_others(cut[mark], [other for other in even if other != mark])]
    if len(even) > 1 and len(clean) != 1:
        one, other = (clean or even)[:2]
        first, second = (" | ".join(cut[mark][min(1, len(cut[mark]) - 1)])[:60] for mark in (one, other))
        raise TableError(
            f"separator: the lines can be cut in two ways: with separator={WORDS[one]} into {first!r}, with "
            f"separator={WORDS[other]} into {second!r}; say which", "separator",
        )  # fmt: skip
    return (clean or even)[0]


def records(lines: Sequence[str], separator: str) -> list[list[str]]:
    """Cut lines into fields, quotes heeded; empty lines are left out.

    Parameters
    ----------
    lines : sequence of str
        With their ends.
    separator : str
        The mark between fields.

    Returns
    -------
    list of list of str
        Fields by record.

    Raises
    ------
    UnreadableError
        If a field is longer than a table's can be.
    """
    try:
        return [row for row in csv.reader(lines, delimiter=separator) if row]
    except csv.Error as error:
        raise UnreadableError(f"expected CSV, {error}; check its quotes") from None


def _share(rows: list[list[str]]) -> float:
    return sum(len(row) == len(rows[0]) for row in rows) / len(rows)


def _holds_others(rows: list[list[str]], others: list[str]) -> bool:
    """Whether a field still holds another candidate that is no part of a number."""
    return any(
        other in field and not _NUMBER.fullmatch(field.strip()) for row in rows for field in row for other in others
    )
