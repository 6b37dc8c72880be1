"""Wav files: right ones, of other rates and widths, and with a few bytes wrong."""

import struct
from random import Random

from tests.fuzz.generators.documents import damaged


def wav(draw: Random) -> bytes:
    """A wav file, mostly one that is read."""
    usual = draw.random() < 0.7
    rate = draw.choice((8000, 8000, 16000)) if usual else draw.choice((0, 1, 7999, 44100, 2**32 - 1))
    channels, bits, code = (
        (1, 16, 1) if usual else (draw.choice((0, 1, 2)), draw.choice((8, 16, 24)), draw.choice((1, 3)))
    )
    length = draw.choice((0, 1, 2, 100, 800, 800, 8000, 40_000))
    kind = draw.randrange(4)
    data = bytes(2 * length) if kind == 0 else b"\xff\x7f" * length if kind == 1 else draw.randbytes(2 * length)
    said = len(data) if draw.random() < 0.9 else draw.choice((0, 1, len(data) + 2, 2**32 - 1))
    head = struct.pack("<HHIIHH", code, channels, rate, rate * 2 % 2**32, 2, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", said) + data
    found = b"RIFF" + struct.pack("<I", len(body)) + body
    return damaged(draw, found) if draw.random() < 0.2 else found
