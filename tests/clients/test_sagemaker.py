"""``boto3``, as it comes, against our SageMaker paths; it must not find out that nobody of AWS answers."""

import json
from typing import Any

import httpx
import numpy as np
import pytest

from tests.service.requests import wave

pytest.importorskip("boto3", reason="boto3 is not installed: pip install '.[clients]'")


def runtime(url: str, key: str = "unused") -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "sagemaker-runtime", endpoint_url=url, region_name="us-east-1", aws_access_key_id=key,
        aws_secret_access_key="unused", config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip


@pytest.fixture(scope="module")
def client(url: str) -> Any:
    return runtime(url)


def invoke(client: Any, body: Any, name: str = "tiny", **more: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    answer = client.invoke_endpoint(
        EndpointName=name, Body=text, **{"ContentType": "application/json"} | more
    )  # fmt: skip
    return answer, answer["Body"].read()


def native(url: str, **body: Any) -> dict[str, Any]:
    return httpx.post(f"{url}/forecast", json=body).raise_for_status().json()["forecasts"][0]


def test_chronos_in_chronos_out_and_the_numbers_are_those_of_post_forecast(url: str, client: Any) -> None:
    """A second way of forecasting would drift away from the first one."""
    inputs = [
        {"target": wave(60), "item_id": "a", "start": "2026-01-01T00:00:00"},
        {"target": [*wave(50), None], "item_id": "b", "start": "2026-02-01T00:00:00"},
    ]
    parameters = {"prediction_length": 5, "quantile_levels": [0.1, 0.5, 0.9], "freq": "1h", "batch_size": 2}
    answer, body = invoke(client, {"inputs": inputs, "parameters": parameters})
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("application/json", "tiny@1")
    first, second = json.loads(body)["predictions"]
    assert list(first) == ["mean", "0.1", "0.5", "0.9", "item_id", "start"] and second["item_id"] == "b"
    ours = native(url, series=[inputs[0] | {"freq": "1h"}], horizon=5, quantile_levels=[0.1, 0.5, 0.9])
    np.testing.assert_allclose(first["mean"], ours["mean"], rtol=1e-5)
    np.testing.assert_allclose(first["0.9"], ours["quantiles"]["0.9"], rtol=1e-5)
    assert first["start"] == ours["start"] == "2026-01-03T12:00:00Z"
    _, bare = invoke(client, {"inputs": [{"target": wave(30)}]})
    (one,) = json.loads(bare)["predictions"]
    assert list(one) == ["mean", "0.1", "0.5", "0.9"] and len(one["mean"]) == 1


def test_several_variables_are_lists_of_lists(client: Any) -> None:
    _, body = invoke(client, {"inputs": [{"target": [wave(40), wave(40, 12)]}], "parameters": {"prediction_length": 3}})
    (one,) = json.loads(body)["predictions"]
    assert np.shape(one["mean"]) == np.shape(one["0.5"]) == (2, 3)


def test_deepar_with_its_nan_its_texts_of_levels_and_its_samples(client: Any) -> None:
    instances = [{"start": "2026-01-01 00:00:00", "target": [*wave(40), "NaN", 51.0]}]
    configuration = {"num_samples": 7, "output_types": ["mean", "quantiles", "samples"], "quantiles": ["0.50", "0.9"]}
    _, body = invoke(client, {"instances": instances, "configuration": configuration})
    (one,) = json.loads(body)["predictions"]
    assert list(one["quantiles"]) == ["0.50", "0.9"] and np.shape(one["samples"]) == (7, len(one["mean"]))
    _, body = invoke(client, {"instances": instances})
    assert list(json.loads(body)["predictions"][0]) == ["mean", "quantiles", "start"]


def test_lines_and_tables_and_our_own_body(url: str, client: Any) -> None:
    lines = "\n".join(json.dumps({"start": "2026-01-01", "target": wave(30 + n)}) for n in range(3))
    answer, body = invoke(client, lines, ContentType="application/jsonlines", CustomAttributes="horizon=4")
    found = [json.loads(line) for line in body.splitlines()]
    assert answer["ContentType"] == "application/jsonlines"
    assert [len(one["mean"]) for one in found] == [4, 4, 4] and list(found[0]["quantiles"]) == ["0.1", "0.5", "0.9"]
    table = "item_id,timestamp,target\n" + "".join(f"a,2026-01-01T{hour:02}:00:00Z,{hour % 5}\n" for hour in range(24))
    answer, body = invoke(client, table, ContentType="text/csv", CustomAttributes="horizon=2&quantile_levels=0.5")
    assert answer["ContentType"] == "text/csv" and body.decode().splitlines()[0] == '"item_id","timestamp","mean","0.5"'
    series = [{"target": wave(30)}]
    _, body = invoke(client, {"series": series, "horizon": 3}, name="anything-else")
    assert json.loads(body)["forecasts"][0]["mean"] == native(url, series=series, horizon=3)["mean"]
    plain = client.invoke_endpoint(EndpointName="tiny", Body=json.dumps({"series": series}))
    assert json.loads(plain["Body"].read())["forecasts"]


def test_the_endpoint_or_the_target_model_chooses_who_answers(client: Any) -> None:
    body = {"series": [{"target": wave(40)}], "horizon": 3}
    assert invoke(client, body, "load-hourly")[0]["InvokedProductionVariant"] == "load-hourly@1"
    assert invoke(client, body, "demand-prod")[0]["InvokedProductionVariant"] == "tiny@1"
    assert invoke(client, body, TargetModel="load-hourly")[0]["InvokedProductionVariant"] == "load-hourly@1"
    with pytest.raises(client.exceptions.ModelError) as caught:
        invoke(client, body, TargetModel="nobody")
    assert caught.value.response["OriginalStatusCode"] == 404 and "tiny" in caught.value.response["OriginalMessage"]


def test_a_session_is_opened_advanced_and_closed(url: str, client: Any) -> None:
    """What one request with everything says is what the session says after its parts."""
    values, ask = wave(48), {"parameters": {"prediction_length": 4, "freq": "1h"}}
    first = {"inputs": [{"target": values[:40], "start": "2026-01-01T00:00:00"}]} | ask
    answer, _ = invoke(client, first, SessionId="NEW_SESSION")
    identity, _, expires = answer["NewSessionId"].partition("; Expires=")
    assert expires.startswith("20")
    then = {"inputs": [{"target": values[40:], "start": "2026-01-02T16:00:00"}]} | ask
    answer, body = invoke(client, then, SessionId=identity)
    assert "NewSessionId" not in answer
    whole = native(url, series=[{"target": values, "start": "2026-01-01T00:00:00", "freq": "1h"}], horizon=4)
    np.testing.assert_allclose(json.loads(body)["predictions"][0]["mean"], whole["mean"], rtol=1e-4)
    assert httpx.get(f"{url}/sessions/{identity}").json()["count"] == 48
    answer, _ = invoke(client, {"requestType": "CLOSE"}, SessionId=identity)
    assert answer["ClosedSessionId"] == identity
    with pytest.raises(client.exceptions.ModelError) as caught:
        invoke(client, then, SessionId=identity)
    assert caught.value.response["OriginalStatusCode"] == 404
    with pytest.raises(client.exceptions.ModelError, match="expected one series, got 2"):
        invoke(client, {"inputs": [{"target": values}] * 2}, SessionId="NEW_SESSION")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"inputs": []}, "inputs: expected at least one series"),
        ({"inputs": [{"target": [1.0, "x"]}]}, r"inputs\[0\].target\[1\]: expected a number or null, got 'x'"),
        ({"inputs": [{"target": [1.0]}], "parameters": {"prediction_length": 0}}, "parameters.prediction_length: exp"),
        ({"inputs": [{"target": [1.0]}], "parameters": {"cross_learning": True}}, "not supported by this server"),
        ({"instances": [{"target": [1.0], "cat": [1]}]}, r"cat: expected a list of 0, the static covariates of tiny@1"),
        ({"instances": [{"target": [1.0]}], "configuration": {"quantiles": ["2"]}}, r"quantiles\[0\]: expected a leve"),
        ({"instances": [7]}, r"instances\[0\]: expected an object with target, got 7"),
        ({"requestType": "CLOSE"}, "expected the session to close in the header"),
        ('{"inputs": [{"target": [1.0}]', "body: expected JSON"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_a_model_error_that_says_where(client: Any, body: Any, said: str) -> None:
    with pytest.raises(client.exceptions.ModelError, match=said) as caught:
        invoke(client, body)
    assert 400 <= caught.value.response["OriginalStatusCode"] < 500
    assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["x-request-id"]


def test_one_series_that_fails_leaves_the_others(client: Any) -> None:
    _, body = invoke(client, {"inputs": [{"target": wave(30)}, {"target": "none", "item_id": "b"}]})
    good, bad = json.loads(body)["predictions"]
    assert good["mean"] and bad["item_id"] == "b" and bad["error"]["errors"][0]["loc"] == ["inputs", 1, "target"]


def test_the_access_key_id_is_the_api_key(guarded: str) -> None:
    body = {"inputs": [{"target": wave(30)}]}
    assert json.loads(invoke(runtime(guarded, "secret"), body)[1])["predictions"]
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError, match="AccessDeniedException"):
        invoke(runtime(guarded, "wrong"), body)


def test_the_contract_of_a_container(url: str) -> None:
    assert httpx.get(f"{url}/ping").content == b"" and httpx.get(f"{url}/ping").status_code == 200
    assert httpx.get(f"{url}/execution-parameters").json()["BatchStrategy"] == "MULTI_RECORD"
    answer = httpx.post(f"{url}/invocations", json={"instances": [{"target": wave(30)}]})
    assert answer.json()["predictions"][0]["quantiles"]["0.5"]
