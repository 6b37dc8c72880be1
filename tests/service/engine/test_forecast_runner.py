"""Batches of the engine: what each request is answered, whoever is computed beside it."""

import asyncio
from dataclasses import replace

import numpy as np

from service.models.catalog import Catalog
from service.sessions.session_key import key_of
from tests.service.running import close, input_of, play, running, series


def test_how_far_others_look_ahead_does_not_show(catalogue: Catalog) -> None:
    """A batch is forecast as far as its longest request, which must not change what others are answered or keep."""

    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            inputs = [
                input_of(series(40, steps), horizon=steps, future=np.zeros((steps, 0), np.float32), session=f"s{steps}")
                for steps in (2, 5, 6, 15)
            ]
            together = await asyncio.gather(*(service.forecast(model, one) for one in inputs))
            for one, answer in zip(inputs, together, strict=True):
                alone = await service.forecast(model, replace(one, session=None))
                for ours, theirs in (
                    (answer.quantiles, alone.quantiles),
                    (answer.mean, alone.mean),
                    (answer.baseline, alone.baseline),
                ):
                    np.testing.assert_allclose(ours[:, : one.horizon], theirs[:, : one.horizon], rtol=1e-4)
                assert answer.quantiles.shape[1] >= one.horizon and answer.baseline.shape[1] >= one.horizon
                record = service.store.get(key_of("", one.session))
                assert record.issued.quantiles.shape[1] == min(one.horizon, model.config.horizon)

    play(scene)


def test_a_batch_of_fresh_held_and_stored_rows_keeps_them_apart(catalogue: Catalog) -> None:
    """Rows come from three places into one batch; put into another's place they would forecast the wrong series."""

    async def scene() -> None:
        async with running(catalogue, resident_sessions=8) as service:
            model = catalogue.resolve(None)
            for number in range(10):
                await service.forecast(model, input_of(series(40, number)[:39], session=f"s{number}"))
            steps = [input_of(series(40, n)[39:], 500_039, session=f"s{n}") for n in (9, 0, 8, 1)]
            fresh = [input_of(series(40, n)[:1]) for n in (10, 11)]
            answers = await asyncio.gather(*(service.forecast(model, one) for one in [*fresh, *steps]))
            for number, answer in zip((10, 11, 9, 0, 8, 1), answers, strict=True):
                whole = series(40, number)[: 40 if number < 10 else 1]
                close(answer, await service.forecast(model, input_of(whole)))

    play(scene)
