"""States as sessions stand now, from a store in which some are a few observations behind."""

from collections.abc import Callable

import numpy as np

from service.engine.model_pool import LoadedModel
from service.engine.steps.cache_rows import bytes_of_row, row_of
from service.resident.axis import SessionAxis
from service.resident.calendar import calendar_columns
from service.scheduling.job import member_key
from service.stores.interface import Behind, SharedStore, Store, StoreError
from statecast.inputs.level import deviations


class ModelAbsent(StoreError):
    """Observations of a session wait for its model to be loaded."""


class StoredStates:
    """Reads states, and what they have not read yet runs through the network. Belongs to the engine's thread.

    Parameters
    ----------
    network : callable
        Gives a network by its key, see ``member_key``; ``KeyError`` where its artifact is not loaded.
    store : Store
        Where sessions live.
    """

    def __init__(self, network: Callable[[str], LoadedModel], store: Store) -> None:
        self._network, self._store = network, store

    def read(self, key: str) -> bytes | None:
        """Read the state of a session.

        Parameters
        ----------
        key : str
            Of the session.

        Returns
        -------
        bytes or None
            None where there is no session, or an expired one.

        Raises
        ------
        StoreError
            If the store cannot be read; ``ModelAbsent`` where it takes a network that is not loaded.
        """
        if not isinstance(self._store, SharedStore):
            return self._store.state(key)
        found = self._store.behind(key)
        return None if found is None else self.caught_up(found)

    def caught_up(self, found: Behind) -> bytes:
        """Bring a state up to its record.

        Parameters
        ----------
        found : Behind
            As the store has it.

        Returns
        -------
        bytes
            The state after the session's last observation.

        Raises
        ------
        ModelAbsent
            If it takes a network that is not loaded.
        """
        record, steps = found.record, len(found.values)
        if not steps:
            return found.state
        try:
            slots = self._network(member_key(record.model, record.season)).slots
        except KeyError:
            raise ModelAbsent(
                f"session {record.name or record.key}: its last {steps} observations wait for {record.model_name} to "
                "be loaded"
            ) from None
        config, row = slots.config, np.zeros(1, dtype=np.int64)
        cache = slots.new_cache(1)
        if len(found.state) != cache.shape[1]:
            raise StoreError(f"session {record.name or record.key}: its state is damaged")
        cache[0] = row_of(found.state, cache)
        known = np.zeros((1, steps, config.known_width), dtype=np.float32)
        if config.known_width:
            axis, before = SessionAxis.of(record), record.last_index - steps
            known[0] = calendar_columns(config.calendar, axis.freq, axis.offset, before, steps)
        past = np.zeros((1, steps, config.past_width), dtype=np.float32)
        target = deviations(found.values[None], np.array(record.level))
        slots.advance_slots(cache, row, row, target, past, known)
        return bytes_of_row(cache, 0)
