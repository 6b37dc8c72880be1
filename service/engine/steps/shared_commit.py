"""What streamed observations leave in a store that other processes write too."""

import numpy as np
from numpy.typing import NDArray

from service.engine.state_cache import StateCache
from service.resident.step import SessionStep
from service.resident.table import SessionTable
from service.stores.digest import text_of
from service.stores.interface import Advance, Moved, Put, Store

FOLDED_EVERY = 32
"""Observations of a session after which it is put whole: fewer write more, more are read again by who takes it over."""


class SharedCommit:
    """Writes sessions that have been advanced, each held to the digest that it goes on from.

    A session is put whole with the first observation that this process streams of it, so that all that follows goes on
    from what it has written itself, and again every ``FOLDED_EVERY`` steps. In between only what the step has changed
    is written, without its state.

    Parameters
    ----------
    table : SessionTable
        Of the sessions, as they are after the step.
    step : SessionStep
        Of B sessions.
    before : list of str
        Their digests before it.
    cache : StateCache
        Has their rows of state after the step in their spare slots.
    """

    def __init__(self, table: SessionTable, step: SessionStep, before: list[str], cache: StateCache) -> None:
        self._table, self._rows = table, step.rows
        # Sessions that began together are not put together.
        whole = ~table.folded[step.rows] | ((step.index + step.rows) % FOLDED_EVERY == 0)
        self._whole, self._others = np.flatnonzero(whole), np.flatnonzero(~whole)
        self._puts = self._put(before, cache)
        self._advance = self._advanced(step, before)

    def run(self, store: Store, of: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Commit the sessions of every request of which none was advanced elsewhere.

        Parameters
        ----------
        store : Store
            Where to.
        of : array of int64, ``[B]``
            Which request each session is of.

        Returns
        -------
        array of bool, ``[B]``
            Which were written.

        Raises
        ------
        StoreError
            If the store failed.
        """
        keys = self._table.keys[self._rows]
        kept = np.ones(len(keys), dtype=np.bool_)
        while kept.any():
            puts = [put for put, keep in zip(self._puts, kept[self._whole].tolist(), strict=True) if keep]
            advance = self._advance.of(kept[self._others])
            try:
                store.commit([*puts, advance] if len(advance.keys) else puts)
                break
            except Moved as moved:
                kept &= ~np.isin(of, of[[key in moved.keys for key in keys.tolist()]])
        self._table.folded[self._rows[self._whole]] = True
        return kept

    def _put(self, before: list[str], cache: StateCache) -> list[Put]:
        table, rows = self._table, self._rows[self._whole]
        if not len(rows):
            return []
        states = cache.take(table.spare[rows].tolist()).cpu().numpy()
        return [
            Put(table.record(row), state.tobytes(), before[place])
            for row, state, place in zip(rows.tolist(), states, self._whole.tolist(), strict=True)
        ]

    def _advanced(self, step: SessionStep, before: list[str]) -> Advance:
        table, places = self._table, self._others
        rows = self._rows[places]
        forecasts, scale, scores = table.pending.rows_of(rows)
        digests = table.digest[rows].tobytes()
        return Advance(
            keys=table.keys[rows].tolist(),
            after=[before[place] for place in places.tolist()],
            digests=[text_of(digests[begin : begin + 32]) for begin in range(0, len(digests), 32)],
            values=step.values[places],
            index=table.last_index[rows],
            count=table.count[rows],
            checksum=table.tails.checksum[rows],
            tail_length=table.tails.length[rows],
            used=table.last_used[rows],
            expires_at=table.expires_at[rows],
            below_zero=table.below_zero[rows],
            forecasts=forecasts,
            scale=scale,
            scores=scores,
            sizes=table.pending.sizes,
        )
