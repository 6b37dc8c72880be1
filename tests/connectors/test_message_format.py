"""Messages as they come from the field: what can be read is; what cannot says why, because it becomes a dead letter."""

import json
from typing import Any

import pytest

from connectors.answer import Answer
from connectors.delivery import Delivery
from connectors.errors import PoisonMessage
from connectors.messages.covariates import NONE_NEEDED, NeededCovariates
from connectors.messages.message_format import MessageFormat
from connectors.observation import Observation
from statecast.time.frequency import Frequency


def read(message: Any, key: str | None = "k", **options: Any) -> Observation:
    payload = message if isinstance(message, bytes) else json.dumps(message).encode()
    return MessageFormat(**options).read(Delivery("t/0/1", key, payload, None))


@pytest.mark.parametrize(
    ("message", "options", "series"),
    [
        ({"value": "21.5", "ds": "2026-01-01"}, {}, {"target": [21.5], "timestamps": ["2026-01-01"]}),
        ({"target": None, "index": "7"}, {}, {"target": [None], "from_index": 7}),
        ({"y": 0, "ds": 1767225600}, {"freq": "1h"}, {"target": [0.0], "timestamps": [1767225600], "freq": "1h"}),
        ({"y": 1, "time": 1767225600000.0}, {"timestamp_unit": "ms"}, {"timestamps": ["2026-01-01T00:00:00Z"]}),
        ({"value": {"a": 1, "b": None}}, {}, {"target": {"a": [1.0], "b": [None]}}),
        ({"m": {"kwh": 3}, "id": 9}, {"target": ("m.kwh",), "session": ("id",)}, {"target": [3.0], "session": "9"}),
        (b"-4.5e2", {}, {"target": [-450.0], "session": "k"}),
        ({"session": "a/b", "value": 1}, {"prefix": "site-"}, {"session": "site-a.b"}),
    ],
)  # fmt: skip
def test_what_can_be_read(message: Any, options: dict[str, Any], series: dict[str, Any]) -> None:
    assert series.items() <= read(message, **options).series.items()


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"{", "unreadable_message"), (b"", "unreadable_message"), (b"\xff", "unreadable_message"),
        (b'{"value": NaN}', "unreadable_message"), (b"[" * 100_000, "unreadable_message"),
        ({"value": "high"}, "unreadable_target"), ({"value": True}, "unreadable_target"),
        (b"1e999", "unreadable_target"), ({"value": 1, "index": "inf"}, "unreadable_index"),
        ({"value": [1, 2]}, "unreadable_target"), (b"1" + b"0" * 400, "unreadable_target"), ({"x": 1}, "no_target"),
        ({"value": 1, "timestamp": {}}, "unreadable_timestamp"), ({"value": 1, "index": -1}, "unreadable_index"),
        ({"value": 1, "index": 1.5}, "unreadable_index"), ({"value": 1, "session": ["a"]}, "no_session"),
        (b"true", "unreadable_target"), (b'"text"', "unreadable_target"), (b"[1]", "unreadable_target"),
    ],
)  # fmt: skip
def test_what_cannot_says_why(message: Any, code: str) -> None:
    with pytest.raises(PoisonMessage, match="expected") as found:
        read(message)
    assert found.value.code == code


WEATHER = NeededCovariates(past=("weather.wind",), future=("promo",), static=("site",))


@pytest.mark.parametrize(
    ("message", "needed", "found"),
    [
        (
            {"past_covariates": {"wind": 3, "sky": "7", "sun": None}},
            NONE_NEEDED,
            ({"wind": [3], "sky": ["7"], "sun": [None]}, None, None),
        ),
        ({"wind": 3, "promo": [1]}, NONE_NEEDED, (None, None, None)),
        (
            {"weather": {"wind": "3.5"}, "promo": [0, None, 1], "site": "north"},
            WEATHER,
            ({"wind": [3.5]}, {"promo": [0, None, 1]}, {"site": "north"}),
        ),
        (
            {"weather": {"wind": None}, "future_covariates": {"promo": ["a"]}, "static_covariates": {"site": 3}},
            WEATHER,
            ({"wind": [None]}, {"promo": ["a"]}, {"site": 3}),
        ),
    ],
)
def test_covariates_are_those_of_the_request(message: Any, needed: NeededCovariates, found: Any) -> None:
    series = read({"value": 1, **message}, covariates=needed).series
    assert tuple(series.get(f"{kind}_covariates") for kind in ("past", "future", "static")) == found


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"promo": [1], "site": 1}, "missing_covariate"),
        ({"weather": {"wind": 1}, "site": 1}, "missing_covariate"),
        ({"weather": {"wind": 1}, "promo": [1], "past_covariates": {}}, "missing_covariate"),
        ({"past_covariates": [1]}, "unreadable_covariate"),
        ({"past_covariates": {"wind": [1]}}, "unreadable_covariate"),
        ({"weather": {"wind": True}}, "unreadable_covariate"),
        ({"weather": {"wind": 1}, "promo": 1}, "unreadable_covariate"),
        ({"weather": {"wind": 1}, "promo": [{}]}, "unreadable_covariate"),
        (b'{"value": 1, "past_covariates": {"wind": 1e999}}', "unreadable_covariate"),
        (b"21.5", "missing_covariate"),
    ],
)
def test_a_message_without_a_covariate_that_is_needed_says_so(message: Any, code: str) -> None:
    """The service would take it as missing, and forecast something else without anybody's knowing."""
    with pytest.raises(PoisonMessage, match="expected") as found:
        read({"value": 1, **message} if isinstance(message, dict) else message, covariates=WEATHER)
    assert found.value.code == code


@pytest.mark.parametrize(
    ("time", "freq", "step"),
    [
        ("2026-01-01T00:59:59.999Z", "15min", "2026-01-01T00:45:00Z"),
        ("2026-01-01T01:00:20+01:00", "1h", "2026-01-01T00:00:00Z"),
        (1767225600123, "1min", "2026-01-01T00:00:00Z"),
        ("1767225659.9", "1min", "2026-01-01T00:00:00Z"),
        ("2026-02-17T08:00:00", "1mo", "2026-02-01T00:00:00Z"),
        ("1969-12-31T23:59:30Z", "1min", "1969-12-31T23:59:00Z"),
    ],
)
def test_times_of_sensors_are_cut_down_to_their_step(time: Any, freq: str, step: str) -> None:
    """Nothing in the field reports on the second, and the service refuses what is off the grid."""
    message = {"value": 1, "timestamp": time}
    assert read(message, freq=freq, floor=Frequency.parse(freq)).series["timestamps"] == [step]
    for wrong in ("yesterday", 10**400, "1e400", "9" * 30):
        with pytest.raises(PoisonMessage):
            read({"value": 1, "timestamp": wrong}, floor=Frequency.parse(freq))


@pytest.mark.parametrize("time", [1767225600.5, 10**400, 1767225600123])
def test_times_that_are_no_whole_seconds_are_poison(time: Any) -> None:
    """Cut off, two readings of one second would be in conflict, or one would take the place of the other."""
    with pytest.raises(PoisonMessage, match="whole") as found:
        read({"value": 1, "timestamp": time}, timestamp_unit="ms")
    assert found.value.code == "unreadable_timestamp"


def test_a_message_that_names_no_session_is_poison() -> None:
    with pytest.raises(PoisonMessage, match="name of a session"):
        read({"value": 1}, key=None)


@pytest.mark.parametrize(
    ("own", "last", "superseded"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", True),
        ("2026-01-01T02:00:00+01:00", "2026-01-01T01:00:00Z", False),
        (1767225600, "2026-01-01T01:00:00Z", False),
    ],
)
def test_a_duplicate_is_published_again_only_while_the_session_stands_there(
    own: Any, last: str, superseded: bool
) -> None:
    """A later forecast under an earlier time would be a lie; no forecast at all where the connector died a gap."""
    observation = read({"value": 1, "timestamp": own})
    session = {"duplicates": 1, "last_timestamp": last, "count": 3}
    assert Answer(observation, {"session": session}, {}).superseded is superseded
