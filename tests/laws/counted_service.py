"""``python -m service`` that counts its calls: whoever connects to the port of its argument gets the counts as JSON.

``python`` are calls of Python functions and coroutines that go on, ``native`` calls of functions in C, ``torch`` those
of them that are torch's. All threads are counted but the one that answers.
"""

import itertools
import json
import socket
import sys
import threading
from types import FrameType
from typing import Any

_COUNTERS = {"python": itertools.count(), "native": itertools.count(), "torch": itertools.count()}


def count(frame: FrameType, event: str, function: Any) -> None:
    """What ``sys.setprofile`` calls; ``next`` of a counter is whole even where threads take turns."""
    if event == "call":
        next(_COUNTERS["python"])
    elif event == "c_call":
        next(_COUNTERS["native"])
        if _is_torch(function):
            next(_COUNTERS["torch"])


def _is_torch(function: Any) -> bool:
    owner = getattr(function, "__self__", None)
    kind = owner if isinstance(owner, type) else type(owner)
    return str(kind.__module__).startswith("torch") or str(getattr(function, "__module__", "")).startswith("torch")


def tell(listener: socket.socket) -> None:
    """Answer until the process ends."""
    while True:
        with listener.accept()[0] as connection:
            counts = {name: counter.__reduce__()[1][0] for name, counter in _COUNTERS.items()}
            connection.sendall(json.dumps(counts).encode())


def main() -> int:
    """Count from here on, and serve."""
    from service.__main__ import main as serve

    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    threading.Thread(target=tell, args=(listener,), daemon=True).start()
    threading.setprofile(count)
    sys.setprofile(count)
    return serve()


if __name__ == "__main__":
    sys.exit(main())
