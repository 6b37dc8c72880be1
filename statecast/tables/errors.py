"""A table that cannot be read, and the two ways in which that happens."""

from statecast.errors import InputError


class TableError(InputError):
    """A table that is wrong, or that can be read in two ways.

    Parameters
    ----------
    msg : str
        The column or line, what was expected, what came, and how to mend it.
    column : str
        The column or the option that it is about; empty for the table as a whole.
    row : int, optional
        Row that it is about, counted from 0 below the header.
    """

    def __init__(self, msg: str, column: str = "", row: int | None = None) -> None:
        super().__init__(msg)
        self.column, self.row = column, row


class UnreadableError(TableError):
    """Bytes that are no table: cut off, ragged, or of another format."""


class OversizeError(TableError):
    """A table that holds more, once it is unpacked, than was allowed."""
