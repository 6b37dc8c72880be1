"""What nixtla's SDK is answered is what this server's own clients are answered, in the SDK's form.

A translation that shifts one series by one value, or swaps two quantiles, would spoil every frame without a word.
"""

import asyncio

import httpx
import numpy as np
import orjson
import zstandard

from tests.service.protocols.nixtla.scenes import SIZES, Play, ask, flat, native, values


def joined(parts: list[list[float]]) -> np.ndarray:
    return np.array([value for part in parts for value in part], dtype=np.float64)


def test_a_forecast_is_the_native_one(play: Play) -> None:
    async def flow(client: httpx.AsyncClient) -> None:
        ours = await ask(client, "/forecast", series=native(), horizon=9, quantile_levels=[0.1, 0.9, 0.025, 0.975])
        body = {"series": flat(X=None, X_future=None), "model": "timegpt-2.1", "h": 9, "freq": "D", "level": [80, 95.0]}
        theirs = await ask(client, "/v2/forecast", **body)
        forecasts = ours["forecasts"]
        assert np.allclose(theirs["mean"], joined([one["mean"] for one in forecasts]), rtol=1e-6)
        for name, level in {"lo-80": "0.1", "hi-80": "0.9", "lo-95": "0.025", "hi-95": "0.975"}.items():
            assert np.allclose(theirs["intervals"][name], joined([one["quantiles"][level] for one in forecasts]))
        assert len(theirs["intervals"]) == 4 and theirs["weights_x"] is None and "data" not in theirs
        plain = orjson.dumps(body)
        packed = zstandard.ZstdCompressor(level=1).compress(plain)
        headers = {"content-type": "application/json", "content-encoding": "zstd", "accept-encoding": "zstd"}
        again = await client.post("/v2/forecast", content=packed, headers=headers)
        assert again.json()["mean"] == theirs["mean"]

    play(flow)


def test_an_interval_wider_than_learned_goes_on_from_the_widest(play: Play) -> None:
    """The SDK's users request level 95 and 99; a refusal ends their notebooks, a narrow interval deceives them."""

    async def flow(client: httpx.AsyncClient) -> None:
        for path, further in (("forecast", {}), ("cross_validation", {"n_windows": 2, "step_size": 4})):
            body = {"series": flat(), "freq": "D", "h": 4, "level": [98, 99.8], **further}
            found = await ask(client, f"/v2/{path}", **body)
            middle = await ask(client, f"/v2/{path}", **{**body, "level": [0.000001]})
            median, ends = (
                np.array(middle["intervals"]["lo-1e-06"]),
                {k: np.array(v) for k, v in found["intervals"].items()},
            )
            for side in ("lo", "hi"):  # 3.0902 / 2.3263 of the distance from the median
                ratio = (ends[f"{side}-99.8"] - median) / (ends[f"{side}-98"] - median)
                assert np.allclose(ratio, 1.3284, rtol=1e-3)
            assert [one["code"] for one in found["warnings"]].count("extrapolated_interval") == 1

    play(flow)


def test_windows_are_those_of_the_native_backtest(play: Play) -> None:
    async def flow(client: httpx.AsyncClient) -> None:
        ours = await ask(
            client, "/backtest", series=native(), horizon=6, cutoffs=3, step=4, quantile_levels=[0.1, 0.9],
            **{"return": ["forecasts"]},
        )  # fmt: skip
        body = {"series": flat(), "freq": "D", "h": 6, "n_windows": 3, "step_size": 4, "level": [80]}
        theirs = await ask(client, "/v2/cross_validation", **body)
        assert theirs["sizes"] == [18, 18]
        cuts = [cut for one in ours["results"] for cut in one["forecasts"]]
        assert np.allclose(theirs["mean"], joined([cut["mean"] for cut in cuts]), rtol=1e-6)
        assert np.allclose(theirs["intervals"]["lo-80"], joined([cut["quantiles"]["0.1"] for cut in cuts]))
        y = [value for series in values() for value in series]
        assert [y[place] for place in theirs["idxs"]] == [value for cut in cuts for value in cut["target"]]

    play(flow)


def test_every_value_past_the_first_season_has_a_fitted_one(play: Play) -> None:
    async def flow(client: httpx.AsyncClient) -> None:
        ours = await ask(client, "/anomalies", series=native(), level=90)
        expected = joined([one["expected"][7:] for one in ours["results"]])
        body = {"series": flat(), "freq": "D", "level": [80]}
        fitted = await ask(client, "/v2/cross_validation", full_history=True, h=7, n_windows=1, step_size=7, **body)
        earlier = await ask(client, "/v2/historic_forecast", **body)
        assert fitted["sizes"] == earlier["sizes"] == [SIZES[0] - 7, SIZES[1] - 8]  # the second lacks its first value
        assert np.allclose(fitted["mean"], expected, rtol=1e-6) and earlier["mean"] == fitted["mean"]

    play(flow)


def test_outliers_are_those_of_the_native_endpoint(play: Play) -> None:
    async def flow(client: httpx.AsyncClient) -> None:
        ours = await ask(client, "/anomalies", series=native(), level=90)
        theirs = await ask(client, "/v2/anomaly_detection", series=flat(), freq="D", level=90)
        assert np.allclose(theirs["mean"], joined([one["expected"][7:] for one in ours["results"]]), rtol=1e-6)
        lower = joined([one["interval"]["lower"][7:] for one in ours["results"]])
        assert np.allclose(theirs["intervals"]["lo-90"], lower)
        flags = [bool(flag) for one in ours["results"] for flag in one["flag"][7:]]
        assert theirs["anomaly"] == flags and sum(theirs["sizes"]) == len(flags)

    play(flow)


def test_the_last_values_are_judged_by_the_newest_forecast_of_each(play: Play) -> None:
    async def flow(client: httpx.AsyncClient) -> None:
        body = {"series": flat(), "freq": "D", "h": 5}
        theirs = await ask(client, "/v2/online_anomaly_detection", detection_size=12, step_size=2, level=90, **body)
        windows = await ask(client, "/v2/cross_validation", n_windows=5, step_size=2, **body)
        newest: dict[int, float] = dict(zip(windows["idxs"], windows["mean"], strict=True))
        places = [*range(48, 60), *range(93, 105)]
        assert theirs["idxs"] == places and theirs["sizes"] == [12, 12]
        assert np.allclose(theirs["mean"], [newest[place] for place in places], rtol=1e-6)
        y = [value for series in values() for value in series]
        low, high = theirs["intervals"]["lo-90"], theirs["intervals"]["hi-90"]
        outside = [not a <= y[place] <= b for a, b, place in zip(low, high, places, strict=True)]
        assert theirs["anomaly"] == outside
        together = await ask(
            client, "/v2/online_anomaly_detection", detection_size=12, level=90, threshold_method="multivariate", **body
        )  # fmt: skip
        scores = np.array(together["anomaly_score"]).reshape(2, 12)
        assert np.allclose(together["accumulated_anomaly_score"][:12], (scores**2).sum(axis=0))
        assert together["anomaly"][:12] == together["anomaly"][12:] and together["intervals"] is None

    play(flow)


def test_a_young_series_has_no_outliers(play: Play) -> None:
    """Each value of a short or constant series was one, because its forecast had no width."""

    async def flow(client: httpx.AsyncClient) -> None:
        series = {**flat(), "y": [5.0, 900.0, *[5.0] * 13, 9.0], "sizes": [2, 14]}
        for method in ("univariate", "multivariate"):
            found = await ask(
                client, "/v2/online_anomaly_detection", series=series, freq="D", h=1, detection_size=1,
                level=90, threshold_method=method,
            )  # fmt: skip
            assert found["anomaly"] == [False, False] and found["anomaly_score"] == [None, None]

    play(flow)


def test_a_job_answers_what_the_endpoint_answers(play: Play) -> None:
    async def flow(client: httpx.AsyncClient) -> None:
        body = {"series": flat(), "freq": "D", "h": 5}
        at_once = await ask(client, "/v2/forecast", **body)
        job = (await ask(client, "/v2/forecast/async", 202, **body))["job_id"]
        found = await finished(client, f"/v2/forecast/jobs/{job}")
        assert found["status"] == "succeeded" and np.allclose(found["result"]["mean"], at_once["mean"], rtol=1e-6)
        assert (await client.get(f"/jobs/{job}")).json()["kind"] == "nixtla_forecast"
        assert (await client.get(f"/v2/simulate/jobs/{job}")).status_code == 404
        assert (await client.post(f"/v2/async/jobs/{job}/cancel")).status_code == 409
        paths = [await simulated(client, seed, **body) for seed in (1, 1, 2)]
        assert paths[0]["samples"] == paths[1]["samples"] != paths[2]["samples"]
        assert len(paths[0]["samples"]) == 3 * 2 * 5 and (paths[0]["n_paths"], paths[0]["h"]) == (3, 5)
        bad = (await ask(client, "/v2/cross_validation/async", 202, n_windows=99, **body))["job_id"]
        failed = await finished(client, f"/v2/cross_validation/jobs/{bad}")
        assert failed["status"] == "failed" and "request at most" in failed["error"]
        await ask(client, "/v2/forecast/async", 422, series=flat(), h=0)

    play(flow)


async def simulated(client: httpx.AsyncClient, seed: int, **body: object) -> dict[str, object]:
    job = (await ask(client, "/v2/simulate/async", 202, n_paths=3, seed=seed, **body))["job_id"]
    return (await finished(client, f"/v2/simulate/jobs/{job}"))["result"]


async def finished(client: httpx.AsyncClient, path: str) -> dict[str, object]:
    while True:
        found = (await client.get(path)).json()
        if found["status"] not in ("pending", "running"):
            return found
        await asyncio.sleep(0.01)
