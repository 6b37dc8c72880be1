"""One series of a request: its fields as they come, and what they mean in a model's terms."""

from service.protocols.forecast.series.request import (
    KNOWN_FIELDS_ONLY,
    SERIES,
    FreqText,
    Located,
    MayOpen,
    ResolutionRequest,
    SeasonSteps,
    SeriesRequest,
    SessionText,
    Target,
)

__all__ = [
    "KNOWN_FIELDS_ONLY", "SERIES", "FreqText", "Located", "MayOpen", "ResolutionRequest", "SeasonSteps",
    "SeriesRequest", "SessionText", "Target",
]  # fmt: skip
