"""What runs on a GPU, tried on torch's device ``meta``, which has shapes and no values: so it needs no GPU.

An operator that mixes devices raises there, and so does whatever reads a value back (``nonzero``, ``item``, an ``if``
on a tensor). Such an operator stops a GPU where it stands, or the whole fit, and no graph can be captured of a step
that has one; and on a machine without a GPU nothing else would say so.
"""

import copy
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from torch.overrides import TorchFunctionMode

from statecast import Family, FamilyConfig, Forecaster, Generator, GeneratorConfig, SeriesNetwork
from statecast.graphed.programs import Programs
from statecast.uncertainty import hindcasts
from statecast.uncertainty.autocorrelation import estimate_autocorrelation
from statecast.uncertainty.normal_scores import normal_scores
from tests.laws.series import NAMES, Batch, difference, plain_batch, variant
from tests.training.conftest import long_table
from tests.training.fitting.test_objectives import forecast, pretraining, text
from training.data.tables import panel_of

META = torch.device("meta")
ALONE = [name for name in NAMES if isinstance(variant(name), Forecaster)]


class NothingFromTheHost(TorchFunctionMode):
    """Raises where a tensor of the device is made from one of the host, or from Python numbers.

    On ``meta`` such a copy would pass; on a GPU a step would wait for it.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        if isinstance(found, Tensor) and found.is_meta:
            made = func in (torch.tensor, torch.as_tensor)
            listed = func is Tensor.__getitem__ and any(isinstance(one, list) for one in _flat(args[1:]))
            moved = any(isinstance(one, Tensor) and one.dim() and not one.is_meta for one in _flat(args))
            if made or listed or moved:
                raise AssertionError(f"{getattr(func, '__name__', func)} brings values from the host: {args}")
        return found


def _flat(values: Any) -> list[Any]:
    if isinstance(values, tuple | list):
        return [values, *(one for value in values for one in _flat(value))]
    return [values]


def on_meta(batch: Batch, network: SeriesNetwork) -> Batch:
    moved = {name: value.to(META) for name, value in vars(batch).items() if isinstance(value, Tensor)}
    return replace(batch, network=network, **moved)


@pytest.fixture(autouse=True, scope="module")
def _after_the_first_call() -> None:
    """What a config fixes, such as quantile levels, is brought over once and stays."""
    network = copy.deepcopy(variant("lstm")).to(META)
    _serve(on_meta(plain_batch(network, torch.randn(2, 40)), network))


def test_the_device_raises_what_a_gpu_would_wait_for() -> None:
    """If the device let such operators pass, all that follows would hold nothing."""
    values = torch.ones(3, device=META)
    for wrong in (
        lambda: torch.nonzero(values), lambda: float(values[0]), lambda: bool(values.any()),
        lambda: values + torch.ones(3),
    ):  # fmt: skip
        with pytest.raises((RuntimeError, NotImplementedError)):
            wrong()
    with NothingFromTheHost():
        for wrong in (
            lambda: torch.tensor([1.0], device=META), lambda: torch.ones(2).to(META), lambda: values[[0, 2]],
            lambda: values[torch.tensor([0, 2])],
        ):  # fmt: skip
            with pytest.raises(AssertionError):
                wrong()


def _serve(batch: Batch) -> None:
    """A history, one observation more, and everything that a server reads off the state."""
    network, steps = batch.network, batch.target.shape[1]
    state = network.prime(batch.part(0, steps - 1), batch.fresh())
    prediction, state = network.step(batch.part(steps - 1, steps)._replace(coarse_history=None), state, batch.future)
    assert prediction.quantiles().is_meta
    prediction.mean(), network.seasonal_naive(state), network.seasonal_error(state), network.autocorrelation(state)
    network.forward(batch.part(0, steps), batch.fresh(), batch.future[:, None].expand(-1, steps, -1, -1))


@pytest.mark.parametrize("name", NAMES)
def test_prime_and_decode(name: str) -> None:
    """The step of every network can be left to a device, and captured there into one graph."""
    network = copy.deepcopy(variant(name)).to(META)
    batch = on_meta(plain_batch(network, torch.randn(2, 40)), network)
    with torch.inference_mode(), NothingFromTheHost():
        _serve(batch)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_captured(name: str) -> None:
    """Steps and forecasts on the rows of a cache, as ``statecast.graphed`` captures them, wait for nothing."""
    network = copy.deepcopy(variant(name)).to(META)
    programs = Programs(network, torch.zeros((9, network.spec.row_bytes), dtype=torch.uint8, device=META), size=4)
    with NothingFromTheHost():
        for replay in (*programs.steps.values(), programs.decode):
            replay()


@pytest.mark.parametrize("season", [1, 7, 24, 96])
def test_prime_and_decode_of_a_family(season: int) -> None:
    """Members share the family's weights, wherever these lie when a member is made."""
    family = Family(FamilyConfig(patches=((12, 4, 16), (512, 16, 32)), width=8, segment_length=4)).to(META)
    member = family.of(season).eval()
    batch = on_meta(plain_batch(member, torch.randn(2, 40)), member)
    with torch.inference_mode(), NothingFromTheHost():
        _serve(batch)


@pytest.mark.parametrize("vocabulary", ["char", "byte"])
def test_reading_and_writing_text(vocabulary: str) -> None:
    """Which bytes may follow is a matter of the state, so the state's device must know."""
    symbols = ("a", "b") if vocabulary == "char" else ()
    network = Generator(GeneratorConfig(vocabulary, symbols, embedding=4, width=8)).eval().to(META)
    tokens = torch.zeros(2, 5, dtype=torch.int64, device=META)
    with NothingFromTheHost():
        state = network.prime(tokens, network.fresh(2))
        logits, state = network.step(tokens[:, 0], state)
    assert logits.is_meta


def _train(objective: Any, optimizer: torch.optim.Optimizer, batch: Any) -> None:
    optimizer.zero_grad()
    objective.loss(batch).backward()
    clip_grad_norm_(objective.network.parameters(), 1.0)
    optimizer.step()


@pytest.mark.parametrize("make", [forecast, pretraining, text], ids=lambda make: make.__name__)
def test_a_training_step(make: Any) -> None:
    """Loss, gradient, clipping and update: a fit on a GPU must run to the end, and wait for nothing on the way."""
    objective = make(panel_of(long_table(covariates=False)))
    objective.network.to(META).train()
    optimizer = objective.new_optimizer()
    batches = [batch for step in range(2) for batch, _ in objective.draw(step, META)]
    for batch in batches:  # of a family, a season's member is made when it is first drawn
        _train(objective, optimizer, batch)
    with NothingFromTheHost():
        _train(objective, optimizer, batches[1])


@pytest.mark.parametrize("name", ALONE)
def test_a_training_step_of_every_network(name: str) -> None:
    """Forked training has operators of its own, and so have the gradients of each part."""
    network = copy.deepcopy(variant(name)).to(META).train().requires_grad_(True)
    batch, period = on_meta(plain_batch(network, torch.randn(2, 40)), network), network.config.patch_length
    future = batch.future[:, None].expand(-1, 40 // period, -1, -1)
    optimizer = torch.optim.AdamW(network.parameters())

    with NothingFromTheHost():
        network.fork(batch.part(0, 40), batch.fresh(), future).scaled.square().mean().backward()
        clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()


@pytest.mark.parametrize("name", NAMES)
def test_calibration(name: str) -> None:
    """What validation shows is held against what each series had found out, on the device of the forecasts."""
    calibration, config = copy.deepcopy(variant(name)).to(META).calibration, variant(name).config
    shape = 5, config.horizon, len(config.quantile_levels)
    raw, truth = torch.zeros(shape, device=META), torch.zeros(shape[:2], device=META)
    age, own = torch.zeros(5, dtype=torch.int64, device=META), torch.zeros((5, 2, config.segments), device=META)

    with NothingFromTheHost():
        calibration.needed(raw, truth) - calibration.widening(age, config.horizon)
        calibration.stretch_past(raw, own, age, age)
        scores = normal_scores(calibration.stretch(raw, own, age), truth, calibration.levels)
        calibration.autocorrelation.copy_(estimate_autocorrelation(scores).mean(0))


@pytest.mark.parametrize("name", NAMES)
def test_what_a_device_computes_instead_of_reading_back(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device makes all hindcasts and masks those that are not due, and walks through buckets that the host would
    count; both must come to what the CPU comes to."""
    network = variant(name)
    torch.manual_seed(0)
    target = torch.randn(6, 64).cumsum(1)
    target[:, 20:23] = torch.nan
    batch = plain_batch(network, target)
    before = torch.randn(batch.coarse_history.shape)
    before = before.masked_fill(2 * torch.arange(6)[:, None, None] > torch.arange(before.shape[2]), torch.nan)
    batch = replace(batch, clock=torch.arange(6) * 3 - 1, coarse_history=before)
    expected, stepped = batch.run(), network.prime(batch.part(0, 50), batch.fresh())
    monkeypatch.setattr(hindcasts, "READS_FOR_NOTHING", ())
    monkeypatch.setattr("statecast.layers.mixed_frequency.READS_FOR_NOTHING", ())
    assert difference(batch.run(), expected) <= 1e-6
    for position in range(50, 64):
        stepped = network.prime(batch.part(position, position + 1), stepped)
    assert difference(batch.forecast(stepped), expected) <= 3e-6
