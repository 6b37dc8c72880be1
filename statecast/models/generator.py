"""A recurrent language model: the same cells, state and artifact as a ``Forecaster``, with symbols instead of values.

Shapes: B rows, T symbols, V size of the vocabulary, D width.
"""

import torch
from torch import Tensor, nn

from statecast.config import GeneratorConfig
from statecast.inputs.vocabulary import Vocabulary, allowed_bytes
from statecast.layers.cells.recurrent import PARTS, Recurrent
from statecast.state.state import Field, State, StateSpec

# The longest part of a UTF-8 character that can be open.
_RECENT = 3


class Generator(nn.Module):
    """Symbols in, a distribution of the next one out; what came before lies in the state alone."""

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.vocabulary = Vocabulary(config.vocabulary, config.symbols)
        self.spec = StateSpec(
            (
                Field("count", (), torch.int64),
                Field("recent", (_RECENT,), torch.int64, fill=-1),
                Field("hidden", (config.layers, PARTS[config.cell], config.width), torch.float32),
            )
        )
        self.embed = nn.Embedding(len(self.vocabulary), config.embedding)
        self.dropout = nn.Dropout(config.dropout)
        self.recurrent = Recurrent(config.cell, config.width, config.layers, config.dropout, inputs=config.embedding)
        self.head = nn.Linear(config.width, len(self.vocabulary))

    def fresh(self, rows: int) -> State:
        """States of texts of which nothing has been read."""
        return self.spec.fresh(rows, self.head.weight.device)

    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Read ``tokens`` ``[B, T]``, T >= 1.

        Returns the logits ``[B, T, V]`` of what follows each, as the network gives them, and the state after all.
        """
        outputs, hidden = self.recurrent.run(self.dropout(self.embed(tokens)), state["hidden"])
        logits: Tensor = self.head(self.dropout(outputs))
        return logits, self._after(tokens, hidden, state)

    def prime(self, tokens: Tensor, state: State) -> State:
        """The state after reading ``tokens`` ``[B, T]``, T >= 1. Composable like a forecaster's."""
        _, hidden = self.recurrent.run(self.embed(tokens), state["hidden"])
        return self._after(tokens, hidden, state)

    def decode(self, state: State) -> Tensor:
        """Logits ``[B, V]`` of the next symbol; what may never be generated is minus infinity."""
        logits: Tensor = self.head(state["hidden"][:, -1, 0])
        if self.vocabulary.kind != "byte":
            return torch.cat([torch.full_like(logits[:, :1], -torch.inf), logits[:, 1:]], dim=1)
        tails = [bytes(byte for byte in row if byte >= 0) for row in state["recent"].tolist()]
        allowed = torch.stack([torch.from_numpy(allowed_bytes(tail)) for tail in tails])
        return logits.masked_fill(~allowed.to(logits.device), -torch.inf)

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Read one symbol a row, ``[B]``; the logits ``[B, V]`` of the next, and the state."""
        state = self.prime(tokens[:, None], state)
        return self.decode(state), state

    def _after(self, tokens: Tensor, hidden: Tensor, state: State) -> State:
        recent = torch.cat([state["recent"], tokens], dim=1)[:, -_RECENT:]
        return self.spec.pack({"count": state["count"] + tokens.shape[1], "recent": recent, "hidden": hidden})
