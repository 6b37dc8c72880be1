"""One server on sockets of its own, HTTP and gRPC, and tensors for it."""

from collections.abc import Iterator

import pytest

from statecast.inputs.covariates import Covariate
from tests.builders import tiny_artifact, tiny_family_artifact, tiny_generator_artifact
from tests.service.protocols.open_inference.scenes import Ports, serving

pytest.importorskip("tritonclient.grpc", reason="needs tritonclient[http,grpc], in the extra clients")


@pytest.fixture(scope="session")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(folder, version="1")
    tiny_artifact(folder, version="2", seed=1)
    known = (Covariate("warmth"), Covariate("holiday"))
    tiny_artifact(folder, "weather", past_covariates=(Covariate("wind"),), future_covariates=known)
    tiny_generator_artifact(folder)
    tiny_family_artifact(folder)
    with serving(folder, default_model="tiny") as found:
        yield found
