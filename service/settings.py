"""Settings from the environment (``STATECAST_*``), checked before anything starts."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from statecast import metrics

LOOPBACK = ("127.0.0.1", "localhost", "::1")
STORES = ("sqlite", "memory")


class Settings(BaseSettings):
    """How the service runs. ``docs/reference/settings.md`` describes every field; a test holds them together."""

    model_config = SettingsConfigDict(env_prefix="STATECAST_", extra="ignore")

    artifacts: Path = Field(default=Path("artifacts"), description="Folder whose sub-folders are artifacts.")
    default_model: str | None = Field(
        default=None,
        description="Model of requests that name none; left out, a family named default, or the first by name.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where networks run; auto takes a GPU if any."
    )
    state_url: str = Field(
        default="sqlite:///state/sessions.db",
        description="Where sessions live: sqlite:///PATH, or memory:// (lost on exit).",
    )
    api_keys_file: Path | None = Field(
        default=None, description="File of API keys, name:key or name:sha256:HEX a line; left out, no key is asked for."
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on; 0.0.0.0 for every network.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    threads: int = Field(default=1, ge=1, le=256, description="Threads of one computation.")
    queue_rows: int = Field(default=4096, ge=1, description="Rows (series times variables) that may wait; then 429.")
    batch_rows: int = Field(default=256, ge=1, description="Most rows computed at once; 1 turns batching off.")
    resident_sessions: int = Field(
        default=4096, ge=1, description="Session rows a model keeps in memory; others are reloaded."
    )
    session_ttl_s: int = Field(
        default=30 * 86400, ge=1, description="Seconds without use after which a session expires."
    )
    live_metrics: str = Field(
        default="mase,coverage",
        description="Metrics that new sessions keep, by name, separated by commas; mase and coverage in any case.",
    )
    max_gap: int = Field(default=336, ge=0, description="Longest gap, in steps, that the missing policy fills.")
    max_body_bytes: int = Field(
        default=64 * 2**20, ge=1024, description="Largest body, also after decompression; then 413."
    )
    max_values: int = Field(
        default=4_000_000, ge=1, description="Most values, times and covariates together, a request; then 413."
    )
    max_series: int = Field(default=10_000, ge=1, description="Most series a request; then 413.")
    max_history: int = Field(default=1_000_000, ge=1, description="Most steps a series; then 413.")
    generation_rows: int = Field(default=256, ge=1, description="TextRunner written at a time; then 429.")
    max_prompt: int = Field(default=200_000, ge=1, description="Most characters of a prompt; then 413.")
    max_tokens: int = Field(default=16_384, ge=1, description="Most tokens a request, its n texts together; then 413.")
    max_path_steps: int = Field(default=10_000, ge=1, description="Longest horizon of paths; then 413.")
    max_path_values: int = Field(
        default=4_000_000, ge=1, description="Most values of paths a request (samples times steps times series)."
    )
    drain_s: float = Field(
        default=20.0, ge=0, description="Seconds that running requests get to end when the service stops."
    )
    default_timeout_ms: int = Field(default=30_000, ge=1, description="timeout_ms of requests that give none.")

    @model_validator(mode="after")
    def _refuse_dangerous(self) -> "Settings":
        scheme = urlsplit(self.state_url).scheme
        if scheme not in STORES:
            raise ValueError(
                f"STATECAST_STATE_URL: expected sqlite:///PATH or memory://, got {self.state_url.split('@')[-1]!r}"
            )
        if scheme == "sqlite" and not self.state_url.removeprefix("sqlite:///").strip("/"):
            raise ValueError(
                "STATECAST_STATE_URL: expected a path after sqlite:///, such as sqlite:///state/sessions.db"
            )
        if self.api_keys_file is not None and not self.api_keys_file.is_file():
            raise ValueError(
                f"STATECAST_API_KEYS_FILE: expected a file, found none at {self.api_keys_file}; without it everybody "
                "would be let in, so the service does not start"
            )
        if self.batch_rows > self.queue_rows:
            raise ValueError(
                f"STATECAST_BATCH_ROWS: expected at most STATECAST_QUEUE_ROWS ({self.queue_rows}), got "
                f"{self.batch_rows}; "
                "a batch larger than the queue can never fill"
            )
        return self

    @field_validator("live_metrics")
    @classmethod
    def _refuse_unknown_metrics(cls, value: str) -> str:
        for name in _split(value):
            metrics.get(name)
        return value

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Names in ``live_metrics``."""
        return _split(self.live_metrics)

    @property
    def open_to_all(self) -> bool:
        """Whether other machines can reach the service without a key."""
        return self.api_keys_file is None and self.host not in LOOPBACK


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
