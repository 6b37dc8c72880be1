"""The shape of a ``Classifier``: a frozen value that checks itself and survives JSON."""

from dataclasses import dataclass
from typing import Any

from statecast.inputs.tokenizer import SYMBOLS
from statecast.layers.cells import registry as cells
from statecast.layers.sequences.pooling import POOLINGS
from statecast.plain import Plain, as_tuples, expect


@dataclass(frozen=True)
class ClassifierConfig(Plain):
    """Everything that decides a ``Classifier``'s tensors.

    Raises
    ------
    ConfigError
        If a value is out of range or values do not go together.

    Examples
    --------
    >>> ClassifierConfig(inputs="byte", labels=("no", "yes")).outputs
    2
    """

    inputs: str = "word"
    """What a step is: ``word``, ``char``, ``byte``, or ``values``."""
    symbols: tuple[str, ...] = ()
    """Words or characters that are known."""
    lower: bool = True
    """Whether texts are lower-cased."""
    tags: bool = False
    """Whether tags such as ``<br />`` count as text."""
    channels: tuple[str, ...] = ("target",)
    """Names of the values of a step, for ``values``."""
    labels: tuple[str, ...] = ()
    """Classes, at least two; none where a number is estimated."""
    embedding: int = 64
    """Numbers per embedded symbol."""
    ngrams: int = 0
    """Symbols of the longest n-grams of a linear model beside the recurrent layers; 0 for none."""
    ngram_buckets: int = 65536
    """Weights that n-grams share, per class."""
    dilations: tuple[int, ...] = ()
    """Steps between the taps of random kernels, by which a linear model reads `values` beside the recurrent layers;
    none for no such model."""
    thresholds: int = 2
    """Levels of each random kernel, over which its share of steps is counted."""
    kernels: tuple[int, ...] = ()
    """Steps that each convolution before the recurrent layers sees; none for no convolutions."""
    filters: int = 64
    """Numbers per step that each convolution gives."""
    cell: str = "gru"
    """Recurrent cell, by its name in ``statecast.layers.cells``."""
    width: int = 64
    """Width of hidden vectors, D."""
    layers: int = 1
    """Recurrent layers."""
    bidirectional: bool = False
    """Whether each layer reads both ways; then only whole sequences are classified."""
    pooling: tuple[str, ...] = ("mean", "max", "last", "attention")
    """How steps become one vector, out of ``mean``, ``max``, ``last``, ``attention``."""
    heads: int = 1
    """Attentions over time."""
    shortcut: bool = True
    """Whether what the recurrent layers read is pooled beside what they say."""
    dropout: float = 0.2
    """Share of inputs that training leaves out, from 0 to below 1."""
    longest: int = 200_000
    """Steps of the longest input that is read whole."""

    def __post_init__(self) -> None:
        kinds = (*SYMBOLS, "values")
        expect(self.inputs in kinds, "inputs", f"one of {', '.join(kinds)}", self.inputs)
        for name in ("embedding", "ngram_buckets", "thresholds", "filters", "width", "layers", "heads"):
            expect(getattr(self, name) >= 1, name, "a whole number above 0", getattr(self, name))
        expect(self.ngrams >= 0, "ngrams", "a whole number from 0", self.ngrams)
        cells.get(self.cell)
        expect(len(self.channels) >= 1, "channels", "at least one name", self.channels)
        expect(len(self.labels) != 1, "labels", "at least two, or none for a number", self.labels)
        expect(len(set(self.labels)) == len(self.labels), "labels", "distinct ones", self.labels)
        for name in ("dilations", "kernels"):
            found = getattr(self, name)
            expect(min(found, default=1) >= 1, name, "whole numbers above 0", found)
        known = bool(self.pooling) and set(self.pooling) <= set(POOLINGS)
        expect(known, "pooling", f"some of {', '.join(POOLINGS)}", self.pooling)
        expect(0.0 <= self.dropout < 1.0, "dropout", "a number from 0 to below 1", self.dropout)
        expect(self.longest >= 1, "longest", "a whole number above 0", self.longest)

        text = self.inputs != "values" or not self.ngrams
        expect(text, "ngrams", "0 for values, which are no symbols", self.ngrams)
        values = self.inputs == "values" or not self.dilations
        expect(values, "dilations", "none for texts, whose symbols are no values", self.dilations)

    @property
    def outputs(self) -> int:
        """K, or 1 for a number."""
        return len(self.labels) or 1

    @classmethod
    def _typed(cls, values: dict[str, Any]) -> dict[str, Any]:
        return as_tuples(values, "symbols", "channels", "labels", "dilations", "kernels", "pooling")
