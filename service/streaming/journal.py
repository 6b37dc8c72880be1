"""Which sessions are put whole on which occasion, so that the journal stays short."""

from itertools import filterfalse, islice

from service.engine.steps.step_batch import StepBatch
from service.resident.residents import Place, Residents
from service.scheduling.job import Lease
from service.sessions.registry import SessionRegistry

LONGEST = 131_072
"""Observations in the journal at most, about: what a start after a crash runs through the network again in seconds."""
LEAST = 1 / 256
"""Sessions that are put whole per observation, at least."""


class Journal:
    """Numbers the journal's entries and trims it. Lives on the event loop; one batch is at work at a time.

    A session that is put whole takes its observations out of the journal, which can be trimmed up to the oldest that
    is still in it. With D dirty sessions, D in ``LONGEST`` of all observations are followed by such a put, so that
    each comes round before the journal is longer than that. Sessions whose model is away cannot be put: their entries
    are written again at the journal's end in the same measure.

    Parameters
    ----------
    residents : Residents
        Know what is dirty.
    sessions : SessionRegistry
        A session that is put whole must not be at work elsewhere, nor lose its slot, until it is put.
    """

    def __init__(self, residents: Residents, sessions: SessionRegistry) -> None:
        self._residents, self._turns, self._slots = residents, sessions.turns, sessions.slots
        self._trimmed = 0
        self._due = 0.0
        self._entered: list[str] = []
        self._held: list[tuple[Lease, str]] = []

    def plan(self, batch: StepBatch, at_least: int = 0) -> None:
        """Number a batch, and choose what else is written with it.

        Parameters
        ----------
        batch : StepBatch
            About to run; its sequence, snapshots, puts, trim and what is written again are set.
        at_least : int
            Sessions to put whole even if the journal is short.
        """
        residents, dirty, absent = self._residents, self._residents.dirty, self._residents.absent
        keys = batch.keys
        self._due += len(keys) * max(LEAST, (len(dirty) + len(absent)) / LONGEST)
        due = int(self._due)
        self._due -= due
        own = set(keys)
        batch.puts = [put for key, put in residents.unflushed.items() if key in own or self._enter(key)]
        leaving = [put.record.key for put in batch.puts]
        for key in list(islice(dirty, max(due, at_least))):
            found = self._choose(key, own)
            if found is not None:
                batch.snapshots.append(found)
                leaving.append(key)
        for key in leaving:
            if key in dirty:  # at every moment it is in one of both, for the engine looks at them meanwhile
                residents.leaving[key] = dirty[key]
                del dirty[key]
        oldest = next(iter(dirty.values()), residents.sequence + 1)
        batch.again = absent.move(due, oldest, residents.sequence)
        batch.sequence = residents.sequence + len(batch.again) + 1
        residents.sequence = batch.sequence
        for key in filterfalse(dirty.__contains__, keys):
            dirty[key] = batch.sequence
        self._trim(batch)

    def can_flush(self) -> bool:
        """Whether a session that lost its slots can be put now, because no request of it is at work."""
        return any(not self._turns.taken(key) for key in self._residents.unflushed)

    def settle(self, batch: StepBatch) -> None:
        """Take note of how a batch went.

        Parameters
        ----------
        batch : StepBatch
            That has run.
        """
        for lease, model in self._held:
            self._slots.checkin(lease, model, keep=True)
        self._held.clear()
        self._turns.leave_all(self._entered)
        self._entered.clear()
        dirty, unflushed = self._residents.dirty, self._residents.unflushed
        if batch.error is None and not batch.lost:
            self._trimmed = batch.trim or self._trimmed
            self._residents.absent.moved(batch.again)
            for put in batch.puts:
                if unflushed.get(put.record.key) is put:
                    del unflushed[put.record.key]
            for table, row in batch.snapshots:
                table.stored_until[row] = max(table.stored_until[row], table.put_until[row])
        else:
            for key, sequence in reversed(self._residents.leaving.items()):
                dirty[key] = sequence
                dirty.move_to_end(key, last=False)
        if batch.lost:
            for key in batch.keys:  # nothing of them is in the journal, and their caches have nothing to put
                if dirty.get(key) == batch.sequence:
                    del dirty[key]
        self._residents.leaving.clear()

    def _choose(self, key: str, own: set[str]) -> Place | None:
        found = self._residents.at(key)
        if found is None or not (key in own or self._enter(key)):
            return None
        table, row = found
        if key not in own:
            self._held.append((self._slots.checkout(key, table.key, 1), table.key))
        table.put_until[row] = table.expires_at[row]
        return found

    def _enter(self, key: str) -> bool:
        """Take a session's turn until the batch has run, if it is free."""
        entered = self._turns.try_enter(key)
        if entered:
            self._entered.append(key)
        return entered

    def _trim(self, batch: StepBatch) -> None:
        oldest = next(iter(self._residents.dirty.values()), batch.sequence + 1)
        trim = min(oldest, self._residents.absent.oldest() or oldest) - 1
        if trim > self._trimmed:
            batch.trim = trim


class NoJournal:
    """Where every observation is followed by its session's whole state; see ``Journal``."""

    def plan(self, batch: StepBatch, at_least: int = 0) -> None:
        """Nothing else is to be written; see ``Journal.plan``."""

    def can_flush(self) -> bool:
        """Nothing waits for the store."""
        return False

    def settle(self, batch: StepBatch) -> None:
        """Nothing is to be noted; see ``Journal.settle``."""
