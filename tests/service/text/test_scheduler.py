"""Who steps together and when, with a fake network whose state is the list of tokens that it has read."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Expired, Loading, QueueFull, ServiceError
from service.scheduling.capacity import CapacityLimiter
from service.stores.interface import Put, Record, StoreError
from service.text.detokenizer import Spelling
from service.text.request import Ask, Ended, TextChunk, TextTask
from service.text.scheduler import READ_CHUNK, TextScheduler
from statecast.inputs.vocabulary import Vocabulary

LETTERS = Vocabulary("char", "abcdefghij")


def following(read: tuple[int, ...]) -> int:
    """What the fake network draws next: it depends on everything that was read."""
    return 1 + (sum(read) * 7 + len(read) * 3) % 10


class DecodeBatch:
    def __init__(self, stepper: "Stepper", strands: Sequence) -> None:
        self.stepper = stepper
        self.read = [s.carry + (() if s.token is None else (s.token,)) for s in strands]
        self.before = [s.carry for s in strands]
        self.first = True

    def step(self) -> list[int | None]:
        self.stepper.batches.append(len(self.read))
        if any(self.stepper.poison in read for read in self.read):
            raise RuntimeError("poisoned")
        if not self.first:
            self.read = [(*read, following(read)) for read in self.read]
        self.first, self.before = False, self.read
        return [None if self.stepper.nan in read else following(read) for read in self.read]

    def carry(self, row: int) -> tuple[int, ...]:
        return self.before[row]


class Stepper:
    """``poison``: a token that makes any call fail.  ``nan``: one after which nothing is finite."""

    spelling = Spelling(LETTERS)

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.chunks: list[int] = []
        self.kept: dict[str, tuple[int, ...]] = {}
        self.poison = self.nan = -1
        self.full = False

    def begin(self, key):
        return () if key is None else self.kept[key]

    def read(self, carries, tokens):
        if any(self.poison in part for part in tokens):
            raise RuntimeError("poisoned")
        self.chunks.append(len(tokens[0]))
        return [carry + tuple(map(int, part)) for carry, part in zip(carries, tokens, strict=True)]

    def crew(self, strands):
        return DecodeBatch(self, strands)

    def state(self, carry):
        return "digest", bytes(carry)

    def commit(self, writes: Sequence[Put]) -> None:
        if self.full:
            raise StoreError("disk full")
        for put in writes:
            self.kept[put.record.key] = tuple(put.state)


class Bench:
    def __init__(self, limit: int = 10) -> None:
        self.stepper, self.room = Stepper(), CapacityLimiter(limit, "texts")
        self.rounds = TextScheduler(self.stepper, self.room, self._deliver, lambda n: None)

    def _deliver(self, updates) -> None:
        for passage, update in updates:
            passage.receive(update)

    def ask(self, prompt: str, most: int = 8, **fields) -> tuple[TextTask, list]:
        got: list = []
        passage = TextTask(Ask("m", LETTERS.encode(prompt)[0], most, 1, **fields), got.append)
        self.rounds.submit(passage)
        return passage, got

    def drain(self) -> None:
        while self.rounds.turn():
            pass


def record(key: str) -> Record:
    none = np.zeros((1, 0), np.float32)
    return Record(key, "m", "m@1", None, 0, ("",), none[0], 0.0, 0, -1, 0, none, 0, 0.0, 0.0, 0.0, kind="generator")


def text(got: list, index: int = 0) -> str:
    return "".join(u.text for u in got if isinstance(u, TextChunk) and u.which == index)


def alone(prompt: str, most: int, **fields) -> str:
    bench = Bench()
    _, got = bench.ask(prompt, most, **fields)
    bench.drain()
    return text(got)


@given(st.lists(st.tuples(st.text("abcdefghij", min_size=1, max_size=150), st.integers(1, 12)), min_size=1, max_size=8))
def test_together_is_as_alone(asks: list[tuple[str, int]]) -> None:
    """Rows join and leave at different rounds, and prompts are read in chunks between them."""
    bench = Bench(100)
    waiting = []
    for prompt, most in asks:
        waiting.append(bench.ask(prompt, most)[1])
        bench.rounds.turn()
    bench.drain()
    assert [text(got) for got in waiting] == [alone(prompt, most) for prompt, most in asks]
    assert all(
        isinstance(got[-1], Ended) and got[-1].drawn == most for got, (_, most) in zip(waiting, asks, strict=True)
    )
    assert bench.room.taken == 0


def test_all_step_in_one_batch() -> None:
    bench = Bench()
    for prompt in "abc":
        bench.ask(prompt, 5)
    bench.ask("d", 5, n=3)
    bench.drain()
    assert bench.stepper.batches == [6] * 5


def test_a_long_prompt_lets_texts_step_between_its_chunks() -> None:
    bench = Bench()
    bench.ask("a", 50)
    bench.rounds.turn()
    _, long = bench.ask("b" * (20 * READ_CHUNK + 1), 1)
    for turn in range(20):
        steps, chunks = len(bench.stepper.batches), len(bench.stepper.chunks)
        bench.rounds.turn()
        bench.rounds.turn()
        assert (len(bench.stepper.batches), len(bench.stepper.chunks)) == (steps + 1, chunks + 1), turn
    assert text(long) and max(bench.stepper.chunks) == READ_CHUNK


def test_who_leaves_is_gone_before_the_next_step() -> None:
    bench = Bench()
    gone, heard = bench.ask("a", 100, n=3)
    _, got = bench.ask("b", 4)
    bench.rounds.turn()
    gone.fate = Expired("the client left")
    bench.drain()
    assert bench.stepper.batches == [4, 1, 1, 1] and isinstance(heard[-1], Expired)
    assert text(got) == alone("b", 4)


def test_rows_are_bounded() -> None:
    bench = Bench(4)
    bench.ask("a", n=3)
    with pytest.raises(QueueFull):
        bench.ask("b", n=2)
    bench.ask("b")
    bench.drain()
    bench.ask("c", n=4)


def test_one_that_fails_fails_alone() -> None:
    bench = Bench()
    bench.stepper.poison, bench.stepper.nan = 1, 2
    outcomes = [bench.ask(prompt, 3)[1] for prompt in ("a", "aaaaa", "b", "j", "jj")]
    bench.drain()
    assert [isinstance(got[-1], ServiceError) for got in outcomes[:3]] == [True] * 3
    assert bench.room.taken == 0 and len(bench.stepper.batches) > 3
    for got, prompt in zip(outcomes[3:], ("j", "jj"), strict=True):
        assert isinstance(got[-1], ServiceError) or text(got) == alone(prompt, 3)


def test_stopping_fails_what_is_left() -> None:
    bench = Bench()
    outcomes = [bench.ask("a" * n, 100)[1] for n in (1, 99)]
    bench.rounds.turn()
    bench.rounds.abandon()
    bench.drain()
    assert all(isinstance(got[-1], Loading) for got in outcomes) and bench.room.taken == 0


@given(st.text("abcdefghij", min_size=1, max_size=9), st.lists(st.integers(1, 6), min_size=1, max_size=4))
def test_a_session_in_parts_is_the_whole(prompt: str, parts: list[int]) -> None:
    bench, written = Bench(), ""
    for place, most in enumerate(parts):
        _, got = bench.ask(prompt if not place else "", most, key="s", fresh=not place, record=record("s"))
        bench.drain()
        written += text(got)
    assert written == alone(prompt, sum(parts))
    assert bench.stepper.kept["s"] == tuple(LETTERS.encode(prompt + written)[0])


def test_a_session_stands_where_its_text_was_cut() -> None:
    whole = alone("a", 12)
    bench = Bench()
    _, got = bench.ask("a", 12, key="s", record=record("s"), stops=(whole[5:8],))
    bench.drain()
    cut = whole[: whole.index(whole[5:8])]
    assert text(got) == cut and [u.finish for u in got if isinstance(u, TextChunk)][-1] == "stop"
    assert bench.stepper.kept["s"] == tuple(LETTERS.encode("a" + cut)[0])
    assert isinstance(got[-1], Ended) and got[-1].record is not None and got[-1].record.count == 1 + len(cut)


def test_a_session_that_cannot_be_kept_says_so_and_is_as_it_was() -> None:
    bench = Bench()
    bench.stepper.kept["s"] = (1,)
    bench.stepper.full = True
    _, got = bench.ask("b", 3, key="s", fresh=False, record=record("s"))
    bench.drain()
    assert isinstance(got[-1], Loading) and bench.stepper.kept["s"] == (1,) and bench.room.taken == 0
