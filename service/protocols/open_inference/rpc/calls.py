"""The methods of ``inference.GRPCInferenceService``: each gives a message, or fails with a ``ServiceError``."""

import time
from collections.abc import Callable
from typing import Any

from google.protobuf import json_format

from service.deadline import Deadline
from service.errors import ServiceError
from service.http.body import INLINE_BYTES
from service.models.model import Model
from service.protocols.container import Container
from service.protocols.forecast.answering import Caller
from service.protocols.open_inference.inference import metadata
from service.protocols.open_inference.inference.answering import Inference
from service.protocols.open_inference.rpc.messages import message_type
from service.protocols.open_inference.rpc.tensors import read_request, write_response
from service.threads import DECODING


class Calls:
    """Answers calls.

    Parameters
    ----------
    container : Container
        What handlers share.
    inference : Inference
        Answers requests for inference.
    """

    def __init__(self, container: Container, inference: Inference) -> None:
        self._container, self._inference = container, inference

    def plain(self) -> dict[str, Callable[[Any], Any]]:
        """Give the methods that compute nothing, by name; each makes a message of a message."""
        return {
            "ServerLive": lambda _: message_type("ServerLiveResponse")(live=True),
            "ServerReady": lambda _: message_type("ServerReadyResponse")(ready=self._ready()),
            "ModelReady": self._model_ready,
            "ServerMetadata": lambda _: _filled("ServerMetadataResponse", metadata.server_metadata()),
            "ModelMetadata": self._model_metadata,
            "ModelConfig": self._model_config,
            "ModelStatistics": self._model_statistics,
            "RepositoryIndex": self._repository_index,
        }

    async def infer(self, request: Any, owner: str, left: float | None) -> Any:
        """Do what ``ModelInfer`` says: forecast every row.

        Parameters
        ----------
        request : ModelInferRequest
            As it came.
        owner : str
            Whose sequences it may name.
        left : float or None
            Seconds that the client waits; None where it does not say.

        Returns
        -------
        ModelInferResponse
            Of all rows.

        Raises
        ------
        ServiceError
            If the request is wrong, or a row failed.
        """
        began, settings = time.monotonic(), self._container.settings
        patience = settings.default_timeout_ms / 1e3
        deadline = Deadline(began + (patience if left is None else min(left, settings.max_timeout_ms / 1e3)))
        self._container.ready()
        large = request.ByteSize() > INLINE_BYTES
        try:
            read = await DECODING.run(read_request, request, settings) if large else read_request(request, settings)
            reply = await self._inference.infer(read, Caller(owner), deadline, began)
            return await DECODING.run(write_response, reply) if large else write_response(reply)
        except BaseException:
            deadline.leave()
            raise

    def _model_ready(self, request: Any) -> Any:
        self._model(request)
        return message_type("ModelReadyResponse")(ready=self._ready())

    def _model_metadata(self, request: Any) -> Any:
        catalogue = self._container.loaded().catalogue
        return _filled("ModelMetadataResponse", metadata.model_metadata(self._model(request), catalogue))

    def _model_config(self, request: Any) -> Any:
        config = metadata.model_config(self._model(request), self._container.settings)
        return _filled("ModelConfigResponse", {"config": config})

    def _model_statistics(self, request: Any) -> Any:
        models = [self._model(request)] if request.name else self._container.loaded().catalogue.models
        return _filled("ModelStatisticsResponse", metadata.model_statistics(models, self._inference.statistics))

    def _repository_index(self, request: Any) -> Any:
        index = metadata.repository_index(self._container.loaded().catalogue, ready=request.ready)
        return _filled("RepositoryIndexResponse", {"models": index})

    def _ready(self) -> bool:
        try:
            metadata.check_ready(self._container)
        except ServiceError:
            return False
        return True

    def _model(self, request: Any) -> Model:
        text = metadata.model_text(request.name, request.version)
        return self._container.loaded().catalogue.resolve(text)


def _filled(name: str, members: dict[str, Any]) -> Any:
    return json_format.ParseDict(members, message_type(name)())
