"""``kill -9`` between the requests of sessions of every kind: each goes on where it was, as if nothing had happened.

What was answered was in the store before; else a stream of hours would begin anew with every crash.
"""

from pathlib import Path

from tests.builders import tiny_classifier_artifact, tiny_family_artifact, tiny_transcriber_artifact
from tests.chaos.server import Server
from tests.chaos.sessions.lives import classified, of_seasons, transcribed


def test_sessions_of_every_kind_go_on_after_kills(tmp_path: Path) -> None:
    """One server for all, since a start costs more than what is asked of it."""
    artifacts = tmp_path / "artifacts"
    tiny_classifier_artifact(artifacts, inputs="values", symbols=(), labels=("a", "b", "c"))
    tiny_transcriber_artifact(artifacts)
    tiny_family_artifact(artifacts)
    server = Server(tmp_path, artifacts=str(artifacts), state_url=f"sqlite:///{tmp_path}/s.db")
    server.start()
    try:
        lives, kills = [classified(server), transcribed(server), of_seasons(server)], 0
        while lives := [life for life in lives if next(life, "over") is None]:
            server.kill()
            server.start()
            kills += 1
    finally:
        server.kill()
    assert kills == 4
