"""The ``openai`` package, as it comes, against our ``/v1``."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

from tests.builders import tiny_artifact, tiny_generator_artifact
from tests.service.http_client import serving, settings_of

Flow = Callable[[AsyncOpenAI], Awaitable[None]]


@asynccontextmanager
async def sdk(folder: Path, key: str) -> AsyncIterator[AsyncOpenAI]:
    settings = settings_of(folder, api_keys_file=folder / "keys.txt")
    async with (
        serving(settings) as (_, app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app)) as http,
        AsyncOpenAI(base_url="http://test/v1", api_key=key, http_client=http, max_retries=0) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(folder)
    tiny_generator_artifact(folder)
    tiny_generator_artifact(folder, version="2")
    (folder / "keys.txt").write_text("me:secret\n")
    return folder


def test_completions_whole_and_streamed(folder: Path) -> None:
    async def flow() -> None:
        async with sdk(folder, "secret") as client:
            ask = {"model": "letters", "prompt": "once", "max_tokens": 20, "seed": 7, "temperature": 0.9}
            whole = await client.completions.create(**ask, user="me", echo=False, logit_bias={})
            (choice,) = whole.choices
            assert (len(choice.text), choice.finish_reason, choice.logprobs) == (20, "length", None)
            assert whole.usage is not None and whole.usage.total_tokens == 24
            stop = choice.text[8:11]
            several = await client.completions.create(**ask, n=3, stop=[stop])
            cut = choice.text[: choice.text.index(stop)]
            assert (several.choices[0].text, several.choices[0].finish_reason) == (cut, "stop")
            assert len({one.text for one in several.choices}) == 3
            stream = await client.completions.create(**ask, n=2, stream=True, stream_options={"include_usage": True})
            texts, finishes, usage = ["", ""], {}, None
            async for chunk in stream:
                usage = chunk.usage or usage
                for one in chunk.choices:
                    texts[one.index] += one.text
                    if one.finish_reason:
                        finishes[one.index] = one.finish_reason
            assert texts[0] == choice.text and finishes == {0: "length", 1: "length"}
            assert usage is not None and usage.completion_tokens == 40
            models = await client.models.list()
            assert [model.id for model in models.data] == ["letters@1", "letters"]
            assert (await client.models.retrieve("letters")).owned_by == "statecast"
            with pytest.raises(openai.BadRequestError, match="top_p"):
                await client.completions.create(**ask, top_p=2)
            with pytest.raises(openai.NotFoundError, match="letters@2"):
                await client.completions.create(**{**ask, "model": "gpt"})

    asyncio.run(flow())


def test_a_wrong_key_is_told_in_the_same_shape(folder: Path) -> None:
    async def flow() -> None:
        async with sdk(folder, "wrong") as client:
            with pytest.raises(openai.PermissionDeniedError, match="not one of this server's") as caught:
                await client.models.list()
            assert caught.value.code == "wrong_api_key"

    asyncio.run(flow())
