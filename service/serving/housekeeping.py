"""Housekeeping: sessions whose life has ended leave the store a few at a time, beside the requests."""

import asyncio
import logging
import time

from service.sessions.registry import SessionRegistry
from service.stores.interface import StoreError

EVERY = 600.0
"""Seconds between two looks for sessions whose life has ended."""

MOST, LEAST = 1024, 16
"""Sessions that are ended together."""

LONGEST = 0.02
"""Seconds that these should take, for which a commit waits; then fewer are ended at a time."""

IDLE = 3.0
"""Times as long as that for which nothing is done in between."""

_log = logging.getLogger(__name__)


async def keep_house(sessions: SessionRegistry) -> None:
    """Look for ended sessions now and again, until cancelled.

    Parameters
    ----------
    sessions : SessionRegistry
        All sessions.
    """
    while True:
        try:
            ended = await sweep(sessions)
            if ended:
                _log.info("%d sessions expired", ended)
        except StoreError as error:
            _log.warning("expired sessions are kept for now: %s", error)
        await asyncio.sleep(EVERY)


async def sweep(sessions: SessionRegistry) -> int:
    """End all sessions whose life has ended, in parts.

    Parameters
    ----------
    sessions : SessionRegistry
        All sessions.

    Returns
    -------
    int
        How many.

    Raises
    ------
    StoreError
        If the store cannot be written.
    """
    total, limit = 0, LEAST
    while True:
        began = time.perf_counter()
        swept = await sessions.expire(limit)
        took = time.perf_counter() - began
        total += swept.ended
        if not any(swept):
            return total
        limit = max(LEAST, limit // 2) if took > LONGEST else min(MOST, 2 * limit)
        await asyncio.sleep(IDLE * took)
