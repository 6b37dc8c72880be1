"""The Numenta benchmark's rules: silence is 0, perfection 100, and early is worth more than late.

Without this our figures would not be comparable with the published ones.
"""

import numpy as np
import pytest

from benchmarks.anomalies.scoring import PROFILES, Labelled, Profile, corpus_score, sigmoid


def detected(*rows: int) -> Labelled:
    scores = np.zeros(1000)
    scores[list(rows)] = 1.0
    return Labelled(scores, [(400, 499), (700, 799)])


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_silence_and_perfection(profile: Profile) -> None:
    assert corpus_score([detected()], profile)[0] <= 1e-9
    assert corpus_score([detected(400, 700)], profile)[0] == pytest.approx(100.0)
    assert corpus_score([detected(400, 700, 50)], profile)[0] == pytest.approx(100.0), "probation does not count"


def test_early_is_worth_more_and_false_alarms_cost() -> None:
    standard, careful, _ = PROFILES
    early, late = (corpus_score([detected(row, 700)], standard)[0] for row in (410, 480))
    assert 50 < late < early < 100
    alarmed = [corpus_score([detected(400, 700, 300, 600)], profile)[0] for profile in (standard, careful)]
    assert alarmed[1] < alarmed[0] < 100
    assert corpus_score([detected(400, 420, 450, 700)], standard)[0] == pytest.approx(100.0), "a window counts once"
    assert sigmoid(-1.0) == pytest.approx(0.98661, abs=1e-4)
