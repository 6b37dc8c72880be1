"""The encoder of a series on a grid: what it may and may not hear, what it keeps, and grids that cannot be."""

from typing import Any

import pytest
import torch
from torch import Tensor

from statecast import Forecaster, ForecasterConfig, Observations
from statecast.errors import ConfigError
from statecast.inputs.covariates import Covariate
from statecast.layers.grid_encoder import GridEncoder
from statecast.layers.patch_encoder import PatchInput
from statecast.state.causal_scaling import Scaling
from tests.builders import TINY, tiny_network


def covariates(*names: str) -> tuple[Covariate, ...]:
    return tuple(Covariate(name) for name in names)


LINE: dict[str, Any] = {"spatial_grid": (("target", "near", "far"),), "past_covariates": covariates("far", "near")}


def forecast(network: Forecaster, observations: Observations) -> Tensor:
    config, rows = network.config, len(observations.target)
    state = network.prime(observations, network.fresh(torch.zeros(rows, dtype=torch.int64), torch.zeros(rows, 0)))
    return network.decode(state, torch.zeros(rows, config.horizon, config.known_width)).quantiles()


def random_series(config: ForecasterConfig, steps: int = 30) -> Observations:
    generator = torch.Generator().manual_seed(1)
    shapes = ((2, steps), (2, steps, config.past_width), (2, steps, config.known_width))
    return Observations(*(torch.randn(shape, generator=generator) for shape in shapes))


def test_it_begins_as_the_network_that_never_heard_of_neighbours() -> None:
    """The first weights of all else are the same too, or comparing fits with and without would mean nothing."""
    networks = []
    for changes in ({}, LINE):
        torch.manual_seed(0)
        networks.append(Forecaster(ForecasterConfig(**{**TINY, **changes})).eval().requires_grad_(False))
    plain, grid = networks
    weights = grid.state_dict()
    assert all(torch.equal(weight, weights[name]) for name, weight in plain.state_dict().items())
    observations = random_series(grid.config)
    alone = observations._replace(past=observations.past[..., :0])
    torch.testing.assert_close(forecast(grid, observations), forecast(plain, alone), rtol=0, atol=1e-6)
    sides = grid.ablatable()["neighbours on the grid"]
    assert len(sides) == 2
    for weight in sides:
        weight.normal_()
    assert float((forecast(grid, observations) - forecast(plain, alone)).abs().max()) > 1e-4


def test_what_lies_further_off_is_heard_later() -> None:
    """With one layer news comes a node nearer each patch; what lies beyond a hole's edge would never come."""
    network = tiny_network(**LINE)
    for weight in network.ablatable()["neighbours on the grid"]:
        weight.normal_()
    observations = random_series(network.config)
    before = forecast(network, observations)

    def moved(column: int, step: int) -> float:
        past = observations.past.clone()
        past[:, step, column] += 3.0
        return float((forecast(network, observations._replace(past=past)) - before).abs().max())

    far, near, period = 0, 1, network.config.patch_length
    assert moved(near, -1) > 1e-4
    assert moved(far, -1) == 0.0
    assert moved(far, -1 - period) > 1e-5


def test_neighbours_are_embedded_alike_and_the_target_as_ever() -> None:
    """Their own patches alone, what is missing marked; and no value of theirs among the target's own covariates."""
    torch.manual_seed(0)
    sky = Covariate("sky", levels=("clear", "dull"))
    told = {"past_covariates": (Covariate("far"), sky, Covariate("near")), "spatial_grid": LINE["spatial_grid"]}
    config = ForecasterConfig(**{**TINY, **told, "static_covariates": covariates("height")})
    encoder = GridEncoder(config).eval().requires_grad_(False)
    columns, calendar, patch = torch.randn(1, 1, 4, 4), torch.randn(1, 1, 4), torch.randn(1, 1, 4)
    columns[0, 0, 3, 1] = 0.0  # as missing ones arrive
    now = Scaling(torch.zeros(1, 1).double(), torch.ones(1, 1).double())
    inputs = PatchInput((patch,) * 3, now, now, columns.flatten(2), calendar, torch.randn(1, 1), torch.zeros(1, 1, 0))
    target, near, far = encoder.embedded(inputs)[0, 0].split(8)
    for ours, values in ((near, columns[0, 0, 3]), (far, columns[0, 0, 0])):
        known = torch.cat([values, (values != 0).float(), calendar[0, 0]])
        expected = torch.relu(encoder.embed_beside.weight @ known + encoder.embed_beside.bias)
        torch.testing.assert_close(ours, expected, rtol=1e-6, atol=1e-6)
    own = [patch[0, 0], torch.zeros(8), torch.ones(4), torch.zeros(2), columns[0, 0, 1:3].flatten(), calendar[0, 0]]
    expected = torch.relu(encoder.embed.weight @ torch.cat([*own, inputs.static[0]]) + encoder.embed.bias)
    torch.testing.assert_close(target, expected, rtol=1e-6, atol=1e-6)


def test_the_state_holds_every_node() -> None:
    """Bytes grow with the names of a grid, not with its empty places."""
    plain, grid, holes = (tiny_network(**changes) for changes in (
        {}, LINE, {**LINE, "spatial_grid": (("target", "near", "far"), ("", "", ""))}
    ))  # fmt: skip
    assert plain.spec.fields["hidden"].shape == (4, 1, 2, 8)
    assert grid.spec.fields["hidden"].shape == holes.spec.fields["hidden"].shape == (4, 1, 2, 24)
    assert grid.streaming == "exact"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spatial_grid": (("target", "near"), ("far",))}, 'rows of one length; write "" where nothing is known'),
        ({"spatial_grid": (("near", "far"),)}, '"target" at one place, that of the series itself, got it 0 times'),
        ({"spatial_grid": (("target", "target"),)}, "got it 2 times"),
        ({"spatial_grid": (("near", "target", "near"),)}, "each name at one place, got more of near"),
        ({"spatial_grid": (("target", "", "far"),)}, "linked with the target by neighbours, got far apart from it"),
        ({"spatial_grid": ("near", "target")}, "rows of names, such as"),
        ({"spatial_grid": (("target", 3),)}, "rows of names, such as"),
        ({"spatial_grid": ((), ())}, "rows of names"),
        ({"spatial_grid": (("target", "sea"),)}, r"past covariates \(far, near\), got 'sea'; name its column under"),
        ({"past_covariates": (*covariates("far"), Covariate("near", levels=("a",)))}, "'near' has levels; give it as"),
        ({"past_covariates": ()}, "there are none"),
        ({"cell": "gru"}, "cell: expected lstm, the only cell that reads a grid, got 'gru'"),
        ({"bidirectional": True}, "bidirectional: expected false with a grid"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    """Before anybody trains on it, with the field and the mend."""
    with pytest.raises(ConfigError, match=message):
        tiny_network(**{**LINE, **changes})


def test_a_grid_survives_json() -> None:
    """Lists come back from JSON and TOML; a row that is text must not come apart into letters."""
    config = ForecasterConfig(**{**TINY, **LINE})
    told = config.to_dict()
    assert ForecasterConfig.from_dict({**told, "spatial_grid": [["target", "near", "far"]]}) == config
    for grid in (["ab", "cd"], [1, 2], 3, "target"):
        with pytest.raises(ConfigError):
            ForecasterConfig.from_dict({**told, "spatial_grid": grid})
