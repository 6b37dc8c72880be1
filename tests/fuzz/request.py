"""A request as bytes, so that one that did harm can be kept as a file and sent again."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

KEPT = Path(__file__).parent / "kept"


@dataclass(frozen=True)
class RawRequest:
    """What goes to the app; nothing in it need make sense."""

    method: str
    path: str
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""

    def write(self, path: Path) -> None:
        """Keep it, bytes as base64 and texts with their escapes."""
        plain = {
            "method": self.method,
            "path": self.path,
            "query": self.query.decode("latin-1"),
            "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in self.headers],
            "body": base64.b64encode(self.body).decode(),
        }
        path.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "RawRequest":
        """Give back what ``write`` kept."""
        plain = json.loads(path.read_text(encoding="utf-8"))
        headers = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in plain["headers"])
        query, body = plain["query"].encode("latin-1"), base64.b64decode(plain["body"])
        return cls(plain["method"], plain["path"], query, headers, body)
