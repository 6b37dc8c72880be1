"""A stream of sound in chunks of any sizes comes to what the whole recording does, and no row knows its neighbours.

Without the first a session would write something else than the recording says, depending on how the sound came;
without the second an answer would depend on who else asked.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from statecast.ctc.greedy import decode_greedily
from statecast.errors import InputError
from tests.builders import babble, tiny_transcriber

SHAPES = [
    {},
    {"cell": "lstm", "layers": 2},
    {"cell": "slstm"},
    {"cell": "mlstm", "layers": 2},
    {"cell": "mingru"},
    {"channels": (), "stacking": 4},
    {"channels": (4,), "stacking": 3},
]
NETWORKS = [tiny_transcriber(**shape) for shape in SHAPES]
SOUND = babble(2.3, seed=3)


def run(network, sounds, rate=8000):
    longest = max(len(sound) for sound in sounds)
    rows = np.stack([np.pad(sound, (0, longest - len(sound))) for sound in sounds])
    return network.run(torch.from_numpy(rows), torch.tensor([len(sound) for sound in sounds]), rate)


def streamed(network, sound, cuts, rate=8000):
    """Log-probabilities of all steps, and the state after the end."""
    state, found = network.initial_state(1), []
    for piece in np.split(sound, cuts):
        emissions, state = network.advance(torch.from_numpy(piece)[None], torch.tensor([len(piece)]), state, rate)
        found.append(emissions.row(0))
    emissions, state = network.finish(state)
    return np.concatenate([*found, emissions.row(0)]), state


@pytest.mark.parametrize("network", NETWORKS, ids=str)
@pytest.mark.parametrize("cuts", [[], [1], [799, 800, 801, 802], list(range(80, 18000, 80)), [5, 5, 9000]], ids=str)
def test_chunks_equal_the_whole(network, cuts):
    emissions = run(network, [SOUND])
    found, state = streamed(network, SOUND, cuts)
    assert found.shape == emissions.row(0).shape
    assert np.abs(found - emissions.row(0)).max() < 1e-4
    whole, text = network.spell(decode_greedily(emissions.row(0))[0]), network.transcripts(state)[0]
    assert text.text == whole.text != ""
    assert [(one.text, one.start_s, one.end_s) for one in text.segments] == [
        (one.text, one.start_s, one.end_s) for one in whole.segments
    ]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 4000), max_size=6), st.integers(1, 4000), st.sampled_from([8000, 16000]))
def test_chunks_of_any_sizes_equal_the_whole(cuts, length, rate):
    network = NETWORKS[0]
    sound = SOUND[:length]
    found, state = streamed(network, sound, sorted(min(cut, length) for cut in cuts), rate)
    expected = run(network, [sound], rate).row(0)
    assert found.shape == expected.shape and (not found.size or np.abs(found - expected).max() < 1e-4)
    assert len(state.rows[0]) == network.spec.row_bytes


def test_chunks_of_one_sample_equal_the_whole():
    network, sound = NETWORKS[0], SOUND[:700]
    found, _ = streamed(network, sound, list(range(1, 700)))
    assert np.abs(found - run(network, [sound]).row(0)).max() < 1e-4


@pytest.mark.parametrize("bidirectional", [False, True])
def test_no_row_knows_its_neighbours(bidirectional):
    network = tiny_transcriber(bidirectional=bidirectional, layers=2)
    sounds = [SOUND, SOUND[:5000], babble(1.1, seed=9), SOUND[:1], SOUND[:0]]
    together = run(network, sounds)
    for row, sound in enumerate(sounds):
        alone = run(network, [sound]).row(0)
        assert together.row(row).shape == alone.shape
        assert not alone.size or np.abs(together.row(row) - alone).max() < 1e-4


def test_streams_at_different_places_advance_together():
    network = NETWORKS[1]
    sounds, lengths = (
        [SOUND, babble(2.3, seed=5), babble(2.3, seed=6)],
        [[900, 0, 4000], [1, 3000, 320], [5000, 700, 0]],
    )
    states, whole, places = network.initial_state(3), [[], [], []], [0, 0, 0]
    for sizes in lengths:
        chunk = np.zeros((3, max(sizes)), dtype=np.float32)
        for row, size in enumerate(sizes):
            chunk[row, :size] = sounds[row][places[row] : places[row] + size]
            places[row] += size
        chunk[chunk == 0] = 0.5  # what lies behind a row's length has no influence
        emissions, states = network.advance(torch.from_numpy(chunk), torch.tensor(sizes), states)
        for row in range(3):
            whole[row].append(emissions.row(row))
    for row in range(3):
        found = np.concatenate(whole[row])
        expected = run(network, [sounds[row][: places[row]]]).row(0)[: len(found)]
        assert np.abs(found - expected).max() < 1e-4
        _, alone = streamed(network, sounds[row][: places[row]], [])
        assert network.transcripts(network.finish(states)[1])[row].text == network.transcripts(alone)[0].text


def test_a_state_is_a_value_of_fixed_size():
    network = NETWORKS[0]
    state = network.initial_state(1)
    before = state.rows.clone()
    for _ in range(30):  # more symbols than a state keeps
        _, state = network.advance(torch.from_numpy(SOUND)[None], torch.tensor([len(SOUND)]), state)
    assert state.rows.shape == before.shape and torch.equal(network.initial_state(1).rows, before)
    assert int(state["count"][0]) > 32
    text = network.transcripts(state)[0]
    assert len(text.segments) == 32 and text.segments[-1].end_s <= int(state["samples"][0]) / 8000
    assert all(a.end_s <= b.start_s for a, b in zip(text.segments, text.segments[1:], strict=False))


def test_what_cannot_stream_says_so():
    both = tiny_transcriber(bidirectional=True)
    assert (both.streaming, NETWORKS[0].streaming) == ("none", "exact")
    with pytest.raises(InputError, match="whole"):
        both.initial_state(1)
    _, state = NETWORKS[0].advance(torch.zeros(1, 10), torch.tensor([10]), NETWORKS[0].initial_state(1), 16000)
    with pytest.raises(InputError, match="the session began with 16000 samples per second, got 8000"):
        NETWORKS[0].advance(torch.zeros(1, 10), torch.tensor([10]), state, 8000)
