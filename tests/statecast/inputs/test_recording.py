"""A wav file is read to the sample, and one that is not what it should be is refused with what to do.

Without this, stereo would be read as speech at twice the speed and a file that was cut off as a short one, in silence.
"""

import io
import struct
import wave

import numpy as np
import pytest

from statecast.errors import InputError
from statecast.inputs.recording import Recording, read_wav
from tests.builders import babble, wav

SOUND = babble(0.3)


def chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def header(code=1, channels=1, rate=8000, bits=16, more=b""):
    block = channels * bits // 8
    return chunk(b"fmt ", struct.pack("<HHIIHH", code, channels, rate, rate * block, block, bits) + more)


def riff(*chunks):
    whole = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


@pytest.mark.parametrize("rate", [8000, 16000])
def test_samples_are_read_as_they_were_written(rate):
    read = read_wav(wav(SOUND, rate))
    assert read.rate == rate and read.samples.dtype == np.float32
    assert np.abs(read.samples - SOUND).max() < 2 / 32768
    assert read.seconds == pytest.approx(len(SOUND) / rate)


def test_other_chunks_are_skipped_and_the_longer_form_is_read():
    pcm = struct.pack("<HHIH", 22, 16, 4, 1) + bytes(14)  # extensible: the code of PCM stands further behind
    for form in (header(), header(0xFFFE, more=pcm)):
        read = read_wav(
            riff(chunk(b"LIST", b"odd"), form, chunk(b"fact", b"1234"), chunk(b"data", b"\x00\x40\x00\xc0"))
        )
        assert read.samples.tolist() == [0.5, -0.5]


def test_a_file_of_unknown_length_is_read_to_its_end():
    """What a program writes to a pipe has no length in its header."""
    whole = b"RIFF\xff\xff\xff\xffWAVE" + header() + b"data\xff\xff\xff\xff" + b"\x00\x40" * 3 + b"\x01"
    assert read_wav(whole).samples.tolist() == [0.5] * 3


def test_one_sample_and_none_are_files_too():
    assert len(read_wav(wav(SOUND[:1])).samples) == 1
    assert len(read_wav(wav(SOUND[:0])).samples) == 0


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "expected a file that begins with RIFF"),
        (b"ID3 a song, as it were", "expected a file that begins with RIFF"),
        (wav(SOUND, 44100), "rate: expected 8000 or 16000 samples per second, got 44100; resample"),
        (wav(SOUND, channels=2), r"channels: expected 1 \(mono\), got 2; mix them down"),
        (wav(SOUND, width=1), "width: expected 16 bits per sample, got 8; convert"),
        (riff(header(3, bits=32), chunk(b"data", bytes(8))), r"encoding: expected PCM \(1\), got 3; convert"),
        (wav(SOUND)[:-2], "expected 4800 bytes of samples, got 4798; the file is cut off"),
        (wav(SOUND)[:40], "expected samples .* got none in 40 bytes; the file is cut off"),
        (wav(SOUND)[:20], "expected a format of at least 16 bytes, got 0; the file is cut off"),
        (riff(chunk(b"data", bytes(4))), "expected the format before the samples"),
        (riff(header(), chunk(b"data", bytes(3))), "the last sample is cut off"),
    ],
)
def test_what_is_not_read_is_refused_with_what_to_do(data, says):
    with pytest.raises(InputError, match=says):
        read_wav(data)


def test_every_cut_of_a_file_is_read_or_refused():
    """A connection may break anywhere."""
    whole = wav(SOUND[:20])
    for length in range(len(whole)):
        with pytest.raises(InputError):
            read_wav(whole[:length])
    with wave.open(io.BytesIO(whole)) as ours:
        assert ours.getnframes() == len(read_wav(whole).samples)


def test_silence_and_clipping_are_reported():
    assert "silence" in Recording(np.zeros(800, dtype=np.float32), 8000).warnings[0]
    assert "silence" in Recording(np.zeros(0, dtype=np.float32), 8000).warnings[0]
    assert "clipping" in read_wav(wav(SOUND * 30)).warnings[0]
    assert read_wav(wav(SOUND)).warnings == ()
