import numpy as np
import pandas as pd
import pytest

from training.data.tables import panel_of

# The beginning of a config for ``long_table``, up to further keys of [network].
LONG_TABLE = """
[data]
past = ["wind"]
future = ["holiday"]
static = ["site"]
[network]
horizon = 5
season = 8
"""


def long_table(lengths=(260, 200), seed=0, freq="1h", season=8, covariates=True):
    """Wavy series of different lives, with a few gaps, a covariate of each kind."""
    generator = np.random.default_rng(seed)
    parts = []
    for number, length in enumerate(lengths):
        steps = np.arange(length)
        target = 10 * (number + 1) + np.sin(2 * np.pi * steps / season) + generator.normal(0, 0.2, length)
        target[generator.random(length) < 0.02] = np.nan
        target[0] = 10.0
        part = pd.DataFrame(
            {
                "item_id": f"item-{number}",
                "timestamp": pd.date_range("2026-01-01", periods=length, freq=freq.replace("1mo", "MS")),
                "target": target,
            }
        )
        if covariates:
            part["wind"] = generator.normal(5, 2, length)
            part["holiday"] = np.where(generator.random(length) < 0.1, "yes", "no")
            part["site"] = "north" if number % 2 else "south"
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="session")
def wavy():
    return panel_of(long_table(covariates=False))
