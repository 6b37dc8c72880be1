"""The other decoder and the other encoder, held to their formulas and what they mean for streaming."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

import statecast
from statecast import Forecaster, ForecasterConfig
from statecast.errors import ConfigError
from statecast.layers.bidirectional_encoder import BidirectionalEncoder
from statecast.layers.decoder import RecurrentDecoder
from statecast.layers.patch_encoder import PatchInput
from statecast.state.causal_scaling import Scaling
from tests.builders import TINY, tiny_artifact, tiny_ensemble, tiny_network


def random(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64)


def test_the_recurrent_decoder_by_hand() -> None:
    """A GRU's step a segment, from the attended vector of that segment and no other."""
    torch.manual_seed(0)
    decoder, queries, attended = (
        RecurrentDecoder(6, 0.3).double().eval().requires_grad_(False),
        random(2, 3, 6),
        random(2, 3, 6),
    )
    enter, past = (getattr(decoder.cell.stack, f"weight_{side}_l0") for side in ("ih", "hh"))
    before, beside = (getattr(decoder.cell.stack, f"bias_{side}_l0").normal_() for side in ("ih", "hh"))
    context = decoder(queries, attended)
    for row in range(2):
        for segment in range(3):
            query, hidden = queries[row, segment], attended[row, segment]
            ours, theirs = (enter @ query + before).chunk(3), (past @ hidden + beside).chunk(3)
            reset, update = (torch.sigmoid(ours[gate] + theirs[gate]) for gate in (0, 1))
            value = torch.tanh(ours[2] + reset * theirs[2])
            expected = (1 - update) * value + update * hidden
            torch.testing.assert_close(context[row, segment], expected, rtol=1e-12, atol=1e-12)


def test_the_lookback_is_read_both_ways() -> None:
    """Forwards to the newest patch, backwards to the oldest; seasons that began before the lookback are missing."""
    torch.manual_seed(0)
    config = ForecasterConfig(**{**TINY, "season": 2, "lookback_length": 19, "calendar": (), "bidirectional": True})
    encoder = BidirectionalEncoder(config).eval().requires_grad_(False)
    loc, scale, lookback = random(1, 1), random(1, 1).abs() + 1.0, torch.randn(1, 1, 16)
    lookback[..., 5] = torch.nan
    patch = lookback[..., -4:]
    inputs = PatchInput(
        patches=(patch, patch - 1.0, patch + 2.0),
        now=Scaling(loc, scale),
        before=Scaling(loc - 0.1, scale * 1.1),
        covariates=torch.randn(1, 1, 0),
        calendar=torch.randn(1, 1, 0),
        static=torch.randn(1, 0),
        reread=lookback,
    )
    scaled = ((lookback[0, 0] - loc[0]) / scale[0]).float()
    change = torch.cat([torch.zeros(2), scaled[2:] - scaled[:-2]])
    sequence = []
    for first in (0, 4, 8):
        part = slice(first, first + 4)
        columns = [scaled[part].nan_to_num(), change[part].nan_to_num(), (~scaled[part].isnan()).float()]
        sequence.append(torch.relu(encoder.older.weight @ torch.cat(columns) + encoder.older.bias))
    newest = super(BidirectionalEncoder, encoder).embedded(inputs)
    sequence.append(newest[0, 0])
    ends = []
    for layers, order in ((encoder.recurrent, sequence), (encoder.backwards, sequence[::-1])):
        state = torch.zeros(1, 1, 2, 8)
        for one in order:
            state = layers.step(one[None], state)
        ends.append(state[0, 0, 0])
    expected = encoder.join.weight @ torch.cat(ends) + encoder.join.bias
    torch.testing.assert_close(encoder.embedded(inputs)[0, 0], expected, rtol=1e-6, atol=1e-6)


def test_a_window_keeps_no_phase_states() -> None:
    """Its state holds the lookback and the last hidden vector; what it does not carry it need not keep."""
    plain, windowed = tiny_network(), tiny_network(bidirectional=True)
    assert plain.spec.fields["hidden"].shape == (4, 1, 2, 8)
    assert windowed.spec.fields["hidden"].shape == (1, 1, 1, 8)
    assert windowed.spec.row_bytes == plain.spec.row_bytes - (4 * 2 - 1) * 8 * 4


def test_what_streams_is_declared(tmp_path: Path) -> None:
    """A user who pays for a window at every step must be able to read that before, of each model."""
    assert (tiny_network().streaming, tiny_network(bidirectional=True).streaming) == ("exact", "windowed")
    assert tiny_ensemble(0, {}, {"bidirectional": True}).streaming == "windowed"
    assert tiny_ensemble(0, {}, {"memory": 2}).streaming == "exact"
    tiny_artifact(tmp_path, bidirectional=True, decoder="recurrent", memory=3, transformer_layers=1)
    loaded = statecast.load(tmp_path / "tiny-1")
    assert loaded.manifest["streaming"] == loaded.forecaster.streaming == "windowed"
    tiny_artifact(tmp_path, "plain")
    assert statecast.load(tmp_path / "plain-1").manifest["streaming"] == "exact"


def test_parts_draw_nothing_from_one_another() -> None:
    """A part that is added must leave the first weights of all others as they were, or no comparison means anything."""
    first = []
    for changes in ({}, {"memory": 3, "transformer_layers": 1}):
        torch.manual_seed(0)
        first.append(Forecaster(ForecasterConfig(**{**TINY, **changes})).state_dict())
    plain, more = first
    assert set(plain) < set(more) and all(torch.equal(weight, more[name]) for name, weight in plain.items())


def test_an_unknown_decoder_is_refused() -> None:
    """The message must name the choices."""
    with pytest.raises(ConfigError, match="decoder: expected one of mlp, recurrent, got 'gru'"):
        tiny_network(decoder="gru")
