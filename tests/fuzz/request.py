"""A request as bytes and how it is sent, so that one that did harm can be kept as a file and sent again."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

KEPT = Path(__file__).parent / "kept"

Ending = Literal["read", "next", "unread", "midway"]
"""What the client does then: reads the answer; sends the next request before it does; leaves without reading; leaves
after a part of the request."""


@dataclass(frozen=True)
class RawRequest:
    """What goes over a connection; nothing in it need make sense."""

    method: str
    path: str
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    cuts: tuple[int, ...] = ()
    """Bytes after which the client pauses."""
    chunked: bool = False
    raw: bool = False
    """Whether path and headers go as they are, even if they are no HTTP."""
    ending: Ending = "read"

    @property
    def plain(self) -> dict[str, Any]:
        """What JSON holds of it: bytes as base64, texts with their escapes."""
        found: dict[str, Any] = {
            "method": self.method,
            "path": self.path,
            "query": self.query.decode("latin-1"),
            "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in self.headers],
            "body": base64.b64encode(self.body).decode(),
        }
        sending = {"cuts": list(self.cuts), "chunked": self.chunked, "raw": self.raw, "ending": self.ending}
        return found | {name: value for name, value in sending.items() if value not in ([], False, "read")}

    @classmethod
    def of(cls, plain: dict[str, Any]) -> "RawRequest":
        """Give back what ``plain`` gave."""
        headers = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in plain["headers"])
        query, body = plain["query"].encode("latin-1"), base64.b64decode(plain["body"])
        sending = {name: plain[name] for name in ("chunked", "raw", "ending") if name in plain}
        cuts = tuple(plain.get("cuts", ()))
        return cls(plain["method"], plain["path"], query, headers, body, cuts, **sending)


Conversation = tuple[RawRequest, ...]
"""What one client sends over one connection, or over several where it leaves in between."""


def keep(path: Path, conversation: Conversation) -> None:
    """Write a conversation to a file."""
    plain: Any = [request.plain for request in conversation]
    path.write_text(json.dumps(plain[0] if len(plain) == 1 else plain, indent=1) + "\n", encoding="utf-8")


def kept(path: Path) -> Conversation:
    """Read what ``keep`` wrote."""
    plain = json.loads(path.read_text(encoding="utf-8"))
    return tuple(RawRequest.of(one) for one in (plain if isinstance(plain, list) else [plain]))
