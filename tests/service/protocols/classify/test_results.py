"""``POST /classify`` against real networks: alike alone or among others, in order, as the library says."""

from pathlib import Path

import httpx
import numpy as np
import pytest
import torch
from fastapi import FastAPI

from statecast import load
from tests.service.protocols.classify.scenes import Run, ask, post, probabilities, values


def test_texts_are_classified_in_their_order_as_the_library_does(run: Run, artifacts: Path) -> None:
    """The service may batch, pad and cut as it likes; what it says is what the network says of each text alone."""
    texts = ["a good film", "bad", "it was not very good, it was boring " * 30, "GREAT!", "film " * 1500]

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        for name in ("mood", "both-ways"):
            network = load(artifacts / f"{name}-1").classifier
            assert network.tokenizer is not None
            answer = await post(client, *({"text": text} for text in texts), model=name)
            body = answer.json()
            assert (body["model"]["name"], body["id"][:4]) == (name, "cls_")
            for text, result in zip(texts, body["results"], strict=True):
                tokens = torch.from_numpy(network.tokenizer.encode(text))[None]
                wanted = network.run(tokens, torch.tensor([tokens.shape[1]]))[0].tolist()
                np.testing.assert_allclose(probabilities(result), wanted, atol=1e-4)  # 1,500 words, summed in pieces
                assert result["label"] == ("bad", "good")[int(np.argmax(wanted))]
                assert (result["session"], result["error"]) == (None, None)

    run(flow)


def test_an_input_alone_is_what_it_is_among_others(run: Run) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        alone = [(await ask(client, {"target": values(n, n)}, model="wrist"))[0] for n in range(1, 40)]
        among = await ask(client, *({"target": values(n, n)} for n in range(1, 40)), model="wrist")
        for one, other in zip(alone, among, strict=True):
            np.testing.assert_allclose(probabilities(one), probabilities(other), atol=1e-5)
            assert sum(probabilities(other)) == pytest.approx(1.0, abs=1e-6)

    run(flow)


def test_a_number_where_the_model_estimates_one_and_missing_values(run: Run) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        plain, missing = await ask(client, {"target": [1.0, 2.0]}, {"target": [1.0, None]}, model="meter")
        assert plain["label"] is plain["probabilities"] is None and np.isfinite(plain["value"])
        assert missing["value"] != plain["value"]

    run(flow)
