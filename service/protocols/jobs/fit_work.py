"""A table in, a new model out: trained by a process beside the server, put among the artifacts, and served at once."""

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from service.codecs.table import read_table, refusals
from service.deadline import Deadline
from service.errors import ServiceError
from service.http.compression import decompress
from service.jobs.folder import JobFolder
from service.jobs.progress import Progress
from service.jobs.record import JobRecord
from service.jobs.result import write_part
from service.jobs.training import train
from service.jobs.work import Part
from service.models.fitting import Fitting
from service.models.model import Model
from service.protocols.container import Container
from service.protocols.forecast.table_body import form_of
from service.protocols.jobs.fit_parameters import base_of, name_of, read_fit
from service.threads import JOBS
from statecast.errors import StatecastError

_DATA, _CONFIG, _ARTIFACT, _DONE = "data.arrow", "base.toml", "artifact", "done"


class FitWork:
    """See ``JobWork``: one part, which is the whole training.

    Parameters
    ----------
    record : JobRecord
        The job.
    data : bytes
        Its table.
    deadline : Deadline
        Left where nobody wants it any more.
    container : Container
        Its models are loaded.
    folder : JobFolder
        Holds what the training has done so far.

    Raises
    ------
    ServiceError
        If the table cannot be read, a parameter is wrong, or the model's name is another's.
    """

    def __init__(
        self, record: JobRecord, data: bytes, deadline: Deadline, container: Container, folder: JobFolder
    ) -> None:
        settings, self._models = container.settings, container.loaded().fitted
        self._record, self._folder, self._settings = record, folder, settings
        self._wanted = read_fit(record.query, container)
        self._base = base_of(self._wanted, container)
        self._name = name_of(self._wanted, record.id)
        deadline.check()
        limits = {"max_body_bytes": settings.max_job_bytes, "max_values": settings.max_job_values}
        with refusals():
            options = self._wanted.table_options
        plain = decompress(data, record.encoding, settings.max_job_bytes)
        self._table = read_table(
            plain, options, settings.model_copy(update=limits), form_of(record.content_type)
        ).columns
        self.model = None
        self.bounds: Sequence[int] = [0, 1]
        depends = f"{version('statecast')} {self._base and self._base.digest} {sorted(record.query.items())}"
        self.plan = hashlib.sha256(depends.encode()).hexdigest()

    async def part(self, number: int, deadline: Deadline, progress: Progress) -> Part:  # noqa: ARG002 (there is but one)
        """Train, or go on with it, and serve what came of it; see ``JobWork``."""
        place = await JOBS.run(self._folder.place, self._record.id, f"training-{self.plan[:16]}")
        if not (place / _DONE).exists():
            arguments = await JOBS.run(self._prepare, place)
            await train(
                place, arguments, lambda facts: setattr(progress, "training", facts),
                most_s=self._settings.max_fit_s, nice=self._settings.fit_nice,
            )  # fmt: skip
            (place / _DONE).touch()
        model = await JOBS.run(self._publish, place / _ARTIFACT)
        progress.model = model.identity
        return Part(await JOBS.run(write_part, _errors_of(model), {"failed": 0, "warnings": []}), 0)

    def summary(self, notes: Sequence[dict[str, Any]]) -> dict[str, Any]:  # noqa: ARG002 (they hold nothing)
        """Nothing; see ``JobWork``."""
        return {}

    def _prepare(self, place: Path) -> list[str]:
        """Write what the training reads; gives its arguments."""
        self._models.check_name(self._record.owner, self._name, self._wanted.version)
        with pa.OSFile(str(place / _DATA), "wb") as sink, pa.ipc.new_file(sink, self._table.schema) as writer:
            writer.write_table(self._table)
        out = place / _ARTIFACT
        arguments = [*self._wanted.arguments(), f"--name={self._name}", f"--version={self._wanted.version}"]
        arguments += [f"--data={place / _DATA}", f"--out={out}"]
        if (out / "checkpoint.json").is_file():
            arguments.append("--resume")
        if self._base is not None and self._base.folder is not None:
            # JSON's texts are texts of TOML too.
            start = json.dumps(str(self._base.folder.resolve()), ensure_ascii=False)
            (place / _CONFIG).write_text(f"[training]\nstart = {start}\nwarm = 0\n", encoding="utf-8")
            arguments.append(str(place / _CONFIG))
        return arguments

    def _publish(self, built: Path) -> Model:
        record, wanted = self._record, self._wanted
        base = None if self._base is None else str(self._base)
        fitting = Fitting(record.owner, record.id, record.created, base, wanted.steps, wanted.freq)
        try:
            return self._models.publish(built, fitting)
        except StatecastError as error:
            raise ServiceError(f"fit: the artifact cannot be loaded: {error}") from error


def _errors_of(model: Model) -> pa.Table:
    """The table of errors that the fit printed: the model's beside those of the baselines."""
    scores = model.manifest.get("scores") or {}
    rows = {str(model): scores.get("ours") or {}, **(scores.get("baselines") or {})}
    columns = dict.fromkeys(name for row in rows.values() for name in row)
    values = {name: pa.array([row.get(name) for row in rows.values()], pa.float64()) for name in columns}
    return pa.table({"forecaster": pa.array(list(rows), pa.string()), **values})
