"""Digit error rates: of known speakers, of unknown ones, both ways against one."""

from pathlib import Path
from typing import Any

from benchmarks.speech.data import DIGITS, STREAMING, VOICES, changed, fitted, read_digits, shorter
from training.speech.config import SpeechFitConfig
from training.speech.voices import speak_words

CLAIM = 15.0  # % of the errors that going deep and both ways with convolution takes away
_DIRECTION_STEPS = 600


def score_digits(data: Path, out: Path, steps: int) -> None:
    """Recordings 0 to 4 of each speaker in strings: the network for whole recordings, and the one that streams."""
    recordings = read_digits(data)
    for name, path in (("digits", DIGITS), ("digits-streaming", STREAMING)):
        manifest = fitted(name, shorter(SpeechFitConfig.read(path), steps), recordings, out)
        _print(name, manifest)


def leave_out_speakers(data: Path, out: Path, steps: int) -> None:
    """Each speaker left out in turn: trained on the others and on synthetic voices, scored on all of this one's."""
    recordings, rates = read_digits(data), []
    voices = out / "voices"
    if not voices.exists():
        unfinished = out / "voices.part"
        for written in speak_words(recordings.labels, recordings.rate, unfinished):
            print(f"\rsynthetic voices: {written:,} recordings", end="", flush=True)
        print()
        unfinished.rename(voices)
    for speaker in recordings.speakers:
        config = shorter(SpeechFitConfig.read(VOICES), steps)
        config = changed(config, speech={"left_out": speaker, "rounds": 2, "synthetic": str(voices)})
        manifest = fitted(f"without-{speaker}", config, recordings, out)
        _print(f"without {speaker}", manifest)
        rates.append(float(manifest["scores"]["ours"]["error_rate"]))
    print(f"mean of unknown speakers: {100 * sum(rates) / len(rates):.2f} %")


def compare_directions(data: Path, out: Path, steps: int) -> None:
    """Both with the same strings and steps: what depth, convolution and the second direction are worth together."""
    recordings = read_digits(data)
    steps = steps or _DIRECTION_STEPS
    deep = shorter(SpeechFitConfig.read(DIGITS), steps)
    plain = changed(
        deep,
        network={
            "channels": [], "stacking": 8, "cell": "lstm", "layers": 1, "bidirectional": False, "width": 128,
        },
        training={"learning_rate": 6e-3},
    )  # fmt: skip
    rates = {}
    for name, config in (("both-ways", deep), ("one-way", plain)):
        manifest = fitted(name, config, recordings, out)
        _print(name, manifest)
        rates[name] = float(manifest["scores"]["ours"]["error_rate"])
    reduction = 100 * (1 - rates["both-ways"] / max(rates["one-way"], 1e-9))
    print(
        f"two layers both ways behind convolutions have {reduction:.0f} % fewer errors than one LSTM layer one way; "
        f"the claim is {CLAIM:.0f} %"
    )


def _print(name: str, manifest: dict[str, Any]) -> None:
    ours, costs = manifest["scores"]["ours"], manifest["training"]["costs"]
    by = ", ".join(f"{speaker} {100 * rate:.2f} %" for speaker, rate in ours["error_rate_by_speaker"].items())
    print(
        f"{name}: {100 * ours['error_rate']:.2f} % of {ours['words']:,} digits ({by}); {manifest['parameters']:,} "
        f"parameters, {costs['steps']:,} steps, {costs['seconds']:,} s",
        flush=True,
    )
