"""Rules that values of a config keep, with the words that errors say them in."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from training.toml import expect


class Rule(NamedTuple):
    """What a value must be.

    Parameters
    ----------
    expected : str
        In words.
    holds : callable
        Says whether a value is so.
    """

    expected: str
    holds: Callable[[Any], bool]


def one_of(*names: str) -> Rule:
    """Make the rule that a value is one of some names.

    Parameters
    ----------
    *names : str
        The names.

    Returns
    -------
    Rule
        It lists them.
    """
    return Rule(f"one of {', '.join(names)}", lambda value: value in names)


COUNT = Rule("a whole number above 0", lambda value: value >= 1)
FROM_ZERO = Rule("a number from 0", lambda value: value >= 0)
ABOVE_ZERO = Rule("a number above 0", lambda value: value > 0)
SHARE = Rule("a share, 0 to 1", lambda value: 0.0 <= value <= 1.0)
SHARE_BELOW_ONE = Rule("a share, 0 up to, not with, 1", lambda value: 0.0 <= value < 1.0)
RANGE = Rule("lowest and highest", lambda pair: len(pair) == 2 and pair[0] <= pair[1])
PART_SHARES = Rule(
    "three shares, the first above 0, together at most 1",
    lambda shares: len(shares) == 3 and shares[0] > 0 and min(shares) >= 0 and sum(shares) <= 1 + 1e-9,
)
DEVICE = one_of("cpu", "cuda", "auto")


def check_values(config: object, table: str, rules: Mapping[Rule, Sequence[str]]) -> None:
    """Refuse a config with a value that breaks its rule.

    Parameters
    ----------
    config : object
        The values, as attributes.
    table : str
        Table that they are in, for errors; empty for none.
    rules : mapping of Rule to sequence of str
        Which values keep which rule.

    Raises
    ------
    ConfigError
        For the first that does not, with what was expected and what came.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_values(SimpleNamespace(batch=0), "training", {COUNT: ["batch"]})
    Traceback (most recent call last):
        ...
    statecast.errors.ConfigError: [training] batch: expected a whole number above 0, got 0
    """
    for rule, names in rules.items():
        for name in names:
            value = getattr(config, name)
            got = list(value) if isinstance(value, tuple) else value
            expect(rule.holds(value), f"[{table}] {name}" if table else name, rule.expected, got)
