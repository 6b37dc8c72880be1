"""Headers of the pages of a Parquet file, in Thrift's compact protocol: how long each page will be once it is unpacked.

References
----------
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from collections.abc import Iterator

_REFUSED_ENCODING = 7  # DELTA_BYTE_ARRAY
_SIZE, _PACKED_SIZE, _DATA, _DATA_V2 = 2, 3, 5, 8  # fields of PageHeader in parquet.thrift
_ENCODING = {_DATA: 2, _DATA_V2: 4}


def unpacked_sizes(body: bytes, begin: int, length: int) -> Iterator[int]:
    """Give the bytes of each page of a column once it is unpacked.

    Parameters
    ----------
    body : bytes
        The file.
    begin, length : int
        Where the column lies in it.

    Raises
    ------
    ValueError
        If it lies outside of the file, or a page has no size, or an encoding that repeats beginnings of texts.
    """
    end = begin + length
    if not 0 < begin <= end <= len(body):
        raise ValueError("a column outside of the file")
    while begin < end:
        header, begin = _Compact(body, begin, end).struct({_DATA, _DATA_V2})
        size, packed = header.get(_SIZE, -1), header.get(_PACKED_SIZE, -1)
        if not isinstance(size, int) or not isinstance(packed, int) or size < 0 or packed < 0:
            raise ValueError("a page without its size")
        for field, name in _ENCODING.items():
            if isinstance(part := header.get(field), dict) and part.get(name) == _REFUSED_ENCODING:
                raise ValueError("texts in the encoding DELTA_BYTE_ARRAY, which is not read here")
        yield size
        begin += packed


Fields = dict[int, "int | Fields"]


class _Compact:
    """Structs of Thrift's compact protocol: whole numbers by field; all else is passed by."""

    def __init__(self, octets: bytes, begin: int, end: int) -> None:
        self._octets, self._at, self._end = octets, begin, end

    def struct(self, inner: set[int]) -> tuple[Fields, int]:
        """Give the numbers of a struct, and of the structs in some of its fields, and where it ends."""
        found: Fields = {}
        field = 0
        while (head := self._byte()) & 15:
            kind = head & 15
            field = field + (head >> 4) if head >> 4 else _signed(self._varint())
            if kind == 12 and field in inner:
                found[field], self._at = self.struct(set())
            elif kind in (4, 5, 6):
                found[field] = _signed(self._varint())
            else:
                self._skip(kind, 0)
        return found, self._at

    def _skip(self, kind: int, depth: int) -> None:
        if depth > 8:
            raise ValueError("metadata that is nested too deep")
        if kind in (4, 5, 6):
            self._varint()
        elif kind == 3:
            self._byte()
        elif kind == 7:
            self._pass(8)
        elif kind == 8:
            self._pass(self._varint())
        elif kind in (9, 10):
            head = self._byte()
            for _ in range(head >> 4 if head >> 4 < 15 else self._varint()):
                self._skip_member(head & 15, depth + 1)
        elif kind == 12:
            while (head := self._byte()) & 15:
                if not head >> 4:
                    self._varint()
                self._skip(head & 15, depth + 1)
        elif kind not in (1, 2):
            raise ValueError(f"metadata of kind {kind}")

    def _skip_member(self, kind: int, depth: int) -> None:
        """Members of lists have a byte for a truth value, which fields have in their head."""
        if kind in (1, 2):
            self._byte()
        else:
            self._skip(kind, depth)

    def _byte(self) -> int:
        self._pass(1)
        return self._octets[self._at - 1]

    def _pass(self, count: int) -> None:
        self._at += count
        if self._at > self._end:
            raise ValueError("metadata that is cut off")

    def _varint(self) -> int:
        value = shift = 0
        while shift < 64:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
        raise ValueError("a number that is too long")


def _signed(value: int) -> int:
    return (value >> 1) ^ -(value & 1)
