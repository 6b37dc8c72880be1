"""A recording of one microphone: samples in [-1, 1] at a rate, read from the bytes of a wav file.

Plain wav: mono, PCM of 16 bits, 8,000 or 16,000 samples per second. Whatever else comes is refused with what to do.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError

RATES = (8000, 16000)
"""Sampling rates that are read, in samples per second."""

_FULL_SCALE = 32768.0
_PCM, _EXTENSIBLE = 1, 0xFFFE
_UNKNOWN_LENGTH = 0xFFFFFFFF  # what programs write that do not know yet how long the recording will be
_CLIPPED = 0.005  # share of samples at full scale from which a recording is called clipped
_SILENT = 2.0 / _FULL_SCALE  # the loudest sample of a recording without sound: dither


@dataclass(frozen=True)
class Recording:
    """Sound of one microphone.

    Parameters
    ----------
    samples : ndarray of float32, shape [N]
        From -1 to 1.
    rate : int
        Samples per second.

    Examples
    --------
    >>> Recording(np.zeros(4000, dtype=np.float32), 8000).warnings
    ('silence: no sample is louder than noise; check the microphone',)
    """

    samples: NDArray[np.float32]
    rate: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate

    @property
    def is_silent(self) -> bool:
        """Whether no sample is louder than the noise of 16 bits."""
        return not self.samples.size or float(np.abs(self.samples).max()) <= _SILENT

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes its text less than it could be: silence, clipping."""
        if self.is_silent:
            return ("silence: no sample is louder than noise; check the microphone",)
        clipped = float((np.abs(self.samples) >= 1.0 - 1.5 / _FULL_SCALE).mean())
        if clipped >= _CLIPPED:
            return (f"clipping: {100 * clipped:.1f} % of the samples are at full scale; record with less gain",)
        return ()


def read_wav(data: bytes) -> Recording:
    """Read the bytes of a wav file.

    Parameters
    ----------
    data : bytes
        The whole file; it may hold no sample at all.

    Returns
    -------
    Recording
        Its samples.

    Raises
    ------
    InputError
        If it is no wav file, is cut off, or has another width, rate or number of channels; it says which and how to
        mend it.

    Examples
    --------
    >>> read_wav(b"RIFF")
    Traceback (most recent call last):
    ...
    statecast.errors.InputError: wav: expected a file that begins with RIFF and WAVE, got 4 bytes b'RIFF'; send a wav...
    """
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise InputError(
            f"wav: expected a file that begins with RIFF and WAVE, got {len(data)} bytes {data[:12]!r}; send a wav "
            "file (mono, PCM, 16 bits), not raw samples or another format"
        )
    rate, place = 0, 12
    while place + 8 <= len(data):
        name, length = data[place : place + 4], struct.unpack_from("<I", data, place + 4)[0]
        place += 8
        if name == b"fmt ":
            rate = _read_format(data[place : place + length])
        elif name == b"data":
            if not rate:
                raise InputError("wav: expected the format before the samples, got none; write the file again")
            return Recording(_read_samples(data, place, length), rate)
        place += length + length % 2
    raise InputError(
        f"wav: expected samples (a chunk named data), got none in {len(data)} bytes; the file is cut off, send it whole"
    )


def _read_format(chunk: bytes) -> int:
    """Check that samples are stored as they are read here; gives their rate."""
    if len(chunk) < 16:
        raise InputError(f"wav: expected a format of at least 16 bytes, got {len(chunk)}; the file is cut off")
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if code == _EXTENSIBLE and len(chunk) >= 26:
        code = struct.unpack_from("<H", chunk, 24)[0]
    if code != _PCM:
        raise InputError(f"wav: encoding: expected PCM (1), got {code}; convert it, for example to pcm_s16le")
    if channels != 1:
        raise InputError(f"wav: channels: expected 1 (mono), got {channels}; mix them down or send one of them")
    if bits != 16:
        raise InputError(f"wav: width: expected 16 bits per sample, got {bits}; convert it, for example to pcm_s16le")
    if rate not in RATES:
        known = " or ".join(str(known) for known in RATES)
        raise InputError(f"wav: rate: expected {known} samples per second, got {rate}; resample it")
    return int(rate)


def _read_samples(data: bytes, place: int, length: int) -> NDArray[np.float32]:
    present = len(data) - place
    if length == _UNKNOWN_LENGTH:
        length = present - present % 2
    if length > present:
        raise InputError(f"wav: expected {length} bytes of samples, got {present}; the file is cut off, send it whole")
    if length % 2:
        raise InputError(f"wav: expected 2 bytes per sample, got {length} bytes; the last sample is cut off")
    samples = np.frombuffer(data, dtype="<i2", count=length // 2, offset=place)
    return samples.astype(np.float32) / np.float32(_FULL_SCALE)
