"""Many series of one request: one wait for all, each fails alone, the same session twice is two steps in order."""

import asyncio
from dataclasses import replace

import numpy as np

from service.errors import Conflict, ServiceError, Unprocessable
from service.models.catalog import Catalog
from service.scheduling.scenario_queue import SLICE_VALUES
from service.serving.scenarios import ScenarioService
from service.serving.series_answer import SeriesAnswer
from statecast.api.forecast import forecast_series
from tests.service.running import NAN, close, input_of, play, running, series


def test_a_request_of_many_says_what_each_alone_would(catalogue: Catalog) -> None:
    async def scene() -> None:
        async with running(catalogue, resident_sessions=64) as service:
            model = catalogue.resolve(None)
            inputs = [input_of(series(40, n), session=f"s{n}" if n % 3 else None) for n in range(40)]
            many = await service.forecast_many(model, inputs)
            for answer, one in zip(many, inputs, strict=True):
                assert isinstance(answer, SeriesAnswer)
                close(answer, await service.forecast(model, replace(one, session=None)), 1e-5)
            assert len({id(answer.result) for answer in many if isinstance(answer, SeriesAnswer)}) <= 3, (
                "arrays of few batches"
            )
            more = [input_of([50.0], 500_040, session=f"s{n}") for n in range(40) if n % 3]
            counts = [
                a.session["count"] for a in await service.forecast_many(model, more) if isinstance(a, SeriesAnswer)
            ]
            assert counts == [41] * len(more)

    play(scene)


def test_each_fails_alone(catalogue: Catalog) -> None:
    """One bad series in a fleet must not cost the others their step."""

    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            await service.forecast(model, input_of([1, 2, 3], session="s"))
            found = await service.forecast_many(
                model,
                [
                    input_of([9], 500_000, session="s"),
                    input_of([NAN, NAN]),
                    input_of(series(20)),
                    input_of([np.inf], session="t"),
                    input_of(series(20), session="u"),
                ],
            )
            assert [type(one) for one in found] == [Conflict, Unprocessable, SeriesAnswer, Unprocessable, SeriesAnswer]
            assert (await service.session("s", ""))["count"] == 3
            assert not service._sessions.turns

    play(scene)


def test_a_session_named_twice_is_advanced_twice_in_order(catalogue: Catalog) -> None:
    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            values = np.nan_to_num(series(23), nan=50.0)
            inputs = [input_of(values[:20], session="s")]
            inputs += [input_of(values[n : n + 1], 500_000 + n, session="s") for n in (20, 21, 22)]
            found = await service.forecast_many(model, inputs)
            assert [a.session["count"] for a in found if isinstance(a, SeriesAnswer) and a.session] == [20, 21, 22, 23]
            close(found[-1], await service.forecast(model, input_of(values)))

    play(scene)


def test_a_client_that_leaves_frees_every_turn(catalogue: Catalog) -> None:
    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            inputs = [input_of(series(2000, n), session=f"s{n}") for n in range(8)]
            work = asyncio.create_task(service.forecast_many(model, inputs))
            for _ in range(3):
                await asyncio.sleep(0.001)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            again = await service.forecast_many(model, inputs)
            assert all(isinstance(answer, SeriesAnswer) for answer in again)
            assert not service._sessions.turns

    play(scene)


def test_a_client_that_leaves_at_any_moment_frees_every_turn(catalogue: Catalog) -> None:
    """A turn that is not given back makes every later request of its session wait for ever."""

    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            twice = [input_of(series(20), session=name) for name in ("s", "t", "s")]
            for turns_of_the_loop in range(60):
                work = asyncio.ensure_future(service.forecast_many(model, twice))
                for _ in range(turns_of_the_loop):
                    await asyncio.sleep(0)
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
                async with asyncio.timeout(5):
                    await service.forecast_many(model, twice[:2])
            assert not service._sessions.turns

    play(scene)


def test_a_far_horizon_is_the_librarys_and_lets_others_through(catalogue: Catalog) -> None:
    """In pieces as at once; a short forecast that comes meanwhile does not wait for the long one."""

    async def scene() -> None:
        async with running(catalogue) as service:
            model, values = catalogue.resolve(None), np.nan_to_num(series(64), nan=50.0)
            far = asyncio.create_task(service.forecast(model, input_of(values, horizon=3000, session="far")))
            await asyncio.sleep(0.01)
            await service.forecast(model, input_of(values))
            assert not far.done()
            answer = await far
            start = np.datetime64(500_000 * 3600, "s")
            wanted = forecast_series(model.artifact.forecaster, values, 60, start=start, reach=60)
            np.testing.assert_allclose(answer.mean[0, :60], wanted.mean, atol=1e-3)
            assert answer.mean.shape == answer.baseline.shape == (1, 3000)
            assert (await service.session("far", ""))["count"] == 64
            close(
                await service.forecast(model, input_of([], None, session="far")),
                await service.forecast(model, input_of(values)),
            )

    play(scene)


def test_paths_are_drawn_from_the_forecast_beside_others(catalogue: Catalog) -> None:
    async def scene() -> None:
        async with running(catalogue) as service:
            model, paths = catalogue.resolve(None), ScenarioService(service.runtime)
            starts = await paths.forecast_many(model, [input_of(series(40, n), horizon=60) for n in range(3)])
            forecasts = [start for start in starts if not isinstance(start, ServiceError)]
            samples = SLICE_VALUES // 60 + 1  # more than one row at once
            drawing = asyncio.create_task(paths.draw(model, forecasts, 60, samples, 7, 1.0))
            await asyncio.sleep(0)
            await service.forecast(model, input_of(series(10)))
            drawn = await drawing
            assert drawn.shape == (3, samples, 60)
            again = await paths.draw(model, forecasts[:1], 60, samples, 7, 1.0)
            np.testing.assert_allclose(again[0], drawn[0], atol=1e-6)

    play(scene)
