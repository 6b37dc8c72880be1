"""``/mcp``: tools for programs that speak the Model Context Protocol."""

from service.protocols.mcp.protocol import McpProtocol

__all__ = ["McpProtocol"]
