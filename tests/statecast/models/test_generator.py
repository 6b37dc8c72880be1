"""Vocabulary, generator and sampling: text that comes back as it went in, and draws that a seed alone decides."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import statecast
from statecast import Generator, GeneratorConfig
from statecast.errors import ArtifactError, ConfigError, InputError
from statecast.inputs.vocabulary import VOCABULARIES, Vocabulary, allowed_bytes
from statecast.layers.cells import registry as cells
from statecast.uncertainty.sampling import Choice, sample, uniforms

TEXT = "It was the best of times, it was the worst of times. Größe 你好，世界! "


def network(kind: str = "char", cell: str = "lstm") -> Generator:
    torch.manual_seed(0)
    symbols = Vocabulary.of(kind, TEXT).symbols
    return Generator(GeneratorConfig(kind, symbols, embedding=6, width=10, cell=cell)).eval().requires_grad_(False)


def choice(rows: int, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0) -> Choice:
    every = np.arange(rows)
    return Choice(np.full(rows, 7), every, np.full(rows, temperature), np.full(rows, top_k), np.full(rows, top_p))


@pytest.mark.parametrize("kind", VOCABULARIES)
@given(st.text(alphabet=TEXT, max_size=60))
def test_text_comes_back(kind: str, text: str) -> None:
    """Ids that lose a character lose it for ever."""
    vocabulary = Vocabulary.of(kind, TEXT if kind != "word" else TEXT + text)
    ids, unknown = vocabulary.encode(text)
    assert unknown == 0
    assert vocabulary.decode(ids) == text


def test_the_unknown_is_counted_and_named() -> None:
    """What the model cannot read is told, not dropped."""
    ids, unknown = Vocabulary.of("char", "abc").encode("axb")
    assert (ids.tolist(), unknown) == ([1, 0, 2], 1)
    assert Vocabulary.of("char", "abc").decode(ids) == "a\ufffdb"
    assert Vocabulary.of("word", "a a b b c", limit=3).symbols == (" ", "a", "b")


def test_wrong_vocabularies_and_texts_are_refused() -> None:
    """A lone surrogate cannot be stored or sent; it must not get that far."""
    with pytest.raises(InputError, match="lone surrogate at position 1"):
        Vocabulary.of("char", "ab").encode("a\ud800")
    for kind, symbols in (("runes", "ab"), ("byte", "ab"), ("char", ""), ("char", "aa")):
        with pytest.raises(ConfigError):
            Vocabulary(kind, tuple(symbols))


@given(st.text(max_size=20))
def test_every_byte_of_valid_text_is_allowed(text: str) -> None:
    """The mask must not forbid any character that exists."""
    raw = text.encode("utf-8")
    assert all(allowed_bytes(raw[:place])[raw[place]] for place in range(len(raw)))


@given(st.integers(0, 2**32 - 1))
def test_allowed_bytes_make_valid_text(seed: int) -> None:
    """Whatever the network prefers, bytes that are drawn from the mask are UTF-8 once characters are whole."""
    random, raw = np.random.default_rng(seed), b""
    for _ in range(30):
        raw += bytes([random.choice(np.flatnonzero(allowed_bytes(raw)))])
    text = Vocabulary("byte").decode(np.frombuffer(raw, dtype=np.uint8).astype(np.int64))
    assert raw.startswith(text.encode("utf-8"))
    assert len(raw) - len(text.encode("utf-8")) <= 3


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=4), st.sampled_from(cells.names()))
def test_law_1_for_text(pieces: list[int], cell: str) -> None:
    """A conversation in pieces must leave the state that one reading leaves."""
    generator = network(cell=cell)
    tokens = torch.randint(1, len(generator.vocabulary), (2, sum(pieces)))
    state = generator.fresh(2)
    for piece in tokens.split(pieces, dim=1):
        state = generator.prime(piece, state)
    whole = generator.prime(tokens, generator.fresh(2))
    torch.testing.assert_close(generator.decode(state), generator.decode(whole), rtol=1e-5, atol=1e-6)
    logits, after = generator(tokens, generator.fresh(2))
    torch.testing.assert_close(logits[:, -1, 1:], generator.decode(after)[:, 1:], rtol=1e-5, atol=1e-6)
    assert state["count"].tolist() == [sum(pieces)] * 2


def test_random_numbers_depend_on_nothing_else() -> None:
    """In a batch or alone, in any order: the same seed, stream and position give the same number; others, others."""
    seeds, positions = np.arange(50) - 25, np.arange(50) * 1000
    together = uniforms(seeds, np.zeros(50, dtype=np.int64), positions)
    alone = [uniforms(seeds[i : i + 1], np.array([0]), positions[i : i + 1])[0] for i in range(50)]
    assert together.tolist() == alone
    many = uniforms(np.array([1]), np.array([2]), np.arange(100_000))
    assert len(np.unique(many)) == 100_000
    np.testing.assert_allclose(np.histogram(many, 10, (0, 1))[0], 10_000, rtol=0.05)
    assert abs(np.corrcoef(many[1:], many[:-1])[0, 1]) < 0.02


def test_draws_follow_the_distribution() -> None:
    """A hundred thousand draws from known shares must come out as the shares."""
    shares = torch.tensor([0.5, 0.3, 0.15, 0.05])
    rows = 100_000
    drawn = sample(shares.log().expand(rows, -1), choice(rows), np.zeros(rows, dtype=np.int64))
    np.testing.assert_allclose(np.bincount(drawn.numpy()) / rows, shares.numpy(), atol=0.01)


@pytest.mark.parametrize(
    ("options", "possible"),
    [({"temperature": 0.0}, {2}), ({"top_k": 2}, {2, 0}), ({"top_p": 0.5}, {2, 0}), ({"top_p": 0.4}, {2}),
        ({"temperature": 1e-9}, {2}),
    ],
)  # fmt: skip
def test_choice_narrows(options: dict[str, float], possible: set[int]) -> None:
    """Shares 0.3, 0.2, 0.45, 0.05: which symbols may come at all."""
    logits = torch.tensor([0.3, 0.2, 0.45, 0.05]).log().expand(500, -1)
    drawn = sample(logits, choice(500, **options), np.zeros(500, dtype=np.int64))  # type: ignore[arg-type]
    assert set(drawn.tolist()) == possible


@pytest.mark.parametrize("kind", VOCABULARIES)
@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.0, 3.0])
def test_saved_and_loaded_it_writes_the_same(tmp_path: Path, kind: str, temperature: float) -> None:
    """Law 8 for text; and the text is valid Unicode without the unknown symbol at any temperature."""
    generator = network(kind)
    statecast.save(tmp_path, generator, {"name": "text", "version": "1"})
    artifact = statecast.load(tmp_path)
    written = artifact.generate("It was ", max_tokens=40, temperature=temperature, seed=5)
    assert written == statecast.api.generate.write_on(
        generator, "It was ", max_tokens=40, temperature=temperature, seed=5
    )
    assert "\ufffd" not in written and written.encode("utf-8")
    assert artifact.kind == "generator"
    with pytest.raises(ArtifactError, match="expected a forecaster"):
        artifact.forecast([1.0, 2.0])
