"""Options that several commands share: which columns play which part, and how times are read."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

Data = Annotated[Path, typer.Option("--data", help="CSV (also .csv.gz) or Parquet table, long or wide; or a text.")]
Out = Annotated[Path, typer.Option("--out", help="Folder of the artifact.")]
Id = Annotated[str | None, typer.Option("--id-column", help="Column that names the item [item_id].")]
Timestamp = Annotated[str | None, typer.Option("--timestamp-column", help="Column of dates or whole steps.")]
Target = Annotated[str | None, typer.Option("--target-column", help="Column to forecast [target].")]
Wide = Annotated[bool | None, typer.Option("--wide/--long", help="One column per series; detected if left out.")]
Past = Annotated[str | None, typer.Option("--past", help="Covariates known up to now, separated by commas.")]
Future = Annotated[str | None, typer.Option("--future", help="Covariates known ahead, separated by commas.")]
Static = Annotated[str | None, typer.Option("--static", help="Covariates of the item, separated by commas.")]
Resolution = Annotated[
    list[str] | None,
    typer.Option(
        "--resolution", help="Table of a coarser freq for the same items, such as 1d=days.csv; may be repeated."
    ),
]
FreqText = Annotated[str | None, typer.Option("--freq", help="Distance of rows, such as 1h; inferred if left out.")]
Timezone = Annotated[
    str | None, typer.Option("--timezone", help="Zone such as Europe/Berlin whose days, weeks and months count.")
]
Unit = Annotated[
    Literal["s", "ms"] | None, typer.Option("--timestamp-unit", help="Whole-number times are that long after 1970.")
]
Dayfirst = Annotated[
    bool | None, typer.Option("--dayfirst/--monthfirst", help="Whether 01.02.2021 is the 1st of February.")
]

Metrics = Annotated[
    str | None, typer.Option(help="Columns of the table of errors, such as mase,wql; see docs/reference/metrics.md.")
]


def columns_of(
    item_id: str | None,
    timestamp: str | None,
    target: str | None,
    wide: bool | None,
    timezone: str | None,
    timestamp_unit: str | None,
    dayfirst: bool | None,
    **covariates: str | None,
) -> dict[str, Any]:
    """Parts of a table's columns that were named, by the keys of ``DataConfig``."""
    found = given(
        item_id=item_id, timestamp=timestamp, target=target, wide=wide,
        timezone=timezone, timestamp_unit=timestamp_unit, dayfirst=dayfirst,
    )  # fmt: skip
    return found | {kind: names(text) for kind, text in covariates.items() if text is not None}


def names(text: str | None) -> tuple[str, ...] | None:
    """Names separated by commas."""
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


def given(**values: Any) -> dict[str, Any]:
    """The values that are not None."""
    return {name: value for name, value in values.items() if value is not None}
