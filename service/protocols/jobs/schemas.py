"""Query string and answers of ``/jobs``."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from service.codecs.schema import Schema
from service.jobs.record import Status
from service.protocols.forecast.series import KNOWN_FIELDS_ONLY
from service.protocols.schemas import AnsweringModel, Number, Problem

KindName = Literal["forecast", "backtest", "anomalies", "fit"]


@dataclass(eq=False, kw_only=True)
class JobParameters:
    """What a query string of ``POST /jobs`` says beside the parameters of the work."""

    __pydantic_config__ = KNOWN_FIELDS_ONLY

    kind: Annotated[
        KindName,
        Field(
            description="What is done with the file: as POST /forecast, and so on, does it; a fit trains a model on it."
        ),
    ]
    result: Annotated[
        Literal["csv", "arrow", "parquet"] | None,
        Field(description="Form of the result; left out, that of the file, CSV for JSON."),
    ] = None


JOB = Schema(JobParameters, lambda: JobParameters(kind="forecast"))


class JobProgress(BaseModel):
    """Series that are done, of how many, and how many of them carry an error."""

    done: int
    total: int | None = Field(description="null until the file is read.")
    failed: int


class JobTraining(BaseModel):
    """How far the training of a fit is: one run after another, where several are tried."""

    step: int = Field(0, description="Steps that this run has done.")
    steps: int | None = Field(None, description="Of how many.")
    loss: Number | None = None
    validation: Number | None = Field(None, description="The last one; lower is better.")
    says: str = Field("", description="What it does now.")
    seconds: Number = Field(description="Since this process began.")


class JobResult(BaseModel):
    """Where the result is."""

    url: str
    content_type: str
    bytes: int


class Job(BaseModel):
    """A job as it stands."""

    id: str
    kind: str = Field(description="forecast, backtest, anomalies or fit; of jobs of other clients theirs.")
    status: Status
    progress: JobProgress
    model: AnsweringModel | None = Field(description="null until work begins; of a fit, until there is one.")
    training: JobTraining | None = Field(None, description="Of a fit, once it has begun.")
    content_type: str
    bytes: int = Field(description="Of the file that came.")
    parameters: dict[str, str]
    created_at: str
    started_at: str | None
    finished_at: str | None
    expires_at: str = Field(description="When it is forgotten; of one that is not finished, if nothing goes on.")
    metrics: dict[str, Number | None] | None = Field(None, description="Of a backtest: over all series.")
    warnings: list[dict[str, Any]] = Field(
        description="code, detail, item_id of the first series that has it, and items: how many have it."
    )
    warned: int = Field(description="How many warnings there are, of which the first stand in warnings.")
    error: Problem | None = Field(description="Why it failed.")
    result: JobResult | None


class Jobs(BaseModel):
    """A page of the caller's jobs."""

    jobs: list[Job]
    cursor: str | None = Field(description="Leads to the next page; null on the last one.")
