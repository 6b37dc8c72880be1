"""A running ``ForecastService`` and what to feed it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np

from service.metrics import Metrics
from service.models.catalog import Catalog
from service.serving.forecasts import ForecastService
from service.serving.series_answer import SeriesAnswer
from service.sessions.series_input import SeriesInput
from service.settings import Settings
from statecast.config import ForecasterConfig

NAN = float("nan")
CONFIG = ForecasterConfig(
    freq="1h",
    horizon=6,
    season=4,
    patch_length=4,
    lookback_length=32,
    half_life=20.0,
    resolutions=(1, 6),
    width=8,
    segment_length=4,
    calendar=("day",),
)


@asynccontextmanager
async def running(catalogue: Catalog, store=None, **settings) -> AsyncIterator[ForecastService]:
    plain = {"state_url": "memory://", "resident_sessions": 16}
    forecasting = ForecastService(catalogue, Settings(**(plain | settings)), Metrics(), store)
    await forecasting.start()
    try:
        yield forecasting
    finally:
        await forecasting.stop(5)


def series(steps: int, seed: int = 0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    values = 50 + 10 * np.sin(np.arange(steps) * np.pi / 2) + draw.normal(size=steps)
    values[draw.random(steps) < 0.05] = NAN
    values[0] = 50
    return values


def input_of(values, begin: int | None = 500_000, **fields) -> SeriesInput:
    target = np.atleast_2d(np.asarray(values, np.float64))
    steps = target.shape[1]
    plain = SeriesInput(
        target=target,
        past=np.zeros((steps, 0), np.float32),
        known=np.zeros((steps, 0), np.float32),
        future=np.zeros((6, 0), np.float32),
        static=np.zeros(0, np.float32),
        variables=("",) if len(target) == 1 else tuple(f"v{n}" for n in range(len(target))),
        freq="1h" if begin is not None else None,
        time_index=None if begin is None else np.arange(begin, begin + steps, dtype=np.int64),
    )
    return replace(plain, **fields)


def play(scene: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(scene())  # type: ignore[arg-type]


def close(a: SeriesAnswer, b: SeriesAnswer, tolerance: float = 1e-4) -> None:
    np.testing.assert_allclose(a.quantiles, b.quantiles, atol=tolerance * 10)
    assert a.start == b.start
