"""Text and paths from carried state, against reading the window again at every step, as tutorials do.

    python -m benchmarks.generation [--artifacts artifacts] [--text NAME] [--series NAME] [--window 256]

In one run and process: symbols per second of one text, carried and window by window, on the same network. Over HTTP: 64
streams of server-sent events against one, in turns, and the share of the in-process loop that they reach; 200 paths of
200 series in one request against paths requested one by one, from sessions that have read the histories before.
"""

import argparse
import asyncio
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

import statecast
from benchmarks.harness.client import Client
from benchmarks.harness.series import series_of
from benchmarks.harness.server import Server, running_server
from benchmarks.machine import describe_machine
from statecast.models.generator import Generator
from statecast.uncertainty.sampling import Choice, sample

_PROMPT = "The value of the argument is returned if it "
_TURNS = 9


def _choice(rows: int) -> Choice:
    ones = np.ones(rows)
    return Choice(np.arange(rows), np.zeros(rows, np.int64), ones, np.zeros(rows, np.int64), ones)


@torch.inference_mode()
def carried_rate(network: Generator, rows: int, steps: int) -> float:
    """Symbols per second of ``rows`` texts that keep their state."""
    tokens, _ = network.vocabulary.encode(_PROMPT)
    state = network.prime(torch.from_numpy(tokens).expand(rows, -1), network.fresh(rows))
    logits, choice = network.decode(state), _choice(rows)
    began = time.perf_counter()
    for _ in range(steps):
        logits, state = network.step(sample(logits, choice, state["count"].numpy()), state)
    return rows * steps / (time.perf_counter() - began)


@torch.inference_mode()
def window_rate(network: Generator, window: int, steps: int) -> float:
    """Symbols per second of one text whose last ``window`` symbols are read again for each new one."""
    tokens, _ = network.vocabulary.encode(_PROMPT * (window // len(_PROMPT) + 1))
    text, choice = torch.from_numpy(tokens[-window:])[None], _choice(1)
    began = time.perf_counter()
    for step in range(steps):
        state = network.prime(text, network.fresh(1))
        drawn = sample(network.decode(state), choice, np.array([step]))
        text = torch.cat([text[:, 1:], drawn[:, None]], dim=1)
    return steps / (time.perf_counter() - began)


async def _ask(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    status, answer = await client.request("POST", "/generate", json.dumps(body).encode())
    if status != 200:
        raise SystemExit(f"expected 200, got {status}: {answer[:500]!r}")
    parsed: dict[str, Any] = json.loads(answer)
    return parsed


async def streamed_rate(server: Server, model: str, clients: int, tokens: int) -> float:
    """Symbols per second over HTTP, each an event, of several clients at once, from first connection to last event."""

    async def one(seed: int) -> int:
        body = {"model": model, "prompt": _PROMPT, "max_tokens": tokens, "seed": seed, "stream": True}
        async with Client(server) as client:
            events = await client.stream("/generate", json.dumps(body).encode())
        if b"event: done" not in events:
            raise SystemExit(f"expected a stream that ends with done, got {events[-500:]!r}")
        return events.count(b"event: step")

    began = time.perf_counter()
    written = await asyncio.gather(*(one(seed) for seed in range(clients)))
    return sum(written) / (time.perf_counter() - began)


def texts(artifacts: Path, model: str, window: int) -> None:
    """Measure text and print. Both sides are measured in turns, because the machine may have other work meanwhile."""
    network = statecast.load(artifacts / model).generator
    carried, again = np.median([(carried_rate(network, 1, 400), window_rate(network, window, 30)) for _ in range(5)], 0)
    print(f"one text: {carried:,.0f} symbols per second carried, {again:,.0f} reading {window} again: ", end="")
    print(f"{carried / again:.1f}x")
    with running_server(artifacts) as server:

        def rate(clients: int, tokens: int) -> float:
            return asyncio.run(streamed_rate(server, model, clients, tokens))

        rate(64, 50)
        turns = np.array([(rate(1, 600), rate(64, 300), carried_rate(network, 64, 200)) for _ in range(_TURNS)])
    one, many, inside = np.median(turns, axis=0)
    ratios = turns[:, 1] / turns[:, 0]
    print(f"streamed: {one:,.0f} per second of one client, {many:,.0f} of 64: {np.median(ratios):.1f}x ", end="")
    print(f"({ratios.min():.1f}x to {ratios.max():.1f}x in {_TURNS} turns); ", end="")
    print(f"{many / inside:.0%} of the {inside:,.0f} of the loop in this process")


async def path_rates(server: Server, model: str, series: int, samples: int, horizon: int) -> tuple[float, float]:
    """Paths per second: all in one request with their histories, and one by one from open sessions."""
    histories = [[value + number for value in series_of(336)] for number in range(series)]
    targets = [{"target": values} for values in histories]
    body = {"model": model, "horizon": horizon, "seed": 1, "return": ["samples"]}
    async with Client(server) as client:
        opened = [{"target": values, "session": f"s{number}"} for number, values in enumerate(histories)]
        await client.request("POST", "/forecast", json.dumps({"model": model, "series": opened}).encode())
        await _ask(client, {**body, "series": targets[:1], "num_samples": 1})
        began = time.perf_counter()
        await _ask(client, {**body, "series": targets, "num_samples": samples})
        together = series * samples / (time.perf_counter() - began)
        began = time.perf_counter()
        for number in range(series):
            one = [{"target": [], "session": f"s{number}"}]
            await _ask(client, {**body, "series": one, "num_samples": 1, "seed": number})
        return together, series / (time.perf_counter() - began)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--text", default="docs-text")
    parser.add_argument("--series", default="load-hourly")
    parser.add_argument("--window", type=int, default=256)
    options = parser.parse_args()
    print(describe_machine())
    torch.set_num_threads(1)
    if (options.artifacts / options.text).exists():
        texts(options.artifacts, options.text, options.window)
    with running_server(options.artifacts) as server:
        together, singly = asyncio.run(path_rates(server, options.series, 200, 200, 48))
    print(f"200 series x 200 paths x 48 steps in one request: {together:,.0f} paths per second,")
    print(f"path by path {singly:,.1f}: {together / singly:.1f}x")


if __name__ == "__main__":
    main()
