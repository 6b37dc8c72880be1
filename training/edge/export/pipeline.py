"""From an artifact to the files of an export: written aside, checked, and only then put where they were requested."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import statecast
from statecast.models.forecaster import Forecaster
from training.edge.c.compiler import find_compiler, run_test
from training.edge.c.header import write_header, write_test
from training.edge.c.vectors import make_vectors, write_vectors
from training.edge.export.golden import (
    EQUAL,
    ROUNDED,
    SAME_WEIGHTS,
    Doubles,
    check,
    golden_forecasts,
    golden_values,
    largest_difference,
    stepwise,
)
from training.edge.exportable.coverage import choose_network
from training.edge.exportable.network_weights import NetworkWeights
from training.edge.exportable.quantization import round_weights, stored_bytes
from training.edge.integer.network import IntegerNetwork
from training.errors import TrainingError

Format = Literal["onnx", "onnx-int8", "c"]


def export(artifact: statecast.Artifact, form: Format, out: Path, season: int | None = None) -> list[str]:
    """Export the network of an artifact.

    Parameters
    ----------
    artifact : Artifact
        A forecaster, or a family with ``season``.
    form : Format
        ``onnx`` or ``onnx-int8`` for ``model.onnx``, ``c`` for ``model.h`` with its test.
    out : Path
        Folder; it is made if need be, and left alone if the export fails.
    season : int, optional
        Steps per season, for a family.

    Returns
    -------
    list of str
        What was found out, a line each.

    Raises
    ------
    TrainingError
        If the network cannot be exported, a package is missing, or the export does not forecast what the library does.
    """
    network = choose_network(artifact, season)
    title = f"{artifact.name} {artifact.version} ({artifact.digest[:19]})"
    write: Callable[[Forecaster, str, Path], list[str]] = (
        _write_c if form == "c" else _write_onnx if form == "onnx" else _write_integer_onnx
    )
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".export-") as aside:
        found = write(network, title, Path(aside))
        for path in sorted(Path(aside).iterdir()):
            os.replace(path, out / path.name)
            found.append(f"wrote {out / path.name}, {(out / path.name).stat().st_size:,} bytes")
    return found


def _write_onnx(network: Forecaster, title: str, folder: Path) -> list[str]:
    values = golden_values(network.config)
    difference = _save_onnx(network, values, golden_forecasts(network, values), title, folder, integer=False)
    return [f"differs from the library by {difference:.1e} of the series' spread, state carried"]


def _write_integer_onnx(network: Forecaster, title: str, folder: Path) -> list[str]:
    values = golden_values(network.config)
    rounded = golden_forecasts(round_weights(network), values)
    difference = _save_onnx(network, values, rounded, title, folder, integer=True)
    lost = _rounding_loss(network, values, rounded)
    return [
        f"differs from the library with the same int8 weights by {difference:.1e} of the series' spread, state carried",
        f"int8 weights move quantiles by {lost:.1e} of the series' spread at most",
    ]


def _save_onnx(
    network: Forecaster, values: Doubles, expected: list[Doubles], title: str, folder: Path, *, integer: bool
) -> float:
    """Write ``model.onnx`` and run it on the series; gives the largest difference from what is expected."""
    try:
        import onnx

        from training.edge.export.onnx_session import OnnxSession
        from training.edge.graph.step import build_step
    except ImportError as error:
        raise TrainingError(f"--format: needs the package {error.name}; pip install 'statecast[onnx]'") from None
    path = folder / "model.onnx"
    onnx.save(build_step(NetworkWeights.of(network), integer, title), str(path))
    session = OnnxSession(path, network.config)
    difference = largest_difference(values, expected, stepwise(values, session.step, session.forecast))
    check("model.onnx", difference, EQUAL)
    return difference


def _rounding_loss(network: Forecaster, values: Doubles, rounded: list[Doubles]) -> float:
    """Largest difference that whole weights make; ``rounded`` are the library's forecasts with them."""
    lost = largest_difference(values, golden_forecasts(network, values), rounded)
    check("int8 weights", lost, ROUNDED)
    return lost


def _write_c(network: Forecaster, title: str, folder: Path) -> list[str]:
    weights, values = NetworkWeights.of(network), golden_values(network.config)
    integer, rounded = IntegerNetwork(weights), golden_forecasts(round_weights(network), values)
    states = [integer.begin(1)]

    def step(value: float) -> None:
        states[0] = integer.step(states[0], [value])

    got = stepwise(values, step, lambda: integer.forecast(states[0])[0])
    difference = largest_difference(values, rounded, got)
    check("the int8 network", difference, SAME_WEIGHTS)
    lost = _rounding_loss(network, values, rounded)
    for name, text in (
        ("model.h", write_header(integer, title)),
        ("model_vectors.h", write_vectors(make_vectors(integer))),
        ("model_test.c", write_test()),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    compiler = find_compiler()
    ran = (
        run_test(folder, compiler)
        if compiler
        else "no C compiler here: compile and run model_test.c where there is one"
    )
    return [
        f"{stored_bytes(integer.products, weights):,} bytes of read-only data",
        f"the int8 network differs from the library with the same weights by {difference:.1e} of the series' spread",
        f"int8 weights move quantiles by {lost:.1e} of the series' spread at most",
        ran,
    ]
