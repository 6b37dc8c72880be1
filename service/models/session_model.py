"""Whether a session belongs to the model that a request means."""

from service.errors import Conflict
from service.models.kinds import KINDS
from service.models.model import Model
from service.stores.interface import Record


def check_model(record: Record, model: Model, session: str) -> None:
    """Refuse a session of another kind of model, or of another model.

    Parameters
    ----------
    record : Record
        The session.
    model : Model
        What the request means.
    session : str
        Id of the session, for messages.

    Raises
    ------
    Conflict
        It says how to go on.
    """
    name = record.model_name.rpartition("@")[0]
    holds, about = KINDS[record.kind].holds, KINDS[model.kind].holds
    if holds != about:
        raise Conflict(
            f"session {session[:80]!r}: it holds {holds} ({record.model_name}), the request is about {about} "
            f"({model}); use another id",
            code="session_mismatch",
        )
    if record.model != model.digest:
        raise Conflict(
            f"session {session[:80]!r}: it was made by {record.model_name} ({record.model}), the request is for "
            f"{model} ({model.digest}). Go on with model '{name}@{record.model}' while that is loaded, or begin again "
            "with the whole history under a new session id, or after you DELETE the session",
            code="model_changed",
        )
