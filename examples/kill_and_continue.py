"""What has been answered is kept: the server is killed in the middle, and the session goes on where it was.

python examples/kill_and_continue.py
"""

import tempfile

import httpx
from served import served


def advance(server: str, first: int, last: int) -> dict:
    """Send the values of these hours."""
    values = [50.0 + 10.0 * (hour % 24 >= 8) + hour % 5 for hour in range(first, last)]
    series = {"session": "pump", "from_index": first, "target": values, "season": 24}
    answer = httpx.post(f"{server}/forecast", json={"series": [series], "horizon": 4}, timeout=30)
    return answer.raise_for_status().json()["forecasts"][0]


def main() -> None:
    """Open a session, kill -9, start again, repeat the last request, send the next value."""
    with tempfile.TemporaryDirectory() as folder:
        state = f"sqlite:///{folder}/sessions.db"
        with served(STATECAST_STATE_URL=state) as (server, process):
            advance(server, 0, 95)
            before = advance(server, 95, 96)
            print(f"before: {before['session']['count']} values, forecast {before['mean']}")
            process.kill()

        with served(STATECAST_STATE_URL=state) as (server, _):
            again = advance(server, 95, 96)
            print(f"after:  {again['session']['count']} values, forecast {again['mean']}")
            print(f"the repeated value counts once: duplicates {again['session']['duplicates']}")
            print(f"the same forecast: {again['mean'] == before['mean']}")
            print(f"and on: {advance(server, 96, 97)['session']['count']} values")


if __name__ == "__main__":
    main()
