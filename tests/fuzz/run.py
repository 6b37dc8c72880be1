"""Hold conversations with a server in a process of its own, several at a time; look at answers, time and memory."""

import asyncio
import os
import resource
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.builders import (
    tiny_artifact,
    tiny_classifier_artifact,
    tiny_family_artifact,
    tiny_generator_artifact,
    tiny_transcriber_artifact,
)
from tests.chaos.server import Server
from tests.fuzz.client import Client
from tests.fuzz.request import Conversation, RawRequest
from tests.fuzz.same import difference

LONGEST_S = 2.0
"""Of one request, as computed by the whole server: a machine that is busy with something else must not count."""
AT_ONCE = 8
_SETTINGS = {
    "default_model": "tiny",
    "resident_sessions": "256",
    "max_body_bytes": str(8 << 20),
    "max_path_values": "200000",
    "max_path_steps": "1000",
    "header_timeout_s": "2",
    "body_timeout_s": "2",
}


@dataclass
class Findings:
    """What came of a run."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[tuple[Conversation, str]] = field(default_factory=list)
    slowest: tuple[float, RawRequest | None] = (0.0, None)
    """Seconds of the server's computing between a request and its answer, others beside it or not."""
    suspects: list[tuple[float, Conversation]] = field(default_factory=list)
    """Conversations in which that was too long, to be held again alone."""
    sent: int = 0
    before: int = 0
    after: int = 0
    """Bytes that the server held."""

    @property
    def grown(self) -> float:
        """Memory after the run over that before, less one."""
        return self.after / self.before - 1


def folder_of(path: Path) -> Path:
    """Make the models that are asked, in a folder for a server, of every kind."""
    artifacts = path / "artifacts"
    artifacts.mkdir()
    tiny_artifact(artifacts)
    tiny_family_artifact(artifacts)
    tiny_generator_artifact(artifacts)
    tiny_classifier_artifact(artifacts)
    tiny_transcriber_artifact(artifacts)
    tiny_classifier_artifact(artifacts, "wrist", inputs="values", symbols=(), channels=("x", "y"))
    return path


def run(
    folder: Path,
    conversations: Iterable[Conversation],
    warm: Iterable[Conversation] = (),
    say: Callable[[str], None] = lambda _: None,
) -> Findings:
    """Hold conversations with a fresh server.

    Parameters
    ----------
    folder : Path
        What ``folder_of`` made.
    conversations : iterable of Conversation
        Held and looked at.
    warm : iterable of Conversation
        Held before the memory is measured, so that what is built once does not count.
    say : callable
        Called with a line now and then.
    """
    server = _server(folder)
    server.start()
    try:
        findings = Findings()
        asyncio.run(_hold(server, warm, findings))
        findings = Findings(before=memory(server), faults=findings.faults)
        asyncio.run(_hold(server, _counted(conversations, findings, say), findings))
        findings.after = memory(server)
        asyncio.run(_again(server, findings))
        return findings
    finally:
        server.kill()


def differences(folder: Path, twins: Iterable[Conversation]) -> tuple[list[str], Counter[str]]:
    """Hold conversations of twins, and say where the short way came to something else than the general one.

    Gives also how many answers were compared, by their kind.
    """
    server = _server(folder)
    server.start()
    found, compared = [], Counter[str]()
    try:
        for conversation in twins:
            client = Client(server, conversation)
            asyncio.run(client.hold())
            found += [*client.faults, difference(client.answers, compared)]
    finally:
        server.kill()
    return [one for one in found if one], compared


def _server(folder: Path) -> Server:
    settings = {"artifacts": "artifacts", "state_url": "sqlite:///fuzz.db", **_SETTINGS}
    return Server(folder, module="tests.fuzz.server", **settings)


async def _hold(
    server: Server, conversations: Iterable[Conversation], findings: Findings, at_once: int = AT_ONCE
) -> None:
    """Hold all conversations, ``at_once`` of them at a time."""
    waiting: Iterator[Conversation] = iter(conversations)

    async def one() -> None:
        for conversation in waiting:
            client = Client(server, conversation)
            await client.hold()
            findings.sent += len(conversation)
            findings.statuses.update(client.statuses)
            findings.faults += [(conversation, fault) for fault in client.faults]
            if client.slowest[0] > findings.slowest[0]:
                findings.slowest = client.slowest
            if client.slowest[0] > LONGEST_S:
                findings.suspects.append((client.slowest[0], conversation))

    await asyncio.gather(*(one() for _ in range(at_once)))


def _counted(
    conversations: Iterable[Conversation], findings: Findings, say: Callable[[str], None]
) -> Iterator[Conversation]:
    for number, conversation in enumerate(conversations, start=1):
        yield conversation
        if number % 500 == 0:
            say(f"{findings.sent} requests, {len(findings.faults)} faults, {len(findings.suspects)} suspects")


async def _again(server: Server, findings: Findings) -> None:
    """Hold those that were slow beside others again, alone."""
    slow, findings.slowest = findings.suspects, (0.0, None) if findings.suspects else findings.slowest
    for _, conversation in slow:
        alone = Findings()
        await _hold(server, [conversation], alone, at_once=1)
        findings.faults += alone.faults
        if alone.slowest[0] > findings.slowest[0]:
            findings.slowest = alone.slowest
        if alone.slowest[0] > LONGEST_S:
            findings.faults.append((conversation, f"took {alone.slowest[0]:.1f} s"))


def memory(server: Server) -> int:
    """Bytes that a server holds, after what is free was given back."""
    assert server.process is not None
    sizes = []
    for _ in range(3):
        os.kill(server.process.pid, signal.SIGUSR1)
        httpx.get(f"{server.url}/live")  # answered when the signal's handler has run
        pages = Path(f"/proc/{server.process.pid}/statm").read_text(encoding="ascii").split()[1]
        sizes.append(int(pages) * resource.getpagesize())
    return min(sizes)
