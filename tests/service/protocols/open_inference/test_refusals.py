"""What is wrong is refused in one text that names the tensor, what was expected and what came, by both ways alike.

A tensor that was read in another way than it was meant is a forecast of something else.
"""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.service.protocols.open_inference.scenes import SERIES, Ports, tensors

http = pytest.importorskip("tritonclient.http", reason="needs tritonclient[http,grpc], in the extra clients")
grpc = pytest.importorskip("tritonclient.grpc", reason="needs tritonclient[http,grpc], in the extra clients")

WRONG = {
    "no target": ({"lengths": np.array([1])}, {}, "target: expected this input"),
    "one axis": ({"target": SERIES[0]}, {}, r"target.shape: expected shape \[any, any\], got \[40\]"),
    "other type": ({"target": np.arange(4)[None]}, {}, "target.datatype: expected FP32 or FP64, got INT64"),
    "unknown input": ({"target": SERIES, "targets": SERIES}, {}, "targets: .*did you mean 'target'"),
    "no values": ({"target": SERIES[:, :0]}, {}, r"target.shape: expected at least one value, got shape \[3, 0\]"),
    "all missing": (
        {"target": SERIES * np.nan},
        {},
        r"rows\[2\]: target: expected at least one value that is not null",
    ),
    "one row": ({"target": SERIES, "lengths": np.array([40, 0, 1])}, {}, r"row 1 of 3.*rows\[1\].target"),
    "too large": ({"target": SERIES.astype("f8") * 1e300}, {}, r"target\[0\]\[0\]: .*fit float32"),
    "long lengths": ({"target": SERIES, "lengths": np.array([1, 99, 2])}, {}, r"lengths\[1\]: .*from 0 to 40.*got 99"),
    "few lengths": ({"target": SERIES, "lengths": np.array([1, 2])}, {}, r"lengths.shape: expected shape \[3\]"),
    "horizon": ({"target": SERIES}, {"parameters": {"horizon": 9000}}, "horizon: expected at most 12"),
    "levels": ({"target": SERIES}, {"parameters": {"quantiles": "0.5,2"}}, r"quantile_levels\[1\]: expected .*got 2"),
    "a parameter": ({"target": SERIES}, {"parameters": {"horizn": 2}}, "parameters.horizn: .*'horizon'"),
    "priority": ({"target": SERIES}, {"priority": 3}, "parameters.priority"),
    "a freq": ({"target": SERIES}, {"parameters": {"freq": "soon"}}, "freq"),
    "an output": ({"target": SERIES}, {"outputs": ["means"]}, "outputs.means: .*did you mean 'mean'"),
    "shared memory": ({"target": SERIES}, {"shared": True}, "target: shared memory: this server shares none"),
    "rows of a sequence": ({"target": SERIES}, {"sequence_id": 5}, "expected one row of a sequence, got 3"),
    "no sequence": ({"target": SERIES[:1]}, {"sequence_id": 5}, "sequence_id: .*'5', of which there is none"),
    "another kind": ({"target": SERIES}, {"model": "letters"}, "expected one that forecasts series .*letters@1"),
    "a model": ({"target": SERIES}, {"model": "nosuch"}, "model: expected one of .*nosuch"),
    "a version": ({"target": SERIES}, {"model_version": "7"}, "model: expected one of .*tiny@7"),
}


@pytest.fixture(params=["http", "grpc"])
def client(request: pytest.FixtureRequest, ports: Ports) -> Iterator[tuple[Any, Any]]:
    module = {"http": http, "grpc": grpc}[request.param]
    with module.InferenceServerClient(getattr(ports, request.param)) as found:
        yield found, module


def test_what_is_wrong_is_named(client: tuple[Any, Any]) -> None:
    from tritonclient.utils import InferenceServerException

    triton, module = client
    for name, (arrays, more, message) in WRONG.items():
        said = {"model": "tiny", **more}
        outputs = [module.InferRequestedOutput(one) for one in said.pop("outputs", ())]
        given = tensors(module, **arrays)
        if said.pop("shared", False):
            given[0].set_shared_memory("region", 480)
        with pytest.raises(InferenceServerException, match=message):
            triton.infer(said.pop("model"), given, outputs=outputs or None, **said)
            pytest.fail(name)
    for call in ("load_model", "unload_model"):
        with pytest.raises(InferenceServerException, match="STATECAST_ARTIFACTS"):
            getattr(triton, call)("tiny")
    with pytest.raises(InferenceServerException, match="shares none"):
        triton.register_system_shared_memory("region", "/key", 480)
    assert triton.infer("tiny", tensors(module, target=SERIES)).as_numpy("mean").shape == (3, 12)


def test_status_codes_of_grpc_tell_clients_whether_to_try_again(ports: Ports) -> None:
    from tritonclient.utils import InferenceServerException

    with grpc.InferenceServerClient(ports.grpc) as triton:
        for said, code in (({"model_name": "nosuch"}, "NOT_FOUND"), ({"sequence_id": 5}, "NOT_FOUND"),
                           ({"parameters": {"horizon": 0}}, "INVALID_ARGUMENT"), ({"timeout": 1}, "DEADLINE_EXCEEDED"),
                           ({"client_timeout": 1e-6}, "DEADLINE_EXCEEDED")):  # fmt: skip
            with pytest.raises(InferenceServerException) as failed:
                triton.infer(**{"model_name": "tiny", "inputs": tensors(grpc, target=SERIES[:1]), **said})
            assert failed.value.status() == f"StatusCode.{code}", said


TARGET = {"name": "target", "shape": [1, 3], "datatype": "FP32"}


def body(**changes: Any) -> str:
    """A body with one input."""
    return json.dumps({"inputs": [{**TARGET, **changes}]})


PLAIN, BEHIND = body(data=[1, 2, 3]), body(parameters={"binary_data_size": 12})
HEADER = "Inference-Header-Content-Length"
BODIES = [
    ("{", {}, "body: expected JSON"),
    ("[]", {}, "body: expected a JSON object"),
    ("{}", {}, "inputs: expected the tensor target, got none"),
    ('{"inputs": {}}', {}, "inputs: expected a list of objects, got an object"),
    ('{"inputs": [3]}', {}, r"inputs\[0\]: expected an object, got 3"),
    ('{"inputs": [{"shape": [1]}]}', {}, r"inputs\[0\].name: expected the name"),
    ('{"input": []}', {}, "input: .*did you mean 'inputs'"),
    ('{"id": 3, "inputs": []}', {}, "id: expected a text, got 3"),
    (body(), {}, "target: expected its elements.*got neither"),
    (body(data=[1, 2]), {}, r"target.data: expected 3 elements.*got 2"),
    (body(data=[1, "a", 3]), {}, "target.data: expected numbers.*got 'a'"),
    (body(shape=[-1, 3], data=[1]), {}, "target.shape: expected a list of whole"),
    (body(shape=[10**6] * 2, data=[1]), {}, "target.shape: .*STATECAST_MAX_VALUES"),
    (body(datatype="BOOL", data=[1]), {}, "target.datatype: expected FP32.*'BOOL'"),
    (json.dumps({"inputs": json.loads(PLAIN)["inputs"] * 2}), {}, "inputs.target: expected each tensor once"),
    (PLAIN + "..", {HEADER: str(len(PLAIN))}, "inputs: expected no bytes behind.*got 2"),
    (BEHIND + "." * 8, {HEADER: str(len(BEHIND))}, "target: expected 12 bytes.*got 8"),
    (BEHIND, {HEADER: "9999"}, "Inference-Header-Content-Length: expected how many"),
    (PLAIN, {"Content-Type": "text/csv"}, "Content-Type: expected application/json, application/octet-stream"),
]


def test_bodies_that_no_client_writes(ports: Ports) -> None:
    """Whoever writes requests by hand learns the same."""
    for text, headers, message in BODIES:
        asked = urllib.request.Request(f"http://{ports.http}/v2/models/tiny/infer", text.encode(), headers)
        asked.add_unredirected_header("Content-Type", headers.get("Content-Type", "application/json"))
        with pytest.raises(urllib.error.HTTPError) as failed:
            urllib.request.urlopen(asked)
        found = json.load(failed.value)
        assert list(found) == ["error"] and re.search(message, found["error"]), (text, found)
    asked = urllib.request.Request(f"http://{ports.http}/v2/repository/index", b'"\xff"')
    asked.add_unredirected_header("Content-Type", "application/json")
    with pytest.raises(urllib.error.HTTPError) as failed:
        urllib.request.urlopen(asked)
    assert failed.value.status == 400 and "UTF-8" in json.load(failed.value)["error"]
    nan = PLAIN.replace("[1, 2", "[[1, NaN")
    nan = nan.replace("3]}", "3]]}")
    asked = urllib.request.Request(f"http://{ports.http}/v2/models/tiny/infer", nan.encode())
    asked.add_unredirected_header("Content-Type", "application/json")
    assert json.load(urllib.request.urlopen(asked))["outputs"][0]["shape"] == [1, 12]
