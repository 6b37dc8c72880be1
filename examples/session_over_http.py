"""A session: the server keeps the series, each request brings only what is new, and a repeated one changes nothing.

make serve                                  # in another terminal
python examples/session_over_http.py
"""

import os
from datetime import UTC, datetime, timedelta
from math import pi, sin

import httpx

SERVER = os.environ.get("STATECAST_URL", "http://127.0.0.1:8000")
START = datetime(2026, 3, 2, tzinfo=UTC)


def load(hour: int) -> float:
    """Give what a meter would show: a day's wave."""
    return round(80 + 20 * sin(2 * pi * hour / 24), 1)


def main() -> None:
    """Open a session with two days, then send six hours one by one, the last one twice."""
    with httpx.Client(base_url=SERVER, timeout=30) as client:

        def send(first: int, last: int) -> dict:
            values = [load(hour) for hour in range(first, last)]
            series = {"session": "example-meter", "freq": "1h", "target": values}
            series["start"] = (START + timedelta(hours=first)).isoformat()
            answer = client.post("/forecast", json={"series": [series], "horizon": 3})
            return answer.raise_for_status().json()["forecasts"][0]

        client.delete("/sessions/example-meter")
        send(0, 48)
        for hour in [48, 49, 50, 51, 52, 53, 53]:
            forecast = send(hour, hour + 1)
            session = forecast["session"]
            ahead = ", ".join(f"{value:.1f}" for value in forecast["mean"])
            print(f"hour {hour}: {session['count']} values, {session['duplicates']} sent before; next hours {ahead}")


if __name__ == "__main__":
    main()
