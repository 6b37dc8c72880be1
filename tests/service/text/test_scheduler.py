"""Who steps together and when, with a fake network whose state is the list of tokens that it has read."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Expired, Loading, QueueFull, ServiceError
from service.scheduling.capacity import CapacityLimiter
from service.stores.interface import Put, Record, StoreError
from service.text.detokenizer import SymbolTable
from service.text.request import DecodeRequest, TextChunk, TextEnd, TextTask
from service.text.scheduler import TextScheduler
from service.text.sequence import READ_CHUNK
from statecast.inputs.vocabulary import Vocabulary

LETTERS = Vocabulary("char", "abcdefghij")


def following(read: tuple[int, ...]) -> int:
    """What the fake network draws next: it depends on everything that was read."""
    return 1 + (sum(read) * 7 + len(read) * 3) % 10


class DecodeBatch:
    def __init__(self, backend: "TextBackend", sequences: Sequence) -> None:
        self.backend = backend
        self.read = [s.state + (() if s.token is None else (s.token,)) for s in sequences]
        self.before = [s.state for s in sequences]
        self.first = True

    def step(self) -> list[int | None]:
        self.backend.batches.append(len(self.read))
        if any(self.backend.poison in read for read in self.read):
            raise RuntimeError("poisoned")
        if not self.first:
            self.read = [(*read, following(read)) for read in self.read]
        self.first, self.before = False, self.read
        return [None if self.backend.nan in read else following(read) for read in self.read]

    def state(self, row: int) -> tuple[int, ...]:
        return self.before[row]


class TextBackend:
    """``poison``: a token that makes any call fail.  ``nan``: one after which nothing is finite."""

    symbols = SymbolTable(LETTERS)

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.chunks: list[int] = []
        self.kept: dict[str, tuple[int, ...]] = {}
        self.poison = self.nan = -1
        self.full = False

    def load_state(self, key):
        return () if key is None else self.kept[key]

    def prefill(self, states, tokens):
        if any(self.poison in part for part in tokens):
            raise RuntimeError("poisoned")
        self.chunks.append(len(tokens[0]))
        return [state + tuple(map(int, part)) for state, part in zip(states, tokens, strict=True)]

    def batch(self, sequences):
        return DecodeBatch(self, sequences)

    def export_state(self, state):
        return "digest", bytes(state)

    def commit(self, writes: Sequence[Put]) -> None:
        if self.full:
            raise StoreError("disk full")
        for put in writes:
            self.kept[put.record.key] = tuple(put.state)


class Bench:
    def __init__(self, limit: int = 10) -> None:
        self.backend, self.capacity = TextBackend(), CapacityLimiter(limit, "texts")
        self.scheduler = TextScheduler(self.backend, self.capacity, self._deliver, lambda n: None)

    def _deliver(self, updates) -> None:
        for task, update in updates:
            task.receive(update)

    def request(self, prompt: str, max_tokens: int = 8, **fields) -> tuple[TextTask, list]:
        got: list = []
        task = TextTask(DecodeRequest("m", LETTERS.encode(prompt)[0], max_tokens, 1, **fields), got.append)
        self.scheduler.submit(task)
        return task, got

    def drain(self) -> None:
        while self.scheduler.turn():
            pass


def record(key: str) -> Record:
    none = np.zeros((1, 0), np.float32)
    return Record(key, "m", "m@1", None, 0, ("",), none[0], 0.0, 0, -1, 0, none, 0, 0.0, 0.0, 0.0, kind="generator")


def text(got: list, index: int = 0) -> str:
    return "".join(u.text for u in got if isinstance(u, TextChunk) and u.choice == index)


def alone(prompt: str, max_tokens: int, **fields) -> str:
    bench = Bench()
    _, got = bench.request(prompt, max_tokens, **fields)
    bench.drain()
    return text(got)


@given(st.lists(st.tuples(st.text("abcdefghij", min_size=1, max_size=150), st.integers(1, 12)), min_size=1, max_size=8))
def test_together_is_as_alone(requests: list[tuple[str, int]]) -> None:
    """Rows join and leave at different rounds, and prompts are read in chunks between them."""
    bench = Bench(100)
    waiting = []
    for prompt, max_tokens in requests:
        waiting.append(bench.request(prompt, max_tokens)[1])
        bench.scheduler.turn()
    bench.drain()
    assert [text(got) for got in waiting] == [alone(prompt, max_tokens) for prompt, max_tokens in requests]
    assert all(
        isinstance(got[-1], TextEnd) and got[-1].completion_tokens == max_tokens
        for got, (_, max_tokens) in zip(waiting, requests, strict=True)
    )
    assert bench.capacity.taken == 0


def test_all_step_in_one_batch() -> None:
    bench = Bench()
    for prompt in "abc":
        bench.request(prompt, 5)
    bench.request("d", 5, n=3)
    bench.drain()
    assert bench.backend.batches == [6] * 5


def test_a_long_prompt_lets_texts_step_between_its_chunks() -> None:
    bench = Bench()
    bench.request("a", 50)
    bench.scheduler.turn()
    _, long = bench.request("b" * (20 * READ_CHUNK + 1), 1)
    for turn in range(20):
        steps, chunks = len(bench.backend.batches), len(bench.backend.chunks)
        bench.scheduler.turn()
        bench.scheduler.turn()
        assert (len(bench.backend.batches), len(bench.backend.chunks)) == (steps + 1, chunks + 1), turn
    assert text(long) and max(bench.backend.chunks) == READ_CHUNK


def test_who_leaves_is_gone_before_the_next_step() -> None:
    bench = Bench()
    gone, heard = bench.request("a", 100, n=3)
    _, got = bench.request("b", 4)
    bench.scheduler.turn()
    gone.cancelled = Expired("the client left")
    bench.drain()
    assert bench.backend.batches == [4, 1, 1, 1] and isinstance(heard[-1], Expired)
    assert text(got) == alone("b", 4)


def test_rows_are_bounded() -> None:
    bench = Bench(4)
    bench.request("a", n=3)
    with pytest.raises(QueueFull):
        bench.request("b", n=2)
    bench.request("b")
    bench.drain()
    bench.request("c", n=4)


def test_one_that_fails_fails_alone() -> None:
    bench = Bench()
    bench.backend.poison, bench.backend.nan = 1, 2
    outcomes = [bench.request(prompt, 3)[1] for prompt in ("a", "aaaaa", "b", "j", "jj")]
    bench.drain()
    assert [isinstance(got[-1], ServiceError) for got in outcomes[:3]] == [True] * 3
    assert bench.capacity.taken == 0 and len(bench.backend.batches) > 3
    for got, prompt in zip(outcomes[3:], ("j", "jj"), strict=True):
        assert isinstance(got[-1], ServiceError) or text(got) == alone(prompt, 3)


def test_stopping_fails_what_is_left() -> None:
    bench = Bench()
    outcomes = [bench.request("a" * n, 100)[1] for n in (1, 99)]
    bench.scheduler.turn()
    bench.scheduler.abandon()
    bench.drain()
    assert all(isinstance(got[-1], Loading) for got in outcomes) and bench.capacity.taken == 0


@given(st.text("abcdefghij", min_size=1, max_size=9), st.lists(st.integers(1, 6), min_size=1, max_size=4))
def test_a_session_in_parts_is_the_whole(prompt: str, parts: list[int]) -> None:
    bench, written = Bench(), ""
    for place, max_tokens in enumerate(parts):
        _, got = bench.request(prompt if not place else "", max_tokens, key="s", fresh=not place, record=record("s"))
        bench.drain()
        written += text(got)
    assert written == alone(prompt, sum(parts))
    assert bench.backend.kept["s"] == tuple(LETTERS.encode(prompt + written)[0])


def test_a_session_stands_where_its_text_was_cut() -> None:
    whole = alone("a", 12)
    bench = Bench()
    _, got = bench.request("a", 12, key="s", record=record("s"), stops=(whole[5:8],))
    bench.drain()
    cut = whole[: whole.index(whole[5:8])]
    assert text(got) == cut and [u.finish_reason for u in got if isinstance(u, TextChunk)][-1] == "stop"
    assert bench.backend.kept["s"] == tuple(LETTERS.encode("a" + cut)[0])
    assert isinstance(got[-1], TextEnd) and got[-1].record is not None and got[-1].record.count == 1 + len(cut)


def test_a_session_that_cannot_be_kept_says_so_and_is_as_it_was() -> None:
    bench = Bench()
    bench.backend.kept["s"] = (1,)
    bench.backend.full = True
    _, got = bench.request("b", 3, key="s", fresh=False, record=record("s"))
    bench.drain()
    assert isinstance(got[-1], Loading) and bench.backend.kept["s"] == (1,) and bench.capacity.taken == 0
