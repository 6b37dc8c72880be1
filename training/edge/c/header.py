"""Writes ``model.h``: weights as tables, the arithmetic of ``training.edge.integer`` as functions."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from training.edge.exportable.quantization import IntegerProduct, stored_bytes
from training.edge.integer.head import level_length
from training.edge.integer.network import IntegerNetwork

_TEMPLATES = Environment(  # what is filled in are numbers and names of our own, and the text is no HTML
    loader=PackageLoader("training.edge.c"),
    autoescape=False,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_NAIVE = {
    "last value": "window[MODEL_LOOKBACK - 1]",
    "season": "window[MODEL_LOOKBACK - MODEL_SEASON + place]",
    "mean of four seasons": "past->four[place]",
    "slow level": "0.0f",
    "level of the last season": "past->level",
    "level with drift": "past->level + past->slope * (float)(step + 1)",
    "seven seasons ago": "window[MODEL_LOOKBACK - 7 * MODEL_SEASON + step % (7 * MODEL_SEASON)]",
    "season with drift": "window[MODEL_LOOKBACK - MODEL_SEASON + place] + past->drift",
    "shape of four seasons on the last level": "(past->four[place] - past->middle) + past->level",
    "shape of all seasons on the last level": "past->shape[place] + past->level",
}
_PER_LINE, _FLOATS_PER_LINE = 30, 8


def write_header(network: IntegerNetwork, title: str) -> str:
    """Write the header of a network.

    Parameters
    ----------
    network : IntegerNetwork
        The network.
    title : str
        What its first line says.

    Returns
    -------
    str
        Text of ``model.h``, C99.
    """
    config, weights = network.config, network.parameters
    return _TEMPLATES.get_template("model.h.j2").render(
        title=title.replace("*/", "* /"),
        steps=config.horizon,
        levels=len(config.quantile_levels),
        middle=config.quantile_levels.index(0.5),
        season=config.season,
        patch=config.patch_length,
        lookback=config.lookback_length,
        width=config.width,
        layers=config.layers,
        segment=config.segment_length,
        segments=config.segments,
        level_length=level_length(config),
        widest=max(product.weight.shape[1] for product in network.products.values()),
        quantile_levels=", ".join(repr(float(level)) for level in config.quantile_levels),
        stored=f"{stored_bytes(network.products, weights):,}",
        products={name: _product(product) for name, product in network.products.items()},
        segment_vectors=_floats(weights.segments.ravel()),
        offsets_below=_floats(weights.offsets[0]).rstrip(),
        offsets_above=_floats(weights.offsets[1]).rstrip(),
        widening=_floats(weights.widening).rstrip(),
        decay=repr(network.decay),
        half_life=repr(float(config.half_life)),
        naive=[_NAIVE[name] for name in config.naive_forecasts],
    )


def write_test() -> str:
    """Write the program that holds ``model.h`` to its vectors, the same for all networks.

    Returns
    -------
    str
        Text of ``model_test.c``, C99.
    """
    return _TEMPLATES.get_template("model_test.c.j2").render()


def _product(product: IntegerProduct) -> dict[str, Any]:
    rows, columns = product.weight.shape
    return {
        "rows": rows,
        "columns": columns,
        "limit": product.limit,
        "weight": _lines((str(value) for value in product.weight.ravel().tolist()), _PER_LINE),
        "scale": _floats(product.scale),
        "bias": _floats(product.bias),
    }


def _floats(values: Any) -> str:
    return _lines((float_literal(value) for value in np.asarray(values, dtype=np.float32)), _FLOATS_PER_LINE)


def float_literal(value: Any) -> str:
    """Write a float32 so that a compiler reads the very same.

    Parameters
    ----------
    value : float32
        A finite number.

    Returns
    -------
    str
        A literal of C.

    Examples
    --------
    >>> float_literal(np.float32(0.1)), float_literal(np.float32(2)), float_literal(np.float32(1e-9))
    ('0.100000001f', '2.0f', '9.99999972e-10f')
    """
    text = f"{float(value):.9g}"
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def _lines(texts: Iterable[str], per_line: int) -> str:
    every = list(texts)
    return "".join(",".join(every[at : at + per_line]) + ",\n" for at in range(0, len(every), per_line))
