"""The calendar protocol: the seasonal naive comes to its published figures, and no forecast knows what comes.

Without this an improvement could be one of the protocol.
"""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.calendar.series import SERIES, mase, naive, read_series, windows

DATA = Path(__file__).parents[3] / "shared" / "data"
# Of shared/reference/covariates-and-year.md: MASE of repeating the season, and the longer one.
NAIVE = {
    "co2-weekly": (4.789, 4.596), "page-views": (1.648, 1.341), "page-views-r": (1.198, 1.374),
    "bike-days": (1.534, 2.837), "load-rte": (1.290, 0.992), "gefcom": (1.200, 1.121),
    "bike-sharing": (1.507, 1.082), "price-ercot": (1.198, 1.382),
}  # fmt: skip


@pytest.mark.data
@pytest.mark.skipif(not (DATA / "calendar").is_dir(), reason=f"real data sets are not at {DATA}")
@pytest.mark.parametrize("name", SERIES)
def test_naive_rows_come_to_what_the_protocol_says(name):
    series = read_series(name, DATA)
    found = [mase(series, naive(series, season)) for season in (series.season, series.long_season)]
    assert found == pytest.approx(NAIVE[name], abs=6e-4)
    assert set(map(len, series.known.values())) <= {len(series.values)}


def test_cutoffs_leave_a_horizon_and_lie_evenly():
    cuts = windows(1000, 50)
    assert (cuts[0], cuts[-1], len(cuts)) == (666, 950, 12)
    assert np.ptp(np.diff(cuts)) <= 1
