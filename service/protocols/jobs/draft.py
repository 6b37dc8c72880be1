"""What is known of a job before its file has come; whatever is wrong with that is refused at once."""

import time
from typing import Any

from starlette.types import Scope

from service.codecs.faults import raise_faults
from service.codecs.query_string import parse_query, typed
from service.errors import Fault, TooLarge, UnknownContent
from service.http.body import ARROW, CSV, FILE_KINDS, JSON, PARQUET, content_kind
from service.http.compression import ENCODINGS
from service.http.ids import ulid
from service.jobs.record import FIT as FIT_KIND
from service.jobs.record import JobRecord
from service.protocols.container import Container
from service.protocols.forecast.table_body import decode_query
from service.protocols.jobs.fit_parameters import read_fit
from service.protocols.jobs.kinds import KINDS, JobKind
from service.protocols.jobs.schemas import JOB
from service.protocols.jobs.table_work import refuse_timeout
from service.settings import Settings

_OWN = frozenset(JOB.names)
_UNPACKED = ("", "identity")


def draft_of(scope: Scope, container: Container) -> JobRecord:
    """Read what stands beside the file.

    Parameters
    ----------
    scope : Scope
        Of the request, whose owner is known.
    container : Container
        Its models are loaded.

    Returns
    -------
    JobRecord
        Without a size, and without a folder yet.

    Raises
    ------
    ServiceError
        If the kind is unknown, or a parameter or a header is wrong.
    """
    headers, state, settings, services = dict(scope["headers"]), scope["state"], container.settings, container.loaded()
    query = parse_query(scope.get("query_string", b""), settings.max_fields)
    own, faults = JOB.read({name: typed(query.pop(name), JOB.kind_of(name)) for name in _OWN & query.keys()})
    raise_faults(faults)
    content_type = content_kind(headers, FILE_KINDS)
    encoding = headers.get(b"content-encoding", b"").decode("latin-1").strip().lower()
    if encoding not in (*ENCODINGS, *_UNPACKED):
        raise UnknownContent(f"Content-Encoding: expected {' or '.join(ENCODINGS)} or none, got {encoding[:40]!r}")
    _check_length(headers.get(b"content-length", b""), settings)
    if own.kind == FIT_KIND:
        wanted = read_fit(query, container)
        if content_type == JSON:
            raise UnknownContent(
                f"Content-Type: a fit expects a table, {CSV}, {ARROW} or {PARQUET}, got {JSON}; set the header"
            )
        if wanted.name is not None:
            services.fitted.check_name(state["owner"], wanted.name, wanted.version)
    else:
        _check_series(KINDS[own.kind](container, services.backtests), query, content_type, container)
    by_file = CSV if content_type == JSON else content_type
    now = time.time()
    return JobRecord(
        id=f"job_{ulid()}",
        owner=state["owner"],
        kind=own.kind,
        created=now,
        until=now,
        content_type=content_type,
        encoding="" if encoding in _UNPACKED else encoding,
        query=query,
        result_type={"csv": CSV, "arrow": ARROW, "parquet": PARQUET, None: by_file}[own.result],
        size=0,
        folder="",
        request_id=state["request_id"],
    )


def _check_series(kind: JobKind[Any], query: dict[str, str], content_type: str, container: Container) -> None:
    """Refuse what nothing could be done with."""
    wanted, faults = decode_query(query, kind.shape)
    raise_faults(faults)
    refuse_timeout(wanted)
    if wanted.session is not None:
        message = "expected none, because a job keeps nothing, got one; leave it out"
        raise_faults([Fault(("session",), message)])
    if content_type != JSON or wanted.model is not None:
        model = container.loaded().catalogue.resolve(wanted.model, "forecaster")
        if content_type != JSON:
            kind.check(wanted, model)


def _check_length(declared: bytes, settings: Settings) -> None:
    most = min(settings.max_job_bytes, settings.max_held_bytes)
    if declared.isdigit() and int(declared) > most:
        raise TooLarge(
            f"body: expected at most {most} bytes (STATECAST_MAX_JOB_BYTES, STATECAST_MAX_HELD_BYTES), got "
            f"{int(declared)}; compress it, or send it in several jobs"
        )
