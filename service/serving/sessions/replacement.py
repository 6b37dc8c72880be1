"""Whether a session from elsewhere may be taken in, and take the place of another one."""

import numpy as np

from service.errors import Conflict, Unprocessable
from service.models.catalog import Catalog
from service.stores.interface import Record


def check_loaded(catalogue: Catalog, record: Record, state: bytes) -> None:
    """Refuse a session whose model is not here.

    Parameters
    ----------
    catalogue : Catalog
        The models.
    record : Record
        The session.
    state : bytes
        Its rows of state.

    Raises
    ------
    Conflict
        ``model_changed`` if no loaded model has its digest.
    Unprocessable
        ``invalid_state`` if the model's rows are of another size.
    """
    model = next((one for one in catalogue.models if one.digest == record.model), None)
    if model is None:
        raise Conflict(
            f"body: expected a session of a model that is loaded here, got one of {record.model_name} "
            f"({record.model}); load that artifact, then import it",
            code="model_changed",
        )
    if record.kind == "forecaster" and len(state) != model.state_bytes * len(record.variables):
        raise Unprocessable(
            f"body: expected {model.state_bytes} bytes of state per variable, got {len(state)} for "
            f"{len(record.variables)}; export it from a server of this release",
            code="invalid_state",
        )


def check_later(session: str, before: Record, record: Record) -> None:
    """Refuse to replace another series, or a session by what it was earlier.

    Parameters
    ----------
    session : str
        Id of both, for messages.
    before : Record
        What is there.
    record : Record
        What shall be.

    Raises
    ------
    Conflict
        ``session_exists`` where it is another series, ``older_state`` where it is not further on.
    """
    if not _may_be_one(before, record):
        raise Conflict(
            f"session {session[:80]!r}: there is another one of this id; choose another id, DELETE the session first, "
            f'or send If-Match: "{before.digest}" to have it replaced',
            code="session_exists",
        )
    if before.last_index >= record.last_index:
        raise Conflict(
            f"session {session[:80]!r}: it holds {before.count} observations, the state in the body {record.count}; "
            f'DELETE the session first, or send If-Match: "{before.digest}" to have it replaced',
            code="older_state",
        )


def _may_be_one(one: Record, other: Record) -> bool:
    """Whether both may be of one series: alike in what never changes, and in the values that both remember."""
    kinds = [(it.model, it.first_index, it.freq, it.season, it.covariates, it.variables) for it in (one, other)]
    if kinds[0] != kinds[1]:
        return False
    begin, end = max(one.tail_begin, other.tail_begin), min(one.last_index, other.last_index) + 1
    mine, theirs = (it.tail[:, begin - it.tail_begin : end - it.tail_begin] for it in (one, other))
    return begin >= end or np.array_equal(mine, theirs, equal_nan=True)
