"""What a client sends costs no more than its size says, and whatever it holds can be written back."""

import json
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest

from service.codecs.members import MAX_DEPTH, MAX_NAME
from service.deadline import Deadline
from service.errors import Expired, Malformed, ServiceError, Unprocessable
from service.http.problems import problem_failure
from service.protocols.forecast.body import decode_json
from service.protocols.forecast.schemas import FORECAST, ForecastRequest
from service.settings import Settings

SETTINGS = Settings()


def decode(body: object) -> ForecastRequest:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode_json(data, SETTINGS, Deadline(math.inf), FORECAST)


def cost(work: Callable[[], Any]) -> float:
    """Seconds that this thread computes, the best of three."""
    found = []
    for _ in range(3):
        began = time.thread_time()
        work()
        found.append(time.thread_time() - began)
    return min(found)


def test_many_levels_cost_what_their_number_says() -> None:
    """22,000 levels stopped the event loop for two seconds: each was looked for among all before it."""

    def levels(count: int) -> bytes:
        return json.dumps(
            {"series": [{"target": [1]}], "quantile_levels": [n / 50_000 for n in range(1, count)]}
        ).encode()

    few, many = levels(2_000), levels(16_000)
    assert cost(lambda: decode(many)) < 20 * cost(lambda: decode(few))


def test_a_long_unknown_name_is_neither_compared_nor_repeated() -> None:
    """Looking for the field that 30 MB were meant to be took seconds, and the answer said them all again."""
    body = b'{"series": [{"target": [1]}], "' + b"x" * 3_000_000 + b'": 1}'
    with pytest.raises(Unprocessable) as caught:
        decode(body)
    assert len(problem_failure(caught.value, "rq").body) < 10_000
    assert cost(lambda: _refused(body)) < 0.5


def _refused(body: bytes) -> None:
    with pytest.raises(Unprocessable):
        decode(body)


def test_many_unknown_names_are_counted_not_compared() -> None:
    """Each of a thousand unknown names in each of a thousand series was compared with every known one."""
    wrong = {f"a{n}": 1 for n in range(900)}
    (series, *_) = decode({"series": [{"target": [1], **wrong}] * 20}).series
    assert 0 < len(series.faults) <= 100
    body = json.dumps({"series": [{"target": [1], **wrong}] * 20}).encode()
    assert cost(lambda: decode(body)) < 1.0


@pytest.mark.parametrize(
    "body",
    [
        b'{"series": [{"target": {"\\ud800": [1e999]}}]}',
        b'{"series": [{"target": [1]}], "\\udfff": 1e999}',
        b'{"series": [{"target": [1], "static_covariates": {"x\\ud800": 1e400}}]}',
        b'{"series": [{"target": [1], "item_id": "\\ud800", "from_index": 1e400}]}',
    ],
)
def test_half_a_surrogate_pair_is_refused_by_a_message_that_can_be_written(body: bytes) -> None:
    """A name that no encoding can write ended in 500, and where a session had taken the value, after the commit."""
    try:
        (series,) = decode(body).series
        faults = series.faults
        assert faults
        error: ServiceError = Unprocessable("x", faults=faults)
    except (Unprocessable, Malformed) as caught:
        error = caught
    assert orjson.loads(problem_failure(error, "rq").body)["status"] in (400, 422)


@pytest.mark.parametrize("digits", [400, 4000, 5000])
def test_numbers_of_hundreds_of_digits_are_refused_by_their_place(digits: int) -> None:
    """Python holds them, but neither a float nor its own text does."""
    for place in ('{"series": [{"target": [%s]}]}', '{"series": [{"target": [1], "season": %s}]}'):
        try:
            (series,) = decode((place % ("9" * digits)).encode()).series
            assert series.faults
        except Malformed:
            assert digits > 4300  # more digits than Python reads


def test_objects_within_objects_end() -> None:
    """Nine hundred of them within one another ended in Python's own limit, a 500."""
    deep = "{" + '"a": {' * 900 + "}" * 901
    with pytest.raises(Unprocessable, match="deep"):
        decode(b'{"series": [{"target": [1]}], "b": ' + deep.encode() + b"}")
    assert MAX_DEPTH < 20 and MAX_NAME >= 80


def test_decoding_ends_when_nobody_waits() -> None:
    """A body of ten thousand series went on being read long after its client had left."""
    deadline = Deadline(math.inf)
    deadline.leave()
    with pytest.raises(Expired):
        decode_json(json.dumps({"series": [{"target": [1]}] * 100}).encode(), SETTINGS, deadline, FORECAST)
    with pytest.raises(Expired):
        decode_json(
            json.dumps({"series": [{"target": [1]}] * 100}).encode(), SETTINGS, Deadline(time.monotonic() - 1), FORECAST
        )


def test_long_lists_with_nulls_are_read_in_parts() -> None:
    """Parsed at once, a list of millions kept the event loop waiting for as long."""
    values = [None if n % 1000 == 7 else n / 8 for n in range(100_000)]
    (series,) = decode({"series": [{"target": values}]}).series
    expected = np.array([np.nan if value is None else value for value in values])
    np.testing.assert_array_equal(series.target[""], expected)


def test_a_word_that_json_does_not_have_is_named_wherever_it_lies() -> None:
    """The body is searched in parts; one that lies across two of them is found too."""
    for length in (10, 65_520, 65_530, 65_540, 200_000):
        with pytest.raises(Malformed, match="NaN"):
            decode(b'{"series": [{"target": [' + b"1," * (length // 2) + b"NaN]}]}")
