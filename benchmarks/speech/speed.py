"""Seconds of speech: per second of sound, per epoch with and without buckets, per step of the reference size."""

import resource
from pathlib import Path

import torch

import statecast
from benchmarks.speech.data import DIGITS, REFERENCE, changed, read_digits
from statecast.inputs.recording import Recording
from statecast.models.transcriber import Transcriber
from training.fitting.loop import Fit
from training.progress import Silent
from training.speech.batches import SpeechBatch
from training.speech.config import SpeechFitConfig
from training.speech.objective import SpokenWords
from training.speech.parts import part_recordings
from training.speech.pipeline import PAUSES_S, new_objective
from training.speech.strings import fixed_strings

_STRINGS = 60
_CHUNK_S = 0.1
_REFERENCE_STEPS = {"cpu": 5, "cuda": 200}


def time_transcription(data: Path, out: Path, steps: int) -> None:
    """Seconds of the processor per second of sound: whole strings, and a session in chunks."""
    del steps
    recordings = read_digits(data)
    for name in ("digits", "digits-streaming"):
        artifact = statecast.load(out / name)
        config = SpeechFitConfig.from_dict(artifact.manifest["training"]["config"]).speech
        strings = fixed_strings(recordings.numbered(config.test), config, PAUSES_S)[:_STRINGS]
        sounds = [Recording(one.sound(), recordings.rate) for one in strings]
        whole = sum(sound.seconds for sound in sounds)
        artifact.transcribe(sounds[0])
        for how, beam in (("greedy", 0), ("beam of 16", 16)):
            began = _seconds()
            for sound in sounds:
                artifact.transcribe(sound, beam=beam)
            print(f"{name}, whole, {how}: real-time factor {(_seconds() - began) / whole:.4f}")
        if artifact.manifest["streaming"] == "exact":
            began = _seconds()
            streamed = [_stream(artifact, sound) for sound in sounds]
            print(f"{name}, chunks of {_CHUNK_S:g} s: real-time factor {(_seconds() - began) / whole:.4f}")
            same = sum(artifact.transcribe(sound).text == text for sound, text in zip(sounds, streamed, strict=True))
            print(f"{name}: {same} of {len(sounds)} strings in chunks are written as the whole")


@torch.inference_mode()
def _stream(artifact: statecast.Artifact, sound: Recording) -> str:
    network = artifact.network
    assert isinstance(network, Transcriber)
    state, size = network.initial_state(1), round(_CHUNK_S * sound.rate)
    for chunk in torch.from_numpy(sound.samples)[None].split(size, dim=1):
        _, state = network.advance(chunk, torch.tensor([chunk.shape[1]]), state, sound.rate)
        network.transcripts(state)
    return network.transcripts(network.finish(state)[1])[0].text


def time_buckets(data: Path, out: Path, steps: int) -> None:
    """Seconds of an epoch, in which each recording is in one string on average, both ways in turn."""
    del out
    recordings = read_digits(data)
    sides = {}
    for name, bucket in (("with buckets", 8), ("without", 1)):
        config = changed(SpeechFitConfig.read(DIGITS), training={"bucket": bucket, "easy_until": 0})
        sides[name] = _objective(config, data)
    config = SpeechFitConfig.read(DIGITS)
    words = (config.speech.shortest + config.speech.longest) / 2
    count = steps or round(len(part_recordings(recordings, config.speech).train) / words / config.training.batch)
    spent, padding = dict.fromkeys(sides, 0.0), dict.fromkeys(sides, 0.0)
    for step in range(count):
        for name, objective in sides.items():
            batch = objective.batches.batch(step)
            padding[name] += 1.0 - float(batch.lengths.sum()) / batch.samples.numel()
            began = _seconds()
            objective.loss(batch).backward()
            spent[name] += _seconds() - began
    for name, seconds in spent.items():
        share = 100 * padding[name] / count
        print(f"{name}: {seconds:.1f} s of the processor per epoch of {count} steps, {share:.0f} % padding")
    print(f"buckets save {100 * (1 - spent['with buckets'] / spent['without']):.0f} %")


def train_reference(data: Path, out: Path, steps: int) -> None:
    """Some steps of five layers of 512 both ways, and the loss of each."""
    del out
    device = "cuda" if torch.cuda.is_available() else "cpu"
    config = changed(
        SpeechFitConfig.read(REFERENCE),
        speech={"validation": []},
        training={
            "steps": steps or _REFERENCE_STEPS[device],
            "easy_until": 0,
            "device": device,
            "warm_up": 1,
            "averaging": 0.0,
        }
        | ({"batch": 8} if device == "cpu" else {}),
    )
    objective = _objective(config, data)
    parameters = sum(weight.numel() for weight in objective.network.parameters())
    print(f"{parameters:,} parameters on {device}, {config.training.batch} strings per step")
    batch = objective.batches.batch(0)
    before = _loss(objective, batch)
    Fit(objective).run(_Losses())
    objective.network.cpu()
    print(f"loss of the first batch: {before:.3f} before, {_loss(objective, batch):.3f} after")


def _loss(objective: SpokenWords, batch: SpeechBatch) -> float:
    objective.network.eval()
    with torch.no_grad():
        return float(objective.loss(batch))


class _Losses(Silent):
    """Prints the running loss."""

    def advance(self, step: int, loss: float) -> None:
        """Print it, see ``Watcher.advance``."""
        if step <= 5 or step % 20 == 0:
            print(f"step {step}: running loss {loss:.4f}", flush=True)


def _objective(config: SpeechFitConfig, data: Path) -> SpokenWords:
    recordings = read_digits(data)
    return new_objective(recordings, part_recordings(recordings, config.speech), config)


def _seconds() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime
