"""Settings: documented one by one, and refused where they would do harm."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from service.settings import Settings, table

ROOT = Path(__file__).parents[2]


def test_the_document_has_the_table_of_the_fields() -> None:
    """A setting that is only in the code cannot be used, one that is only in the document misleads."""
    text = (ROOT / "docs" / "reference" / "settings.md").read_text()
    rows = re.findall(r"^\| `STATECAST_.*$", text, re.M)
    assert rows == table().splitlines(), "put what `service.settings.table()` gives into docs/reference/settings.md"
    assert all(field.description for field in Settings.model_fields.values())


def test_every_setting_comes_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATECAST_PORT", "9001")
    monkeypatch.setenv("STATECAST_STATE_URL", "memory://")
    assert (Settings().port, Settings().state_url) == (9001, "memory://")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("state_url", "postgres://user:secret@host/db", "expected one of memory, redis, sqlite, got 'postgres'"),
        ("state_url", "sqlite:///", "expected a path"),
        ("api_keys_file", "nowhere.txt", "everybody would be let in"),
        ("batch_rows", "5000", "at most STATECAST_QUEUE_ROWS"),
        ("device", "tpu", "'auto', 'cpu' or 'cuda'"),
        ("port", "70000", "less than or equal to 65535"),
        ("live_metrics", "mase, rmse", "metric: expected one of"),
        ("threads", "0", "greater than or equal to 1"),
    ],
)
def test_harmful_values_are_refused(name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"STATECAST_{name.upper()}", value)
    with pytest.raises(ValidationError, match=re.escape(words)) as caught:
        Settings()
    assert "secret" not in caught.value.errors()[0]["msg"]


def test_open_to_all_is_known() -> None:
    assert Settings(host="0.0.0.0").open_to_all
    assert not Settings().open_to_all
