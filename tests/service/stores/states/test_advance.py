"""Streamed observations in Redis: the record is as it is now, the state some steps behind, and nothing is lost."""

from dataclasses import replace

import numpy as np
import pytest
from redis import Redis

from service.sessions.regular_series import checksum_of
from service.stores.interface import Advance, Delete, Moved, PendingForecast, Put, Record, Request, StoreError, Touch
from service.stores.record_columns import COLUMNS, to_row
from service.stores.redis_fields import FIELDS
from service.stores.registry import open_store
from tests.service.stores.conformance import STATE, record_of, same
from tests.service.stores.redis_server import common_server


@pytest.fixture
def url() -> str:
    common_server().empty()
    return common_server().url


def streamed(key: str = "k", **changes: object) -> Record:
    plain = {
        "variables": ("",), "tail": np.array([[1.5, np.nan, 0.1]]), "given_tail": np.zeros((1, 0, 3)),
        "issued": PendingForecast(10, np.arange(12.0).reshape(1, 4, 3), np.array([0.3])), "level": (0.1,),
        "below_zero": (False,), "digest": "sha256:09", "first_index": 7,
    }  # fmt: skip
    return record_of(key, **(plain | changes))


def after(record: Record, value: float, length: int = 3) -> Record:
    """The session one step later."""
    last = record.last_index + 1
    quantiles = np.random.default_rng(last).normal(size=(1, 4, 3)).astype(np.float32) + record.level[0]
    tail = np.concatenate([record.tail, [[value]]], axis=1)[:, -length:]
    return replace(
        record, last_index=last, count=record.count + 1, tail=tail, given_tail=np.full((1, 0, length), np.nan),
        checksum=last * 7, digest=f"sha256:{last:02}", request=Request(last, last, checksum_of(tail[:, -1:])),
        issued=PendingForecast(last + 1, quantiles, np.array([0.5 * last])), last_used=100.0 + last,
        expires_at=200.0 + last, below_zero=(value < 0 or record.below_zero[0],),
        scores={"mase": np.array([2.5, last]), "surprise": np.full(8, np.nan)},
    )  # fmt: skip


def advance(*steps: tuple[Record, Record]) -> Advance:
    """What leads from records to those one step later."""
    records = [later for _, later in steps]
    issued = [record.issued for record in records if record.issued is not None]
    return Advance(
        keys=[record.key for record in records],
        after=[before.digest for before, _ in steps],
        digests=[record.digest for record in records],
        values=np.array([record.tail[0, -1] for record in records]),
        index=np.array([record.last_index for record in records]),
        count=np.array([record.count for record in records]),
        checksum=np.array([record.checksum for record in records]),
        tail_length=np.array([record.tail.shape[1] for record in records]),
        used=np.array([record.last_used for record in records]),
        expires_at=np.array([record.expires_at for record in records]),
        below_zero=np.array([record.below_zero[0] for record in records]),
        forecasts=np.concatenate([one.quantiles.transpose(0, 2, 1) for one in issued]),
        scale=np.array([one.scale[0] for one in issued]),
        scores=np.array([np.concatenate(list(record.scores.values())) for record in records]),
        sizes={name: len(numbers) for name, numbers in records[0].scores.items()},
    )


@pytest.mark.parametrize("level", [0.1, 1e9, float("nan")])
def test_the_record_is_whole_after_every_step(url: str, level: float) -> None:
    """Another replica scores and counts by it; a last bit that is lost makes the next observation another series."""
    store = open_store(url)
    first = streamed(level=(level,))
    other = streamed("other", level=(level,))
    store.commit([Put(first, STATE, ""), Put(other, STATE, "")])
    records = [first, other]
    for step, value in enumerate((0.1 + 0.2, float("nan"), -1e300, 5.0)):
        later = [after(record, value + n, length=3 + min(step, 1)) for n, record in enumerate(records)]
        store.commit([advance(*zip(records, later, strict=True))])
        records = later
        for record in records:
            found, back = open_store(url).behind(record.key), store.get(record.key)
            assert back is not None and same(back, record) and found is not None and same(found.record, record)
            assert found.state == STATE and len(found.values) == step + 1
            np.testing.assert_array_equal(found.values[-1:], record.tail[0, -1:])
    with pytest.raises(StoreError, match="4 observations behind"):
        store.state("k")
    with Redis.from_url(url) as client:
        assert len(client.hget("statecast:s:k", "steps")) == 4 * 8
    whole = replace(records[0], digest="sha256:whole", last_used=1.0)
    store.commit([Put(whole, b"new", records[0].digest)])
    found, back = store.behind("k"), store.get("k")
    assert found is not None and not len(found.values) and store.state("k") == b"new"
    assert back is not None and same(back, whole)


def test_who_goes_on_from_an_older_step_is_refused(url: str) -> None:
    """Of a batch nothing is applied then, and of the others it is said which may be tried again."""
    store = open_store(url)
    a, b = streamed("a"), streamed("b")
    store.commit([Put(a, STATE, ""), Put(b, STATE, "")])
    store.commit([advance((a, after(a, 1.0)))])
    with pytest.raises(Moved) as refused:
        store.commit([advance((a, after(a, 2.0)), (b, after(b, 2.0)))])
    assert refused.value.keys == {"a"}
    for key, record in (("a", after(a, 1.0)), ("b", b)):
        back = store.get(key)
        assert back is not None and same(back, record)
    store.commit([Delete("a"), Delete("b")])
    with pytest.raises(Moved):
        store.commit([advance((b, after(b, 2.0)))])


def test_scores_are_those_of_the_step(url: str) -> None:
    """The same series may have been put anew meanwhile, with other metrics."""
    store = open_store(url)
    record, later = streamed(), after(streamed(), 1.0)
    store.commit([Put(replace(record, scores={"wql": np.array([1.0, 2, 3])}), STATE, "")])
    store.commit([advance((record, later))])
    back = store.get("k")
    assert back is not None and same(back, later)


def test_a_life_that_observations_renewed_does_not_end(url: str) -> None:
    """The housekeeping learns of a later end when it comes to the session."""
    store = open_store(url)
    record, idle = streamed(expires_at=200.0), streamed("idle", expires_at=200.0)
    store.commit([Put(record, STATE, ""), Put(idle, STATE, "")])
    later = replace(after(record, 1.0), expires_at=300.0)
    store.commit([advance((record, later))])
    assert store.expire(250.0, 0.0, 10)[:2] == (1, 0)
    assert not any(store.expire(250.0, 0.0, 10))
    back = store.get("k")
    assert back is not None and same(back, later)
    store.commit([Touch("k", 250.0, 400.0)])
    assert not any(store.expire(350.0, 0.0, 10))
    assert store.expire(400.0, 0.0, 10).ended == 1 and store.behind("k") is None
    tomb = store.get("k")
    assert tomb is not None and tomb.dropped and tomb.tail.shape == (1, 0) and tomb.issued is None


def test_what_an_earlier_release_wrote_goes_on(url: str) -> None:
    """It put every session whole, its numbers as they are; an update must not end the sessions there are."""
    record = streamed(anchor=None)
    row = dict(zip(COLUMNS, to_row(record), strict=True))
    numbers = ("last_clock", "count", "checksum", "request_begin", "request_end", "request_crc", "issued_start")
    fields = {
        "digest": row["digest"], "used": repr(row["last_used"]), "ends": repr(row["expires_at"]), "birth": row["birth"],
        "numbers": str([row[name] for name in numbers]), "tail": row["tail"], "issued": row["issued"],
        "scores": row["scores"], "owner": row["owner"], "name": row["name"], "state": STATE,
    }  # fmt: skip
    assert fields.keys() == {*FIELDS, "state"} - {"anchor", "steps", "dropped"}
    with Redis.from_url(url) as client:
        client.hset("statecast:s:k", mapping=fields)
        client.zadd("statecast:live", {"k": 200.0})
    store = open_store(url)
    back = store.get("k")
    assert back is not None and same(back, record) and store.state("k") == STATE
    later = after(record, 2.0)
    store.commit([Put(later, b"x", record.digest)])
    back = store.get("k")
    assert back is not None and same(back, later)
