"""Whether a session belongs to the model that a request means."""

from dataclasses import replace

from service.errors import Conflict
from service.models.kinds import KINDS
from service.models.model import Model
from service.sessions.live_metrics import Interval
from service.sessions.series_input import SeriesInput
from service.sessions.updates.covariates import regression_of, with_covariates
from service.stores.interface import Record


def taken_over(record: Record, model: Model, session: str, on_change: str) -> Record:
    """Give a session as the model that a request means takes it over.

    Parameters
    ----------
    record : Record
        The session.
    model : Model
        What the request means; of a family the whole.
    session : str
        Id of the session, for messages.
    on_change : str
        ``reprime`` where another version of the session's model may read what it keeps, else ``error``.

    Returns
    -------
    Record
        The same where the model made it.

    Raises
    ------
    Conflict
        As ``check_model``.
    """
    name = record.model_name.rpartition("@")[0]
    if record.model == model.digest or on_change != "reprime" or (name, record.kind) != (model.name, model.kind):
        check_model(record, model, session)
        return record
    interval = Interval.of(model.config.quantile_levels).coverage
    return replace(record, model=model.digest, model_name=str(model), interval=interval)


def choose_member(model: Model, series: SeriesInput, record: Record | None) -> tuple[Model, SeriesInput]:
    """Choose what forecasts a series, and give the series as that reads it.

    Parameters
    ----------
    model : Model
        What the request means.
    series : SeriesInput
        The series.
    record : Record or None
        Its session, None where there is none yet.

    Returns
    -------
    Model
        Of a family, the member of the series.
    SeriesInput
        Its covariates encoded.

    Raises
    ------
    Conflict
        If the session was opened with other covariates.
    """
    series = with_covariates(series, record)
    season, freq = (series.season, series.freq) if record is None else (record.season, record.freq)
    return model.member(season, regression_of(freq, series.described)), series


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
            f"{model} ({model.digest}). Go on with model '{name}@{record.model}' while that is loaded, have this one "
            "read what the session keeps (on_model_change: reprime), or begin again with the whole history under a new "
            "session id, or after you DELETE the session",
            code="model_changed",
        )
