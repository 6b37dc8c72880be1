"""Given coarse resolutions of a request: names that the model knows, starts that lie on buckets, lengths that agree."""

from collections.abc import Mapping

import numpy as np

from service.codecs.asked import Series, shown
from service.jobs import Coarse
from service.routes.timeline import read_instant
from service.settings import Settings
from statecast.calendar import Freq
from statecast.config import ForecasterConfig
from statecast.errors import ConfigError, InputError
from statecast.given import first_bucket


def read_resolutions(series: Series, config: ForecasterConfig, settings: Settings) -> dict[str, Coarse]:
    """Values by the model's own name of each resolution; what is wrong is noted in the series' faults."""
    found: dict[str, Coarse] = {}
    for asked, entry in series.resolutions.items():
        name = _name(asked, config.given_names)
        where = ("resolutions", asked)
        if name is None:
            known = ", ".join(config.given_names) or "none"
            series.fault(
                f"expected a resolution whose values the model is given ({known}), got {shown(asked)}; leave it out",
                *where,
            )
        elif name in found:
            series.fault(f"expected each resolution once, got {name} twice; leave one out", *where)
        elif entry.start is None:
            series.fault("expected the time at which the first value's bucket begins, got none", *where, "start")
        elif _agrees(series, entry.target, settings, where):
            try:
                first = first_bucket(name, read_instant(entry.start))
            except (InputError, ValueError) as error:
                series.fault(str(error).removeprefix(f"resolutions {name}: "), *where, "start")
            else:
                found[name] = Coarse(first, np.stack([entry.target[variable] for variable in series.target]))
    return found


def _name(asked: str, known: Mapping[str, int]) -> str | None:
    """The model's own name for a freq, however it is written."""
    try:
        freq = Freq.parse(asked)
        own = {name: Freq.parse(name) for name in known}
    except ConfigError:
        return None
    alike = (name for name, other in own.items() if freq == other or freq.seconds == other.seconds is not None)
    return next(alike, None)


def _agrees(series: Series, target: Mapping[str, np.ndarray], settings: Settings, where: tuple[str, str]) -> bool:
    if set(target) != set(series.target):
        wanted = ", ".join(map(repr, series.target)) if list(series.target) != [""] else "a single list"
        series.fault(f"expected the variables of the series' own target ({wanted})", *where, "target")
        return False
    lengths = {len(values) for values in target.values()}
    if len(lengths) > 1:
        series.fault(f"expected equally many values a variable, got {sorted(lengths)}", *where, "target")
        return False
    if max(lengths, default=0) > settings.max_history:
        series.fault(f"expected at most {settings.max_history} values; send the newest", *where, "target")
        return False
    return True
