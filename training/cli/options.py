"""Options that several commands share: what each column is, and how times are read."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from statecast.errors import InputError
from statecast.uncertainty.bounds import Bounds

Data = Annotated[
    Path, typer.Option("--data", help="CSV (any separator and encoding, packed or not), Parquet or Arrow; or a text.")
]
Out = Annotated[Path, typer.Option("--out", help="Folder of the artifact.")]
Id = Annotated[str | None, typer.Option("--id-column", help="Column with the name of the item [item_id, unique_id].")]
Timestamp = Annotated[
    str | None,
    typer.Option("--timestamp-column", help="Column of times or whole numbers; found if left out."),
]
Target = Annotated[
    str | None, typer.Option("--target-column", help="Column to forecast [target, y, or the only one of numbers].")
]
Wide = Annotated[bool | None, typer.Option("--wide/--long", help="One column per series; detected if left out.")]
Past = Annotated[str | None, typer.Option("--past", help="Covariates known up to now, separated by commas.")]
Future = Annotated[str | None, typer.Option("--future", help="Covariates known ahead, separated by commas.")]
Static = Annotated[
    str | None, typer.Option("--static", help="Covariates that are constant per item, separated by commas.")
]
Resolution = Annotated[
    list[str] | None,
    typer.Option(
        "--resolution", help="Table of a lower frequency for the same items, such as 1d=days.csv; may be repeated."
    ),
]
FreqText = Annotated[str | None, typer.Option("--freq", help="Time between rows, such as 1h; inferred if left out.")]
Timezone = Annotated[
    str | None, typer.Option("--timezone", help="Time zone of local days, weeks and months, such as Europe/Berlin.")
]
Unit = Annotated[
    Literal["s", "ms"] | None,
    typer.Option("--timestamp-unit", help="Unit of whole-number times, counted from 1970: s or ms."),
]
Dayfirst = Annotated[
    bool | None, typer.Option("--dayfirst/--monthfirst", help="Whether 01.02.2021 is the 1st of February.")
]
Separator = Annotated[
    str | None,
    typer.Option("--separator", help="Mark between fields: comma, semicolon, tab, pipe or the character itself."),
]
Decimal = Annotated[str | None, typer.Option("--decimal", help="Mark before decimals: point or comma.")]
Encoding = Annotated[
    str | None, typer.Option("--encoding", help="Encoding of a text table, such as utf-8, utf-16 or latin-1.")
]

Lower = Annotated[
    str | None,
    typer.Option(
        "--lower", help="Least value of a forecast, or none; 0 if left out where the data never goes below 0."
    ),
]
Upper = Annotated[str | None, typer.Option("--upper", help="Largest value of a forecast, or none.")]
Metrics = Annotated[
    str | None, typer.Option(help="Columns of the table of errors, such as mase,wql; see docs/reference/metrics.md.")
]
Device = Annotated[
    Literal["cpu", "cuda", "auto"] | None,
    typer.Option("--device", help="Device to train on; auto takes CUDA where there is a device."),
]

_OPTIONS = {
    "item_id": "id-column",
    "timestamp": "timestamp-column",
    "target": "target-column",
    "resolutions": "resolution",
    "base": "from",
}


def bounds_of(lower: str | None, upper: str | None) -> Bounds | None:
    """Read the bounds that forecasts are kept inside of.

    Parameters
    ----------
    lower, upper : str or None
        A number, ``none``, or None where the option is left out.

    Returns
    -------
    Bounds or None
        None where both are left out.

    Raises
    ------
    InputError
        If one is no number, or the lower is not below the upper.
    """
    if lower is None and upper is None:
        return None
    found: dict[str, float | None] = {}
    for name, text in (("lower", lower), ("upper", upper)):
        try:
            found[name] = None if text in (None, "none") else float(str(text))
        except ValueError:
            raise InputError(f"--{name}: expected a number or none, got {text!r}") from None
    return Bounds.read(found)


def columns_of(
    item_id: str | None,
    timestamp: str | None,
    target: str | None,
    wide: bool | None,
    timezone: str | None,
    timestamp_unit: str | None,
    dayfirst: bool | None,
    separator: str | None,
    decimal: str | None,
    encoding: str | None,
    **covariates: str | None,
) -> dict[str, Any]:
    """Collect the options on columns that were passed.

    Parameters
    ----------
    item_id, timestamp, target : str or None
        Names of columns.
    wide : bool or None
        Whether the table has one column per series.
    timezone : str or None
        Time zone of local days, such as ``Europe/Berlin``.
    timestamp_unit : str or None
        Unit of whole-number times, ``s`` or ``ms``.
    dayfirst : bool or None
        Whether the day comes before the month.
    separator, decimal, encoding : str or None
        How the text of the table is read.
    **covariates : str or None
        Names of columns by kind of covariate, separated by commas.

    Returns
    -------
    dict
        Values by the keys of ``DataConfig``, without those that were not passed.

    Examples
    --------
    >>> columns_of(None, None, "load", *[None] * 7, future="temperature, wind")
    {'target': 'load', 'future': ('temperature', 'wind')}
    """
    found = given(
        item_id=item_id, timestamp=timestamp, target=target, wide=wide,
        timezone=timezone, timestamp_unit=timestamp_unit, dayfirst=dayfirst,
        separator=separator, decimal=decimal, encoding=encoding,
    )  # fmt: skip
    return found | {kind: names(text) for kind, text in covariates.items() if text is not None}


def names(text: str | None) -> tuple[str, ...] | None:
    """Split names at commas.

    Parameters
    ----------
    text : str or None
        Value of an option, None if it was not passed.

    Returns
    -------
    tuple of str or None
        The names without spaces around them, None for None.

    Examples
    --------
    >>> names("mase, wql")
    ('mase', 'wql')
    """
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


def option_of(name: str) -> str:
    """Name the option that a value was passed with.

    Parameters
    ----------
    name : str
        Name of the value, such as a key of ``DataConfig``.

    Returns
    -------
    str
        Without the hyphens before it.

    Examples
    --------
    >>> option_of("item_id"), option_of("timestamp_unit")
    ('id-column', 'timestamp-unit')
    """
    return _OPTIONS.get(name, name.replace("_", "-"))


def given(**values: Any) -> dict[str, Any]:
    """Keep the options that were passed.

    Parameters
    ----------
    **values : object
        Values by name, None for what was not passed.

    Returns
    -------
    dict
        The values that are not None.
    """
    return {name: value for name, value in values.items() if value is not None}
