"""Some of ``tests.chaos.disasters``, shorter: many clients stream, nothing is lost, and ``/ready`` tells the truth."""

import asyncio
from pathlib import Path

import pytest

from tests.chaos.disasters import DISASTERS, befall, scene_in


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["takeover", "replaced", "full-disk", "clock-forward"])
def test_under_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A quiet server notices anything; what is at work while it happens is what gets lost."""
    monkeypatch.setenv("CLOCK_FILE", str(tmp_path / "clock"))
    scene = scene_in(tmp_path)
    try:
        print(asyncio.run(befall(scene, DISASTERS[name], calm_s=0.5, struck_s=4.0)))
    finally:
        scene.server.kill()
