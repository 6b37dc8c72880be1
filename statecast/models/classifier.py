"""A recurrent classifier: sequences of symbols or of values to classes or numbers, whole or as a stream.

Shapes: B rows, T steps, C channels, K classes.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from statecast.errors import InputError
from statecast.inputs.tokenizer import PAD, Tokenizer
from statecast.layers.sequences.causal_convolution import CausalConvolutions
from statecast.layers.sequences.config import ClassifierConfig
from statecast.layers.sequences.hashed_ngrams import HashedNgrams
from statecast.layers.sequences.padding import sequence_mask
from statecast.layers.sequences.pooling import Pooling
from statecast.layers.sequences.random_kernels import RandomKernels
from statecast.layers.sequences.recurrent_stack import RecurrentStack
from statecast.models.sequence_network import SequenceNetwork
from statecast.state.state import Field, State, StateSpec, fresh_fields


class Classifier(SequenceNetwork[Tensor]):
    """Sequences in; probabilities of classes, or a number, out, as of the last step read.

    Parameters
    ----------
    config : ClassifierConfig
        Its shape.

    Examples
    --------
    >>> network = Classifier(ClassifierConfig("byte", labels=("no", "yes"), embedding=4, width=8)).eval()
    >>> tokens, lengths = torch.tensor([[5, 9, 7]]), torch.tensor([3])
    >>> whole = network.run(tokens, lengths)
    >>> _, state = network.advance(tokens[:, :1], torch.tensor([1]), network.initial_state(1))
    >>> torch.allclose(network.advance(tokens[:, 1:], torch.tensor([2]), state)[0], whole, atol=1e-6)
    True
    """

    temperature: Tensor
    ngram_share: Tensor
    location: Tensor
    scale: Tensor
    channel_mean: Tensor
    channel_scale: Tensor

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        self.config = config
        self.tokenizer: Tokenizer | None = None
        if config.inputs == "values":
            wide = 2 * len(config.channels)  # each with whether it is missing
        else:
            self.tokenizer = Tokenizer(config.inputs, config.symbols, lower=config.lower, tags=config.tags)
            wide = config.embedding
            self.embed = nn.Embedding(len(self.tokenizer), wide, padding_idx=PAD)
        self.convolutions = CausalConvolutions(wide, config.kernels, config.filters) if config.kernels else None
        wide = config.filters if config.kernels else wide
        self.recurrent = RecurrentStack(
            config.cell, wide, config.width, config.layers, config.dropout, bidirectional=config.bidirectional
        )
        features = self.recurrent.outputs + (wide if config.shortcut else 0)
        self.pooling = Pooling(config.pooling, features, config.heads)
        grams, spaced, channels = config.ngrams, config.dilations, len(config.channels)
        self.ngrams = HashedNgrams(grams, config.ngram_buckets, config.outputs) if grams else None
        self.shapes = RandomKernels(channels, spaced, config.thresholds, config.outputs) if spaced else None
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(self.pooling.outputs, config.outputs)
        # What a fit finds out beside the weights: units of the values and of the number, and how sure to be.
        self.register_buffer("channel_mean", torch.zeros(channels, dtype=torch.float64))
        self.register_buffer("channel_scale", torch.ones(channels, dtype=torch.float64))
        self.register_buffer("location", torch.zeros((), dtype=torch.float64))
        self.register_buffer("scale", torch.ones((), dtype=torch.float64))
        self.register_buffer("temperature", torch.ones((), dtype=torch.float64))
        # Of the linear model, which of values is that of shapes.
        self.register_buffer("ngram_share", torch.full((), 0.5 if self.linear else 0.0, dtype=torch.float64))
        self.spec = StateSpec(
            (
                Field("count", (), torch.int64),
                *(self.convolutions.fields if self.convolutions else ()),
                Field("hidden", self.recurrent.shape, torch.float32),
                *self.pooling.fields,
                *(self.linear.fields if self.linear else ()),
            )
        )

    @property
    def linear(self) -> HashedNgrams | RandomKernels | None:
        """The linear model beside the recurrent layers: n-grams of symbols, or shapes of values."""
        return self.ngrams or self.shapes

    @property
    def streaming(self) -> str:
        """``exact``, or ``none`` where it reads both ways."""
        return "none" if self.config.bidirectional else "exact"

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Give what is calibrated: logits, or the number in units of its deviation.

        Parameters
        ----------
        inputs : Tensor
            ``[B, T]`` int64 ids, or ``[B, T, C]`` values in the channels' units, NaN missing. T >= 1.
        lengths : Tensor
            ``[B]`` int64.

        Returns
        -------
        Tensor
            ``[B, K]``.
        """
        return self.mix(*self.parts(inputs, lengths))

    def parts(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor | None]:
        """Give what the recurrent layers say and what the linear model says, each by itself.

        Parameters
        ----------
        inputs, lengths : Tensor
            As for ``forward``.

        Returns
        -------
        tuple of Tensor
            ``[B, K]`` each; None without a linear model.
        """
        carried = fresh_fields(self.spec.fields.values(), len(inputs), inputs.device)
        recurrent = self.recur(inputs, lengths)
        if self.linear is None:
            return recurrent, None
        return recurrent, self.linear.summary(self._count(inputs, lengths, carried))

    def recur(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Give what the recurrent layers say.

        Parameters
        ----------
        inputs, lengths : Tensor
            As for ``forward``.

        Returns
        -------
        Tensor
            ``[B, K]``.
        """
        self._check(inputs, lengths)
        carried = fresh_fields(self.spec.fields.values(), len(inputs), inputs.device)
        steps, _ = self._embed(inputs, lengths, carried)
        return self._head(self._pool(lengths, steps, self.recurrent.run(steps, lengths), carried))

    def mix(self, recurrent: Tensor, linear: Tensor | None) -> Tensor:
        """Weigh both parts by the share that a fit found.

        Parameters
        ----------
        recurrent : Tensor
            ``[B, K]``.
        linear : Tensor or None
            ``[B, K]``, likewise.

        Returns
        -------
        Tensor
            ``[B, K]``.
        """
        if linear is None:
            return recurrent
        share = self.ngram_share.float()
        return (1.0 - share) * recurrent + share * linear

    def run(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """See ``SequenceNetwork.run``: calibrated probabilities ``[B, K]``, or the number in its unit ``[B, 1]``."""
        return self.decode(self(inputs, lengths))

    def advance(self, inputs: Tensor, lengths: Tensor, state: State) -> tuple[Tensor, State]:
        """See ``SequenceNetwork.advance``: what ``run`` says of all that was read so far."""
        self.check_streams()
        carried = {name: state[name] for name in state.spec.fields}
        if inputs.shape[1]:
            self._check(inputs, lengths)
            steps, after = self._embed(inputs, lengths, carried)
            outputs, after["hidden"] = self.recurrent.advance(steps, lengths, carried["hidden"])
            after |= self._pool(lengths, steps, outputs, carried) | self._count(inputs, lengths, carried)
            carried |= after | {"count": carried["count"] + lengths}
        linear = None if self.linear is None else self.linear.summary(carried)
        return self.decode(self.mix(self._head(carried), linear)), self.spec.pack(carried)

    def decode(self, outputs: Tensor) -> Tensor:
        """Turn what ``forward`` gives into what is served.

        Parameters
        ----------
        outputs : Tensor
            ``[B, K]``.

        Returns
        -------
        Tensor
            ``[B, K]`` float32.
        """
        if not self.config.labels:
            return (outputs.double() * self.scale + self.location).float()
        return (outputs.double() / self.temperature).softmax(-1).float()

    def units(self, inputs: Tensor) -> Tensor:
        """Bring values to deviations from the mean of their channel.

        Parameters
        ----------
        inputs : Tensor
            ``[..., C]``, NaN missing.

        Returns
        -------
        Tensor
            ``[..., C]`` float32, not finite where missing.
        """
        return ((inputs.double() - self.channel_mean) / self.channel_scale).float()

    def _embed(
        self, inputs: Tensor, lengths: Tensor, carried: Mapping[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """What the recurrent layers read, and what the convolutions carry on."""
        real = sequence_mask(lengths, inputs.shape[1])
        if self.tokenizer is not None:
            steps = self.dropout(self.embed(inputs)) * real[..., None]
        else:
            units = self.units(inputs)
            missing = ~units.isfinite()
            steps = torch.cat([units.masked_fill(missing, 0.0), missing.float()], dim=-1) * real[..., None]
        return (steps, {}) if self.convolutions is None else self.convolutions.read(steps, real, carried)

    def _pool(
        self, lengths: Tensor, steps: Tensor, outputs: Tensor, carried: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """What pooling carries on, from what the recurrent layers read and what they say."""
        features = torch.cat([outputs, steps], dim=-1) if self.config.shortcut else outputs
        return self.pooling.read(features, sequence_mask(lengths, outputs.shape[1]), carried)

    def _count(self, inputs: Tensor, lengths: Tensor, carried: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the linear model carries on."""
        if self.shapes is not None:
            return self.shapes.read(self.units(inputs).nan_to_num(0.0, 0.0, 0.0), lengths, carried)
        return {} if self.ngrams is None else self.ngrams.read(inputs, lengths, carried)

    def _head(self, carried: Mapping[str, Tensor]) -> Tensor:
        logits: Tensor = self.head(self.dropout(self.pooling.summary(carried)))
        return logits

    def _check(self, inputs: Tensor, lengths: Tensor) -> None:
        wanted = (len(self.config.channels),) if self.tokenizer is None else ()
        if inputs.dim() != 2 + len(wanted) or inputs.shape[2:] != wanted or lengths.shape != inputs.shape[:1]:
            raise InputError(
                f"inputs: expected {'[B, T, C]' if wanted else '[B, T]'} with B lengths"
                f"{f' and {wanted[0]} channels' if wanted else ''}, got {list(inputs.shape)} with "
                f"{list(lengths.shape)}; see ClassifierConfig.inputs"
            )
