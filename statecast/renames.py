"""What names in artifacts and configs were called before: one table, by the schema that renamed them.

State fields are listed too. Stored states are bytes without names and keep their layout, so nothing translates them;
the table says which field of an old description is which of today's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Renames:
    """Old names and new ones, by where they stand.

    Parameters
    ----------
    config : mapping of str to str
        Keys of ``config.json``, and so of ``[network]`` and ``[family]`` in configuration files.
    weights : mapping of str to str
        Parts between the dots of a tensor's name.
    state : mapping of str to str
        State fields, without the length of the resolution that some end with.
    golden : mapping of str to str
        Keys of ``golden.json``.
    manifest : mapping of str to str
        Keys of ``manifest.json``.
    """

    config: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    state: Mapping[str, str] = field(default_factory=dict)
    golden: Mapping[str, str] = field(default_factory=dict)
    manifest: Mapping[str, str] = field(default_factory=dict)


RENAMES: Mapping[int, Renames] = {
    6: Renames(
        config={
            "experts": "naive_forecasts",
            "ring_length": "lookback_length",
            "linear_ring": "linear_lookback",
            "shared_ring": "shared_lookback",
            "wandering": "coverage_slack",
            "settled": "burn_in",
            "given": "mixed_frequency",
            "earlier_length": "coarse_history_length",
            "grid": "spatial_grid",
        },
        weights={
            "from_experts": "from_naive_forecasts",
            "expert_attention": "naive_forecast_attention",
            "linear_ring": "linear_lookback",
            "shared_ring": "shared_lookback",
            "additions": "gated_residuals",
            "heard": "active",
            "margins": "conformal_offsets",
            "learned": "in_sample_offsets",
            "learned_until": "in_sample_until",
            "youth": "cold_start_widening",
        },
        state={
            "ring": "lookback",
            "origins": "hindcasts",
            "origin_scaling": "hindcast_scaling",
            "margins": "conformal_offsets",
            "clock": "time_index",
            "anchor": "offset",
            "given": "recent",
        },
        golden={"given": "mixed_frequency"},
        manifest={"given": "mixed_frequency"},
    ),
}
"""What was renamed, by the schema that introduced the new names."""

WITHOUT: Mapping[int, Mapping[str, Mapping[str, Any]]] = {
    2: {"forecaster": {"adaptation": 0.0}},
    5: {
        "forecaster": {"coverage_slack": 0.05, "burn_in": 0},
        "family": {"coverage_slack": 0.05, "burn_in": 0},
    },
}
"""What holds of every config from before a schema, which could not say it: by that schema and the kind of network."""
