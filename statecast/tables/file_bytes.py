"""Bytes of a file as plain UTF-8: unpacked by their first bytes, decoded by their mark, their zeros, or as was said."""

import codecs
import io
import zipfile

import pyarrow as pa

from statecast.tables.errors import OversizeError, TableError, UnreadableError

_CODECS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bz2"}
_ZIP = b"PK\x03\x04"
_CHUNK = 2**20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LOOKED_AT = 4096
_WESTERN = "cp1252"


def unpack(data: bytes, limit: int | None = None) -> bytes:
    r"""Unpack a file that is packed; give another one back as it is.

    Parameters
    ----------
    data : bytes
        The file.
    limit : int, optional
        Bytes that it may unpack to; reading stops there.

    Returns
    -------
    bytes
        What was inside.

    Raises
    ------
    UnreadableError
        If it is cut off, or a zip with more than one file.
    OversizeError
        If it unpacks to more than the limit.

    Examples
    --------
    >>> import gzip
    >>> unpack(gzip.compress(b"timestamp,target")), unpack(b"timestamp,target")
    (b'timestamp,target', b'timestamp,target')
    """
    codec = next((name for magic, name in _CODECS.items() if data.startswith(magic)), None)
    try:
        if codec is not None:
            with pa.CompressedInputStream(pa.BufferReader(data), codec) as stream:
                return _read(stream, limit)
        if data.startswith(_ZIP):
            return _unzip(data, limit)
    except (OSError, EOFError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        reason = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
        raise UnreadableError(f"expected a whole {codec or 'zip'} file, {reason}; pack it again") from None
    return data


def _unzip(data: bytes, limit: int | None) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
        if any(name.startswith("xl/") for name in names):
            raise UnreadableError("expected CSV, Parquet or Arrow, got an Excel workbook; save the sheet as CSV")
        if len(names) != 1:
            raise UnreadableError(f"expected a zip with one file, got {len(names)}; pack the table alone")
        with archive.open(names[0]) as stream:
            return _read(stream, limit)


def _read(stream: "pa.CompressedInputStream | zipfile.ZipExtFile", limit: int | None) -> bytes:
    pieces, size = [], 0
    while piece := stream.read(_CHUNK):
        pieces.append(piece)
        size += len(piece)
        if limit is not None and size > limit:
            raise OversizeError(f"expected at most {limit} bytes after unpacking, got more; send fewer rows at a time")
    return b"".join(pieces)


def to_utf8(data: bytes, encoding: str | None = None) -> tuple[bytes, str]:
    r"""Turn the bytes of a text into UTF-8 without a byte order mark.

    Parameters
    ----------
    data : bytes
        The text.
    encoding : str, optional
        What it is encoded in; left out, its bytes show it.

    Returns
    -------
    text : bytes
        UTF-8.
    taken : str
        Name of the encoding where that is not UTF-8, else empty.

    Raises
    ------
    TableError
        If there is no such encoding.
    UnreadableError
        If the bytes are not of it, or of none that is recognised.

    Examples
    --------
    >>> to_utf8("Zürich".encode("latin-1"))[1], to_utf8("Zürich".encode("utf-16"))[0].decode()
    ('Windows-1252 (Latin-1)', 'Zürich')
    """
    mark, marked = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", None))
    if encoding is not None:
        return _said(data[len(mark) :], encoding), ""
    found = marked or _by_zeros(data[:_LOOKED_AT])
    if found not in (None, "utf-8"):
        return _decoded(data[len(mark) :], str(found)), str(found).upper()
    text = data[len(mark) :]
    if b"\0" in text:
        raise UnreadableError("expected text, got bytes with zeros; send CSV, or name its encoding")
    if text.isascii() or _is(text, "utf-8"):
        return text, ""
    if not _is(text, _WESTERN):
        raise UnreadableError(
            "encoding: expected text in UTF-8, UTF-16 or Windows-1252, got other bytes; say which with encoding"
        )
    return text.decode(_WESTERN).encode(), "Windows-1252 (Latin-1)"


def _said(data: bytes, encoding: str) -> bytes:
    try:
        known = codecs.lookup(encoding[:40])
    except (LookupError, ValueError):
        raise TableError(
            f"encoding: expected a name such as utf-8, utf-16 or latin-1, got {encoding[:40]!r}", "encoding"
        ) from None
    if not getattr(known, "_is_text_encoding", True) or known.name in ("idna", "punycode", "unicode_escape"):
        raise TableError(f"encoding: expected an encoding of text, got {encoding[:40]!r}", "encoding")
    return _decoded(data, known.name)


def _decoded(data: bytes, encoding: str) -> bytes:
    try:
        text = data.decode(encoding)
        if "\0" in text:
            raise UnreadableError(f"encoding: expected text in {encoding}, got zeros; say another encoding")
        return text.encode()
    except UnicodeError as error:
        place = f" at byte {error.start}" if isinstance(error, UnicodeDecodeError) else ""
        raise UnreadableError(f"encoding: expected text in {encoding}, got other bytes{place}; say another") from None


def _by_zeros(sample: bytes) -> str | None:
    """UTF-16 without a mark: of plain characters every second byte is zero."""
    even, odd = sample[0::2], sample[1::2]
    if len(sample) < 8 or not (even and odd):
        return None
    zeros = even.count(0) / len(even), odd.count(0) / len(odd)
    if zeros[1] > 0.7 and zeros[0] < 0.1:
        return "utf-16-le"
    return "utf-16-be" if zeros[0] > 0.7 and zeros[1] < 0.1 else None


def _is(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
