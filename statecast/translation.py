"""Older artifacts and configs under today's names, by the table in ``statecast.renames``.

An older artifact is read by today's names, so it loads and forecasts as it did. A configuration file with an old name
is refused with the new one, because it is written by hand and is best mended there.
"""

import re
from collections.abc import Mapping
from typing import Any

from statecast.renames import RENAMES, WITHOUT


def complete_config(config: Any, schema: int, kind: str) -> Any:
    """Return a config of an older schema under today's names, with what its schema could not say.

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
        Values for today's config class; what is not an object is returned as it is.

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
    """Return a config of an older schema under today's names, members of an ensemble included.

    Parameters
    ----------
    config : Any
        JSON values of ``config.json``.
    schema : int
        Schema of the artifact that they come from.

    Returns
    -------
    Any
        The same values under today's names; what is not an object is returned as it is.

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
    """Return a manifest under today's names, with the configs that it records of its training.

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
    """Return a golden record of an older schema under today's names, those of a family's members included.

    Parameters
    ----------
    golden : Any
        JSON values of ``golden.json``.
    schema : int
        Schema of the artifact.

    Returns
    -------
    Any
        A copy under today's names; what is not an object is returned as it is.
    """
    if not isinstance(golden, dict):
        return golden
    renamed = {_newest(key, schema, "golden"): value for key, value in golden.items()}
    if isinstance(renamed.get("seasons"), dict):
        renamed["seasons"] = {season: translate_golden(one, schema) for season, one in renamed["seasons"].items()}
    return renamed


def translate_weight(name: str, schema: int) -> str:
    """Return what a tensor is called today.

    Parameters
    ----------
    name : str
        Its name in ``model.safetensors``.
    schema : int
        Schema of the artifact.

    Returns
    -------
    str
        Its name in today's networks.

    Examples
    --------
    >>> translate_weight("parts.from_experts.weight", 5)
    'parts.from_naive_forecasts.weight'
    """
    return ".".join(_newest(part, schema, "weights") for part in name.split("."))


def translate_state_field(name: str, schema: int) -> str:
    """Return what a state field is called today; a resolution's length stays at its end.

    Parameters
    ----------
    name : str
        Its name in an older description of a state.
    schema : int
        Schema that it comes from.

    Returns
    -------
    str
        Its name in today's states.

    Examples
    --------
    >>> translate_state_field("ring", 5)
    'lookback'
    """
    stem, length = re.fullmatch(r"(.*?)(_\d+)?", name).groups(default="")  # type: ignore[union-attr]
    return _newest(stem, schema, "state") + length


def renamed_key(name: str) -> str | None:
    """Return what a configuration key is called today if it was renamed.

    Parameters
    ----------
    name : str
        The key.

    Returns
    -------
    str or None
        Its new name; None if it was not renamed.

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
