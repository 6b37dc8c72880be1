"""A body of ``/invocations`` as a request for forecasts: our own JSON and tables, Chronos, DeepAR, lines of DeepAR."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from pydantic_core import PydanticCustomError

from service.codecs.faults import quoted, raise_faults
from service.codecs.json_document import as_list, is_list, is_object, limit_values, lists_are_members, parse
from service.codecs.members import members_of
from service.codecs.number_array import read_values
from service.deadline import Deadline
from service.errors import Fault, Malformed
from service.http.body import JSON
from service.models.model import Model
from service.protocols.forecast.body import decode_json, read_series
from service.protocols.forecast.schemas import FORECAST, ForecastRequest
from service.protocols.forecast.series import SeriesRequest
from service.protocols.forecast.table_body import decode_table, fill_from_query
from service.protocols.sagemaker.schemas import CHRONOS, DEEPAR
from service.settings import Settings
from statecast.inputs.covariates import Covariate

LINES, NDJSON, OCTETS = "application/jsonlines", "application/x-ndjson", "application/octet-stream"
FindModel = Callable[[str | None], Model]


@dataclass(frozen=True)
class Invocation:
    """What a body requests.

    Parameters
    ----------
    request : ForecastRequest
        In our own terms.
    names : tuple of str
        Quantile levels as the client writes them, for predictions; none for an answer of our own.
    outputs : tuple of str
        What a prediction of DeepAR holds; none for one of Chronos.
    num_samples : int
        Paths per series, where they are wanted.
    """

    request: ForecastRequest
    names: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    num_samples: int = 0


def read_invocation(
    kind: str, body: bytes, options: Mapping[str, str], settings: Settings, deadline: Deadline, find_model: FindModel
) -> Invocation:
    """Read a body.

    Parameters
    ----------
    kind : str
        Its content type.
    body : bytes
        Decompressed.
    options : mapping of str to str
        What stands beside it, as the query string of ``POST /forecast``.
    settings : Settings
        Limits.
    deadline : Deadline
        Until when it is worth it.
    find_model : callable
        Finds the model that a request names.

    Returns
    -------
    Invocation
        Each series holds its own faults.

    Raises
    ------
    ServiceError
        If it cannot be read, or is wrong as a whole.
    """
    deadline.check()
    if kind in (LINES, NDJSON):
        lines = [line for line in body.splitlines() if line.strip()]
        kind, body = JSON, b'{"instances":[' + b",".join(lines) + b"]}"
    if kind != JSON:
        return Invocation(
            decode_table(body, options, settings, find_model, deadline, FORECAST, kind)
        )  # fmt: skip
    limit_values(body, settings.max_values)
    top = parse(body)
    if not is_object(top):
        raise Malformed(f"body: expected a JSON object, got {'a list' if is_list(top) else quoted(top)}")
    if "inputs" in top:
        found = _chronos(top, body, settings, deadline)
    elif "instances" in top:
        model = find_model(options.get("model"))
        text = body.replace(b'"NaN"', b"null")
        found = _deepar(parse(text), text, settings, deadline, model)
    else:
        found = Invocation(decode_json(body, settings, deadline, FORECAST))
    if options:
        fill_from_query(found.request, options, FORECAST)
    return found


def is_closing(body: bytes) -> bool:
    """Whether a body only says that its session is to end.

    Parameters
    ----------
    body : bytes
        JSON.

    Examples
    --------
    >>> is_closing(b'{"requestType": "CLOSE"}'), is_closing(b'{"inputs": []}')
    (True, False)
    """
    if len(body) > 100 or b"requestType" not in body:
        return False
    try:
        return bool(orjson.loads(body) == {"requestType": "CLOSE"})
    except ValueError:
        return False


def _chronos(top: Any, body: bytes, settings: Settings, deadline: Deadline) -> Invocation:
    faults: list[Fault] = []
    members = members_of(top, faults, most=settings.max_fields)
    flat = lists_are_members(body)
    members["inputs"] = read_series(
        members.get("inputs"), faults, settings, deadline, flat=flat, name="inputs", prepare=_by_variable
    )
    read, wrong = CHRONOS.read(members)
    _raise([*faults, *wrong])
    parameters = read.parameters
    for series in read.inputs:
        series.freq = series.freq or parameters.freq
    request = ForecastRequest(
        series=read.inputs, horizon=parameters.prediction_length, quantile_levels=parameters.quantile_levels
    )
    return Invocation(request, tuple(map(repr, parameters.quantile_levels)))


def _deepar(top: Any, body: bytes, settings: Settings, deadline: Deadline, model: Model) -> Invocation:
    faults: list[Fault] = []
    members = members_of(top, faults, most=settings.max_fields)
    features: list[tuple[Any, Any]] = []

    def prepare(one: dict[str, Any]) -> None:
        features.append((one.pop("cat", None), one.pop("dynamic_feat", None)))

    members["instances"] = read_series(
        members.get("instances"), faults, settings, deadline, flat=lists_are_members(body), name="instances",
        prepare=prepare,
    )  # fmt: skip
    read, wrong = DEEPAR.read(members)
    _raise([*faults, *wrong])
    left = iter(features)
    for series in read.instances:
        if series.loc:  # an entry that is no object has no members, and no place
            _add_features(series, *next(left), model)
    configuration = read.configuration
    names = tuple(configuration.quantiles)
    levels = list(dict.fromkeys(map(float, names)))
    request = ForecastRequest(series=read.instances, quantile_levels=levels)
    outputs = tuple(configuration.output_types)
    return Invocation(request, names, outputs, configuration.num_samples)


def _by_variable(members: dict[str, Any]) -> None:
    """Chronos has a list of lists where we have an object."""
    target: Any = members.get("target")
    if is_list(target) and len(target) and is_list(target[0]):
        members["target"] = {str(place): row for place, row in enumerate(target)}


def _add_features(series: SeriesRequest, cat: Any, dynamic: Any, model: Model) -> None:
    """Give the features of DeepAR, which have no names, those of the model's covariates."""
    config = model.config
    for own, came, covariates, words in (
        ("cat", as_list(cat), config.static_covariates, "static covariates"),
        ("dynamic_feat", dynamic, config.future_covariates, "covariates known ahead"),
    ):
        if came is None:
            continue
        if not is_list(came) or len(came) != len(covariates):
            got = f"a list of {len(came)}" if is_list(came) else quoted(came)
            names = ", ".join(one.name for one in covariates) or "it has none"
            series.fault(f"expected a list of {len(covariates)}, the {words} of {model} ({names}), got {got}", own)
            continue
        for place, covariate in enumerate(covariates):
            if own == "cat":
                series.static_covariates[covariate.name] = _category(series, came[place], place, covariate)
                continue
            try:
                with np.errstate(over="ignore"):
                    series.future_covariates[covariate.name] = read_values(came[place], flat=False)
            except PydanticCustomError as error:
                series.fault(error.message(), own, place)


def _category(series: SeriesRequest, value: Any, place: int, covariate: Covariate) -> float | str:
    """Categories are whole numbers there; here a level is a text."""
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        return str(value) if covariate.levels else value
    series.fault(f"expected a category of {covariate.name}, such as 0, got {quoted(value)}", "cat", place)
    return 0.0


def _raise(faults: list[Fault]) -> None:
    seen: dict[Any, Fault] = {}
    for fault in faults:
        seen.setdefault(fault.loc, fault)
    raise_faults(list(seen.values()))
