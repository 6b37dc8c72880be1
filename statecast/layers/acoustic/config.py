"""What decides the tensors of a network that turns speech into text."""

from dataclasses import dataclass
from typing import Any

from statecast.inputs.recording import RATES
from statecast.layers.cells import registry as cells
from statecast.plain import Plain, as_tuples, expect


@dataclass(frozen=True)
class TranscriberConfig(Plain):
    """Everything that decides a ``Transcriber``'s tensors.

    Raises
    ------
    ConfigError
        If a value is out of range.

    Examples
    --------
    >>> TranscriberConfig(symbols=("no", "yes"), width=64).step_frames
    4
    """

    symbols: tuple[str, ...] = ()
    """What it writes: words, or characters."""
    separator: str = " "
    """What stands between two symbols; empty for characters, of which ``" "`` ends a word."""
    sample_rate: int = 8000
    """Samples per second whose frequencies it hears; recordings of a higher rate are read as far as these reach."""
    bands: int = 40
    """Bands of the log-mel features."""
    channels: tuple[int, ...] = (16, 32)
    """Channels of each convolution over time and pitch; each halves both."""
    stacking: int = 1
    """Frames after the convolutions that make one recurrent step."""
    cell: str = "gru"
    """Recurrent cell, by its name in ``statecast.layers.cells``."""
    width: int = 128
    """Width of the recurrent layers, D; of each direction where there are two."""
    layers: int = 2
    """Recurrent layers."""
    bidirectional: bool = True
    """Whether layers read backwards too; then it takes whole recordings, and otherwise streams."""
    dropout: float = 0.2
    """Share of inputs that training leaves out, from 0 to below 1."""
    tail_s: float = 0.32
    """Seconds of silence that are read after the end, for what is recognised late."""
    kept_symbols: int = 512
    """Symbols that the state of a stream keeps, the last ones."""

    def __post_init__(self) -> None:
        for name in ("bands", "stacking", "width", "layers", "kept_symbols"):
            expect(getattr(self, name) >= 1, name, "a whole number above 0", getattr(self, name))
        expect(self.sample_rate in RATES, "sample_rate", f"one of {', '.join(map(str, RATES))}", self.sample_rate)
        expect(all(count >= 1 for count in self.channels), "channels", "whole numbers above 0", self.channels)
        few = 2 ** len(self.channels)
        expect(self.bands >= few, "bands", f"at least {few}, halved by each of the channels", self.bands)
        whole = all(self.symbols) and len(set(self.symbols)) == len(self.symbols)
        expect(whole, "symbols", "distinct ones that are not empty", self.symbols)
        cells.get(self.cell)
        expect(0.0 <= self.dropout < 1.0, "dropout", "a number from 0 to below 1", self.dropout)
        expect(0.0 <= self.tail_s <= 10.0, "tail_s", "seconds from 0 to 10", self.tail_s)

    @property
    def step_frames(self) -> int:
        """Frames from one recurrent step to the next."""
        return int(2 ** len(self.channels)) * self.stacking

    @classmethod
    def _typed(cls, values: dict[str, Any]) -> dict[str, Any]:
        return as_tuples(values, "symbols", "channels")
