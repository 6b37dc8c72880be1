"""A state store of your own: one class, registered by the scheme of its URL, and the service keeps sessions in it.

python examples/custom_store.py
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx

from service.app import create_app
from service.settings import Settings
from service.stores.interface import Put, Write
from service.stores.memory import MemoryStore
from service.stores.registry import stores

ROOT = Path(__file__).parents[1]


@stores.register("diary")
class DiaryStore(MemoryStore):
    """Keeps sessions in memory, and says what it was given to keep."""

    name = "diary"

    @classmethod
    def open(cls, url: str) -> "DiaryStore":
        """Open ``diary://``."""
        return cls()

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none."""
        super().commit(writes)
        for write in writes:
            if isinstance(write, Put):
                print(f"diary: {write.record.key} at {write.record.count} values, {len(write.state)} bytes of state")


async def main() -> None:
    """Serve the default model from this process and advance a session twice."""
    app = create_app(Settings(artifacts=ROOT / "artifacts", state_url="diary://"))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://here") as client,
    ):
        while (await client.get("/ready")).status_code != 200:
            await asyncio.sleep(0.05)
        for first, values in ((0, [3.0, 1.0, 4.0, 1.0, 5.0]), (5, [9.0])):
            series = {"session": "pi", "from_index": first, "target": values, "season": 1}
            answer = await client.post("/forecast", json={"series": [series], "horizon": 2})
            print("forecast:", answer.raise_for_status().json()["forecasts"][0]["mean"])


if __name__ == "__main__":
    asyncio.run(main())
