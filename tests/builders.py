"""Small real artifacts for tests: a real network with settled random weights, saved and loaded as any other."""

import io
import wave
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from statecast import (
    Classifier,
    ClassifierConfig,
    Ensemble,
    Family,
    FamilyConfig,
    Forecaster,
    ForecasterConfig,
    Generator,
    GeneratorConfig,
    SeriesNetwork,
    Transcriber,
    TranscriberConfig,
    save,
)
from statecast.inputs.vocabulary import Vocabulary

TINY: dict[str, Any] = {
    "freq": "1h", "horizon": 12, "season": 4, "patch_length": 4, "lookback_length": 40, "half_life": 20.0,
    "resolutions": (1, 6), "width": 8, "segment_length": 4, "calendar": ("day", "week"),
}  # fmt: skip

TAIL_EXPONENTS = (1.25, 1.5)

IN_SAMPLE_UNTIL = 45  # a clock; many of the laws' series cross it


def tiny_network(seed: int = 0, **changes: Any) -> Forecaster:
    """A small network in evaluation mode whose every part has weights that matter."""
    torch.manual_seed(seed)
    return _settled(Forecaster(ForecasterConfig(**{**TINY, **changes})))


def tiny_ensemble(seed: int = 0, *members: dict[str, Any]) -> Ensemble:
    """The same of two members, or of those given, that differ in kind."""
    torch.manual_seed(seed)
    told = members or (
        {"half_life": 9.0, "patch_length": 6, "lookback_length": 48},
        {"cell": "gru", "width": 6, "resolutions": (1, 3), "linear_lookback": False},
    )
    return _settled(
        Ensemble([Forecaster(ForecasterConfig(**{**TINY, "adaptation": 0.0, **member})) for member in told])
    )


Network = TypeVar("Network", bound=SeriesNetwork)


def _settled(network: Network) -> Network:
    network.eval().requires_grad_(False)
    for weight in network.parameters():
        weight.add_(torch.randn_like(weight) * 0.05)
    for name, gate in network.named_parameters():
        if name.endswith("_gate"):
            gate.add_(torch.randn_like(gate))
    network.calibration.conformal_offsets.normal_(std=0.2)
    network.calibration.in_sample_offsets.normal_(std=0.2)
    network.calibration.in_sample_until.fill_(IN_SAMPLE_UNTIL)
    network.calibration.cold_start_widening.uniform_(0.0, 0.3)
    network.calibration.autocorrelation.copy_(0.8 ** torch.arange(network.config.horizon))
    network.calibration.tail_exponents.copy_(torch.tensor(TAIL_EXPONENTS))
    return network


def tiny_artifact(folder: Path, name: str = "tiny", version: str = "1", seed: int = 0, **changes: Any) -> str:
    """Save ``tiny_network`` under ``folder / f"{name}-{version}"``; returns its digest."""
    scores = {"ours": {"MASE": 0.9}, "seasonal naive": {"MASE": 1.0}}
    return save(
        folder / f"{name}-{version}",
        tiny_network(seed, **changes),
        {"name": name, "version": version, "scores": scores},
    )


def tiny_generator_artifact(folder: Path, name: str = "letters", version: str = "1", kind: str = "char") -> str:
    """Save a small generator with settled random weights; returns its digest."""
    torch.manual_seed(1)
    symbols = Vocabulary.of(kind, "abcdefghijklmnopqrstuvwxyz ,.\n").symbols
    network = Generator(GeneratorConfig(kind, symbols, embedding=8, width=16)).eval().requires_grad_(False)
    for weight in network.parameters():
        weight.add_(torch.randn_like(weight) * 0.3)
    return save(folder / f"{name}-{version}", network, {"name": name, "version": version})


WORDS = ("bad", "boring", "good", "great", "movie", "not", "very")
TINY_CLASSIFIER: dict[str, Any] = {
    "inputs": "word", "symbols": WORDS, "labels": ("neg", "pos"), "embedding": 6, "width": 8, "ngrams": 2,
    "ngram_buckets": 32,
}  # fmt: skip
TINY_SENSOR: dict[str, Any] = {
    "inputs": "values", "symbols": (), "channels": ("x", "y"), "labels": ("rest", "run", "walk"), "kernels": (3, 2),
    "filters": 6, "width": 8,
}  # fmt: skip


def tiny_classifier(seed: int = 0, **changes: Any) -> Classifier:
    """A small classifier in evaluation mode whose every part has weights that matter; of words, or see TINY_SENSOR."""
    torch.manual_seed(seed)
    grams = {"ngrams": 0} if changes.get("inputs") == "values" else {}
    network = Classifier(ClassifierConfig(**{**TINY_CLASSIFIER, **grams, **changes})).eval().requires_grad_(False)
    for weight in network.parameters():
        weight.add_(torch.randn_like(weight) * 0.3)
    network.channel_mean.normal_()
    network.channel_scale.uniform_(0.5, 2.0)
    network.temperature.fill_(1.3)
    for name, statistic in network.named_buffers():
        if name.endswith(("running_mean", "shapes.levels")):
            statistic.normal_()
    return network


def tiny_classifier_artifact(
    folder: Path, name: str = "reviews", version: str = "1", seed: int = 0, **changes: Any
) -> str:
    """Save ``tiny_classifier``; returns its digest."""
    return save(folder / f"{name}-{version}", tiny_classifier(seed, **changes), {"name": name, "version": version})


def tiny_family_artifact(folder: Path, name: str = "default", version: str = "1", seed: int = 0) -> str:
    """Save a small family of all seasons with settled random weights; returns its digest."""
    torch.manual_seed(seed)
    shape = ((12, 4, 16), (48, 8, 24), (512, 16, 32))
    family = Family(FamilyConfig(patches=shape, width=8, segment_length=4)).eval().requires_grad_(False)
    for weight in family.parameters():
        weight.add_(torch.randn_like(weight) * 0.05)
    for place, (_, length, _) in enumerate(shape):
        tails = torch.tensor(TAIL_EXPONENTS) + 0.125 * place
        family.calibration(str(length)).tail_exponents.copy_(tails)
    return save(folder / f"{name}-{version}", family, {"name": name, "version": version})


def tiny_transcriber(seed: int = 0, **changes: Any) -> Transcriber:
    """A small network whose weights are random and loud enough that it writes something."""
    torch.manual_seed(seed)
    shape: dict[str, Any] = {"symbols": ("0", "1", "2"), "channels": (3, 4), "width": 12, "kept_symbols": 32}
    network = Transcriber(TranscriberConfig(**{**shape, "bidirectional": False, **changes}))
    network.eval().requires_grad_(False)
    network.head.weight.mul_(8.0)
    return network


def tiny_transcriber_artifact(folder: Path, name: str = "words", version: str = "1", **changes: Any) -> str:
    """Save ``tiny_transcriber``; returns its digest."""
    return save(folder / f"{name}-{version}", tiny_transcriber(**changes), {"name": name, "version": version})


def wav(samples: Any, rate: int = 8000, channels: int = 1, width: int = 2) -> bytes:
    """Samples from -1 to 1 as the bytes of a wav file, written by Python's own module."""
    whole = np.round(np.clip(np.asarray(samples), -1.0, 1.0) * 32767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(whole.tobytes())
    return file.getvalue()


def babble(seconds: float, rate: int = 8000, seed: int = 0) -> NDArray[np.float32]:
    """Tones that come and go: sound in which a random network hears this and that."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    whole = np.zeros(len(time))
    for _ in range(6):
        pitch, pace, phase = random.uniform(100, 3500), random.uniform(1, 6), random.uniform(0, 6)
        whole += np.sin(2 * np.pi * pitch * time) * np.maximum(np.sin(2 * np.pi * pace * time + phase), 0)
    return (0.1 * whole + 0.001 * random.standard_normal(len(time))).astype(np.float32)
