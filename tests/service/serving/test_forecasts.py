"""The service without HTTP, on a real network: sessions equal whole histories."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from service.errors import (
    Conflict,
    ExpiredSession,
    UnknownSession,
)
from service.models.catalog import Catalog
from tests.service.running import close, input_of, play, running, series


def test_any_split_forecasts_like_the_whole(catalogue: Catalog) -> None:
    values = series(300)

    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            whole = await service.forecast(model, input_of(values))
            begin = 0
            for cut in (40, 41, 42, 170, 299, 300):
                part = input_of(values[begin:cut], 500_000 + begin, session="s")
                answer = await service.forecast(model, part)
                begin = cut
            close(answer, whole)
            assert answer.session is not None
            assert (answer.session["count"], answer.session["applied"]) == (300, 1)
            again = await service.forecast(model, input_of(values, session="s"))
            np.testing.assert_array_equal(again.quantiles, answer.quantiles)
            assert again.session is not None
            assert (again.session["duplicates"], again.session["digest"]) == (300, answer.session["digest"])
            asked = await service.forecast(model, input_of([], None, session="s"))
            np.testing.assert_array_equal(asked.quantiles, answer.quantiles)
            assert (asked.freq, asked.start) == ("1h", 500_300)
            notebook = model.artifact.forecast(values, start=np.datetime64(500_000 * 3600, "s"))
            np.testing.assert_allclose(whole.mean[0], notebook.mean, atol=1e-3)

    play(scene)


def test_a_forecast_does_not_depend_on_its_batch(catalogue: Catalog) -> None:
    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            inputs = [input_of(series(64, n), session=None if n % 2 else f"s{n}") for n in range(30)]
            together = await asyncio.gather(*(service.forecast(model, a) for a in inputs))
            alone = [await service.forecast(model, replace(a, session=None)) for a in inputs]
            for a, b in zip(together, alone, strict=True):
                close(a, b, 1e-5)

    play(scene)


def test_several_variables_share_a_session(catalogue: Catalog) -> None:
    both = np.stack([series(50, 1), series(50, 2)])

    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            await service.forecast(model, input_of(both[:, :30], session="s"))
            answer = await service.forecast(model, input_of(both[:, 30:], 500_030, session="s"))
            for n in range(2):
                single = await service.forecast(model, input_of(both[n]))
                np.testing.assert_allclose(answer.quantiles[n], single.quantiles[0], atol=1e-3)
            assert (await service.session("s", ""))["bytes"] == 2 * model.state_bytes

    play(scene)


def test_sessions_survive_eviction_and_restart(catalogue: Catalog, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    values = {f"s{n}": series(60, n) for n in range(6)}

    async def scene() -> None:
        model = catalogue.resolve(None)
        for step in range(3):
            async with running(catalogue, state_url=url, resident_sessions=2) as service:
                for name, whole in values.items():
                    part = slice(step * 20, step * 20 + 20)
                    answer = await service.forecast(model, input_of(whole[part], 500_000 + step * 20, session=name))
                    assert answer.session is not None and answer.session["count"] == step * 20 + 20
        async with running(catalogue, state_url=url) as service:
            for name, whole in values.items():
                asked = await service.forecast(model, input_of([], None, session=name))
                close(asked, await service.forecast(model, input_of(whole)))
            assert service.ready[1]["store"] == {"name": "sqlite", "durable": True}

    play(scene)


def test_requests_of_one_session_are_served_one_after_the_other(catalogue: Catalog) -> None:
    values = series(60)

    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            parts = [input_of(values[n : n + 5], 500_000 + n, session="s") for n in range(0, 60, 5)]
            answers = await asyncio.gather(*(service.forecast(model, part) for part in parts))
            assert [a.session["count"] for a in answers if a.session] == list(range(5, 65, 5))
            close(answers[-1], await service.forecast(model, input_of(values)))

    play(scene)


def test_the_model_that_made_a_session_stays_its_model(catalogue: Catalog) -> None:
    async def scene() -> None:
        async with running(catalogue) as service:
            await service.forecast(catalogue.resolve("tiny@2"), input_of([1, 2], session="s"))
            with pytest.raises(Conflict, match="tiny@2") as caught:
                await service.forecast(catalogue.resolve("tiny"), input_of([3], 500_002, session="s"))
            assert caught.value.code == "model_changed"
            await service.forecast(catalogue.resolve("tiny@2"), input_of([3], 500_002, session="s"))

    play(scene)


def test_sessions_are_private_and_end(catalogue: Catalog) -> None:
    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            await service.forecast(model, input_of([1, 2], session="s", owner="me"))
            for doing in (service.session("s", "you"), service.end("s", "you")):
                with pytest.raises(UnknownSession):
                    await doing
            with pytest.raises(UnknownSession):
                await service.forecast(model, input_of([], None, session="s", owner="you"))
            await service.end("s", "me")
            with pytest.raises(UnknownSession):
                await service.session("s", "me")
            with pytest.raises(UnknownSession):
                await service.forecast(model, input_of([], None, session="s", owner="me"))

    play(scene)


def test_an_expired_session_is_gone_until_it_is_deleted(catalogue: Catalog) -> None:
    async def scene() -> None:
        async with running(catalogue, session_ttl_s=100) as service:
            model = catalogue.resolve(None)
            await service.forecast(model, input_of([1, 2], session="s"))
            now = time.time() + 1000
            service._sessions.now = service._sessions.certain = lambda: now
            for doing in (service.session("s", ""), service.forecast(model, input_of([3], 500_002, session="s"))):
                with pytest.raises(ExpiredSession):
                    await doing
            assert (await service._sessions.expire(10)).ended == 1
            with pytest.raises(ExpiredSession):
                await service.session("s", "")
            await service.end("s", "")
            await service.forecast(model, input_of([1, 2], session="s"))

    play(scene)


def test_constant_series_have_one_rule_and_warnings_say_what_is_missing(catalogue: Catalog) -> None:
    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            flat = await service.forecast(model, input_of([5.0] * 6, None, session="flat"))
            np.testing.assert_array_equal(flat.quantiles, 5.0)
            assert {code for code, _ in flat.warnings} == {"short_history", "constant_history", "calendar_missing"}
            assert flat.session is not None
            assert (flat.session["last_timestamp"], flat.session["last_index"]) == (None, 5)
            timed = await service.forecast(model, input_of(series(40), session="timed"))
            assert timed.warnings == () and timed.session is not None
            assert timed.session["last_timestamp"] == "2027-01-16T23:00:00Z"
            gap = await service.forecast(model, input_of([50], 500_043, session="timed"))
            assert gap.warnings == (("gap_filled", "3 steps were not given; missing is 'mask'"),)

    play(scene)


def test_what_arrives_is_scored_against_what_was_said(catalogue: Catalog) -> None:
    values = np.nan_to_num(series(80), nan=50)

    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            answer = await service.forecast(model, input_of(values[:70], session="s"))
            inside = errors = 0.0
            for n in range(70, 80):
                low, mid, high = answer.quantiles[0, 0, [0, 4, 8]]
                inside += low <= values[n] <= high
                errors += abs(values[n] - mid) / answer.seasonal_error[0]
                answer = await service.forecast(model, input_of(values[n : n + 1], 500_000 + n, session="s"))
            scores = (await service.session("s", ""))["scores"]
            assert isinstance(scores, dict)
            assert (scores["observations"], scores["nominal_coverage"]) == (10, 0.8)
            assert scores["coverage"] == pytest.approx(inside / 10)
            assert scores["mase"] == pytest.approx(errors / 10, rel=1e-4)

    play(scene)


def test_new_sessions_keep_the_metrics_that_the_settings_name(catalogue: Catalog) -> None:
    values = np.nan_to_num(series(80), nan=50)

    async def scene() -> None:
        async with running(catalogue, live_metrics="wql, mae") as service:
            model = catalogue.resolve(None)
            await service.forecast(model, input_of(values[:70], session="s"))
            before = (await service.session("s", ""))["scores"]
            await service.forecast(model, input_of(values[70:], 500_070, session="s"))
            scores = (await service.session("s", ""))["scores"]
            assert isinstance(before, dict) and isinstance(scores, dict)
            assert list(scores) == [
                "observations", "mase", "wql", "coverage", "calibration", "mae", "nominal_coverage",
                "coverage_by_level", "surprise",
            ]  # fmt: skip
            assert before["wql"] is None and 0 < scores["wql"] < 1

    play(scene)
