"""A network that turns speech into text: sound, recurrent layers, a probability of each symbol per step, CTC.

Layers that read one way carry their state: what a stream answers after its last chunk is what the whole recording
would be answered. Layers that read both ways take whole recordings.

Shapes: B rows, N samples, T steps, V symbols with the blank, D width, K symbols that a state keeps.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence

from statecast.ctc.symbols import Symbols, Transcript
from statecast.errors import ConfigError, InputError
from statecast.layers.acoustic.config import TranscriberConfig
from statecast.layers.acoustic.emissions import Emissions, decoded_fields, kept_symbols, symbol_fields
from statecast.layers.acoustic.sound import SoundEncoder
from statecast.layers.sequences.recurrent_stack import RecurrentStack
from statecast.models.sequence_network import SequenceNetwork
from statecast.state.state import Field, State, StateSpec


class Transcriber(SequenceNetwork[Emissions]):
    """Speech in, symbols out.

    Parameters
    ----------
    config : TranscriberConfig
        Its shape.

    Raises
    ------
    ConfigError
        If the config names no symbol.

    Examples
    --------
    >>> network = Transcriber(TranscriberConfig(symbols=("no", "yes"), width=8, bidirectional=False)).eval()
    >>> _, state = network.advance(torch.zeros(1, 8000), torch.tensor([8000]), network.initial_state(1))
    >>> int(state["samples"]), len(network.transcripts(state))
    (8000, 1)
    """

    def __init__(self, config: TranscriberConfig) -> None:
        super().__init__()
        if not config.symbols:
            raise ConfigError("symbols: expected at least one, got none; name what is to be written")
        self.config = config
        self.sound = SoundEncoder(config)
        self.recurrent = RecurrentStack(
            config.cell,
            self.sound.front_end.width,
            config.width,
            config.layers,
            config.dropout,
            bidirectional=config.bidirectional,
        )
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(self.recurrent.outputs, len(config.symbols) + 1)
        self.spec = StateSpec(
            (
                Field("rate", (), torch.int64),
                Field("samples", (), torch.int64),
                Field("held", (), torch.int64),
                Field("sound", (self.sound.longest,), torch.float32),
                Field("hidden", self.recurrent.shape, torch.float32),
                *symbol_fields(config.kept_symbols),
            )
        )

    @property
    def streaming(self) -> str:
        """``exact`` if it takes recordings in chunks, ``none`` if whole only."""
        return "none" if self.config.bidirectional else "exact"

    @property
    def step_s(self) -> float:
        """Seconds per step."""
        return self.sound.step(self.config.sample_rate) / self.config.sample_rate

    def run(self, samples: Tensor, lengths: Tensor, rate: int | None = None) -> Emissions:
        """Read whole recordings.

        Parameters
        ----------
        samples : Tensor
            ``[B, N]`` from -1 to 1.
        lengths : Tensor
            ``[B]`` int64, samples of each row.
        rate : int or None
            Samples per second; None for the network's own.

        Returns
        -------
        Emissions
            Steps of each row to its end and the silence after it.
        """
        features, steps = self.sound.whole(samples, lengths, rate or self.config.sample_rate)
        return Emissions(self.emit(features, steps), steps)

    def emit(self, features: Tensor, steps: Tensor) -> Tensor:
        """Say how likely each symbol is at each step of whole recordings.

        Parameters
        ----------
        features : Tensor
            ``[B, F, M]``, as ``SoundEncoder.whole`` gives them.
        steps : Tensor
            ``[B]`` int64.

        Returns
        -------
        Tensor
            ``[B, T, V]`` natural logarithms.
        """
        return self._say(self.recurrent.run(self.dropout(self.sound(features)), steps))

    def advance(
        self, samples: Tensor, lengths: Tensor, state: State, rate: int | None = None
    ) -> tuple[Emissions, State]:
        """Read one chunk of each stream. Reading some chunks and then others is reading all at once.

        Parameters
        ----------
        samples : Tensor
            ``[B, N]`` from -1 to 1; N may be 0.
        lengths : Tensor
            ``[B]`` int64, samples of each row.
        state : State
            B rows, which stay as they are.
        rate : int or None
            Samples per second; None for the network's own.

        Returns
        -------
        tuple of Emissions and State
            The steps that are whole now, and the states after them.

        Raises
        ------
        InputError
            If the network takes whole recordings only, or a stream began at another rate.
        """
        self.check_streams()
        rate = rate or self.config.sample_rate
        for began in state["rate"].tolist():
            if began not in (0, rate):
                raise InputError(f"audio: rate: the session began with {began} samples per second, got {rate}")
        step, window = self.sound.step(rate), self.sound.window(rate)
        held = torch.where(state["rate"] == 0, self.sound.before(rate), state["held"])
        rows = zip(state["sound"], held.tolist(), samples, lengths.tolist(), strict=True)
        joined = [torch.cat([before[:kept], chunk[:length]]) for before, kept, chunk, length in rows]
        whole = torch.tensor([len(one) for one in joined], device=held.device)
        steps = torch.div(whole - window, step, rounding_mode="floor").add(1).clamp(min=0)
        emitted = state["hidden"].new_zeros((len(joined), int(steps.max()), len(self.config.symbols) + 1))
        hidden = state["hidden"]
        if emitted.shape[1]:
            inputs = self.sound(self.sound.features(pad_sequence(joined, batch_first=True), rate))
            outputs, hidden = self.recurrent.advance(inputs, steps, hidden)
            emitted = self._say(outputs)
        rest = [one[int(count) * step :] for one, count in zip(joined, steps.tolist(), strict=True)]
        kept = self.sound.longest
        values = {
            "rate": torch.full_like(held, rate),
            "samples": state["samples"] + lengths,
            "held": whole - steps * step,
            "sound": torch.stack([pad(one, (0, kept - len(one))) for one in rest]),
            "hidden": hidden,
        }
        found = Emissions(emitted, steps)
        first = torch.div(state["samples"], step, rounding_mode="floor").tolist()
        return found, state.replace(values | decoded_fields(found, state, first))

    def finish(self, state: State) -> tuple[Emissions, State]:
        """Read the silence after the end of streams of one rate.

        Parameters
        ----------
        state : State
            B rows, which stay as they are.

        Returns
        -------
        tuple of Emissions and State
            The last steps, and states whose transcripts are those of the whole recordings.
        """
        rate = max(state["rate"].tolist()) or self.config.sample_rate
        tail = round(self.config.tail_s * rate)
        silence = state["hidden"].new_zeros((len(state), tail))
        return self.advance(silence, torch.full((len(state),), tail, device=silence.device), state, rate)

    def transcripts(self, state: State) -> list[Transcript]:
        """Spell what streams have said so far, of long ones the last ``kept_symbols`` symbols.

        Parameters
        ----------
        state : State
            B rows.

        Returns
        -------
        list of Transcript
            One per row.
        """
        return [self.spell(kept_symbols(state, row)) for row in range(len(state))]

    def spell(self, symbols: Symbols) -> Transcript:
        """Return the text of symbols with its times.

        Parameters
        ----------
        symbols : Symbols
            What was decoded.

        Returns
        -------
        Transcript
            Without warnings.
        """
        return symbols.spelled(self.config.symbols, self.config.separator, self.step_s)

    def _say(self, outputs: Tensor) -> Tensor:
        return self.head(self.dropout(outputs)).float().log_softmax(dim=-1)  # type: ignore[no-any-return]
