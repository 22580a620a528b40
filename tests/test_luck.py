"""Seed noise: the one test against SciPy, and what it promises."""

import numpy as np
import pytest
from scipy.stats import ttest_rel

from core.probes.luck import critical, differs, equals


@pytest.mark.parametrize("count", [2, 3, 5, 8, 20])
def test_it_is_the_paired_t_test_of_scipy(seeds, count: int):
    for seed in seeds:
        random = np.random.default_rng(seed)
        for shift in np.linspace(0, 3, 13):
            first, second = random.normal(size=count) + shift, random.normal(size=count)
            for comparisons in (1, 2, 6):
                assert differs(first, second, comparisons) == (ttest_rel(first, second).pvalue < 0.05 / comparisons)


def test_about_one_in_twenty_verdicts_over_equals_is_a_false_alarm(seeds):
    """Seven optimizers that are the same but for luck: the best is told from another one in 5 % of the races.

    The best is chosen after the fact, which costs more than six comparisons; hence the wider bound.
    """
    random = np.random.default_rng(seeds[0])
    races = [{str(name): row for name, row in enumerate(random.normal(size=(7, 20)))} for _ in range(400)]
    alarms = sum(len(equals(race, max(race, key=lambda name: race[name].mean()))) < 6 for race in races)
    assert 0 < alarms < 0.25 * 400
    planned = sum(differs(race["0"], race["1"]) for race in races)
    assert 0.02 < planned / 400 < 0.09


def test_one_seed_or_a_broken_training_can_tell_nothing():
    assert not differs([1.0], [0.0])
    assert not differs([1.0, np.nan, 1.0], [0.0, 0.0, 0.0])
    assert not differs([1.0, 1.0], [1.0, 1.0])
    assert differs([1.0, 1.0], [0.0, 0.0])


def test_sharing_the_level_asks_for_more():
    assert critical(20, 6) == pytest.approx(2.9435, abs=1e-3)
    assert critical(5) < critical(5, 2) < critical(5, 6)
