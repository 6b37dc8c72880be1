"""What of a record hardly ever changes, in few bytes."""

from threading import local

import zstandard

_MARK = b"\x01"
_ALIKE = zstandard.ZstdCompressionDict(
    b'{"model":"sha256:","model_name":"default@1","freq":"1h","offset":0,"variables":[""],"static":[],"interval":0.9,'
    b'"freq":null,"offset":0,"variables":[""],"static":[],"interval":0.8,"first_clock":0,"created_at":179,"state_bytes"'
    b':14944,"kind":"forecaster","kind":"family","given":0,"season":null,"metrics":{},"season":24,"metrics":{"mase":2,'
    b'"wql":2,"coverage":2,"calibration":4,"surprise":8},"zone":"","single_until":null,"level":[0.0],"below_zero":'
    b'[true],"below_zero":[false],"anchor":null,"packed":true}',
    zstandard.DICT_TYPE_RAWCONTENT,
)
"""What births are told from: those that are kept cannot be read with another one."""


class _Zstd(local):
    """One pair per thread: to make it takes longer than its work."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=1, dict_data=_ALIKE)
        self.decompressor = zstandard.ZstdDecompressor(dict_data=_ALIKE)


_OF_THREAD = _Zstd()


def pack_birth(text: str) -> bytes:
    """Pack what of a record hardly ever changes, of which most is alike in all sessions.

    Parameters
    ----------
    text : str
        JSON of a session's birth.

    Returns
    -------
    bytes
        They do not begin as JSON does.

    Examples
    --------
    >>> text = '{"model":"sha256:ab","model_name":"default@1","freq":"1h","kind":"family","packed":true}'
    >>> unpack_birth(pack_birth(text)) == text.encode(), unpack_birth(text.encode()) == text.encode()
    (True, True)
    >>> len(pack_birth(text)) < len(text) // 2
    True
    """
    return _MARK + _OF_THREAD.compressor.compress(text.encode())


def unpack_birth(data: bytes) -> bytes:
    """Give back what ``pack_birth`` packed, or what an earlier release kept as it was.

    Parameters
    ----------
    data : bytes
        Of a store.

    Returns
    -------
    bytes
        JSON.
    """
    if not data.startswith(_MARK):
        return data
    try:
        return _OF_THREAD.decompressor.decompress(data[1:])
    except zstandard.ZstdError as error:
        raise ValueError(f"a packed session is damaged: {error}") from error
