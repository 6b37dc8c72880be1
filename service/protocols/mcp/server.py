"""The official ``mcp`` package around our tools, without a session of its own. Imported once somebody calls."""

import logging
from importlib.metadata import version
from typing import Any

import orjson
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult, TextContent, Tool, ToolAnnotations
from starlette.types import Receive, Scope, Send

from service.protocols.mcp.tools import Tools

logging.getLogger("mcp").setLevel(logging.WARNING)
_INSTRUCTIONS = (
    "Forecasts of time series by recurrent networks that remember. Call forecast with the history of a series; name a "
    "session in it to send only new values later. backtest says how far such forecasts can be trusted."
)


class McpServer:
    """Answers each request by itself: nothing is kept between two.

    Parameters
    ----------
    tools : Tools
        What can be called.
    most : int
        Bytes of a body.
    """

    def __init__(self, tools: Tools, most: int) -> None:
        self._tools, self._most = tools, most
        self._server: Server[Any] = Server(
            "statecast", version=version("statecast"), instructions=_INSTRUCTIONS, on_list_tools=self._list,
            on_call_tool=self._call,
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        manager = StreamableHTTPSessionManager(
            self._server, json_response=True, stateless=True, max_request_body_size=self._most
        )
        async with manager.run():
            await manager.handle_request(scope, receive, send)

    async def _list(self, context: Any, request: Any) -> ListToolsResult:  # noqa: ARG002
        tools = [
            Tool(
                name=name, description=tool.description, input_schema=dict(tool.schema),
                annotations=ToolAnnotations(read_only_hint=name != "forecast", open_world_hint=False),
            )
            for name, tool in self._tools.described().items()
        ]  # fmt: skip
        return ListToolsResult(tools=tools)

    async def _call(self, context: Any, request: CallToolRequestParams) -> CallToolResult:
        state = context.request.scope["state"]
        done, found = await self._tools.call(request.name, request.arguments or {}, state)
        text = TextContent(text=orjson.dumps(found).decode())
        return CallToolResult(content=[text], structured_content=found, is_error=not done)
