"""Texts per second of ``POST /classify`` by one core, beside the same network called in this process.

Both sides classify the same texts, in turns, because the machine may have other work meanwhile; what counts is the
processor time of each. The server is asked with 64 texts per request by four clients, and with one text per request by
one; of a session, with ten words per request.
"""

import asyncio
import csv
import gzip
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import statecast
from benchmarks.harness.client import Client
from benchmarks.harness.cores import describe_cores, pin_client
from benchmarks.harness.server import Server, running_server

_TURNS = 5


def read_texts(path: Path, count: int) -> list[str]:
    """Evenly spaced texts of a table with a column ``text``."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        texts = [row["text"] for row in csv.DictReader(lines)]
    return texts[:: max(1, len(texts) // count)][:count]


async def _ask(client: Client, model: str, inputs: Sequence[dict[str, Any]]) -> None:
    body = json.dumps({"model": model, "inputs": inputs}).encode()
    status, answer = await client.request("POST", "/classify", body)
    if status != 200 or b'"error":null' not in answer:
        raise SystemExit(f"expected 200, got {status}: {answer[:500]!r}")


async def send(server: Server, model: str, requests: Sequence[Sequence[dict[str, Any]]], clients: int) -> None:
    """Send requests, each client those that are its own, one after the other."""

    async def one(place: int) -> None:
        async with Client(server) as client:
            for inputs in requests[place::clients]:
                await _ask(client, model, inputs)

    await asyncio.gather(*(one(place) for place in range(clients)))


def served(server: Server, model: str, requests: Sequence[Sequence[dict[str, Any]]], clients: int) -> float:
    """Processor seconds that the server takes for them."""
    began = server.process.cpu_seconds()
    asyncio.run(send(server, model, requests, clients))
    return server.process.cpu_seconds() - began


def inside(artifact: statecast.Artifact, texts: Sequence[str]) -> float:
    """Processor seconds that this process takes for them."""
    began = time.process_time()
    artifact.classify_many(texts)
    return time.process_time() - began


def measure_speed(data: Path, artifacts: Path, model: str, count: int) -> None:
    """Classify on both sides and print.

    Parameters
    ----------
    data : Path
        Table with a column ``text``.
    artifacts : Path
        Folder that is served.
    model : str
        Name of a classifier in it.
    count : int
        Texts per turn.
    """
    print(describe_cores())
    pin_client()
    torch.set_num_threads(1)
    texts = read_texts(data, count)
    artifact = statecast.load(artifacts / model)
    streams = artifact.manifest["streaming"] == "exact"
    whole = [{"text": text} for text in texts]
    batches = [whole[begin : begin + 64] for begin in range(0, len(whole), 64)]
    singles = [[one] for one in whole[:64]]
    words = [" ".join(text.split()[:10]) or "a" for text in texts]
    parts = [[{"text": text, "session": f"s{place % 8}"}] for place, text in enumerate(words[:256])]
    with running_server(artifacts) as server:
        served(server, model, batches, 4)
        turns = np.array(
            [
                (
                    len(texts) / served(server, model, batches, 4),
                    len(texts) / inside(artifact, texts),
                    len(singles) / served(server, model, singles, 1),
                    len(parts) / served(server, model, parts, 1) if streams else np.nan,
                )
                for _ in range(_TURNS)
            ]
        )
    many, process, single, session = np.median(turns, axis=0)
    lengths = [len(text.split()) for text in texts]
    print(f"{len(texts)} texts of {np.mean(lengths):.0f} words on average, {np.max(lengths)} at most; per core second:")
    print(f"  in this process, batches of 32: {process:,.0f} texts")
    print(f"  64 texts per request: {many:,.0f} texts, {np.median(turns[:, 0] / turns[:, 1]):.0%} of that")
    print(f"  one text per request: {single:,.0f} texts")
    if streams:
        print(f"  ten words of a session per request: {session:,.0f} requests, each committed")
