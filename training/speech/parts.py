"""Recordings by what they are for: to learn from, to choose weights by, to be scored."""

from dataclasses import dataclass

from training.errors import TrainingError
from training.speech.config import SpeechConfig
from training.speech.recordings import Recordings, read_recordings


@dataclass(frozen=True)
class SpeechParts:
    """Recordings by what they are for; no recording is in two parts."""

    train: Recordings
    """What is learned from."""
    validation: Recordings
    """What chooses the weights; may be empty."""
    test: Recordings
    """What is scored; may be empty."""
    synthetic: Recordings | None = None
    """By synthetic voices, to learn from; None without."""


def part_recordings(recordings: Recordings, config: SpeechConfig) -> SpeechParts:
    """Say which recordings are for what.

    Parameters
    ----------
    recordings : Recordings
        All of them.
    config : SpeechConfig
        Which numbers or which speaker are tested, and where recordings of synthetic voices are.

    Returns
    -------
    SpeechParts
        The parts.

    Raises
    ------
    TrainingError
        If there is one word only, a speaker is unknown, nothing is left to learn from, or synthetic voices cannot be
        read, say other words or have another rate.
    """
    if len(recordings.labels) < 2:
        raise TrainingError(
            f"recordings: expected at least 2 words, got {', '.join(recordings.labels)}; with one there is nothing to "
            "tell apart"
        )
    if config.left_out and config.left_out not in recordings.speakers:
        raise TrainingError(
            f"[speech] left_out: expected one of {', '.join(recordings.speakers)}, got {config.left_out!r}"
        )
    others = recordings.without(config.left_out)
    parts = SpeechParts(
        train=others.not_numbered((*config.test, *config.validation)),
        validation=others.numbered(config.validation),
        test=recordings.of(config.left_out) if config.left_out else recordings.numbered(config.test),
        synthetic=_read_synthetic(config.synthetic, recordings) if config.synthetic else None,
    )
    missing = sorted(set(recordings.labels) - set(parts.train.labels))
    if missing:
        raise TrainingError(
            f"recordings: expected every word among those to learn from, got none of {', '.join(missing)}; record "
            "more, or name fewer numbers in test and validation"
        )
    return parts


def _read_synthetic(path: str, recordings: Recordings) -> Recordings:
    found = read_recordings(path)
    unknown = sorted(set(found.labels) - set(recordings.labels))
    if unknown or found.rate != recordings.rate:
        raise TrainingError(
            f"[speech] synthetic: expected recordings of {', '.join(recordings.labels)} at {recordings.rate} samples "
            f"per second, got {', '.join(unknown) or 'these'} at {found.rate} in {path}; make them anew with `voices`"
        )
    return found
