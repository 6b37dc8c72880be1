"""Examples in docstrings run and print what they say; one that does not misleads whoever copies it."""

import doctest
import importlib
from pathlib import Path

import pytest

from tests.test_architecture import PACKAGES, ROOT, sources

EXAMPLES = [path for path in sources(*PACKAGES) if ">>> " in (ROOT / path).read_text()]


@pytest.mark.parametrize("path", EXAMPLES, ids=str)
def test_docstrings_print_what_they_say(path: Path) -> None:
    module = importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
    failed, tried = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert tried, f"{path}: what looks like an example stands outside a docstring"
    assert not failed, f"{path}: {failed} of {tried} examples fail, see above"
