"""Which networks are at hand, and what they hold, by themselves."""

import pytest

import statecast
from service.engine import ModelPool
from service.engine import model_pool as networks
from service.scheduling.job import Lease, member_key
from statecast.artifacts.artifact import Artifact
from tests.builders import tiny_family_artifact


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_family_artifact(folder)
    return statecast.load(folder / "default-1")


def test_a_member_is_made_once_and_the_one_idle_longest_gives_way(
    artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "MEMBERS", 2)
    all_ = ModelPool({artifact.digest: artifact}, slots=100, compiled=False)
    day, week, year = (member_key(artifact.digest, season) for season in (24, 7, 365))
    first = all_.of(day)
    assert first.network.config.season == 24 and all_.of(day) is first
    other = all_.of(week)
    assert all_.of(day) is first
    all_.of(year)
    assert all_.of(day) is first and all_.of(week) is not other and len(all_) == 2


def test_caches_of_a_family_stay_within_twice_one_s(artifact: Artifact) -> None:
    """Sixty-four seasons must not take the memory of sixty-four models."""
    all_ = ModelPool({artifact.digest: artifact}, slots=1000, compiled=False)
    for season in range(1, 9):
        cache = all_.of(member_key(artifact.digest, season)).state_cache
        lease = Lease("k", (999, 1000), 1)
        rows = cache.rows.new_zeros((2, cache.rows.shape[1]))
        cache.put([lease], [0, 1], rows)
        assert cache.holds(lease) and len(cache.rows) == 1001
        all_.of(member_key(artifact.digest, season))
        assert len(all_) <= 2
