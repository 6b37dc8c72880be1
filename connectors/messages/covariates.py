"""Covariates of a message: objects as a request has them, or fields of the message by the covariates' names."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from connectors.errors import PoisonMessage
from connectors.messages.fields import as_number, find_field, has_field

PAST, FUTURE, STATIC = "past_covariates", "future_covariates", "static_covariates"


@dataclass(frozen=True)
class NeededCovariates:
    """Covariates without which a message is not counted; others are taken where a message has them in objects.

    Parameters
    ----------
    past, future, static : sequence of str
        Names. ``a.b`` is looked for as the field b of the object a and sent as the covariate b.
    """

    past: Sequence[str] = ()
    future: Sequence[str] = ()
    static: Sequence[str] = ()

    def read(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Give the fields of a series in a request that hold its covariates.

        Parameters
        ----------
        message : mapping
            Parsed.

        Returns
        -------
        dict
            By kind and name; past ones a list of the one value that the message has.

        Raises
        ------
        PoisonMessage
            If a needed one is missing, or one is of another type than a request may have.

        Examples
        --------
        >>> needed = NeededCovariates(past=("wind",))
        >>> needed.read({"value": 5, "wind": "3.5", "future_covariates": {"promo": [0, 1]}})
        {'past_covariates': {'wind': [3.5]}, 'future_covariates': {'promo': [0, 1]}}
        """
        found: dict[str, Any] = {}
        for kind, needed in ((PAST, self.past), (FUTURE, self.future), (STATIC, self.static)):
            values = dict(_given(message, kind, needed))
            for name, value in values.items():
                _check(f"{kind}.{name}", value, several=kind == FUTURE)
            if values:
                found[kind] = {name: [value] for name, value in values.items()} if kind == PAST else values
        return found


NONE_NEEDED = NeededCovariates()
"""Messages may have covariates, and need none."""


def _given(message: Mapping[str, Any], kind: str, needed: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Names and values: those of the object, then needed ones that stand in fields of the message."""
    own = message.get(kind)
    if not isinstance(own, dict | None):
        raise PoisonMessage("unreadable_covariate", f"{kind}: expected an object by name, got {json.dumps(own)[:80]}")
    yield from (own or {}).items()
    for name in needed:
        last = name.rpartition(".")[2]
        if own is not None and last in own:
            continue
        if not has_field(message, name):
            raise PoisonMessage(
                "missing_covariate",
                f"{name}: expected this covariate in the message, as a field or in {kind}, got none; send it, or null "
                "where it is not known",
            )
        value = find_field(message, (name,))
        number = as_number(value)
        yield last, value if number is None else number


def _check(name: str, value: Any, *, several: bool) -> None:
    if several and not isinstance(value, list):
        _refuse(name, "a list with a value per step ahead", value)
    for one in value if several else (value,):
        if isinstance(one, bool) or not isinstance(one, str | int | float | None):
            _refuse(name, "numbers, texts or null" if several else "a number, a text or null", one)
        if isinstance(one, float) and not isfinite(one):
            _refuse(name, "finite numbers", one)


def _refuse(name: str, expected: str, value: Any) -> None:
    raise PoisonMessage("unreadable_covariate", f"{name}: expected {expected}, got {json.dumps(value)[:80]}")
