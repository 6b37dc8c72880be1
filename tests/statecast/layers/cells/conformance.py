"""What every recurrent cell holds to, whoever wrote it. Each check takes the cell's name; ``CHECKS`` lists them."""

import importlib
import inspect
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

import statecast
from statecast.artifacts.golden import golden_difference, record_golden
from statecast.layers.cells import registry
from statecast.layers.cells.recurrent import Recurrent
from tests.builders import tiny_artifact, tiny_network

ROWS, STEPS, WIDTH = 3, 20, 6


def layers_of(name: str, layers: int = 2) -> tuple[Recurrent, Tensor, Tensor]:
    """Layers with settled weights, inputs ``[3, 20, 6]`` and a state that has read something; float64."""
    torch.manual_seed(0)
    recurrent = Recurrent(name, WIDTH, layers, 0.0).double().eval()
    inputs = torch.randn(ROWS, STEPS, WIDTH).double()
    with torch.no_grad():
        for weight in recurrent.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
        _, state = recurrent.run(torch.randn(ROWS, 7, WIDTH).double(), empty(recurrent, ROWS).double())
    return recurrent, inputs, state


def empty(recurrent: Recurrent, rows: int) -> Tensor:
    """State of rows that have read nothing."""
    return torch.zeros(rows, recurrent.layers, recurrent.parts, recurrent.width)


def check_description(name: str) -> None:
    """A newcomer finds a cell by its name in the folder, and its formula and source in its docstring."""
    cell = type(registry.get(name))
    assert cell.name == name and cell.__module__.rpartition(".")[2] in (name, f"{name}_cell")
    assert cell.formula and cell.parts >= 1 and cell.gates >= 1
    for section in ("Notes", "References"):
        assert f"{section}\n" in (inspect.getdoc(cell) or ""), f"{name}: no {section} in its docstring"


def check_stepping_equals_running(name: str) -> None:
    """Training runs sequences and service steps (law 1): at every split they must be one function."""
    for layers in (1, 2):
        recurrent, inputs, state = layers_of(name, layers)
        outputs, after = recurrent.run(inputs, state)
        for cut in (1, STEPS // 2, STEPS - 1):
            first, middle = recurrent.run(inputs[:, :cut], state)
            for position in range(cut, STEPS):
                middle = recurrent.step(inputs[:, position], middle)
            torch.testing.assert_close(first, outputs[:, :cut], rtol=1e-11, atol=1e-13)
            torch.testing.assert_close(middle, after, rtol=1e-11, atol=1e-13)
            torch.testing.assert_close(middle[:, -1, 0], outputs[:, -1], rtol=1e-11, atol=1e-13)


def check_state_is_a_value(name: str) -> None:
    """A state that a step writes into would be another one for whoever still holds it (law 4)."""
    recurrent, inputs, state = layers_of(name)
    before, read = state.clone(), inputs.clone()
    first = recurrent.step(inputs[:, 0], state)
    recurrent.run(inputs, state)
    assert torch.equal(state, before) and torch.equal(inputs, read)
    assert torch.equal(recurrent.step(inputs[:, 0], state), first)
    assert first.shape == state.shape and first.dtype == state.dtype


def check_rows_are_apart(name: str) -> None:
    """A forecast must not depend on what shares its batch (law 2)."""
    recurrent, inputs, state = layers_of(name)
    outputs, after = recurrent.run(inputs, state)
    for row in range(ROWS):
        alone, own = recurrent.run(inputs[row : row + 1], state[row : row + 1])
        torch.testing.assert_close(alone, outputs[row : row + 1], rtol=1e-11, atol=1e-13)
        torch.testing.assert_close(own, after[row : row + 1], rtol=1e-11, atol=1e-13)


def check_gradient_flows(name: str) -> None:
    """A weight without a gradient never learns, and one whose gradient is no number ends the fit."""
    recurrent, inputs, state = layers_of(name)
    recurrent.train().run(inputs, state)[0].square().mean().backward()
    for weight_name, weight in recurrent.named_parameters():
        assert weight.grad is not None and bool(weight.grad.isfinite().all()), weight_name
        assert bool(weight.grad.any()), weight_name


def check_long_lives_stay_finite(name: str) -> None:
    """A session lives for years, and now and then reads something absurd; a hundred steps later that is forgotten."""
    torch.manual_seed(0)
    recurrent = Recurrent(name, WIDTH, 1, 0.0).eval()
    inputs = torch.randn(2, 5_000, WIDTH)
    inputs[:, ::97] *= 1e4
    with torch.inference_mode():
        outputs, state = recurrent.run(inputs, empty(recurrent, 2))
    assert bool(state.isfinite().all()) and bool(outputs.isfinite().all())
    assert float(outputs[:, 96::97].abs().max()) <= 10.0


def check_shapes_without_numbers(name: str) -> None:
    """Sizes of states and weights are known before any memory is taken: ``meta`` tensors go through."""
    with torch.device("meta"):
        recurrent = Recurrent(name, WIDTH, 2, 0.0).eval()
        outputs, state = recurrent.run(torch.zeros(ROWS, STEPS, WIDTH), empty(recurrent, ROWS))
        after = recurrent.step(torch.zeros(ROWS, WIDTH), state)
    assert outputs.device.type == "meta" and outputs.shape == (ROWS, STEPS, WIDTH)
    assert after.shape == (ROWS, 2, registry.get(name).parts, WIDTH)


def check_artifact_round_trip(name: str) -> None:
    """A network that cannot be saved and loaded cannot be served (law 8)."""
    with tempfile.TemporaryDirectory() as folder:
        tiny_artifact(Path(folder), cell=name)
        artifact = statecast.load(Path(folder) / "tiny-1")
    assert artifact.forecaster.config.cell == name
    assert golden_difference(artifact.network, record_golden(tiny_network(cell=name))) < 1e-6


CHECKS: dict[str, Callable[[str], None]] = {
    name.removeprefix("check_"): check for name, check in list(globals().items()) if name.startswith("check_")
}


@contextmanager
def registered(module: str) -> Iterator[str]:
    """Register the cell of a module, for a while; gives its name."""
    found = importlib.import_module(module)
    (cell,) = (one for one in vars(found).values() if inspect.isclass(one) and one.__module__ == module)
    registry.cells.register(cell.name)(cell)
    try:
        yield cell.name
    finally:
        registry.cells.unregister(cell.name)
