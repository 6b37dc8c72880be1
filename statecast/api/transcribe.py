"""Turning a recording into text by hand, without a server."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from statecast.ctc.beam import align, beam_search
from statecast.ctc.greedy import decode_greedily
from statecast.ctc.symbols import Transcript
from statecast.errors import InputError
from statecast.inputs.recording import Recording, read_wav
from statecast.models.generator import Generator
from statecast.models.transcriber import Transcriber
from statecast.state.state import State

Sound = Recording | bytes | str | Path | NDArray[np.float32]


class SymbolModel:
    """A language model of characters as a model of a transcriber's symbols.

    Parameters
    ----------
    generator : Generator
        The language model; it was trained on texts as the transcriber writes them.
    network : Transcriber
        Whose symbols it is asked about.

    Raises
    ------
    InputError
        If a symbol is none of the language model's.
    """

    def __init__(self, generator: Generator, network: Transcriber) -> None:
        self._generator, config = generator, network.config
        known = generator.vocabulary.symbols
        for symbol in (*config.symbols, *([config.separator] if config.separator else [])):
            if symbol not in known:
                raise InputError(
                    f"character_model: expected symbols such as {symbol!r}, got a vocabulary of {len(known)} without "
                    "it; train it on texts as the transcriber writes them"
                )
        self._tokens = [[known.index(symbol) + 1] for symbol in config.symbols]
        self._between = [known.index(config.separator) + 1] if config.separator else []
        # What a text follows: the end of another one, as far as the language model knows it.
        self._before = self._between or [known.index(" ") + 1 if " " in known else 0]
        self._found: dict[tuple[int, ...], tuple[NDArray[np.float64], State]] = {}

    @torch.inference_mode()
    def log_probabilities(self, prefix: tuple[int, ...]) -> NDArray[np.float64]:
        """Say what may follow, see ``CharacterModel.log_probabilities``."""
        if prefix not in self._found:
            if prefix:
                self.log_probabilities(prefix[:-1])
                state = self._found[prefix[:-1]][1]
                read = [*self._tokens[prefix[-1] - 1], *self._between]
            else:
                state, read = self._generator.fresh(1), self._before
            logits, state = self._generator(torch.tensor([read]), state)
            says = logits[0, -1].double().log_softmax(dim=0).numpy()
            self._found[prefix] = np.concatenate([[-np.inf], says[[tokens[0] for tokens in self._tokens]]]), state
        return self._found[prefix][0]


def transcribe(
    network: Transcriber,
    sound: Sound,
    *,
    rate: int | None = None,
    beam: int = 0,
    character_model: Generator | None = None,
    weight: float = 0.5,
    bonus: float = 0.0,
) -> Transcript:
    """Write down what a recording says.

    Parameters
    ----------
    network : Transcriber
        The network.
    sound : Recording, bytes, str, Path or ndarray
        A recording; the bytes or the path of a wav file (mono, PCM of 16 bits, 8 or 16 kHz); or samples ``[N]`` from -1
        to 1.
    rate : int or None
        Samples per second of an array; None for the network's own.
    beam : int
        Texts that beam search keeps; 0 decodes greedily, as streams do.
    character_model : Generator or None
        Language model for beam search.
    weight : float
        How much it counts, from 0.
    bonus : float
        What every symbol adds to the logarithm in beam search.

    Returns
    -------
    Transcript
        Text, its words with times and confidence, and warnings. The text of silence is empty.

    Raises
    ------
    InputError
        If the recording cannot be read, or a character model comes without a beam.
    """
    if beam < 0 or weight < 0 or (character_model and not beam):
        raise InputError(
            f"transcribe: expected beam and weight from 0, and a beam beside a character_model, got {beam} and "
            f"{weight}; pass beam=16, say"
        )
    recording = _recording(sound, rate or network.config.sample_rate)
    network.sound.features_of(recording.rate)  # refuses a rate that it does not hear
    if recording.is_silent:
        return Transcript("", (), recording.warnings)
    device = network.head.weight.device
    samples = torch.from_numpy(recording.samples)[None].to(device)
    with torch.inference_mode():
        found = network.run(samples, torch.tensor([samples.shape[1]], device=device), recording.rate).row(0)
    if beam:
        model = SymbolModel(character_model, network) if character_model else None
        symbols = align(found, beam_search(found, beam, model, weight, bonus))
    else:
        symbols, _ = decode_greedily(found)
    said = network.spell(symbols)
    return Transcript(said.text, said.segments, recording.warnings)


def _recording(sound: Sound, rate: int) -> Recording:
    if isinstance(sound, Recording):
        return sound
    if isinstance(sound, bytes):
        return read_wav(sound)
    if isinstance(sound, str | Path):
        try:
            return read_wav(Path(sound).read_bytes())
        except OSError as error:
            raise InputError(f"{sound}: cannot be read: {error.strerror}") from None
        except InputError as error:
            raise InputError(f"{sound}: {error}") from None
    samples = np.asarray(sound, dtype=np.float32)
    if samples.ndim != 1 or not np.isfinite(samples).all():
        raise InputError(
            f"audio: expected finite samples [N] of one channel, got an array {samples.shape}; mix it down"
        )
    return Recording(samples, rate)
