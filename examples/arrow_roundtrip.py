"""Five hundred series in one request: an Arrow table out, an Arrow table back, compressed both ways.

make serve                                  # in another terminal
python examples/arrow_roundtrip.py
"""

import os
import time

import httpx
import numpy as np
import pyarrow as pa

SERVER = os.environ.get("STATECAST_URL", "http://127.0.0.1:8000")
SERIES, DAYS = 500, 70


def main() -> None:
    """Forecast a week of each series; say how much travelled and how long it took."""
    draw = np.random.default_rng(1)
    week = 10 * np.sin(2 * np.pi * np.arange(DAYS) / 7)
    values = 100 + week + draw.normal(0, 2, (SERIES, DAYS))
    days = np.datetime64("2026-01-01", "s") + np.arange(DAYS) * np.timedelta64(86400, "s")
    table = pa.table({
        "item_id": np.repeat([f"item-{n:03}" for n in range(SERIES)], DAYS),
        "timestamp": pa.array(np.tile(days, SERIES), pa.timestamp("s", "UTC")),
        "target": values.ravel(),
    })  # fmt: skip
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    body = pa.compress(sink.getvalue(), "gzip", asbytes=True)

    begin = time.perf_counter()
    kind = "application/vnd.apache.arrow.stream"
    answer = httpx.post(
        f"{SERVER}/forecast",
        params={"horizon": 7, "freq": "1d"},
        content=body,
        headers={"Content-Type": kind, "Accept": kind, "Content-Encoding": "gzip", "Accept-Encoding": "gzip"},
        timeout=60,
    )
    forecast = pa.ipc.open_stream(answer.raise_for_status().content).read_all()
    took = time.perf_counter() - begin
    print(f"sent {len(body) / 1e3:.0f} KB for {table.num_rows} values; {took:.2f} s for {SERIES} forecasts")
    print(
        forecast.slice(0, 7).select(["item_id", "timestamp", "mean", "0.1", "0.9"]).to_pandas().to_string(index=False)
    )


if __name__ == "__main__":
    main()
