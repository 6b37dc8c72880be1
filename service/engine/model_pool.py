"""Networks by key, each with the state cache of its sessions; a family's members are made when they are first used."""

import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from service.engine.state_cache import StateCache
from service.scheduling.job import member_key, read_regression, split_key
from statecast.artifacts.artifact import Artifact
from statecast.compiled import compile_network, is_built, slot_network, uncovered
from statecast.models.family import Family
from statecast.models.interface import SeriesNetwork
from statecast.models.slot_network import SlotNetwork
from statecast.regression.family_member import regression_member

MEMBERS = 64
"""Seasons that are at hand at a time, over all families."""
_USUAL = (1, 7, 12, 24)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A network, and where its sessions' states lie.

    Parameters
    ----------
    network : SeriesNetwork
        On its device.
    state_cache : StateCache
        On the same device.
    slots : SlotNetwork
        The network on the rows of the cache.
    """

    network: SeriesNetwork
    state_cache: StateCache
    slots: SlotNetwork


class ModelPool:
    """All that forecasts. All but ``find`` and ``add`` belongs to the engine's thread.

    The member idle for longest gives way when there are more than ``MEMBERS``, or when their caches together hold more
    than twice the rows of one (they grow by doubling). That loses nothing: a member is made again of the same weights,
    and its sessions' states are in the store.

    Parameters
    ----------
    artifacts : mapping of str to Artifact
        By digest.
    slots : int
        Rows of each state cache at most.
    compiled : bool
        Whether networks run as machine code of their own, where they have it.
    threads : int, optional
        That share a batch of a compiled network, at most; as many as there are cores, if none is given.
    keeps : callable
        Whether the cache of a network holds states that the store does not know, so that it must stay.
    """

    def __init__(
        self,
        artifacts: Mapping[str, Artifact],
        slots: int,
        *,
        compiled: bool,
        threads: int | None = None,
        keeps: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._keeps, self._threads = keeps, threads or os.cpu_count() or 1
        self._artifacts, self._slots, self._compiled = dict(artifacts), slots, compiled
        self._single: dict[str, LoadedModel | None] = {
            digest: None for digest, artifact in artifacts.items() if artifact.kind == "forecaster"
        }
        self._members: OrderedDict[str, LoadedModel] = OrderedDict()
        self._covered = {digest for digest, artifact in artifacts.items() if compiled and _is_covered(artifact)}
        self._most = max(2 * (slots + 1), MEMBERS * StateCache.FIRST)

    def __len__(self) -> int:
        """Members of families that are at hand."""
        return len(self._members)

    def of(self, key: str) -> LoadedModel:
        """Find a network; a family's member is made if need be.

        Parameters
        ----------
        key : str
            See ``member_key``.

        Returns
        -------
        LoadedModel
            The network with its state cache.

        Raises
        ------
        KeyError
            If its artifact is not loaded.
        """
        if key in self._single:
            single = self._single[key] or self._load(self._artifacts[key].forecaster)
            self._single[key] = single
            return single
        # Never taken out for a moment: other threads look here too.
        loaded = self._members.get(key)
        if loaded is None:
            loaded = self._members[key] = self._make(key)
        self._members.move_to_end(key)
        while len(self._members) > (MEMBERS if self._rows() <= self._most else 1):
            idle = next((one for one in self._members if one != key and not self._keeps(one)), None)
            if idle is None:
                break
            del self._members[idle]
        return loaded

    def add(self, artifact: Artifact) -> None:
        """Take one more forecaster, compiled here where it has to be; from any thread.

        Parameters
        ----------
        artifact : Artifact
            It stays for as long as the process, because requests and sessions may be at work on it at any time.
        """
        digest = artifact.digest
        if digest not in self._single:
            loaded = self._load(artifact.forecaster)
            self._artifacts[digest] = artifact
            if self._compiled and _is_covered(artifact):
                self._covered.add(digest)
            self._single[digest] = loaded

    def find(self, key: str) -> LoadedModel | None:
        """Give a network if it is at hand; from any thread.

        Parameters
        ----------
        key : str
            See ``member_key``.

        Returns
        -------
        LoadedModel or None
            None where it would have to be made.
        """
        return self._single.get(key) or self._members.get(key)

    def reads_any_length(self, digest: str) -> bool:
        """Whether an artifact's networks run compiled, so that they need no rows of equal length beside one another.

        Parameters
        ----------
        digest : str
            Of the artifact.
        """
        return digest in self._covered

    def usual(self) -> list[str]:
        """Give the keys of all networks, of a family those of the most usual seasons.

        Returns
        -------
        list of str
            See ``member_key``.
        """
        keys = list(self._single)
        for digest, artifact in self._artifacts.items():
            if isinstance(artifact.network, Family):
                longest = artifact.network.config.longest_season
                keys += [member_key(digest, season) for season in _USUAL if season <= longest]
        return keys

    def _rows(self) -> int:
        return sum(loaded.state_cache.held for loaded in self._members.values())

    def _make(self, key: str) -> LoadedModel:
        digest, season, regression = split_key(key)
        artifact = self._artifacts[digest]
        family = artifact.network
        assert season is not None and isinstance(family, Family)
        device = next(family.parameters()).device
        if regression:
            return self._load(regression_member(family, season, *read_regression(regression)).to(device))
        return self._load(artifact.member(season).forecaster.to(device))

    def _load(self, network: SeriesNetwork) -> LoadedModel:
        if self._compiled and uncovered(network) is None:
            network = _compile(network, self._threads)
        return LoadedModel(network, StateCache(self._slots, network), slot_network(network))


def _is_covered(artifact: Artifact) -> bool:
    """Members of a family differ in lengths alone, so that one stands for all."""
    network = artifact.network
    return uncovered(network.of(1) if isinstance(network, Family) else network) is None


def _compile(network: SeriesNetwork, threads: int) -> SeriesNetwork:
    """Give the compiled form, or the network itself where this machine cannot keep what it compiles."""
    if not is_built():
        _log.info("compiling the networks' step and forecast, once on this machine: a minute or so")
    try:
        return compile_network(network, threads) or network
    except (OSError, RuntimeError) as error:
        _log.warning("the network runs in torch, slower, because it could not be compiled: %s", error)
        return network
