"""What names in artifacts and configs were called before: one table, by the schema that renamed them.

An older artifact is read by today's names, so it loads and forecasts as it did. A configuration file with an old name
is refused with the new one, because it is written by hand and is best mended there.

State fields are listed too. Stored states are bytes without names and keep their layout, so nothing translates them;
the table says which field of an old description is which of today's.
"""

import re
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
"""By the schema that introduced the new names."""

WITHOUT: Mapping[int, Mapping[str, Mapping[str, Any]]] = {
    2: {"forecaster": {"adaptation": 0.0}},
    5: {
        "forecaster": {"coverage_slack": 0.05, "burn_in": 0},
        "family": {"coverage_slack": 0.05, "burn_in": 0},
    },
}
"""What a config of before a schema could not say, and was so: by that schema and the kind of network."""


def complete_config(config: Any, schema: int, kind: str) -> Any:
    """Give a config of a schema by today's names, with what its schema could not say.

    Parameters
    ----------
    config : Any
        JSON values of ``config.json``.
    schema : int
        Schema of the artifact that they come from.
    kind : str
        Kind of network, ``"forecaster"``, ``"family"`` or ``"generator"``.

    Returns
    -------
    Any
        Values for today's config class; what is no object is given back as it is.

    Examples
    --------
    >>> complete_config({"ring_length": 336}, 1, "forecaster")["adaptation"]
    0.0
    """
    config = translate_config(config, schema)
    if isinstance(config, dict):
        for introduced in sorted(WITHOUT):
            if introduced > schema:
                config = {**config, **WITHOUT[introduced].get(kind, {})}
    return config


def translate_config(config: Any, schema: int) -> Any:
    """Give a config of a schema by today's names, members of an ensemble included.

    Parameters
    ----------
    config : Any
        JSON values of ``config.json``.
    schema : int
        Schema of the artifact that they come from.

    Returns
    -------
    Any
        The same values under today's names; what is no object is given back as it is.

    Examples
    --------
    >>> translate_config({"ring_length": 336}, 5)
    {'lookback_length': 336}
    """
    if not isinstance(config, dict):
        return config
    renamed = {_newest(key, schema, "config"): value for key, value in config.items()}
    if isinstance(renamed.get("members"), list):
        renamed["members"] = [translate_config(member, schema) for member in renamed["members"]]
    return renamed


def translate_manifest(manifest: Mapping[str, Any], schema: int) -> dict[str, Any]:
    """Give a manifest by today's names, with the configs that it records of its training.

    Parameters
    ----------
    manifest : mapping
        JSON values of ``manifest.json``.
    schema : int
        Schema of the artifact.

    Returns
    -------
    dict
        A copy under today's names.
    """
    renamed = {_newest(key, schema, "manifest"): value for key, value in manifest.items()}
    training = renamed.get("training")
    if isinstance(training, dict) and isinstance(training.get("config"), dict):
        recorded = translate_config(training["config"], schema)
        network = {"network": translate_config(recorded["network"], schema)} if "network" in recorded else {}
        renamed["training"] = {**training, "config": {**recorded, **network}}
    return renamed


def translate_golden(golden: Any, schema: int) -> Any:
    """Give a golden record of a schema by today's names, those of a family's members included."""
    if not isinstance(golden, dict):
        return golden
    renamed = {_newest(key, schema, "golden"): value for key, value in golden.items()}
    if isinstance(renamed.get("seasons"), dict):
        renamed["seasons"] = {season: translate_golden(one, schema) for season, one in renamed["seasons"].items()}
    return renamed


def translate_weight(name: str, schema: int) -> str:
    """Give the name of a tensor of a schema as it is today.

    Examples
    --------
    >>> translate_weight("parts.from_experts.weight", 5)
    'parts.from_naive_forecasts.weight'
    """
    return ".".join(_newest(part, schema, "weights") for part in name.split("."))


def translate_state_field(name: str, schema: int) -> str:
    """Give the name of a state field of a schema as it is today; a resolution's length stays at its end.

    Examples
    --------
    >>> translate_state_field("ring", 5)
    'lookback'
    """
    stem, length = re.fullmatch(r"(.*?)(_\d+)?", name).groups(default="")  # type: ignore[union-attr]
    return _newest(stem, schema, "state") + length


def renamed_key(name: str) -> str | None:
    """Give what a configuration key is called today if it was renamed, else None.

    Examples
    --------
    >>> renamed_key("experts")
    'naive_forecasts'
    """
    newest = _newest(name, 0, "config")
    return newest if newest != name else None


def _newest(name: str, schema: int, place: str) -> str:
    for introduced in sorted(RENAMES):
        if introduced > schema:
            table: Mapping[str, str] = getattr(RENAMES[introduced], place)
            name = table.get(name, name)
    return name
