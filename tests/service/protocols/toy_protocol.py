"""A protocol in one file that no package knows: ``POST /toy`` with ``{"values": [...]}`` answers a mean forecast."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from service.deadline import Deadline
from service.errors import Fault, Malformed, ServiceError, Unprocessable
from service.http.path_table import Failure
from service.http.problems import failure_headers
from service.protocols.container import Container, Services
from service.protocols.json_endpoint import Exchange, JsonEndpoint
from service.protocols.openapi import reference
from service.protocols.registry import PROTOCOLS, ClientProtocol, Endpoint
from service.sessions.series_input import SeriesInput


class ToyRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")
    values: list[float]


class ToyReply(BaseModel):
    mean: list[float]


class ToyError(BaseModel):
    oh_no: str


class ToyForecast(JsonEndpoint[ToyRequest]):
    def decode(self, body: bytes, deadline: Deadline) -> ToyRequest:
        try:
            return ToyRequest.model_validate_json(body)
        except ValidationError as error:
            first = error.errors()[0]
            if first["type"] == "json_invalid":
                raise Malformed(f"body: {first['msg']}") from None
            raise Unprocessable(first["msg"], faults=[Fault(first["loc"], first["msg"])]) from None

    async def answer(self, request: ToyRequest, services: Services, exchange: Exchange) -> dict[str, Any]:
        model, steps = services.catalogue.resolve(None, "forecaster"), len(request.values)
        none = np.zeros((steps, 0), np.float32)
        series = SeriesInput(
            target=np.array([request.values], np.float32), past=none, known=none, future=none[:0], static=none[0],
            owner=exchange.owner,
        )  # fmt: skip
        answer = await services.forecasts.forecast(model, series)
        return {"mean": answer.mean[0].tolist()}


@PROTOCOLS.register("toy")
class ToyProtocol(ClientProtocol):
    failure_schema = ToyError
    failure_type = "application/toy+json"

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        self._forecast = ToyForecast(container)

    def endpoints(self) -> Sequence[Endpoint]:
        reply = {"description": "Done.", "content": {"application/json": {"schema": reference("ToyReply")}}}
        body = {"required": True, "content": {"application/json": {"schema": reference("ToyRequest")}}}
        operation = {"operationId": "toy", "requestBody": body, "responses": {"200": reply}}
        statuses = (400, 413, 415, 422, 429, 503, 504)
        return (Endpoint("/toy", self._forecast, operation, statuses, (ToyRequest,), (ToyReply,)),)

    def failure(self, error: ServiceError, request_id: str) -> Failure:
        body = orjson.dumps({"oh_no": re.sub(r"\s+", " ", f"{error.detail} ({request_id})")})
        return Failure(error.status, failure_headers(error, self.failure_type), body)
