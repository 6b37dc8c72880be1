"""gzip and zstd, both ways; a body never grows past its limit while it is unpacked."""

import gzip
import zlib

import zstandard

from service.errors import Malformed, TooLarge, UnknownContent

ENCODINGS = ("gzip", "zstd")
_CHUNK = 2**18
# Below this, compressing costs more than the bytes it saves.
WORTHWHILE_BYTES = 1024


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """Unpack a body by its ``Content-Encoding``.

    Parameters
    ----------
    body : bytes
        As it was received.
    encoding : str
        ``gzip``, ``zstd`` or none.
    limit : int
        Bytes at most after it is unpacked.

    Returns
    -------
    bytes
        The body, unpacked.

    Raises
    ------
    UnknownContent, Malformed, TooLarge
        If the encoding is another one, the bytes are not of it or cut off, or there are too many.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name in ("gzip", "x-gzip"):
        return _gunzip(body, limit)
    if name == "zstd":
        return _unzstd(body, limit)
    raise UnknownContent(f"Content-Encoding: expected {' or '.join(ENCODINGS)} or none, got {encoding[:40]!r}")


def _gunzip(body: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise Malformed(f"body: expected gzip, {error}; check Content-Encoding") from None
    if len(unpacked) > limit:
        raise _too_large(limit)
    if not unpacker.eof:
        raise Malformed("body: expected a whole gzip stream, got one that is cut off; send it whole")
    if unpacker.unused_data:
        raise Malformed("body: expected one gzip stream, got more bytes after it; send one")
    return unpacked


def _unzstd(body: bytes, limit: int) -> bytes:
    # A small window bounds the memory that a hostile frame header can claim.
    unpacker = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj()
    pieces, size = [], 0
    try:
        for begin in range(0, len(body), _CHUNK):
            # One chunk of input can still grow a thousandfold, but not the whole body at once.
            for small in range(begin, min(begin + _CHUNK, len(body)), 4096):
                piece = unpacker.decompress(body[small : min(small + 4096, begin + _CHUNK)])
                size += len(piece)
                if size > limit:
                    raise _too_large(limit)
                pieces.append(piece)
    except zstandard.ZstdError as error:
        raise Malformed(f"body: expected zstd, {error}; check Content-Encoding") from None
    if not unpacker.eof:
        raise Malformed("body: expected a whole zstd frame, got one that is cut off; send it whole")
    return b"".join(pieces)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"body: expected at most {limit} bytes after decompression, got more; send fewer series at a time")


def choose_encoding(accept: str, size: int) -> str | None:
    """Choose the encoding of a reply by the client's ``Accept-Encoding``.

    Parameters
    ----------
    accept : str
        The header, "" where it is not sent.
    size : int
        Bytes of the reply.

    Returns
    -------
    str or None
        ``gzip``, ``zstd``, or None to leave the reply as it is.

    Examples
    --------
    >>> choose_encoding("gzip, zstd;q=0.5", 5000), choose_encoding("gzip", 100)
    ('gzip', None)
    """
    if not accept or size < WORTHWHILE_BYTES:
        return None
    weights = {}
    for part in accept.lower().split(","):
        name, _, parameter = part.partition(";")
        try:
            weights[name.strip()] = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            weights[name.strip()] = 0.0
    best = max(("zstd", "gzip"), key=lambda name: weights.get(name, weights.get("*", 0.0)))
    return best if weights.get(best, weights.get("*", 0.0)) > 0 else None


def compress(body: bytes, encoding: str) -> bytes:
    """Pack a reply.

    Parameters
    ----------
    body : bytes
        The reply.
    encoding : str
        What ``choose_encoding`` gave.

    Returns
    -------
    bytes
        The reply, packed.
    """
    return zstandard.ZstdCompressor(level=3).compress(body) if encoding == "zstd" else gzip.compress(body, 5, mtime=0)
