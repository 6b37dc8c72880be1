"""The lines that a page tells a user to write are run as they stand there, against a live server."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

HOWTO = Path(__file__).parents[2] / "docs" / "howto"
PAGES = {"mcp": "mcp", "openai": "openai", "sagemaker": "boto3"}
"""Page by its name, and the client that it needs."""


@pytest.mark.parametrize("page", PAGES)
def test_the_lines_of_the_page_run(page: str, url: str) -> None:
    """Lines that are copied and fail are the last that a newcomer tries."""
    if not find_spec(PAGES[page]):
        pytest.skip(f"{PAGES[page]} is not installed: pip install '.[clients]'")
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", (HOWTO / f"{page}.md").read_text(), re.S)
    assert blocks
    for block in blocks:
        exec(compile(block.replace("http://127.0.0.1:8000", url), f"{page}.md", "exec"), names)
