"""``kind=fit``: what its query string says, and its job before the table has come."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from service.codecs.faults import raise_faults
from service.codecs.field_types import AsList, Index, Positive, Text
from service.codecs.query_string import typed
from service.codecs.schema import Schema
from service.errors import Fault, Unprocessable
from service.jobs.training import check_installed
from service.models.model import Model
from service.protocols.container import Container
from service.protocols.forecast.schemas import ColumnName, DecimalMark, Encoding, ModelName, Separator, TimeReading
from service.protocols.forecast.series import KNOWN_FIELDS_ONLY, FreqText
from statecast.tables.options import TableOptions

Names = Annotated[
    Annotated[list[Text], AsList] | None, Field(description="Columns of covariates by name.", examples=[["price"]])
]
_COLUMNS = ("id_column", "timestamp_column", "target_column")
_NAMES = ("past", "future", "static")
_PLAIN = ("freq", "horizon", "season", "steps", "seconds", "seed", "timezone", "timestamp_unit", "decimal")


@dataclass(eq=False, kw_only=True)
class FitParameters(TimeReading):
    """What a query string of ``POST /jobs?kind=fit`` says beside ``kind`` and ``result``."""

    __pydantic_config__ = KNOWN_FIELDS_ONLY

    name: Annotated[Text | None, Field(description="Of the model; left out, one that no other has.")] = None
    version: Annotated[Text, Field(description="Of the model.")] = "1"
    base: ModelName = None
    freq: FreqText = None
    horizon: Annotated[Positive | None, Field(description="Steps ahead; left out, chosen from the data.")] = None
    season: Annotated[Positive | None, Field(description="Steps per season; left out, chosen from the data.")] = None
    steps: Annotated[Positive | None, Field(description="Training steps; left out, chosen from the data.")] = None
    seconds: Annotated[Positive | None, Field(description="Time budget of the training.")] = None
    seed: Annotated[Index | None, Field(description="Of all randomness.")] = None
    past: Names = None
    future: Names = None
    static: Names = None
    id_column: ColumnName = None
    timestamp_column: ColumnName = None
    target_column: ColumnName = None
    separator: Separator = None
    decimal: DecimalMark = None
    encoding: Encoding = None

    @property
    def table_options(self) -> TableOptions:
        """How the text of a table is read; raises ``InputError`` where an option has no such value."""
        return TableOptions.read(self.separator, self.decimal, self.encoding, self.time_options)

    def arguments(self) -> list[str]:
        """Give the options of ``python -m training fit`` that say the same of the table once it is one of Arrow."""
        said: dict[str, object] = {name: getattr(self, name) for name in (*_COLUMNS, *_PLAIN)}
        said |= {name: ",".join(names) for name in _NAMES if (names := getattr(self, name))}
        given = [f"--{name.replace('_', '-')}={value}" for name, value in said.items() if value is not None]
        return given + ([] if self.dayfirst is None else ["--dayfirst" if self.dayfirst else "--monthfirst"])


FIT = Schema(FitParameters)


def read_fit(query: dict[str, str], container: Container) -> FitParameters:
    """Read the query string of a fit, and refuse what shows before its table has come.

    Parameters
    ----------
    query : dict of str to str
        Parameters by name.
    container : Container
        Its models are loaded.

    Raises
    ------
    ServiceError
        If nothing can be fitted here, a parameter is wrong, or the base is none that can be tuned.
    """
    if not container.settings.fits:
        raise Unprocessable("fit: no models are fitted on this server (STATECAST_FITS)", code="not_supported")
    check_installed()
    container.loaded().fitted.check_place()
    wanted, faults = FIT.read(
        {name: value for name, text in query.items() if (value := typed(text, FIT.kind_of(name))) is not None}
    )
    if wanted.base is not None and any(getattr(wanted, name) for name in _NAMES):
        faults.append(
            Fault(("base",), "expected none beside covariates, which a tuned family does not take; leave it out")
        )
    for name, text in query.items():
        if "\0" in text:
            faults.append(Fault((name,), "expected a text without zero characters, got one with; leave it out"))
    raise_faults(faults)
    base_of(wanted, container)
    return wanted


def base_of(wanted: FitParameters, container: Container) -> Model | None:
    """Find the model that is to be tuned.

    Parameters
    ----------
    wanted : FitParameters
        Names it, or none.
    container : Container
        Its models are loaded.

    Raises
    ------
    UnknownModel, Unprocessable
        If there is none, or it is not a family.
    """
    if wanted.base is None:
        return None
    catalogue = container.loaded().catalogue
    model = catalogue.resolve(wanted.base, "forecaster")
    if model.kind != "family":
        families = ", ".join(str(one) for one in catalogue.models if one.kind == "family") or "none is loaded"
        message = f"expected a pretrained family ({families}), got {model}, which is fitted already; tune the family"
        raise Unprocessable(f"base: {message}", faults=[Fault(("base",), message)])
    return model


def name_of(wanted: FitParameters, job: str) -> str:
    """Give the name of the model that a job fits.

    Parameters
    ----------
    wanted : FitParameters
        May name it.
    job : str
        Id of the job.
    """
    return wanted.name or job.replace("job_", "fit_")
