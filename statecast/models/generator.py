"""A recurrent language model: the same cells, state and artifact as a ``Forecaster``, with symbols instead of values.

Shapes: B rows, T symbols, V size of the vocabulary, D width.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from statecast.inputs.vocabulary import Vocabulary, tabulate_allowed_bytes
from statecast.layers.cells import registry as cells
from statecast.layers.cells.recurrent import Recurrent
from statecast.plain import Plain, as_tuples, expect
from statecast.state.state import Field, State, StateSpec

# The longest part of a UTF-8 character that can be open.
_RECENT = 3


@dataclass(frozen=True)
class GeneratorConfig(Plain):
    """Everything that decides a ``Generator``'s tensors.

    Raises
    ------
    ConfigError
        If a value is out of range.

    Examples
    --------
    >>> GeneratorConfig(vocabulary="byte", width=64).to_dict()["cell"]
    'lstm'
    """

    vocabulary: str = "char"
    """What a symbol is: ``char``, ``word`` or ``byte``."""
    symbols: tuple[str, ...] = ()
    """Symbols that the vocabulary knows; empty for ``byte``."""
    embedding: int = 128
    """Numbers per embedded symbol."""
    width: int = 256
    """Width of hidden vectors, D."""
    layers: int = 2
    """Recurrent layers."""
    cell: str = "lstm"
    """Recurrent cell, by its name in ``statecast.layers.cells``."""
    dropout: float = 0.2
    """Share of inputs that training leaves out, from 0 to below 1."""

    def __post_init__(self) -> None:
        for name in ("embedding", "width", "layers"):
            expect(getattr(self, name) >= 1, name, "a whole number above 0", getattr(self, name))
        cells.get(self.cell)
        expect(0.0 <= self.dropout < 1.0, "dropout", "a number from 0 to below 1", self.dropout)

    @classmethod
    def _typed(cls, values: dict[str, Any]) -> dict[str, Any]:
        return as_tuples(values, "symbols")


class Generator(nn.Module):
    """Symbols in, a distribution of the next one out; what came before lies in the state alone.

    Parameters
    ----------
    config : GeneratorConfig
        Its shape.

    Examples
    --------
    >>> network = Generator(GeneratorConfig(symbols=("a", "b"), embedding=4, width=8)).eval()
    >>> state = network.prime(torch.tensor([[1, 2, 1]]), network.fresh(1))
    >>> tuple(network.decode(state).shape), int(state["count"])
    ((1, 3), 3)
    """

    byte_class: Tensor
    allowed: Tensor

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.vocabulary = Vocabulary(config.vocabulary, config.symbols)
        self.spec = StateSpec(
            (
                Field("count", (), torch.int64),
                Field("recent", (_RECENT,), torch.int64, fill=-1),
                Field("hidden", (config.layers, cells.get(config.cell).parts, config.width), torch.float32),
            )
        )
        self.embed = nn.Embedding(len(self.vocabulary), config.embedding)
        self.dropout = nn.Dropout(config.dropout)
        self.recurrent = Recurrent(config.cell, config.width, config.layers, config.dropout, inputs=config.embedding)
        self.head = nn.Linear(config.width, len(self.vocabulary))
        if config.vocabulary == "byte":
            byte_class, allowed = tabulate_allowed_bytes()
            self.register_buffer("byte_class", torch.from_numpy(byte_class), persistent=False)
            self.register_buffer("allowed", torch.from_numpy(allowed), persistent=False)

    def fresh(self, rows: int) -> State:
        """Return the states of texts of which nothing has been read.

        Parameters
        ----------
        rows : int
            Number of texts, B.

        Returns
        -------
        State
            B rows.
        """
        return self.spec.fresh(rows, self.head.weight.device)

    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Read symbols and say what may follow each.

        Parameters
        ----------
        tokens : Tensor
            ``[B, T]`` int64, T >= 1.
        state : State
            B rows.

        Returns
        -------
        tuple of Tensor and State
            Logits ``[B, T, V]`` of what follows each, as the network gives them, and the state after all.
        """
        outputs, hidden = self.recurrent.run(self.dropout(self.embed(tokens)), state["hidden"])
        logits: Tensor = self.head(self.dropout(outputs))
        return logits, self._after(tokens, hidden, state)

    def prime(self, tokens: Tensor, state: State) -> State:
        """Read symbols. Reading some and then others is reading both.

        Parameters
        ----------
        tokens : Tensor
            ``[B, T]`` int64, T >= 1.
        state : State
            B rows, which stay as they are.

        Returns
        -------
        State
            B rows after these symbols.
        """
        _, hidden = self.recurrent.run(self.embed(tokens), state["hidden"])
        return self._after(tokens, hidden, state)

    def decode(self, state: State) -> Tensor:
        """Say what may follow.

        Parameters
        ----------
        state : State
            B rows.

        Returns
        -------
        Tensor
            Logits ``[B, V]`` of the next symbol; minus infinity for what may never be generated.
        """
        logits: Tensor = self.head(state["hidden"][:, -1, 0])
        if self.vocabulary.kind != "byte":
            return torch.cat([torch.full_like(logits[:, :1], -torch.inf), logits[:, 1:]], dim=1)
        classes = self.byte_class[state["recent"] + 1]
        return logits.masked_fill(~self.allowed[tuple(classes.unbind(1))], -torch.inf)

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Read one symbol per row and say what may follow: ``prime``, then ``decode``.

        Parameters
        ----------
        tokens : Tensor
            ``[B]`` int64.
        state : State
            B rows, which stay as they are.

        Returns
        -------
        tuple of Tensor and State
            Logits ``[B, V]`` of the next symbol, and the state.
        """
        state = self.prime(tokens[:, None], state)
        return self.decode(state), state

    def _after(self, tokens: Tensor, hidden: Tensor, state: State) -> State:
        recent = torch.cat([state["recent"], tokens], dim=1)[:, -_RECENT:]
        return self.spec.pack({"count": state["count"] + tokens.shape[1], "recent": recent, "hidden": hidden})
