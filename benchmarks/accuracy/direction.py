"""Which way CSI 300 goes next: the day from day bars, the minute and the hour from minute bars of its futures.

    python -m benchmarks.accuracy.direction [--data ../shared/data] [--seed 0]

Walk forward: each fold learns from what lies before it and is tested on what follows, state carried. Each share of
right signs is printed with its 95 % interval (Wilson 1927) and, on the same bars, "always up" and "the last sign
again". Bars that did not move are not counted. The next hour is scored on bars an hour apart, so that no two overlap.
At the end the leak test: with everything after a bar shuffled, every forecast up to that bar must stay as it was, bit
for bit. Networks have minutes, hours and days (or days, weeks and months), attention over them, over past patches and
over what each bar has beside its close; a part that does not improve validation is switched off.
"""

import argparse
import math
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from benchmarks.machine import describe_machine
from statecast.config import ForecasterConfig
from statecast.models.forecaster import Forecaster
from training.config import TrainingConfig
from training.data.encoding import encode_panel, fit_covariates
from training.data.panel import Item, Panel
from training.data.splits import Split
from training.evaluation.backtest import Part, carried_forecasts
from training.evaluation.baselines.naive import Task
from training.fitting.loop import Fit
from training.fitting.panel_objective import PanelForecast
from training.progress import Silent
from training.selection.pruning import switch_off

DAY = ForecasterConfig(
    freq=None, horizon=1, season=5, patch_length=5, lookback_length=60, half_life=60.0, resolutions=(1, 5, 20),
    width=32, dropout=0.3, segment_length=1, feature_attention=True, memory=8,
)  # fmt: skip
MINUTE = ForecasterConfig(
    freq=None, horizon=60, season=1, patch_length=15, lookback_length=240, half_life=120.0, resolutions=(1, 60, 240),
    width=32, dropout=0.3, segment_length=15, feature_attention=True, memory=8,
)  # fmt: skip
TRAINING = TrainingConfig(
    steps=200,
    batch=16,
    learning_rate=1e-3,
    forks=60,
    warm=12,
    validation_every=50,
    validation_stride=5,
    averaging=0.5,
    boosting=False,
)


class Fold(NamedTuple):
    """A trained network and where it is tested; ``switched``: parts that did not improve validation."""

    name: str
    network: Forecaster
    panel: Panel
    part: Part
    switched: list[str]


class Signs(NamedTuple):
    """Signs of the same bars: the true one, the forecast one, and the one before; 0 for no movement."""

    truth: NDArray[np.float64]
    ours: NDArray[np.float64]
    last: NDArray[np.float64]


def read_days(path: str) -> tuple[Panel, list[int]]:
    """One item, log closing prices with the other columns of each day, and the year of each row."""
    table = pd.read_csv(path)
    columns = {"开盘": "open", "收盘": "close", "最高": "high", "最低": "low", "成交量": "volume"}
    return Panel((_item("CSI 300", table.rename(columns=columns)),), None), list(table["日期"].str[:4].astype(int))


def read_minutes(path: str) -> Panel:
    """One item per segment: no window crosses from one contract into the next."""
    table = pd.read_csv(path)
    return Panel(tuple(_item(f"segment {key}", rows) for key, rows in table.groupby("segment")), None)


def _item(name: str, rows: pd.DataFrame) -> Item:
    close, volume = np.log(rows["close"].to_numpy()), np.log1p(rows["volume"].to_numpy(dtype=np.float64))
    usual = pd.Series(volume).rolling(20, min_periods=1).mean().to_numpy()
    past = {
        "body": close - np.log(rows["open"].to_numpy()),
        "range": np.log(rows["high"].to_numpy() / rows["low"].to_numpy()),
        "volume": volume - usual,
    }
    # In hundredths of a log unit: float32 holds the small steps of a large logarithm badly.
    return Item(name, clock=0, offset=0, target=((close - close[0]) * 100), past=past)


def day_folds(panel: Panel, years: list[int], seed: int) -> Iterator[Fold]:
    """One fold per year, trained on all years before; the last of them is the validation."""
    for year in range(2013, 2024):
        begin, end = years.index(year), len(years) - years[::-1].index(year)
        split = Split(*(np.array([row]) for row in (begin - 250, begin, end)))
        yield _fold(str(year), panel, split, DAY, Part(np.array([begin]), np.array([end])), seed)


def minute_folds(panel: Panel, seed: int) -> Iterator[Fold]:
    """Five segments are tested at a time, the three before validate, those before them train."""
    number, lengths = np.arange(len(panel.items)), np.array([item.target.size for item in panel.items])
    for first in range(18, len(panel.items), 5):
        # With its border at one patch an item has nothing to learn from.
        trained = np.where(number < first - 3, lengths, MINUTE.patch_length)
        validated = np.where(number < first, lengths, MINUTE.patch_length)
        tested = (number >= first) & (number < first + 5)
        # The first day of a segment fills the ring.
        part = Part(np.where(tested, MINUTE.lookback_length, 0), np.where(tested, lengths, 0))
        split = Split(trained, validated, lengths)
        yield _fold(f"segments {first} to {first + 4}", panel, split, MINUTE, part, seed)


def _fold(name: str, panel: Panel, split: Split, shape: ForecasterConfig, part: Part, seed: int) -> Fold:
    config = fit_covariates(panel, split, shape)
    torch.manual_seed(seed)
    network = Forecaster(config)
    task = Task(panel, split, config.season, config.horizon)
    training = TrainingConfig(**{**vars(TRAINING), "seed": seed})
    fit = Fit(PanelForecast(network, encode_panel(panel, config), task, training))
    fit.run()
    switched = [trial.part for trial in switch_off(fit, Silent()) if trial.off]
    return Fold(name, network, panel, part, switched)


def signs(fold: Fold, step: int, every: int) -> Signs:
    """What a fold says of the bar ``step`` ahead, from every ``every``-th bar."""
    found = []
    for window in carried_forecasts(fold.network, encode_panel(fold.panel, fold.network.config), fold.part):
        values = fold.panel.items[window.item].target.astype(np.float64)
        rows, middle = window.origins, fold.network.calibration.middle
        keep = rows % every == 0
        rows, median = rows[keep], window.quantiles[keep, step - 1, middle]
        before = values[rows] - values[np.maximum(rows - step, 0)]
        found.append((values[rows + step] - values[rows], median - values[rows], before))
    return Signs(*(np.sign(np.concatenate(column)) for column in zip(*found, strict=True)))


def tell(what: str, folds: list[Signs]) -> None:
    """Print the shares of right signs."""
    truth, ours, last = (np.concatenate(column) for column in zip(*folds, strict=True))
    moved = truth != 0
    truth, ours, last = truth[moved], ours[moved], last[moved]
    print(f"{what}, {len(truth):,} bars: ", end="")
    rows = {"ours": ours == truth, "always up": truth > 0, "last sign": last == truth}
    print("; ".join(f"{name} {_interval(right)}" for name, right in rows.items()))
    print(f"  of the folds: {', '.join(f'{(s.ours == s.truth)[s.truth != 0].mean():.1%}' for s in folds)}")


def _interval(right: NDArray[np.bool_], z: float = 1.96) -> str:
    count, share = len(right), float(right.mean())
    centre, root = share + z * z / (2 * count), math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    low, high = ((centre + sign * z * root) / (1 + z * z / count) for sign in (-1, 1))
    return f"{share:.1%} ({low:.1%} to {high:.1%})"


def leaks(fold: Fold) -> bool:
    """Whether any forecast up to the middle of the test changes when everything after it is shuffled."""
    item = int(np.argmax(fold.part.end))
    begin, end = int(fold.part.begin[item]), int(fold.part.end[item])
    middle = (begin + end) // 2
    order = np.arange(fold.panel.items[item].target.size)
    order[middle + 1 :] = np.random.default_rng(0).permutation(order[middle + 1 :])
    one = fold.panel.items[item]
    shuffled = Item(
        one.item_id, one.clock, one.offset, one.target[order], {name: v[order] for name, v in one.past.items()}
    )
    items = tuple(shuffled if at == item else other for at, other in enumerate(fold.panel.items))
    before, after = (_until(fold, Panel(chosen, None), item, middle) for chosen in (fold.panel.items, items))
    return not np.array_equal(before, after)


def _until(fold: Fold, panel: Panel, item: int, middle: int) -> NDArray[np.float64]:
    forecasts = carried_forecasts(fold.network, encode_panel(panel, fold.network.config), fold.part)
    return np.concatenate([w.quantiles[w.origins <= middle] for w in forecasts if w.item == item])


def main() -> None:
    """Fit every fold, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(describe_machine())
    torch.set_num_threads(1)
    days, years = read_days(f"{options.data}/finance/csi300_daily_to_20231010.csv.gz")
    folds = list(day_folds(days, years, options.seed))
    tell("next day, 2013 to 2023", [signs(fold, 1, 1) for fold in folds])
    leaked = any(leaks(fold) for fold in folds)
    minutes = list(minute_folds(read_minutes(f"{options.data}/finance/IF_1min_2020_2022.csv.gz"), options.seed))
    tell("next minute", [signs(fold, 1, 1) for fold in minutes])
    tell("next hour", [signs(fold, 60, 60) for fold in minutes])
    leaked |= any(leaks(fold) for fold in minutes)
    for name, those in (("days", folds), ("minutes", minutes)):
        off = Counter(part for fold in those for part in fold.switched)
        print(f"{name}, switched off in how many of {len(those)} folds: {dict(off) or 'none'}")
    print(f"leak test, {len(folds) + len(minutes)} folds: {'LEAKS' if leaked else 'nothing changed'}")


if __name__ == "__main__":
    main()
