"""What Telegraf and other writers send is read as InfluxDB reads it; what nobody can read is named by its line."""

import pytest

from service.errors import Unprocessable
from service.protocols.influx.line_protocol import read_lines

NOW = 1_700_000_123


def test_escapes_tags_types_and_times() -> None:
    """A tag that is cut at an escaped space makes two series of one, and each of them has gaps."""
    body = rb"""
# a comment
disk,path=/var/log,host=a\ b free=12.5,used=3i,files=7u,ok=true,note="a, b=c \"d\" e" 1700000000000000000
my\,measure,tag\ key=x\=y a\ field=-1.5e3 1700000001500000000
bare v=1
"""
    found = read_lines(body, "ns", NOW)
    assert found.observations == {
        r"disk,host=a\ b,path=%2Fvar%2Flog free": [(1700000000, 12.5)],
        r"disk,host=a\ b,path=%2Fvar%2Flog used": [(1700000000, 3.0)],
        r"disk,host=a\ b,path=%2Fvar%2Flog files": [(1700000000, 7.0)],
        r"disk,host=a\ b,path=%2Fvar%2Flog ok": [(1700000000, 1.0)],
        r"my\,measure,tag\ key=x\=y a\ field": [(1700000001, -1500.0)],
        "bare v": [(NOW, 1.0)],
    }
    assert (found.unused, found.wrong) == (1, [])


@pytest.mark.parametrize(("unit", "time"), [("s", 7200), ("ms", 7_200_000), ("u", 7_200_000_000), ("m", 120), ("h", 2)])
def test_every_precision(unit: str, time: int) -> None:
    """A unit that is misread puts every value decades away, where no forecast is looked for."""
    assert read_lines(b"a v=1 %d" % time, unit, NOW).observations == {"a v": [(7200, 1.0)]}


@pytest.mark.parametrize(
    "line",
    [
        "a",
        "a v",
        "a v=",
        "a v=1 x",
        "a,t v=1",
        "a,=b v=1",
        "a v=1,",
        'a v="open',
        "a v=1 2 3",
        ",t=1 v=2",
        "a v=1x",
        "a v=1e999",
        "a v=1 9999999999999999",
    ],
)
def test_a_wrong_line_is_named_and_the_others_are_read(line: str) -> None:
    """One sensor with a broken name must not silence all others that Telegraf sends in the same body."""
    found = read_lines(f"good v=1 5\n{line}\ngood v=2 6".encode(), "s", NOW)
    assert found.observations == {"good v": [(5, 1.0), (6, 2.0)]}
    assert [fault.loc for fault in found.wrong] == [("line", 2)]


def test_a_body_or_unit_that_is_wrong_as_a_whole_is_refused() -> None:
    """A guess would put the values where nobody looks for them."""
    for body, unit, said in ((b"\xff", "ns", "UTF-8"), (b"\n# no line\n", "ns", "one line"), (b"a v=1", "days", "ns")):
        with pytest.raises(Unprocessable, match=said):
            read_lines(body, unit, NOW)


def test_cost_is_linear() -> None:
    """A line of backslashes that takes quadratic time stops the server with a few kilobytes."""
    for hostile in (b"\\" * 200_000, b"a,b=" + b"\\," * 100_000, b"a v=" + b"1" * 200_000, b'a v="' + b'\\"' * 100_000):
        assert read_lines(hostile, "ns", NOW).wrong
