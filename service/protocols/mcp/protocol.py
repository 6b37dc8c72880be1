"""The protocol ``mcp``: tools over streamable HTTP, one request at a time."""

from collections.abc import Sequence
from typing import Any

import orjson

from service.errors import ServiceError
from service.http.body import JSON
from service.http.path_table import Failure
from service.http.problems import failure_headers
from service.protocols.container import Container
from service.protocols.mcp.endpoint import Mcp
from service.protocols.mcp.errors import RpcError, rpc_error
from service.protocols.registry import PROTOCOLS, ClientProtocol, Endpoint

_OPERATION: dict[str, Any] = {
    "tags": ["mcp"],
    "summary": "Call a tool, in the Model Context Protocol",
    "description": (
        "Streamable HTTP of the Model Context Protocol, without sessions of its own: JSON-RPC in, JSON-RPC out. The "
        "tools are forecast, backtest, anomalies and sessions. Needs the package mcp beside the server."
    ),
    "operationId": "mcp",
    "requestBody": {"required": True, "content": {JSON: {"schema": {"type": "object"}}}},
    "responses": {
        "200": {"description": "The answer.", "content": {JSON: {"schema": {"type": "object"}}}},
        "202": {"description": "A notification was taken."},
    },
}


@PROTOCOLS.register("mcp")
class McpProtocol(ClientProtocol):
    """Tools for agents."""

    failure_schema = RpcError
    failure_type = JSON

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        self._mcp = Mcp(container)

    def endpoints(self) -> Sequence[Endpoint]:
        """Give ``POST /mcp``."""
        return (Endpoint("/mcp", self._mcp, _OPERATION, (400, 404, 413, 415, 422, 503)),)

    def failure(self, error: ServiceError, request_id: str) -> Failure:
        """Give a failure the shape of JSON-RPC; see ``ClientProtocol.failure``."""
        body = orjson.dumps(rpc_error(error, request_id))
        return Failure(self.status(error.status), failure_headers(error, self.failure_type), body)
