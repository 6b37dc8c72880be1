"""The proof in an artifact: an input and what the network made of it when it was saved, made again at every load."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from statecast.api.forecast import forecast_series
from statecast.artifacts.registry import Network
from statecast.config import ForecasterConfig
from statecast.models.classifier import Classifier
from statecast.models.family import Family
from statecast.models.generator import Generator
from statecast.models.interface import SeriesNetwork
from statecast.models.transcriber import Transcriber
from statecast.time.frequency import Frequency

# As a share of the recorded values' spread: how far another machine, device or batch shape may differ.
TOLERANCE = 1e-3


def record_golden(network: Network) -> dict[str, Any]:
    """Make an input that reaches every part of a network, with the output; of a family, a member per patch length.

    Parameters
    ----------
    network : Network
        Any network.

    Returns
    -------
    dict
        JSON values for ``golden_difference``.
    """
    if isinstance(network, Family):
        seasons = [season for season, _, _ in network.config.patches]
        return {"seasons": {str(season): record_golden(network.of(season)) for season in seasons}}
    if isinstance(network, Generator):
        tokens = [index * 7 % len(network.vocabulary) for index in range(1, 65)]
        return {"tokens": tokens, "logits": _logits(network, tokens)}
    if isinstance(network, Classifier):
        read = _golden_steps(network)
        return {"steps": read, "outputs": _outputs(network, read)}
    if isinstance(network, Transcriber):
        sound = _sweep(network.config.sample_rate)
        return {"sound": sound, "log_probabilities": _log_probabilities(network, sound)}
    config = network.config
    length = min(2 * config.lookback_length, 2000)
    steps = np.arange(length)
    wave = np.sin(2 * np.pi * steps / max(config.season, 2)) + 0.3 * np.sin(steps / 3.7) + steps / length
    history = (100.0 + 10.0 * wave).astype(np.float32)
    history[[length // 3, length // 2]] = np.nan
    target = [None if np.isnan(value) else float(value) for value in history]
    start = None if config.freq is None else "2026-01-01T00:00:00"
    golden = {"start": start, "target": target, "mixed_frequency": _mixed_frequency_values(config, start)}
    return golden | {"quantiles": _quantiles(network, golden)}


def _mixed_frequency_values(config: ForecasterConfig, start: str | None) -> dict[str, tuple[Any, list[float | None]]]:
    """For each such resolution, start and values of forty buckets, one missing, about half of them over by ``start``.

    ``start`` begins a bucket of some resolutions and not of others; those count from the one that it lies in.
    """
    values = [None if at == 13 else 500.0 + 40.0 * float(np.sin(at / 2.1)) + at for at in range(40)]
    found: dict[str, tuple[Any, list[float | None]]] = {}
    for name in config.mixed_frequency_names:
        if start is None:
            found[name] = (-20, values)
        else:
            freq = Frequency.parse(name)
            bucket = freq.place(np.asarray([start], dtype="datetime64[s]"))[0] - 20
            found[name] = (str(freq.times(bucket)[0]), values)
    return found


def golden_difference(network: Network, golden: dict[str, Any]) -> float:
    """Compute a record anew and compare.

    Parameters
    ----------
    network : Network
        The network that it was made of.
    golden : dict
        What ``record_golden`` gave.

    Returns
    -------
    float
        Largest difference, as a share of the spread of what was recorded.
    """
    if isinstance(network, Family):
        return max(golden_difference(network.of(int(m)), recorded) for m, recorded in golden["seasons"].items())
    if isinstance(network, Generator):
        then = np.asarray(golden["logits"])
        now, spread = np.asarray(_logits(network, golden["tokens"])), np.std(then)
    elif isinstance(network, Classifier):
        then = np.asarray(golden["outputs"])
        # A number alone has no spread, and outputs near 0 differ by rounding.
        now, spread = np.asarray(_outputs(network, golden["steps"])), max(float(np.abs(then).max()), 1.0)
    elif isinstance(network, Transcriber):
        then = np.asarray(golden["log_probabilities"])
        now, spread = np.asarray(_log_probabilities(network, golden["sound"])), np.std(then)
    else:
        then = np.asarray(golden["quantiles"])
        now = np.asarray(_quantiles(network, golden))
        spread = np.nanstd(np.asarray(golden["target"], dtype=np.float64))
    return float(np.abs(now - then).max() / spread)


@contextmanager
def _evaluated(network: nn.Module) -> Iterator[None]:
    """Evaluation mode, for as long as it takes."""
    training = network.training
    network.eval()
    with torch.inference_mode():
        yield
    network.train(training)


def _quantiles(network: SeriesNetwork, golden: dict[str, Any]) -> list[list[float]]:
    coarse = golden.get("mixed_frequency", {})  # artifacts of before had none
    with _evaluated(network):
        forecast = forecast_series(network, golden["target"], start=golden["start"], resolutions=coarse)
    return [forecast.quantiles[level].tolist() for level in network.config.quantile_levels]


def _logits(network: Generator, tokens: list[int]) -> list[float]:
    with _evaluated(network):
        logits, _ = network(torch.tensor([tokens], device=network.head.weight.device), network.fresh(1))
    last: list[float] = logits[0, -1].double().cpu().tolist()
    return last


def _golden_steps(network: Classifier) -> list[Any]:
    """Ids of all over the vocabulary, or waves of each channel in its unit, one value missing."""
    if network.tokenizer is not None:
        return [1 + index * 7 % (len(network.tokenizer) - 1) for index in range(64)]
    phases = np.arange(len(network.config.channels))
    waves = np.sin(np.arange(64)[:, None] / 5.0 + phases)
    values = network.channel_mean.cpu().numpy() + network.channel_scale.cpu().numpy() * waves
    rows: list[Any] = values.tolist()
    rows[20][0] = None
    return rows


def _outputs(network: Classifier, steps: list[Any]) -> list[float]:
    """What the network makes of the steps before they become probabilities, which saturate."""
    dtype = np.int64 if network.tokenizer is not None else np.float64
    with _evaluated(network):
        read = torch.from_numpy(np.asarray(steps, dtype=dtype))[None].to(network.head.weight.device)
        outputs = network(read, torch.tensor([len(steps)], device=read.device))
    found: list[float] = outputs[0].double().cpu().tolist()
    return found


def _sweep(rate: int) -> list[int]:
    """Half a second of a tone that rises through all bands and grows louder, as samples of 16 bits."""
    seconds = np.arange(rate // 2) / rate
    tone = np.sin(2 * np.pi * (100.0 + rate * seconds / 2) * seconds) * (0.1 + seconds)
    found: list[int] = np.round(20000 * tone).astype(int).tolist()
    return found


def _log_probabilities(network: Transcriber, sound: list[int]) -> list[list[float]]:
    with _evaluated(network):
        samples = torch.tensor([sound], device=network.head.weight.device).float() / 32768.0
        found = network.run(samples, torch.tensor([len(sound)], device=samples.device))
    steps: list[list[float]] = found.row(0).astype(np.float64).tolist()
    return steps
