"""Every message comes twice, because the connector dies before it acknowledges: each observation counts once.

A connector that counts a message twice, or forgets one, makes forecasts of a series that never was; one that stops at a
message that it cannot read stops for everybody.
"""

import json
import os
import shlex
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.answer import Answer
from connectors.broker import Broker
from connectors.brokers.registry import brokers
from connectors.cli import main
from connectors.delivery import Delivery
from statecast.inputs.covariates import Covariate
from tests.builders import tiny_artifact
from tests.chaos.server import Server
from tests.connectors.brokers import BROKERS, missing
from tests.connectors.scene import REQUEST, at, check_outputs, check_sessions, plain, readings
from tests.test_docs import ROOT, shell_lines

KEYS, STEPS, NUMBERS = 6, 8, 4
POISON = [
    ("poison", b"{broken"), ("poison", b'{"timestamp": "2026-01-01T00:00:00Z"}'),
    ("poison", b'{"timestamp": "yesterday", "value": 1}'), ("poison", b'{"value": "NaN"}'),
    ("poison", rb'{"session": "\ud800", "value": 1}'), ("poison", b'{"session": "' + b"x" * 900 + b'", "value": 1}'),
]  # fmt: skip
CODES = ["invalid_request", "malformed_body", "no_target", "unreadable_message", "unreadable_target"]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    tiny_artifact(folder / "artifacts", calendar=())
    known = (Covariate("promo", levels=("no", "yes")),)
    tiny_artifact(folder / "artifacts", "weather", past_covariates=(Covariate("wind"),), future_covariates=known)
    stored = f"sqlite:///{folder}/s.db"
    server = Server(folder, artifacts=str(folder / "artifacts"), state_url=stored, default_model="tiny")
    server.start()
    yield server.url
    server.kill()


def printed(name: str) -> list[str]:
    """The broker's command as docs/howto/streams.md has it; what is put behind it wins."""
    lines = shell_lines(ROOT / "docs" / "howto" / "streams.md")
    return next(words[3:] for line in lines if (words := shlex.split(line))[1:4] == ["-m", "connectors", name])


async def die(_: object, __: Sequence[Delivery]) -> None:
    """In the place of ``Broker.acknowledge``."""
    raise Died


class Died(BaseException):
    """As ``kill -9`` does: after the forecasts were written, before anything is acknowledged."""


@pytest.mark.parametrize("name", BROKERS)
def test_what_comes_twice_counts_once(name: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if reason := missing(name):
        pytest.skip(reason)
    broker = BROKERS[name](tmp_path)
    broker.start()
    try:
        broker.produce([*readings(name, KEYS, STEPS), *POISON, *plain(f"{name}-plain", 2, NUMBERS)])
        command = [*printed(name), *broker.arguments[1:], "--url", url, *REQUEST]

        with monkeypatch.context() as patched, pytest.raises(Died):
            patched.setattr(brokers[name], "acknowledge", die)
            main([*command, "--until-idle-s", "0.3"])
        assert main([*command, "--until-idle-s", "0.3"]) == 0
        check_sessions(url, broker, name, KEYS, STEPS)
        check_sessions(url, broker, f"{name}-plain", 2, NUMBERS, timed=False)
        timed = [output for output in broker.outputs() if "plain" not in output["session"]]
        assert check_outputs(broker, timed, name, KEYS, STEPS) <= KEYS  # again at most the last of each session
        assert sorted(set(broker.letters())) == CODES
    finally:
        broker.kill()


def test_options_that_are_wrong_end_it_at_once(url: str, tmp_path: Path) -> None:
    """A horizon that the model does not have would make a dead letter of every message."""
    if reason := missing("redis"):
        pytest.skip(reason)
    broker = BROKERS["redis"](tmp_path)
    broker.start()
    try:
        broker.produce(readings("wrong", 2, 1))
        assert main([*broker.arguments, "--url", url, "--horizon", "5000", "--until-idle-s", "0.5"]) == 1
        assert main([*broker.arguments, "--url", url, "--model", "none", "--until-idle-s", "0.5"]) == 1
        assert main([*broker.arguments, "--url", url, "--freq", "1 fortnight"]) == 2
        assert broker.letters() == []
    finally:
        broker.kill()


def test_a_sender_that_was_silent_for_long_begins_anew(url: str, tmp_path: Path) -> None:
    """After a week's outage each of its messages would else become a dead letter for ever; no wrong clock ends it."""
    if reason := missing("redis"):
        pytest.skip(reason)
    broker = BROKERS["redis"](tmp_path)
    broker.start()
    try:
        times = [*map(at, (0, 1, 1000, 1001)), "2100-01-01T00:00:00Z"]
        broker.produce([("silent-0", f'{{"timestamp": "{time}", "value": 5}}'.encode()) for time in times])
        assert main([*broker.arguments, "--url", url, *REQUEST, "--until-idle-s", "0.3"]) == 0
        assert httpx.get(f"{url}/sessions/{broker.session('silent-0')}", timeout=60).json()["count"] == 2
        assert (len(broker.outputs()), broker.letters()) == (4, ["gap_too_long"])
    finally:
        broker.kill()


def test_covariates_of_messages_are_those_of_a_request(url: str, tmp_path: Path) -> None:
    """A model that was fitted with covariates would forecast something else without them."""
    if reason := missing("redis"):
        pytest.skip(reason)
    broker = BROKERS["redis"](tmp_path)
    broker.start()
    try:
        winds, promo = [3.0, 4.5, None, 2.0], ["no", "yes", "no"]
        messages = [
            {"timestamp": at(step), "value": 5 + step, "wind": wind, "future_covariates": {"promo": promo}}
            for step, wind in enumerate(winds)
        ]
        bare = {name: value for name, value in messages[-1].items() if name != "wind"} | {"timestamp": at(4)}
        broker.produce([("weather-0", json.dumps(message).encode()) for message in (*messages, bare)])
        options = ("--model", "weather", "--past-covariates", "wind", "--until-idle-s", "0.3")
        assert main([*broker.arguments, "--url", url, *REQUEST, *options]) == 0
        assert broker.letters() == ["missing_covariate"]
        body: dict[str, Any] = {"model": "weather", "horizon": 3}
        for step, (message, output) in enumerate(zip(messages, broker.outputs(), strict=True)):
            series = {
                "session": "weather-whole", "freq": "1h", "start": at(step), "target": [message["value"]],
                "past_covariates": {"wind": [winds[step]]}, "future_covariates": {"promo": promo},
            }  # fmt: skip
            once = httpx.post(f"{url}/forecast", json={**body, "series": [series]}, timeout=60).json()["forecasts"][0]
            assert output["forecast"]["mean"] == pytest.approx(once["mean"], rel=1e-5)
            assert [one["code"] for one in output["warnings"]] == [one["code"] for one in once["warnings"]]
    finally:
        broker.kill()


def test_what_a_dead_consumer_left_is_taken_over(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries of a machine that never comes back would wait in its name for ever."""
    if reason := missing("redis"):
        pytest.skip(reason)
    broker = BROKERS["redis"](tmp_path)
    broker.start()
    command = [*broker.arguments, "--url", url, *REQUEST, "--until-idle-s", "0.3"]
    try:
        broker.produce(readings("left", 5, 4))
        with monkeypatch.context() as patched, pytest.raises(Died):
            patched.setattr(brokers["redis"], "acknowledge", die)
            main([*command, "--consumer", "dead"])
        assert main([*command, "--consumer", "two"]) == 0  # it has not been left for long enough
        assert len(broker.outputs()) == 20
        assert main([*command, "--consumer", "two", "--claim-idle-s", "0"]) == 0
        assert check_outputs(broker, broker.outputs(), "left", 5, 4) == 5
        check_sessions(url, broker, "left", 5, 4)
    finally:
        broker.kill()


def test_a_signal_ends_it_after_what_is_in_hand(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollout stops connectors all the time; each would leave work to be done again."""
    if reason := missing("redis"):
        pytest.skip(reason)
    broker = BROKERS["redis"](tmp_path)
    broker.start()
    kind = brokers["redis"]
    publish, acknowledged = kind.publish, list[int]()

    async def publish_and_stop(self: Broker, answers: Sequence[Answer]) -> None:
        await publish(self, answers)
        os.kill(os.getpid(), signal.SIGTERM)

    async def count(self: Broker, deliveries: Sequence[Delivery]) -> None:
        acknowledged.append(len(deliveries))

    try:
        broker.produce(readings("signal", 5, 4))
        with monkeypatch.context() as patched:
            patched.setattr(kind, "publish", publish_and_stop)
            patched.setattr(kind, "acknowledge", count)
            assert main([*broker.arguments, "--url", url, *REQUEST, "--batch", "10"]) == 0
        assert acknowledged == [10]
        assert len(broker.outputs()) == 10
    finally:
        broker.kill()
