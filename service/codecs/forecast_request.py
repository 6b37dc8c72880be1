"""What a request asks, whatever it was written in: arrays and plain values, faults beside the series they are in."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.errors import Fault, ServiceError, Unprocessable
from statecast.time.stamps import AS_THEY_ARE, Stamps, TimeOptions

Loc = tuple[str | int, ...]
Floats = NDArray[np.float32]
# Numbers (float32, NaN where missing) or level names (object, None where missing).
Column = NDArray[Any]

MISSING = ("mask", "ffill", "linear", "error")
INCLUDE = ("baseline", "attention")
FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass
class Series:
    """One series as it came. ``target``: variable -> ``[T]``, the one variable of a univariate series is ``""``.

    timestamps: one per value, as they came (texts, numbers, ``datetime64``), or read already: stamps, or step indices
    (int64).  time_options: how to read them.
    rows: of a table that it came in, the row of each value, counted from 0; None where it came in JSON. There
    covariates of the horizon stand in rows after the last target.
    resolutions: by name as it came, a series of target and time alone.
    faults: what is wrong with it.  refusal: an error that took its place.
    """

    loc: Loc
    item_id: str | None = None
    target: dict[str, Floats] = field(default_factory=dict)
    start: str | int | None = None
    freq: str | None = None
    timestamps: list[Any] | Stamps | NDArray[Any] | None = None
    time_options: TimeOptions = AS_THEY_ARE
    from_index: int | None = None
    season: int | None = None
    past_covariates: dict[str, Column] = field(default_factory=dict)
    future_covariates: dict[str, Column] = field(default_factory=dict)
    static_covariates: dict[str, Any] = field(default_factory=dict)
    resolutions: dict[str, "Series"] = field(default_factory=dict)
    session: str | None = None
    faults: list[Fault] = field(default_factory=list)
    refusal: ServiceError | None = None
    rows: NDArray[np.int64] | None = None

    @property
    def table(self) -> bool:
        """Whether it came as rows of a table."""
        return self.rows is not None

    def fault(self, msg: str, *where: str | int) -> None:
        """Note one thing wrong with this series; of a value in a table its row is told."""
        if self.rows is not None and where and isinstance(where[-1], int):
            where = (*where[:-1], int(self.rows[where[-1]]))
        self.faults.append(Fault((*self.loc, *where), msg))

    def raise_faults(self) -> None:
        """Raise what was noted, if anything.

        Raises
        ------
        ServiceError
            The refusal, or ``Unprocessable`` with every fault.
        """
        if self.refusal is not None:
            raise self.refusal
        raise_faults(self.faults)


@dataclass
class ForecastRequest:
    """A whole request. ``names`` of levels keep how the client wrote them, for the keys of the reply.

    season: of the series that name none.  time_options: of every series.
    """

    series: list[Series] = field(default_factory=list)
    model: str | None = None
    horizon: int | None = None
    quantile_levels: list[float] | None = None
    missing: str = "mask"
    include: tuple[str, ...] = ()
    timeout_ms: int | None = None
    season: int | None = None
    time_options: TimeOptions = AS_THEY_ARE
    faults: list[Fault] = field(default_factory=list)

    def fault(self, msg: str, *where: str | int) -> None:
        """Note one thing wrong with the request as a whole."""
        self.faults.append(Fault(where, msg))


def raise_faults(faults: list[Fault]) -> None:
    """Raise ``Unprocessable`` with all faults, the first one told in ``detail``; nothing if there are none."""
    if not faults:
        return
    more = f" (and {len(faults) - 1} more, see errors)" if len(faults) > 1 else ""
    raise Unprocessable(f"{dotted(faults[0].loc)}: {faults[0].msg}{more}", faults=faults)


def dotted(loc: Loc) -> str:
    """Write a place as people do: ``series[0].target[3]``."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "body"


def unknown(name: str, known: Iterable[str]) -> str:
    """Say that a field is not known, with the nearest one that is."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names) or 'none'}"
    return f"expected only known fields, got {name[:80]!r}; {hint}"


def shown(value: object) -> str:
    """A value as a message may show it: short, and in JSON's words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:40] + "…")
    if isinstance(value, (int, float)):
        return f"{value:.6g}" if isinstance(value, float) else str(value)[:40]
    if isinstance(value, (list, tuple)):
        return "a list"
    return "an object"


def to_float32(values: NDArray[np.float64]) -> tuple[Floats, int | None]:
    """``[T]`` as float32, and the index of the first value that is beyond its range (None if all fit)."""
    with np.errstate(over="ignore"):
        small = values.astype(np.float32)
    beyond = np.isinf(small)
    return small, int(beyond.argmax()) if beyond.any() else None
