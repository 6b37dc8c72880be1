"""A server that answers every request at once from memory: what a client reaches against it is the client's own limit.

python -m benchmarks.harness.echo PORT
"""

import asyncio
import sys

_BODY = b'{"forecasts":[' + b"0" * 900 + b"]}"
_REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_BODY) + _BODY


class _Answer(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer what ends a request; requests of the benchmarks come in one piece."""
        del data
        self._transport.write(_REPLY)


async def serve(port: int) -> None:
    """Until the process is ended."""
    server = await asyncio.get_running_loop().create_server(_Answer, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
