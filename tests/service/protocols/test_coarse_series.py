"""Coarse resolutions that a series brings: over HTTP, in one request or in many, right, late, early and astray."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from httpx import AsyncClient

from statecast import save
from tests.builders import tiny_network
from tests.service.http_client import serving, settings_of

START = np.datetime64("2026-03-01T04:00:00", "s")
HOURS, BUCKETS = 140, 60
SECONDS = {"6h": 21_600, "1d": 86_400}
FIRST = {"6h": np.datetime64("2026-02-20T00:00:00", "s"), "1d": np.datetime64("2026-02-01T00:00:00", "s")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact that is given quarters and days, and hangs on them."""
    place = tmp_path_factory.mktemp("artifacts")
    network = tiny_network(resolutions=(1, 3, 6, 24), mixed_frequency=(6, 24), coarse_history_length=20)
    for values in network.resolution_attention.values:
        torch.nn.init.normal_(values.weight, std=10.0)  # type: ignore[union-attr]
    save(place / "days", network, {"name": "days", "version": "1"})
    return place


def play(folder: Path, scene: Callable[[AsyncClient], Awaitable[None]], **changes: Any) -> None:
    async def whole() -> None:
        async with serving(settings_of(folder, **changes)) as (client, _):
            await scene(client)

    asyncio.run(whole())


def told(instant: np.datetime64) -> str:
    return f"{instant}Z"


def listed(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]


class Story:
    """Hours and coarser tables, some of it missing, and what a request brings of it."""

    def __init__(self, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        self.hours = 50 + 10 * np.sin(np.arange(HOURS) / 4) + random.normal(size=HOURS)
        self.tables = {name: 900 + 50 * random.normal(size=BUCKETS) for name in SECONDS}
        for values in (self.hours, *self.tables.values()):
            values[1 + np.flatnonzero(random.random(values.size - 1) < 0.06)] = np.nan

    def part(self, first: int, last: int, name: str | None = None, tables: bool = True) -> dict[str, Any]:
        """Hours ``first`` to ``last``, with the buckets that ended among them; with the first hour all before too."""
        begin, end = START + 3600 * first, START + 3600 * last
        series: dict[str, Any] = {"start": told(begin), "target": listed(self.hours[first:last])}
        if name:
            series["session"] = name
        for freq, values in self.tables.items() if tables else ():
            over = FIRST[freq] + SECONDS[freq] * (1 + np.arange(BUCKETS))
            inside = np.flatnonzero((over <= end) & ((over > begin) | (first == 0)))
            if inside.size:
                start = told(FIRST[freq] + SECONDS[freq] * int(inside[0]))
                series.setdefault("resolutions", {})[freq] = {"start": start, "target": listed(values[inside])}
        return series


async def ask(client: AsyncClient, series: dict[str, Any], **body: Any) -> Any:
    answer = await client.post("/forecast", json={"series": [series], **body})
    assert answer.status_code == 200, answer.text
    return answer.json()["forecasts"][0]


async def refusal(client: AsyncClient, series: dict[str, Any]) -> Any:
    answer = await client.post("/forecast", json={"series": [series]})
    return answer.status_code, answer.json()


def apart(ours: Any, theirs: Any) -> float:
    return max(
        float(np.abs(np.subtract(ours["quantiles"][q], theirs["quantiles"][q])).max()) for q in ours["quantiles"]
    )


@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_law_1_a_session_with_given_resolutions_equals_the_whole(folder: Path, store: str, tmp_path: Path) -> None:
    """Days that come one at a time must count as those that came with the whole history; and they must count."""

    async def scene(client: AsyncClient) -> None:
        for seed in range(3):
            story, random = Story(seed), np.random.default_rng(seed)
            whole = await ask(client, story.part(0, HOURS))
            cuts = sorted({0, HOURS, *random.integers(1, HOURS, 12).tolist(), HOURS - 1})
            for first, last in pairwise(cuts):
                piece = await ask(client, story.part(first, last, f"s{seed}"))
            assert apart(piece, whole) <= 1e-4 * 10
            assert apart(await ask(client, story.part(0, HOURS, tables=False)), whole) > 0.5

    play(folder, scene, state_url="memory://" if store == "memory" else f"sqlite:///{tmp_path}/s.db")


def test_a_request_again_changes_nothing_and_a_late_or_changed_value_is_refused(folder: Path) -> None:
    """After a lost answer a client sends the same again; what differs must not pass as the same, nor vanish."""

    async def scene(client: AsyncClient) -> None:
        story = Story()
        first = await ask(client, story.part(0, 100, "s"))
        again = await ask(client, story.part(0, 100, "s"))
        assert apart(first, again) == 0
        assert (again["session"]["applied"], again["session"]["duplicates"]) == (0, 100)
        later = story.part(100, 124, "s")
        assert apart(await ask(client, later), await ask(client, later)) == 0
        changed = story.part(100, 124, "s")
        changed["resolutions"]["6h"]["target"][0] = 7.0
        status, problem = await refusal(client, changed)
        assert (status, problem["code"]) == (409, "conflicting_observation")
        assert "resolutions.6h" in problem["detail"]
        partial = story.part(124, 130, "s", tables=False)
        missing = await ask(client, partial)
        assert [w["code"] for w in missing["warnings"]] == ["resolution_missing"]
        assert "6h: no value came for 1 of the 1 buckets" in missing["warnings"][0]["detail"]
        status, problem = await refusal(client, story.part(124, 132, "s"))
        assert (status, problem["code"]) == (409, "too_late")
        assert "leave it out" in problem["detail"]
        whole = await ask(client, story.part(0, 130))
        assert apart(missing, whole) > 1e-3  # that quarter is missing for good

    play(folder, scene)


def test_a_bucket_that_ended_in_a_gap_is_read(folder: Path) -> None:
    """A meter that was off for a night is no reason to forget the day."""

    async def scene(client: AsyncClient) -> None:
        story = Story()
        story.hours[96:108] = np.nan
        whole = await ask(client, story.part(0, HOURS))
        await ask(client, story.part(0, 96, "s"))
        night, morning = story.part(96, 108), story.part(108, HOURS, "s")
        for name, one in night["resolutions"].items():
            morning["resolutions"][name] = {
                "start": one["start"],
                "target": one["target"] + morning["resolutions"][name]["target"],
            }
        assert apart(await ask(client, morning), whole) <= 1e-3

    play(folder, scene)


def bad(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    series = Story().part(0, 100)
    change(series)
    return series


def cases() -> Iterator[tuple[dict[str, Any], str]]:
    yield bad(lambda s: s["resolutions"].update({"1w": s["resolutions"].pop("1d")})), "is given (6h, 1d), got '1w'"
    yield (
        bad(lambda s: s["resolutions"].update(noon={"start": "2026-02-01T00:00:00Z", "target": [1]})),
        "is given (6h, 1d), got 'noon'",
    )
    yield (
        bad(lambda s: s["resolutions"]["1d"].update(start="2026-02-01T05:00:00Z")),
        "such as 2026-02-01T00:00:00Z, got",
    )
    yield bad(lambda s: s["resolutions"]["1d"].update(start="yesterday")), "expected an RFC 3339 time"
    yield (
        bad(lambda s: s["resolutions"]["1d"].pop("start")),
        "start: expected a text, such as 2026-01-01T00:00:00Z, got nothing",
    )
    yield bad(lambda s: s["resolutions"]["1d"].update(target=[1, "two"])), "expected a number or null, got 'two'"
    yield bad(lambda s: s["resolutions"]["1d"].pop("target")), "target: expected a list of numbers or null, got nothing"
    yield bad(lambda s: s["resolutions"]["1d"].update(target={"a": [1]})), "expected the variables of the series' own"
    yield bad(lambda s: s["resolutions"]["1d"].update(freq="1d")), "expected only known fields, got 'freq'"
    yield (
        bad(lambda s: s["resolutions"].update({"24h": s["resolutions"]["1d"]})),
        "expected each resolution once, got 1d",
    )
    yield bad(lambda s: s.update(resolutions=[1])), "expected an object, such as {"
    yield bad(lambda s: s["resolutions"].update({"1d": 3})), "expected an object, got 3"
    yield bad(lambda s: s["resolutions"]["1d"]["target"].append(5.0)), "send it with the step that ends its bucket"
    yield bad(lambda s: s.pop("start")), "a value's bucket is known from its time"


def test_what_lies_astray_is_refused_by_name(folder: Path) -> None:
    """A table a bucket astray would be read as known before it is."""

    async def scene(client: AsyncClient) -> None:
        for series, message in cases():
            status, problem = await refusal(client, series)
            assert status == 422, (message, problem)
            assert message in problem["detail"]
            assert "resolutions" in problem["detail"]

    play(folder, scene)


def test_several_variables_paths_and_what_the_model_tells(folder: Path) -> None:
    """Whatever reads a series reads its days."""

    async def scene(client: AsyncClient) -> None:
        one, two = Story(1), Story(2)
        alone = [await ask(client, story.part(0, 100)) for story in (one, two)]
        both, other = one.part(0, 100), two.part(0, 100)
        both["target"] = {"a": both["target"], "b": other["target"]}
        for freq, entry in both["resolutions"].items():
            entry["target"] = {"a": entry["target"], "b": other["resolutions"][freq]["target"]}
        together = await ask(client, both, include=["attention"])
        for name, theirs in zip("ab", alone, strict=True):
            np.testing.assert_allclose(together["mean"][name], theirs["mean"], rtol=1e-4)
        assert {"1h", "3h", "6h", "1d"} <= set(together["attention"])
        paths = []
        for tables in (True, False):
            body = {"series": [one.part(0, 100, tables=tables)], "num_samples": 50, "seed": 1, "return": ["samples"]}
            answer = await client.post("/generate", json=body)
            assert answer.status_code == 200, answer.text
            paths.append(np.mean(answer.json()["paths"][0]["samples"], axis=0))
        assert np.abs(paths[0] - paths[1]).max() > 0.3
        assert (await client.get("/models/days")).json()["given"] == ["6h", "1d"]
        bare = await ask(client, one.part(0, 100, tables=False))
        assert ["no value came at all" in w["detail"] for w in bare["warnings"]] == [True, True]

    play(folder, scene)
