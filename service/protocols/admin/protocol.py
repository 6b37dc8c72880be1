"""The protocol ``admin``: health, models, sessions, metrics and the pages."""

from collections.abc import Sequence

from fastapi import APIRouter

from service.protocols.admin import health, models, pages, session_states, sessions
from service.protocols.registry import PROTOCOLS, ClientProtocol


@PROTOCOLS.register("admin")
class AdminProtocol(ClientProtocol):
    """What operators, probes and browsers read."""

    # Probes and scrapers carry no key; the pages and documents hold nothing that belongs to anybody.
    open_paths = frozenset({"/live", "/ready", "/metrics", "/", "/docs", "/web/{file}"})

    def routers(self) -> Sequence[APIRouter]:
        """Give all paths."""
        return tuple(part.router for part in (health, models, sessions, session_states, pages))
