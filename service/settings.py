"""Settings from the environment (``STATECAST_*``), checked before anything starts."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.stores.interface import StoreError
from service.stores.registry import find_store
from statecast import metrics
from statecast.time.frequency import Frequency

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SHORTEST_SECRET = 16
"""Bytes of a secret that states are signed with."""


class Settings(BaseSettings):
    """How the service runs. The table in ``docs/reference/settings.md`` is what ``table`` makes of these fields."""

    model_config = SettingsConfigDict(env_prefix="STATECAST_", extra="ignore", use_attribute_docstrings=True)

    protocols: str | None = None
    """What the server speaks: names separated by commas, of `admin`, `anomalies`, `backtest`, `classify`, `confluent`,
    `forecast`, `generate`, `influx`, `jobs`, `mcp`, `nixtla`, `open_inference`, `openai`, `prometheus`, `sagemaker`,
    `transcribe` and whatever other packages bring. Left out: all that come with the server."""
    artifacts: Path = Path("artifacts")
    """Folder whose sub-folders are artifacts (or one artifact). Without any, the server starts and `/ready` says what
    to do. A broken artifact is skipped and named in `/ready`; a broken default one ends the start."""
    default_model: str | None = None
    """`name` or `name@version` of the model that answers requests naming none. Left out: a family named `default`, else
    the first by name, in its newest version."""
    nixtla_models: str = "timegpt-*"
    """Names of models that clients of nixtla's SDK give, and what they stand for here: patterns separated by commas,
    each with `=MODEL` or, without it, for the default model; the first that fits counts. A name of a model of this
    server stands for itself; empty for no others ([nixtla.md](../howto/nixtla.md))."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`auto` (a GPU where there is one), `cpu` or `cuda`."""
    state_url: str = "sqlite:///state/sessions.db"
    """Where sessions live. `sqlite:///PATH` is on disk before an answer leaves; three slashes are relative to the
    working directory, four absolute. `redis://HOST:PORT/DATABASE` (by TLS `rediss://`) is shared by several servers
    ([replicas.md](../howto/replicas.md)). `memory://` is lost on exit. Other schemes are those of registered stores
    (CONTRIBUTING.md, "A state store")."""
    state_secret: SecretStr | None = Field(default=None, min_length=SHORTEST_SECRET)
    """Signs sessions that are exported, 16 characters at least; replicas and servers that exchange sessions have the
    same. Left out: a random one, kept beside the SQLite file as `PATH.secret`; with another store it ends with the
    process, and so does the use of what it signed."""
    api_keys_file: Path | None = None
    """File of API keys: `name:key`, `name:sha256:HEX` or a bare key per line, `#` for comments. Without it no key is
    required. A file that is missing or empty ends the start."""
    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` for every network. Without keys the start warns about that and `/ready` shows it
    as `open_to_all`."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port; `0` picks a free one and prints it."""
    grpc_port: int | None = Field(default=None, ge=0, le=65535)
    """Port of gRPC, for clients of Triton and KServe ([triton.md](../howto/triton.md)); `0` picks a free one and logs
    it. Left out: no gRPC. Needs the extra `grpc`."""
    threads: int | None = Field(default=None, ge=1, le=256)
    """Threads of one computation at most. Left out: compiled networks share a batch of many rows among as many as the
    process may use cores, and what runs in torch has one, because more help large batches of wide networks alone."""
    compiled: Literal["auto", "off"] = "auto"
    """`auto` runs networks as machine code of their own where numba is installed, on a CPU, and the network is covered;
    the first start on a machine compiles for a minute, unless `python -m statecast.compiled warm` did. `off` runs all
    in torch: the same forecasts, slower."""
    queue_rows: int = Field(default=4096, ge=1)
    """Rows (series times variables) that may wait; more are answered 429 with `Retry-After`. A single request may hold
    more where nothing else waits."""
    batch_rows: int = Field(default=256, ge=1)
    """Rows computed at once at most, no more than `STATECAST_QUEUE_ROWS`; of streamed observations twice as many. `1`
    turns batching off."""
    resident_sessions: int = Field(default=4096, ge=1)
    """Session rows that each model keeps in memory; others are read from the store when they are used. Each season of a
    family has as many, and all together at most twice as many."""
    session_ttl_s: int = Field(default=30 * 86400, ge=1)
    """Seconds without use after which a session expires (30 days)."""
    write_freq: str = "1min"
    """Freq of the sessions that writers of line protocol and remote write advance, unless `freq` in their URL names
    another ([line-protocol.md](../howto/line-protocol.md))."""
    live_metrics: str = "mase,wql,coverage,calibration"
    """Metrics that new sessions keep of their forecasts, by name ([metrics.md](metrics.md)), separated by commas;
    the default ones are kept in any case. They read the median and the interval that is scored;
    `directional_accuracy` stays unknown. An unknown name ends the start."""
    max_gap: int = Field(default=336, ge=0)
    """Longest gap, in steps, that the `missing` policy fills; a longer one is 422."""
    max_body_bytes: int = Field(default=64 * 2**20, ge=1024)
    """Largest body, as sent and after decompression; a larger one is 413."""
    max_held_bytes: int = Field(default=512 * 2**20, ge=2**20)
    """Bytes of bodies, as sent, that are read or worked on at a time, of all clients; a body of more than 256 KiB that
    passes it is 429."""
    max_header_bytes: int = Field(default=64 * 1024, ge=4096)
    """Largest request line and headers together; larger ones are 431."""
    max_connections: int = Field(default=10_000, ge=1)
    """Connections at a time; one more is answered 429 and closed."""
    header_timeout_s: float = Field(default=10.0, gt=0)
    """Seconds in which a new connection sends a request's headers; later ones are 408."""
    body_timeout_s: float = Field(default=20.0, gt=0)
    """Longest pause within a body, in seconds; after as many, it must have come at 16 KiB a second on the whole. A
    slower one is 408."""
    max_values: int = Field(default=4_000_000, ge=1)
    """Values in one request at most, times and covariates included; more are 413."""
    max_series: int = Field(default=10_000, ge=1)
    """Series in one request at most; more are 413."""
    max_history: int = Field(default=1_000_000, ge=1)
    """Steps in one series at most; more are 413."""
    max_fields: int = Field(default=1000, ge=32)
    """Fields in one object of a body (covariates, variables), columns of a table, and parameters of a query at most;
    more are refused."""
    max_quantile_levels: int = Field(default=200, ge=1)
    """Quantile levels in one request at most; more are 413."""
    max_reply_values: int = Field(default=5_000_000, ge=1)
    """Numbers in one reply of `POST /forecast` at most, and in the quantiles of one of `POST /generate`: series (and
    variables) times `horizon` times quantile levels; more are 413."""
    generation_rows: int = Field(default=256, ge=1)
    """Texts written at a time, over all models; a request's `n` counts. More are answered 429 with `Retry-After`; an
    `n` above it is 413."""
    max_prompt: int = Field(default=200_000, ge=1)
    """Characters in a prompt, or in one text of `POST /classify`, at most; more are 413."""
    max_steps: int = Field(default=20_000, ge=1)
    """Steps of one input of `POST /classify` at most, in tokens or values; a longer one is 413. A session takes any
    number, so many at a time."""
    max_recording_s: float = Field(default=300.0, gt=0)
    """Seconds of one recording of `POST /transcribe` at most; a longer one is 413. A session takes any number, so many
    at a time."""
    max_tokens: int = Field(default=16_384, ge=1)
    """Tokens in one request at most: `max_tokens` times `n`; more are 413."""
    max_path_steps: int = Field(default=10_000, ge=1)
    """Longest `horizon` of `POST /generate`; a longer one is 413."""
    max_path_values: int = Field(default=2_000_000, ge=1)
    """Values in the paths of one request at most: `num_samples` (10 where it is less, because the forecast itself costs
    as much) times `horizon` times series (and variables); more are 413. Four times as many may be at work; then
    429."""
    max_samples: int = Field(default=100_000, ge=1)
    """Paths per series at most (`num_samples`); more are 413."""
    jobs_folder: Path = Path("state/jobs")
    """Folder of the files of jobs, made with the first one. Servers that share it and the store work on each other's
    jobs; with folders of their own each works on those that it took."""
    max_jobs: int = Field(default=20, ge=1)
    """Jobs of one key that are not finished, at most; more are 429."""
    max_kept_jobs: int = Field(default=1000, ge=1)
    """Jobs of all keys at most, finished ones too until they expire; more are 429."""
    job_ttl_s: int = Field(default=7 * 86400, ge=1)
    """Seconds for which a job and its result are kept after its end (7 days); one that is not finished is dropped when
    nothing of it went on for as long."""
    max_job_bytes: int = Field(default=256 * 2**20, ge=1024)
    """Largest file of a job, as sent and after decompression, and no larger than `STATECAST_MAX_HELD_BYTES`; a larger
    one is 413."""
    max_job_values: int = Field(default=50_000_000, ge=1)
    """Values in the file of a job at most, times and covariates included, and numbers in its result; with more it
    fails."""
    max_job_series: int = Field(default=100_000, ge=1)
    """Series in the file of a job at most; with more it fails."""
    fits: int = Field(default=1, ge=0, le=64)
    """Jobs that fit a model at a time, each in a process of its own behind all else; `0` takes none
    ([jobs.md](../howto/jobs.md)). Needs the extra `training`."""
    fit_nice: int = Field(default=10, ge=0, le=19)
    """How far the processes of fits stand back behind others of the machine, as `nice` counts it."""
    max_fit_s: float = Field(default=3600.0, gt=0)
    """Seconds that a fit may take; one that takes longer fails."""
    max_fitted_models: int = Field(default=100, ge=1)
    """Models that jobs fitted, at most, those included that were deleted since the start; more are 429."""
    drain_s: float = Field(default=20.0, ge=0)
    """Seconds that running requests have to end when the service stops."""
    default_timeout_ms: int = Field(default=30_000, ge=1)
    """`timeout_ms` of requests that name none."""
    max_timeout_ms: int = Field(default=600_000, ge=1)
    """Longest `timeout_ms` that a request may name; a longer one is 422."""

    @model_validator(mode="after")
    def _refuse_dangerous(self) -> "Settings":
        try:
            scheme = find_store(self.state_url).name
        except StoreError as error:
            raise ValueError(str(error)) from None
        if scheme == "sqlite" and not self.state_url.removeprefix("sqlite:///").strip("/"):
            raise ValueError(
                "STATECAST_STATE_URL: expected a path after sqlite:///, such as sqlite:///state/sessions.db"
            )
        if self.api_keys_file is not None and not self.api_keys_file.is_file():
            raise ValueError(
                f"STATECAST_API_KEYS_FILE: expected a file, found none at {self.api_keys_file}; without it everybody "
                "would be let in, so the service does not start"
            )
        if self.grpc_port is not None and self.protocols and "open_inference" not in _split(self.protocols):
            raise ValueError(
                "STATECAST_GRPC_PORT: expected open_inference, which speaks gRPC, among STATECAST_PROTOCOLS, got "
                f"{self.protocols}; add it, or leave the port unset"
            )
        if self.batch_rows > self.queue_rows:
            raise ValueError(
                f"STATECAST_BATCH_ROWS: expected at most STATECAST_QUEUE_ROWS ({self.queue_rows}), got "
                f"{self.batch_rows}; a batch larger than the queue can never fill, so lower it or raise the other"
            )
        return self

    @field_validator("write_freq")
    @classmethod
    def _refuse_unknown_freq(cls, value: str) -> str:
        Frequency.parse(value)
        return value

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


def table() -> str:
    """Give the rows of the settings' table in ``docs/reference/settings.md``, one line per field."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "none" if field.default is None else f"`{field.default}`"
        rows.append(f"| `STATECAST_{name.upper()}` | {default} | {' '.join((field.description or '').split())} |")
    return "\n".join(rows)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
