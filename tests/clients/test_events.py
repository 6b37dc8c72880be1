"""CloudEvents in both of their modes over HTTP, and the paths of Confluent's model servers."""

import json
from typing import Any

import httpx
import pytest

from tests.service.requests import wave

FIRST = {"id": "1", "source": "/plants/7", "type": "measured", "specversion": "1.0"}


def binary(event: dict[str, str]) -> dict[str, str]:
    return {"content-type": "application/json", **{f"ce-{name}": value for name, value in event.items()}}


def structured(url: str, event: dict[str, Any]) -> httpx.Response:
    body = json.dumps(event)
    return httpx.post(f"{url}/forecast", content=body, headers={"content-type": "application/cloudevents+json"})


def count(url: str, session: str) -> int:
    return int(httpx.get(f"{url}/sessions/{session}").json()["count"])


def test_an_event_that_is_delivered_twice_counts_once(url: str) -> None:
    """A broker promises to deliver at least once; values without times would be read twice."""
    for number, values in enumerate((wave(40), [51.0], [51.0])):
        body = json.dumps({"series": [{"target": values, "session": "ce-bin"}]})
        event = FIRST | {"id": f"bin-{number}"}
        answers = [httpx.post(f"{url}/forecast", content=body, headers=binary(event)) for _ in range(2)]
        assert [one.status_code for one in answers] == [200, 200] and answers[0].content == answers[1].content
        assert answers[1].headers["idempotent-replayed"] == "true"
    assert count(url, "ce-bin") == 42


def test_a_structured_event_is_the_same_one(url: str) -> None:
    data = {"series": [{"target": wave(40), "session": "ce-str"}]}
    event = FIRST | {"id": "str-1", "subject": "plant 7", "data": data}
    whole = structured(url, event)
    assert whole.status_code == 200 and structured(url, event).content == whole.content
    again = httpx.post(f"{url}/forecast", content=json.dumps(data), headers=binary(FIRST | {"id": "str-1"}))
    assert again.status_code in (200, 422)  # the same bytes, or another request under the same event
    assert count(url, "ce-str") == 40
    table = FIRST | {"id": "str-2", "datacontenttype": "text/csv", "data": "target\n1\n2\n3\n"}
    assert structured(url, table).headers["content-type"] == "text/csv"
    packed = FIRST | {"id": "str-3", "data_base64": "eyJzZXJpZXMiOlt7InRhcmdldCI6WzEsMiwzXX1dfQ=="}
    assert structured(url, packed).json()["forecasts"][0]["mean"]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({name: value for name, value in FIRST.items() if name != "source"} | {"data": {}}, "CloudEvent source: exp"),
        ({name: value for name, value in FIRST.items() if name != "id"} | {"data": {}}, "CloudEvent id: exp"),
        (FIRST | {"specversion": "0.3", "data": {}}, "expected 1.0, got '0.3'"),
        (FIRST, "CloudEvent data: expected the request"),
        (FIRST | {"data": {}, "datacontenttype": "application/cloudevents+json"}, "CloudEvent datacontenttype"),
        ([1], "expected a CloudEvent"),
    ],
)
def test_what_is_no_event_is_refused_by_its_attribute(url: str, event: Any, said: str) -> None:
    answer = structured(url, event)
    assert answer.status_code in (400, 422) and said in answer.json()["detail"]


def test_confluent_s_paths_are_there(url: str) -> None:
    assert httpx.get(f"{url}/readyz").status_code == 200
    answer = httpx.post(f"{url}/v1/forecast", json={"series": [{"target": wave(40)}], "horizon": 3})
    assert len(answer.json()["forecasts"][0]["mean"]) == 3
    strange = httpx.post(f"{url}/v1/forecast", json={"values": [1.0]})
    assert strange.status_code == 422 and "expected only known fields, got 'values'" in strange.text
