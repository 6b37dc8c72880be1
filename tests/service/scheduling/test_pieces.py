"""Long forecasts are pieces that queue again, so that nobody waits for the whole of one."""

from dataclasses import replace

from service.errors import Expired, UnknownSession
from tests.service.scheduling.test_batcher import Bench, far, job


def test_a_forecast_past_the_horizon_is_one_piece_per_horizon() -> None:
    """Else whoever asks for a thousand steps holds up all others for as long as that takes."""
    bench = Bench()
    entry = bench.batcher.submit(far(3, 4))
    pieces = []
    while bench.turn():
        pieces.append((entry.position, entry.forecast, entry.chunk))
    assert pieces == [(2, 0, 1), (3, 1, 8), (3, 2, 8), (3, 3, 8), (3, 3, 8)]
    assert bench.delivered == [entry] and entry.outcome == "done"
    asked_again = bench.batcher.submit(far(0, 2))
    assert [len(bench.turn()) for _ in range(3)] == [1, 1, 0] and asked_again.outcome == "done"


def test_what_rolls_on_runs_with_its_like_and_is_bounded_by_its_steps() -> None:
    bench = Bench(rows=100, row_steps=16)
    entries = [bench.batcher.submit(far(1, horizons)) for horizons in (2, 2, 2, 3)]
    near = bench.batcher.submit(job(1))
    assert bench.turn() == [*entries, near], "the first horizon is one batch for all"
    assert [bench.turn(), bench.turn(), bench.turn()] == [entries[:2], entries[3:], entries[2:3]]


def test_others_have_their_turn_between_two_horizons() -> None:
    """A short forecast must not wait until a long one is done."""
    bench = Bench()
    long = bench.batcher.submit(far(1, 100))
    bench.turn()
    for _ in range(5):
        step, history = bench.batcher.submit(job(1)), bench.batcher.submit(job(8))
        turns = [bench.turn() for _ in range(3)]
        assert [step] in turns and [history] in turns and [long] in turns
    assert long.forecast == 6


def test_a_forecast_ends_between_two_horizons_when_it_is_late_or_its_client_left() -> None:
    """400 series of 10,000 steps were forecast for minutes, for nobody: what nobody waits for is not computed."""
    bench = Bench()
    late, left = (bench.batcher.submit(replace(far(1, 30), deadline=1.0)) for _ in range(2))
    bench.turn()
    bench.now = 2.0
    bench.batcher.expire([late])
    bench.batcher.drop([left], why := UnknownSession("gone"))
    assert not bench.turn()
    assert isinstance(late.outcome, Expired) and left.outcome is why and bench.batcher.rows == 0
