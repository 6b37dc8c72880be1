"""A request by chance: its path, its query, its headers, its body and how that is packed."""

import gzip
import zlib
from collections.abc import Callable
from random import Random
from urllib.parse import quote, quote_from_bytes

import zstandard

from tests.fuzz.generators import documents, sounds, tables
from tests.fuzz.generators.values import FREQS, NUMBERS, TEXTS
from tests.fuzz.request import RawRequest

ARROW, CSV, JSON = b"application/vnd.apache.arrow.stream", b"text/csv", b"application/json"
WAV = b"audio/wav"
_PARAMETERS = (
    "model", "horizon", "quantile_levels", "missing", "include", "timeout_ms", "freq", "season", "session", "open",
    "timezone", "timestamp_unit", "dayfirst", "decimal", "separator", "encoding", "level", "bounds", "final",
    "from_index", "cutoffs", "step", "metrics", "return", "anomaly_level", "x",
)  # fmt: skip
_PATHS = (
    "/live", "/ready", "/metrics", "/models", "/models/tiny", "/models/%00", "/sessions", "/docs", "/openapi.json", "/",
    "/v1/models", "/forecast", "/generate", "/classify", "/transcribe", "/backtest", "/anomalies", "/v1/completions",
    "/admin/models/reload", "/x" * 500,
)  # fmt: skip


def request_of(draw: Random) -> RawRequest:
    """Give one request."""
    kind = draw.random()
    if kind < 0.46:
        return _posted(draw, "/forecast", JSON, documents.written(draw, documents.forecast(draw)))
    if kind < 0.5:
        return _passed(draw, draw.choice(("/backtest", "/anomalies")))
    if kind < 0.62:
        return _posted(draw, "/forecast", ARROW, tables.arrow(draw))
    if kind < 0.74:
        return _posted(draw, "/forecast", CSV, tables.csv(draw))
    if kind < 0.82:
        return _posted(draw, "/generate", JSON, documents.written(draw, documents.paths(draw)))
    if kind < 0.835:
        return _posted(draw, "/transcribe", WAV, sounds.wav(draw))
    if kind < 0.85:
        return _posted(draw, "/classify", JSON, documents.written(draw, documents.inputs(draw)))
    if kind < 0.9:
        path = draw.choice(("/generate", "/v1/completions"))
        return _posted(draw, path, JSON, documents.written(draw, documents.text(draw)))
    return _looked(draw)


def _passed(draw: Random, path: str) -> RawRequest:
    form = draw.random()
    if form < 0.7:
        return _posted(draw, path, JSON, documents.written(draw, documents.passes(draw, path)))
    return _posted(draw, path, ARROW, tables.arrow(draw)) if form < 0.85 else _posted(draw, path, CSV, tables.csv(draw))


def _posted(draw: Random, path: str, kind: bytes, body: bytes) -> RawRequest:
    headers = [
        (b"content-type", kind if draw.random() < 0.95 else draw.choice((ARROW, CSV, JSON, WAV, b"text/html", b"\xff")))
    ]
    pack, name = _packed(draw)
    body = pack(body)
    if name:
        headers.append((b"content-encoding", name))
    if draw.random() < 0.02:
        body = documents.damaged(draw, body)
    for header, values in _HEADERS.items():
        if draw.random() < 0.04:
            headers.append((header, draw.choice(values)))
    if draw.random() < 0.004:
        headers.append((b"content-length", draw.choice((b"0", b"99999999999999999999", b"-1", b"\xb2", b"x"))))
    often = 0.6 if kind not in (JSON, WAV) else 0.1
    query = _query(draw) if draw.random() < often else _hearing(draw) if kind == WAV else b""
    return RawRequest("POST", path, query, tuple(headers), body)


_HEADERS: dict[bytes, tuple[bytes, ...]] = {
    b"accept": (b"*/*", ARROW, CSV, JSON, b"text/html", b"application/*;q=0.1", b"q=;;,,", b"*/*;q=nan", b"\xff"),
    b"accept-encoding": (b"gzip", b"zstd", b"br", b"gzip;q=x", b"*;q=inf", b"*", b"gzip;q=nan"),
    b"x-request-id": (b"a", b"\xff\xfe", b"x" * 10_000, b"", b"a\r\nb"),
    b"if-match": (b'"sha256:x"', b"*"),
    b"idempotency-key": (b"k", b"\xff"),
    b"authorization": (b"Bearer x", b"Bearer", b"\xff"),
}


def _packed(draw: Random) -> tuple[Callable[[bytes], bytes], bytes]:
    kind = draw.randrange(24)
    if kind == 0:
        return lambda body: gzip.compress(body, 1), b"gzip"
    if kind == 1:
        return zstandard.compress, b"zstd"
    if kind == 2:
        return lambda body: gzip.compress(body, 1)[:-4], b"gzip"
    if kind == 3:
        return lambda body: zstandard.compress(body) + b"x", b"zstd"
    if kind == 4:
        return zlib.compress, draw.choice((b"gzip", b"deflate", b"br", b"\xff", b"gzip, zstd", b"identity"))
    if kind == 5 and draw.random() < 0.05:
        return lambda body: zstandard.compress(b" " * (80 << 20)), b"zstd"
    return lambda body: body, b""


def _query(draw: Random) -> bytes:
    parts = []
    for name in _PARAMETERS:
        if draw.random() < 0.15:
            parts.append(f"{name}={_value(draw, name)}")
    if draw.random() < 0.05:
        parts.append(draw.choice(("%", "%ff=%ff", "a&&b", "horizon=1&horizon=2", "=" * 100, "x" * 20_000)))
    return "&".join(parts).encode("latin-1", "replace")


def _hearing(draw: Random) -> bytes:
    """A query that ``POST /transcribe`` may take."""
    parts = ["model=words"]
    if draw.random() < 0.6:
        parts.append(f"session={draw.choice(documents.SESSIONS)}")
        parts += [f"{name}={_value(draw, name)}" for name in ("final", "from_index", "open") if draw.random() < 0.4]
    return "&".join(parts).encode("latin-1", "replace")


def _value(draw: Random, name: str) -> str:
    usual = {
        "model": ("tiny", "default"), "horizon": ("3", "12"), "quantile_levels": ("0.1,0.5,0.9", "0.5", ",", "0.5,x"),
        "missing": ("mask", "ffill"), "include": ("baseline", "attention,baseline"), "timeout_ms": ("1000", "1"),
        "freq": ("1h", "D"), "season": ("24", "4"), "session": ("q1", "q2"), "open": ("true", "false", "1"),
        "timezone": ("UTC", "Europe/Berlin"), "dayfirst": ("true", "false"), "final": ("true", "false"),
        "from_index": ("0", "800"), "cutoffs": ("1", "5", "1000"), "step": ("1", "7"), "metrics": ("mase,wql", "mase"),
        "return": ("metrics", "forecasts", "metrics,forecasts"), "level": ("99", "80"), "anomaly_level": ("99",),
    }  # fmt: skip
    if draw.random() < 0.7 and name in usual:
        return draw.choice(usual[name])
    if name == "quantile_levels" and draw.random() < 0.3:
        return ",".join(str(n / 5001) for n in range(600, 4400))
    other = draw.choice((*TEXTS, *FREQS, *NUMBERS))
    return quote(str(other).encode("utf-8", "surrogatepass")[:3000])


def _looked(draw: Random) -> RawRequest:
    method = draw.choice(("GET", "GET", "GET", "HEAD", "DELETE", "PUT", "POST", "OPTIONS", "PATCH", "\x00", "TRACE"))
    if draw.random() < 0.5:
        session = draw.choice((*documents.SESSIONS, *TEXTS))
        path = "/sessions/" + session + draw.choice(("", "", "", "/state", "/branch", "/"))
        return RawRequest(method, path, _query(draw) if draw.random() < 0.2 else b"", (), b"")
    path = draw.choice(_PATHS)
    if draw.random() < 0.1:
        path = "/" + quote_from_bytes(draw.randbytes(6)) + draw.choice(TEXTS)
    return RawRequest(method, path, _query(draw) if draw.random() < 0.2 else b"", (), b"")
