"""Line protocol and remote write advance sessions as requests for forecasts do, however often a batch comes."""

import struct
from pathlib import Path
from typing import Any

import httpx
import orjson
import pyarrow as pa
import pytest
from fastapi import FastAPI

from tests.builders import tiny_artifact
from tests.service.requests import play

BEGIN = 1_767_225_600  # 2026-01-01T00:00:00Z
HOUR = 3600
VALUES = [10.0, 12.0, 11.0, 13.0, 12.5, 14.0, 12.0, 11.5]


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(folder, calendar=())
    return folder


def lines(values: list[float], first: int = 0, name: str = "power,site=b") -> bytes:
    return "\n".join(
        f"{name} watt={v} {(BEGIN + (first + n) * HOUR + 17) * 10**9}" for n, v in enumerate(values)
    ).encode()


def length_of(number: int) -> bytes:
    """A varint of protobuf and of snappy."""
    digits = bytearray()
    while number > 127:
        digits.append(number & 127 | 128)
        number >>= 7
    return bytes([*digits, number])


def part(field: int, payload: bytes) -> bytes:
    return bytes([field << 3 | 2]) + length_of(len(payload)) + payload


def remote_write(labels: dict[str, str], samples: list[tuple[int, float]]) -> bytes:
    """A WriteRequest as Prometheus packs it, written here by the specification alone."""
    series = b"".join(part(1, part(1, k.encode()) + part(2, v.encode())) for k, v in labels.items())
    series += b"".join(part(2, b"\x09" + struct.pack("<d", v) + b"\x10" + length_of(1000 * t)) for t, v in samples)
    message = part(1, series)
    return length_of(len(message)) + bytes(pa.Codec("snappy").compress(message))[len(length_of(len(message))) :]


async def details(client: httpx.AsyncClient, session: str) -> dict[str, Any]:
    found = await client.get(f"/sessions/{session.replace('%', '%25')}")
    assert found.status_code == 200, found.text
    return dict(found.json())


def test_lines_come_in_parts_twice_and_say_the_same_as_one_request(artifacts: Path) -> None:
    """A writer that sends a batch again after a timeout would else count its observations twice."""

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        for part_of in (
            lines(VALUES[:3]),
            lines(VALUES[1:6], 1),
            lines(VALUES[1:6], 1),
            lines(VALUES[6:7], 6),
            lines(VALUES[7:], 7),
        ):
            answer = await client.post("/api/v2/write?org=o&bucket=any&freq=1h", content=part_of)
            assert (answer.status_code, answer.content) == (204, b""), answer.text
        stepped = await details(client, "power,site=b watt")
        body = {"series": [{"target": VALUES, "start": "2026-01-01T00:00:00Z", "freq": "1h", "session": "whole"}]}
        assert (await client.post("/forecast", json=body)).status_code == 200
        whole = await details(client, "whole")
        assert "statecast_surprise{" in (await client.get("/metrics/forecasts")).text
        assert (stepped["count"], stepped["digest"]) == (len(VALUES), whole["digest"])
        gauges = (await client.get("/metrics/forecasts", params={"prefix": "power", "horizon": 2})).text
        again = await client.post("/forecast", json={"series": [{"target": [], "session": "whole"}], "horizon": 2})
        for step, mean in enumerate(again.json()["forecasts"][0]["mean"], 1):
            (line,) = [
                one
                for one in gauges.splitlines()
                if one.startswith("statecast_forecast_mean") and f'step="{step}"' in one
            ]
            assert float(line.rpartition(" ")[2]) == pytest.approx(mean, rel=1e-5)

    play(artifacts, flow)


def test_a_step_takes_the_first_value_that_comes_for_it(artifacts: Path) -> None:
    """A sensor that reports twice a minute must neither end its session nor lose its next minute."""

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        await client.post("/write?db=any&freq=1h", content=lines(VALUES))
        late = await client.post("/write?db=any&freq=1h", content=lines([99.0, 15.0], len(VALUES) - 1))
        assert late.status_code == 204
        (warning,) = orjson.loads(late.headers["statecast-warnings"])["warnings"]
        assert warning["code"] == "step_taken" and warning["detail"].startswith("1 observation")
        assert (await details(client, "power,site=b watt"))["count"] == len(VALUES) + 1

    play(artifacts, flow)


def test_a_writer_that_was_silent_for_long_begins_anew(artifacts: Path) -> None:
    """After a night's outage a session of minutes would else refuse every value that its sensor ever sends again."""

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        await client.post("/write?db=any&freq=1h", content=lines(VALUES))
        back = await client.post("/write?db=any&freq=1h", content=lines(VALUES[:3], 1000))
        assert back.status_code == 204, back.text
        (warning,) = orjson.loads(back.headers["statecast-warnings"])["warnings"]
        assert warning["code"] == "begun_anew"
        assert (await details(client, "power,site=b watt"))["count"] == 3
        ahead = await client.post("/write?db=any&freq=1h", content=b"power,site=b watt=1 4102444800000000000")
        assert ahead.status_code == 400 and "gap" in ahead.json()["error"]
        assert (await details(client, "power,site=b watt"))["count"] == 3

    play(artifacts, flow)


def test_what_is_wrong_is_refused_in_the_writer_s_shape_and_the_rest_is_kept(artifacts: Path) -> None:
    """Telegraf drops a batch that is refused; without a partial write the good lines of it were lost."""

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        answer = await client.post("/api/v2/write?bucket=tiny&freq=1h", content=lines(VALUES) + b"\nbroken")
        assert answer.status_code == 400
        assert answer.json()["code"] == "invalid" and "line 9" in answer.json()["message"]
        assert (await details(client, "power,site=b watt"))["count"] == len(VALUES)
        long = await client.post("/write?db=tiny&freq=1h", content=lines([1.0], name="x" * 300))
        assert long.status_code == 400 and "error" in long.json()

    play(artifacts, flow)


def test_remote_write_advances_sessions_and_ignores_our_own_gauges(artifacts: Path) -> None:
    """Forecasts that are scraped and written back would open sessions of forecasts of forecasts without end."""
    labels = {"__name__": "load", "instance": "a/b"}
    samples = [(BEGIN + n * HOUR, value) for n, value in enumerate(VALUES)]

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        headers = {"content-encoding": "snappy", "content-type": "application/x-protobuf"}
        for body in (
            remote_write(labels, samples),
            remote_write(labels, [*samples[-2:], (samples[-1][0] + HOUR, float("nan"))]),
        ):
            answer = await client.post("/api/v1/write?freq=1h", content=body, headers=headers)
            assert answer.status_code == 204, answer.text
        assert (await details(client, 'load{instance="a%2Fb"}'))["count"] == len(VALUES)
        own = remote_write({"__name__": "statecast_forecast_mean"}, samples)
        assert (await client.post("/api/v1/write?freq=1h", content=own, headers=headers)).status_code == 204
        assert len((await client.get("/sessions")).json()["sessions"]) == 1
        for broken in (b"\xff\xff\xff\xff\x0f", b"\x05abc", b"\x80"):
            assert (await client.post("/api/v1/write", content=broken, headers=headers)).status_code in (400, 413)

    play(artifacts, flow)
