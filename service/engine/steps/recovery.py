"""What a start does with the journal of a process that did not end by itself: the observations run through again."""

import logging
from collections.abc import Iterator, Mapping
from itertools import islice

import numpy as np

from service.engine.model_pool import ModelPool
from service.engine.steps.cache_rows import bytes_of_row, row_of
from service.engine.steps.step_runner import step_slots
from service.resident.absent import Absent
from service.resident.calendar import known_ahead
from service.resident.missed import Missed
from service.resident.network import ResidentNetwork
from service.resident.table import SessionTable
from service.scheduling.job import Lease, member_key
from service.stores.interface import Append, Put, Record, Store, Touch, Trim

_log = logging.getLogger(__name__)

SESSIONS_AT_ONCE = 256
"""Sessions that are recovered, and put, together."""


class Recovery:
    """Brings every session of a store up to what was answered. Belongs to the engine's thread.

    Parameters
    ----------
    networks : ModelPool
        All models.
    store : Store
        With a journal.
    models : mapping of str to str
        Digests of the artifacts that are loaded, and their names.
    ttl : float
        Seconds that a session lives after its last use.
    """

    def __init__(self, networks: ModelPool, store: Store, models: Mapping[str, str], ttl: float) -> None:
        self._networks, self._store, self._models, self._ttl = networks, store, models, ttl

    def run(self) -> tuple[int, list[Absent]]:
        """Run what the journal holds through the networks, put the sessions, and trim it.

        Observations of sessions whose model is not loaded go to the journal again: a later start may have it. So do
        those of sessions that are damaged, which must not keep the others from being served. Their lives go on from the
        last of these, too.

        Returns
        -------
        int
            The journal's last sequence number; 0 where it was empty.
        list of Absent
            Sessions that wait for their model.

        Raises
        ------
        StoreError
            If the store cannot be read or written.
        """
        last, missed = _gather(self._store.appended())
        if not missed:
            return last, []
        _log.info("the last process did not end by itself: reading %d sessions from the journal", len(missed))
        waiting = iter(missed.items())
        absent: list[Absent] = []
        while chunk := list(islice(waiting, SESSIONS_AT_ONCE)):
            for record, left in self._recover(chunk):
                absent.append(Absent(last + len(absent) + 1, left.shown(record, self._ttl), left))
        if absent:
            _log.warning(
                "%d sessions wait in the journal: their model is not loaded, or their snapshot is damaged",
                len(absent),
            )
        again = [one.missed.append(one.sequence, one.record.key) for one in absent]
        lives = [Touch(one.record.key, one.record.last_used, one.record.expires_at) for one in absent]
        self._store.commit([Trim(last), *again, *lives])
        return last + len(again), absent

    def _recover(self, chunk: list[tuple[str, Missed]]) -> list[tuple[Record, Missed]]:
        """Recover some sessions; gives those that cannot be, because their model is not loaded."""
        alike: dict[tuple[str, tuple[str, ...]], list[tuple[Record, Missed]]] = {}
        absent: list[tuple[Record, Missed]] = []
        for key, entries in chunk:
            record = self._store.get(key)
            left = None if record is None else entries.after(record)
            if record is None or left is None or not left.values:
                continue
            if record.model not in self._models:
                absent.append((record, left))
                continue
            alike.setdefault((member_key(record.model, record.season), tuple(record.scores)), []).append((record, left))
        for (network, _), sessions in alike.items():
            puts, damaged = self._replay(network, sessions)
            self._store.commit(puts)
            absent += damaged
        return absent

    def _replay(self, key: str, sessions: list[tuple[Record, Missed]]) -> tuple[list[Put], list[tuple[Record, Missed]]]:
        """Run sessions through their network; gives what is to be put, and those whose snapshot cannot be read."""
        network = self._networks.of(key).slots
        own = ResidentNetwork(key, network.config, network.tail_exponents)
        table = SessionTable(own, len(sessions), tuple(sessions[0][0].scores))
        cache = network.new_cache(len(sessions))
        waiting: list[tuple[int, Missed]] = []
        damaged: list[tuple[Record, Missed]] = []
        for slot, (record, missed) in enumerate(sessions):
            state = self._store.state(record.key)
            whole = state is not None and len(state) == cache.shape[1]
            row = table.load(record, Lease(record.key, (slot,), 1)) if whole else None
            if state is None or row is None:
                _log.error("session %s: its journal goes on from a snapshot that cannot be read", record.key)
                damaged.append((record, missed))
                continue
            cache[slot] = row_of(state, cache)
            waiting.append((row, missed))
        for place in range(max((len(missed.values) for _, missed in waiting), default=0)):
            due = [(row, missed) for row, missed in waiting if place < len(missed.values)]
            rows = np.array([row for row, _ in due])
            slots, values = table.slot[rows], np.array([missed.values[place] for _, missed in due])
            used = np.array([missed.used[place] for _, missed in due])
            known = known_ahead(table, rows, network.config.horizon)
            found = step_slots(network, cache, slots, slots, values, known, table.level[rows])
            step = table.ahead(rows, values, used, used + self._ttl)
            table.apply(step, found.quantiles, found.seasonal_error)
        return [Put(table.record(row), bytes_of_row(cache, int(table.slot[row]))) for row, _ in waiting], damaged


def _gather(entries: Iterator[Append]) -> tuple[int, dict[str, Missed]]:
    last = 0
    missed: dict[str, Missed] = {}
    for entry in entries:
        last = entry.sequence
        births, index, values = entry.births.tolist(), entry.index.tolist(), entry.values.tolist()
        for key, birth, first, row in zip(entry.keys, births, index, values, strict=True):
            known = missed.get(key)
            if known is None or known.birth != birth:
                known = missed[key] = Missed(birth)
            known.add(first, row, entry.used)
    return last, missed
