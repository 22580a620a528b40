"""What the page “Experiment tracking” states about the best of many runs, on fresh seeds."""

import itertools
import math

import numpy as np
import pytest

from core.topics.experiment_tracking import selecting
from core.topics.experiment_tracking.select_view import SELECT, stands


def test_the_expected_best_is_the_mean_over_all_choices(seeds):
    for seed in seeds[:4]:
        draw = np.random.default_rng(seed)
        scores, others = draw.integers(0, 4, 7).tolist(), draw.normal(size=7).tolist()
        for k in (1, 3, 7):
            rows = []
            for chosen in itertools.combinations(range(7), k):
                top = max(scores[place] for place in chosen)
                tied = [others[place] for place in range(7) if scores[place] == top]
                rows.append((top, float(np.mean(tied))))
            assert selecting.expected_best(scores, scores, k) == pytest.approx(np.mean([top for top, _ in rows]))
            assert selecting.expected_best(scores, others, k) == pytest.approx(np.mean([each for _, each in rows]))
        assert sum(selecting.chances(7, 3)) == pytest.approx(1)


def test_the_more_runs_to_choose_from_the_larger_the_lead_and_most_of_it_is_luck(seeds):
    lucks = []
    for seed in seeds[:6]:
        found = selecting.select(32, 50, 0.8, seed)
        means = found.chosen[1]
        assert (np.diff(means) >= -1e-9).all() and abs(means[0]) < 1e-9 and abs(found.fresh[1][0]) < 1e-9
        lucks.append((found.luck, found.lead))
    assert np.mean([luck for luck, _ in lucks]) > 0.5 * np.mean([lead for _, lead in lucks])
    assert sum(luck > 0 for luck, _ in lucks) >= 5


def test_with_many_validation_samples_little_is_luck(seeds):
    few, many = (np.mean([selecting.select(32, count, 0.8, seed).luck for seed in seeds[:3]]) for count in (50, 2000))
    assert many < few / 2


def test_the_best_of_equals_leads_by_no_more_than_the_bound(seeds):
    for count, seed in zip((2, 8, 32, 64, 500), seeds, strict=False):
        errors = np.random.default_rng(seed).normal(size=(4000, count)).max(axis=1)
        assert errors.mean() < math.sqrt(2 * math.log(count))


def test_the_view_draws_what_it_says(seed):
    found = selecting.select(16, 50, 0.8, seed)
    for shown in (SELECT.draw(found), SELECT.before(found)):
        assert all("nan" not in picture.alt and picture.plotly() for row in shown.pictures for picture in row)
    assert SELECT.question(found).truth == pytest.approx(found.lead - found.luck, abs=0.051)


def test_a_best_that_is_no_better_afresh_is_said_to_be_behind():
    assert stands(2.04) == "by **2.0 points**" and stands(-0.04) == "by **0.0 points**"
    assert stands(-1.2) == "is **1.2 points behind it**"
