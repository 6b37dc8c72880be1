"""gRPC has the same keys as HTTP, is counted beside it, and cannot start unseen where it cannot start."""

import asyncio
import importlib.util
import socket
import urllib.request
from pathlib import Path

import pytest

from service.app import create_app
from tests.builders import tiny_artifact
from tests.service.http_client import settings_of
from tests.service.protocols.open_inference.scenes import SERIES, serving, tensors

grpc = pytest.importorskip("tritonclient.grpc", reason="needs tritonclient[http,grpc], in the extra clients")


def test_keys_and_metrics(tmp_path: Path) -> None:
    """A port without keys beside one with keys would be an open door."""
    from tritonclient.utils import InferenceServerException

    tiny_artifact(tmp_path)
    (tmp_path / "keys.txt").write_text("me:secret\nyou:other\n")
    with (
        serving(tmp_path, api_keys_file=tmp_path / "keys.txt") as ports,
        grpc.InferenceServerClient(ports.grpc) as triton,
    ):
        given = tensors(grpc, target=SERIES[:1])
        mine, yours = ({"authorization": f"Bearer {key}"} for key in ("secret", "other"))
        assert triton.is_server_live() and triton.is_server_ready()
        for headers, code in ((None, "UNAUTHENTICATED"), ({"x-api-key": "no"}, "PERMISSION_DENIED")):
            with pytest.raises(InferenceServerException, match="API key") as failed:
                triton.infer("tiny", given, headers=headers)
            assert failed.value.status() == f"StatusCode.{code}"
        triton.infer("tiny", given, sequence_id=7, sequence_start=True, headers=mine)
        with pytest.raises(InferenceServerException, match="there is none"):
            triton.infer("tiny", given, sequence_id=7, headers=yours)
        asked = urllib.request.Request(f"http://{ports.http}/metrics", headers={"Authorization": "Bearer secret"})
        metrics = urllib.request.urlopen(asked).read().decode()
        path = 'path="/inference.GRPCInferenceService/ModelInfer"'
        assert f'statecast_requests_total{{{path},status="200"}} 1.0' in metrics
        assert f'statecast_requests_total{{{path},status="404"}} 1.0' in metrics


def test_a_port_that_is_taken_ends_the_start(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        app = create_app(settings_of(tmp_path, grpc_port=taken.getsockname()[1]))

        async def start() -> None:
            async with app.router.lifespan_context(app):
                raise AssertionError("started")

        with pytest.raises(OSError, match="STATECAST_GRPC_PORT: cannot listen on "):
            asyncio.run(start())


def test_a_port_of_a_protocol_that_is_off_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"STATECAST_GRPC_PORT: expected open_inference.*got admin, forecast"):
        settings_of(tmp_path, grpc_port=1, protocols="admin, forecast")


def test_without_grpcio_its_port_ends_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.protocols.open_inference.protocol.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"STATECAST_GRPC_PORT: .*statecast\[grpc\]"):
        create_app(settings_of(tmp_path, grpc_port=1))
    assert importlib.util.find_spec("grpc")
