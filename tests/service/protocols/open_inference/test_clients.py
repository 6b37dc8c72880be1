"""``tritonclient``, as it comes, over HTTP and gRPC: the same requests, the same answers as ``POST /forecast``.

Who has code for Triton changes its URL; an answer that differed by the way it came, or a sequence that forgot, would
be noticed by nobody.
"""

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.service.protocols.open_inference.scenes import SERIES, Ports, tensors

http = pytest.importorskip("tritonclient.http", reason="needs tritonclient[http,grpc], in the extra clients")
grpc = pytest.importorskip("tritonclient.grpc", reason="needs tritonclient[http,grpc], in the extra clients")


@pytest.fixture(params=["http", "grpc"])
def client(request: pytest.FixtureRequest, ports: Ports) -> Iterator[tuple[Any, Any]]:
    """A client, and the module whose inputs it takes."""
    module = {"http": http, "grpc": grpc}[request.param]
    with module.InferenceServerClient(getattr(ports, request.param)) as found:
        yield found, module


def native(ports: Ports, body: dict[str, Any]) -> list[dict[str, Any]]:
    """What ``POST /forecast`` answers."""
    text = json.dumps(body).replace("NaN", "null").encode()
    asked = urllib.request.Request(f"http://{ports.http}/forecast", text, {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(asked))["forecasts"]


def as_dict(answer: Any) -> Any:
    return answer if isinstance(answer, (dict, list)) else json_of(answer)


def json_of(message: Any) -> Any:
    from google.protobuf.json_format import MessageToDict

    return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


def test_the_server_and_its_models_say_what_they_are(client: tuple[Any, Any]) -> None:
    triton, _ = client
    assert triton.is_server_live() and triton.is_server_ready()
    assert triton.is_model_ready("tiny") and triton.is_model_ready("tiny", "1")
    assert as_dict(triton.get_server_metadata())["name"] == "statecast"
    assert "sequence" in as_dict(triton.get_server_metadata())["extensions"]
    found = as_dict(triton.get_model_metadata("weather"))
    assert (found["name"], found["versions"], found["platform"]) == ("weather", ["1"], "statecast_forecaster")
    named = {one["name"]: (one["datatype"], [int(size) for size in one["shape"]]) for one in found["inputs"]}
    assert named["target"] == ("FP32", [-1, -1]) and named["future"] == ("FP32", [-1, -1, 2])
    assert set(named) == {"target", "lengths", "item_id", "wind", "warmth", "holiday", "past", "future"}
    assert [one["name"] for one in found["outputs"]] == ["mean", "quantiles"]
    assert as_dict(triton.get_model_metadata("tiny", "1"))["versions"] == ["1", "2"]
    config = as_dict(triton.get_model_config("tiny"))
    config = config.get("config", config)
    assert config["input"][0]["data_type"] == "TYPE_FP32" and not config["input"][0].get("optional")
    index = as_dict(triton.get_model_repository_index())
    index = index if isinstance(index, list) else index["models"]
    assert {(one["name"], one["version"], one["state"]) for one in index} >= {("tiny", "2", "READY")}


def test_rows_of_binary_tensors_are_what_post_forecast_answers(client: tuple[Any, Any], ports: Ports) -> None:
    triton, module = client
    lengths = np.array([40, 40, 25])
    given = tensors(module, target=SERIES, lengths=lengths, item_id=np.array([b"a", b"b", b"c"], object))
    plain = triton.infer("tiny", given, request_id="r-1")
    body = {"series": [{"target": row[:length].tolist()} for row, length in zip(SERIES, lengths, strict=True)]}
    expected = native(ports, body)
    np.testing.assert_allclose(plain.as_numpy("mean"), [one["mean"] for one in expected], rtol=1e-5)
    quantiles = np.array([list(one["quantiles"].values()) for one in expected]).swapaxes(1, 2)
    np.testing.assert_allclose(plain.as_numpy("quantiles"), quantiles, rtol=1e-5)
    said = {"horizon": 3, "quantiles": "0.2, 0.5", "freq": "1h", "start": "2026-01-01T00:00:00Z"}
    outputs = [module.InferRequestedOutput("quantiles")]
    some = triton.infer("tiny", tensors(module, target=SERIES.astype("f8")), "1", outputs=outputs, parameters=said)
    assert some.as_numpy("mean") is None and some.as_numpy("quantiles").dtype == np.float64
    rest = {"horizon": 3, "quantile_levels": [0.2, 0.5], "model": "tiny@1"}
    times = {name: said[name] for name in ("freq", "start")}
    expected = native(ports, {"series": [{"target": row.tolist(), **times} for row in SERIES], **rest})
    quantiles = np.array([list(one["quantiles"].values()) for one in expected]).swapaxes(1, 2)
    np.testing.assert_allclose(some.as_numpy("quantiles"), quantiles, rtol=1e-6)


def test_covariates_by_name_or_together(client: tuple[Any, Any], ports: Ports) -> None:
    triton, module = client
    draw = np.random.default_rng(1).normal(size=(2, 52, 3)).astype("f4")
    target, lengths = SERIES[:2], np.array([40, 30])
    wind, warmth, holiday = draw[:, :40, 0], draw[:, :, 1], draw[:, 40:, 2]
    alone = tensors(module, target=target, lengths=lengths, wind=wind, warmth=warmth, holiday=holiday)
    found = triton.infer("weather", alone).as_numpy("mean")
    series = [
        {
            "target": target[row, :length].tolist(),
            "past_covariates": {"wind": wind[row, :length].tolist()},
            "future_covariates": {
                "warmth": [*warmth[row, :length].tolist(), *warmth[row, 40:].tolist()],
                "holiday": holiday[row].tolist(),
            },
        }
        for row, length in enumerate(lengths)
    ]
    expected = [one["mean"] for one in native(ports, {"model": "weather", "series": series})]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    together = tensors(module, target=target, lengths=lengths, past=wind[..., None], future=draw[:, :, 1:])
    whole = triton.infer("weather", together).as_numpy("mean")
    assert np.abs(whole - found).max() > 0  # here the holidays of the history are known too
    apart = tensors(module, target=target, lengths=lengths, wind=wind, warmth=warmth, holiday=draw[:, :, 2])
    np.testing.assert_array_equal(triton.infer("weather", apart).as_numpy("mean"), whole)


def test_several_variables_have_an_axis_of_their_own(client: tuple[Any, Any], ports: Ports) -> None:
    triton, module = client
    both, lengths = np.stack([SERIES[:2], SERIES[1:]], axis=2), np.array([40, 30])
    said = {"horizon": 3, "variables": "load, price", "quantile_levels": "0.2,0.5"}
    given = tensors(module, target=both, lengths=lengths)
    found = triton.infer("tiny", given, parameters=said)
    series = [
        {"target": {"load": row[:length, 0].tolist(), "price": row[:length, 1].tolist()}}
        for row, length in zip(both, lengths, strict=True)
    ]
    expected = native(ports, {"series": series, "horizon": 3, "quantile_levels": [0.2, 0.5]})
    for row, one in enumerate(expected):
        for place, name in enumerate(("load", "price")):
            np.testing.assert_allclose(found.as_numpy("mean")[row, :, place], one["mean"][name], rtol=1e-5)
            levels = np.array([values[name] for values in one["quantiles"].values()]).T
            np.testing.assert_allclose(found.as_numpy("quantiles")[row, :, place], levels, rtol=1e-5)
    unnamed = triton.infer("tiny", given, parameters={"horizon": 3}).as_numpy("mean")
    np.testing.assert_allclose(unnamed, found.as_numpy("mean"), rtol=1e-6)
    for step in range(2):
        part = tensors(module, target=both[:1, 20 * step : 20 * step + 20])
        last = triton.infer("tiny", part, sequence_id="two", sequence_start=step == 0, parameters=said)
    np.testing.assert_allclose(last.as_numpy("mean"), found.as_numpy("mean")[:1], rtol=1e-4)
    for wrong in ("load", "load,load", "load,"):
        with pytest.raises(module_error(module), match="expected 2 names, one per place of the last axis of target"):
            triton.infer("tiny", given, parameters={"variables": wrong})
    with pytest.raises(module_error(module), match="expected 1 to 10000 variables"):
        empty = tensors(module, target=np.zeros((1, 0, 10**6), "f4"))
        triton.infer("tiny", empty, sequence_id="two", parameters={"horizon": 3})
    with pytest.raises(module_error(module), match="got two axes"):
        triton.infer("tiny", tensors(module, target=SERIES), parameters={"variables": "a"})


@pytest.mark.parametrize("kind", [int, str])
def test_a_sequence_of_ten_steps_is_one_request_with_all(client: tuple[Any, Any], kind: type, ports: Ports) -> None:
    triton, module = client
    row = SERIES[:1]
    whole = triton.infer("tiny", tensors(module, target=row)).as_numpy("quantiles")
    sequence = kind(77)
    for _ in range(2):  # an id may be used again, also by a client that never ended its sequence
        for step in range(10):
            part = tensors(module, target=row[:, 4 * step : 4 * step + 4])
            flags = {"sequence_start": step == 0, "sequence_end": False}
            last = triton.infer("tiny", part, sequence_id=sequence, **flags)
        np.testing.assert_allclose(last.as_numpy("quantiles"), whole, rtol=1e-4)
    again = triton.infer("tiny", tensors(module, target=row[:, :0]), sequence_id=sequence, sequence_end=True)
    np.testing.assert_allclose(again.as_numpy("quantiles"), whole, rtol=1e-4)
    with pytest.raises(module_error(module), match="sequence_start"):
        triton.infer("tiny", tensors(module, target=row), sequence_id=sequence)


def module_error(module: Any) -> type[Exception]:
    from tritonclient.utils import InferenceServerException

    return InferenceServerException


def test_figures_count_what_was_answered(client: tuple[Any, Any]) -> None:
    triton, module = client

    def figures() -> dict[str, Any]:
        return as_dict(triton.get_inference_statistics("tiny", "2"))["model_stats"][0]

    before = figures()
    triton.infer("tiny", tensors(module, target=SERIES), "2")
    after = figures()
    assert int(after["inference_count"]) == int(before["inference_count"]) + 3
    for name in ("success", "queue", "compute_input", "compute_infer", "compute_output"):
        one, other = before["inference_stats"][name], after["inference_stats"][name]
        assert int(other["count"]) == int(one["count"]) + 1 and int(other["ns"]) > int(one["ns"]), name
    assert int(after["execution_count"]) > int(before["execution_count"])


def test_a_stream_answers_in_order_and_goes_on_after_a_failure(ports: Ports) -> None:
    """Sequences of gRPC clients come as a stream; one bad request in it must not end the others."""
    found: list[tuple[Any, Any]] = []
    with grpc.InferenceServerClient(ports.grpc) as triton:
        triton.start_stream(callback=lambda result, error: found.append((result, error)))
        for step in range(10):
            part = tensors(grpc, target=SERIES[:1, 4 * step : 4 * step + 4])
            triton.async_stream_infer("tiny", part, sequence_id="s", sequence_start=step == 0, sequence_end=step == 9)
        triton.async_stream_infer("nosuch", tensors(grpc, target=SERIES))
        triton.async_stream_infer("tiny", tensors(grpc, target=SERIES[:1]))
        triton.stop_stream()
    *steps, failed, last = found
    assert "nosuch" in str(failed[1]) and len(steps) == 10
    np.testing.assert_allclose(steps[-1][0].as_numpy("mean"), last[0].as_numpy("mean"), rtol=1e-4)


def test_the_page_for_its_users_says_what_works(ports: Ports) -> None:
    """Its blocks are run as they stand, one after the other, but for the addresses."""
    page = (Path(__file__).parents[4] / "docs" / "howto" / "triton.md").read_text()
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.S):
        exec(compile(block.replace("localhost:8000", ports.http), "triton.md", "exec"), names)
    assert names["answer"].as_numpy("mean").shape == (2, 24)
    assert names["answer"].as_numpy("quantiles").shape == (2, 24, 3)
    names["client"].close()


def test_tensors_in_json(ports: Ports) -> None:
    with http.InferenceServerClient(ports.http) as triton:
        given = http.InferInput("target", list(SERIES.shape), "FP32")
        given.set_data_from_numpy(SERIES, binary_data=False)
        outputs = [http.InferRequestedOutput("mean", binary_data=False)]
        plain = triton.infer("tiny", [given], outputs=outputs)
        binary = triton.infer("tiny", tensors(http, target=SERIES), request_compression_algorithm="gzip",
                              response_compression_algorithm="gzip")  # fmt: skip
        np.testing.assert_allclose(plain.as_numpy("mean"), binary.as_numpy("mean"), rtol=1e-6)
        assert plain.get_response()["parameters"]["quantile_levels"].startswith("0.")
