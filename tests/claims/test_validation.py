"""What the page “Validate on separate data” states."""

import dataclasses

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import TimeSeriesSplit

from core.probes import luck
from core.topics.validation import choosing_view
from core.topics.validation.choosing import bound, cross_validated, fitted, reuse, right, search, taken
from core.topics.validation.choosing_view import earned, how_much, large_enough
from core.topics.validation.folds import estimates, folds, in_time, timed, without
from core.topics.validation.folds_view import TIME
from core.topics.validation.leaks import STUDIES, by_copies, by_person, means_by, report, strongest
from core.topics.validation.leaks_view import which, worst

pytestmark = pytest.mark.usefixtures("compilation")


@pytest.mark.parametrize("name", STUDIES)
def test_each_inflated_score_is_higher_than_the_honest_one_and_nothing_was_to_be_learned(name, seeds):
    """Over twenty studies; a single one of twelve tries on few samples may be honest by luck."""
    found = [report(name, 100, seed) for seed in seeds]
    reported, honest, later = (
        np.array([getattr(one, kind).mean() for one in found]) for kind in ("reported", "honest", "later")
    )
    assert np.mean(reported > honest) >= 0.8
    assert luck.differs(reported, honest, 2) and luck.differs(reported, later, 2)
    assert np.mean([luck.differs(one.reported, one.later) for one in found]) > 0.5, "most, beyond their own seed noise"
    assert abs(later - 0.5).max() < 0.12 and abs(honest.mean() - 0.5) < 0.12, "there was nothing to be learned"


def test_every_study_names_its_leak_and_not_every_report_is_the_greatest_lie():
    for study in STUDIES.values():
        assert 0 <= study.leak < len(study.steps)
    found = report("Genes", 100, 0)
    assert which(found).truth == STUDIES["Genes"].steps[1] and not worst(found).passed
    assert worst(report("Voices", 200, 0)).passed


def test_no_copy_and_no_person_is_on_both_sides_of_an_honest_split(seeds):
    for seed in seeds[:5]:
        for draw in (by_copies, by_person):
            leaky, honest = draw(60, np.random.default_rng(seed))
            assert nearest(*leaky.train[:1], *leaky.judged[0][:1]) < nearest(honest.train[0], honest.judged[0][0])


def nearest(learned, held):
    """The mean distance of held-out samples from the nearest one that is learned from."""
    return np.linalg.norm(learned[None] - held[:, None], axis=2).min(axis=1).mean()


def test_means_by_level_and_strongest_features(seeds):
    for seed in seeds[:5]:
        draw = np.random.default_rng(seed)
        levels, y = draw.integers(0, 5, 40), draw.integers(0, 2, 40)
        for level in range(5):
            expected = y[levels == level].mean() if (levels == level).any() else 0.5
            assert means_by(levels, y, 5)[level] == pytest.approx(expected)
        x = draw.normal(size=(40, 30))
        correlations = [abs(np.corrcoef(column, y)[0, 1]) for column in x.T]
        assert set(strongest(x, y, 5)) == set(np.argsort(correlations)[-5:])


def test_folds_hold_every_sample_out_once(seeds):
    for seed in seeds[:5]:
        parts = folds(43, 5, np.random.default_rng(seed))
        assert sorted(np.concatenate(parts).tolist()) == list(range(43))
        assert {len(part) for part in parts} <= {8, 9}
        assert not set(without(parts[0], 43)) & set(parts[0])


@pytest.mark.parametrize(("samples", "count"), [(60, 2), (120, 4), (100, 6), (17, 3)])
def test_folds_in_time_are_scikit_learns(samples, count):
    for gap in (0, 2):
        expected = TimeSeriesSplit(count, gap=gap).split(np.zeros(samples))
        for (past, coming), (train, test) in zip(in_time(samples, count, gap), expected, strict=True):
            assert past.tolist() == train.tolist() and coming.tolist() == test.tolist()


def test_many_folds_are_nearer_to_the_truth_than_one_held_out_fifth(seeds):
    once, folded = zip(
        *((one.off("once"), one.off("folded")) for one in (estimates(40, 10, 0.3, s) for s in seeds[:5])), strict=True
    )
    assert np.mean(folded) < np.mean(once)


def test_shuffled_folds_lie_about_series_and_folds_in_time_hardly_do(seeds):
    found = [timed(120, 4, 0, seed) for seed in seeds[:5]]
    for one in found:
        assert luck.differs(one.shuffled, one.later) and one.shuffled.mean() > one.later.mean() + 0.1
    assert np.mean([one.timed.mean() for one in found]) < np.mean([one.shuffled.mean() for one in found]) - 0.15
    assert not TIME.goal(timed(120, 4, 0, 0)).passed


def test_linear_networks_are_those_of_least_squares(seeds):
    for seed in seeds[:5]:
        draw = np.random.default_rng(seed)
        x, y = draw.normal(size=(50, 8)), draw.choice([-1.0, 1.0], 50)
        settings = np.array([[0, 3], [1, 2], [5, 7]])
        weights = fitted(taken(x, settings), y)
        for row, columns in zip(weights, settings, strict=True):
            model = LinearRegression().fit(x[:, columns], y)
            assert row[:-1] == pytest.approx(model.coef_, abs=1e-3) and row[-1] == pytest.approx(
                model.intercept_, abs=1e-3
            )
        scores = right(weights, taken(x, settings), y)
        assert scores.shape == (3,) and ((scores >= 0) & (scores <= 1)).all()
        parts = folds(50, 4, draw)
        assert cross_validated(x, y, settings, parts)[1] == pytest.approx(
            cross_validated(x, y, settings[1:2], parts)[0]
        )


def test_the_winners_own_score_is_too_good_and_the_nested_one_is_not(seeds):
    for seed in seeds[:5]:
        found = search(40, 32, 0.0, seed)
        assert luck.differs(found.best, found.truth) and found.best.mean() > found.truth.mean() + 0.08
        assert abs(found.nested.mean() - 0.5) < 0.1 and abs(found.truth.mean() - 0.5) < 0.05
    assert search(40, 1, 0.0, 0).best.mean() < search(40, 32, 0.0, 0).best.mean()


def test_the_best_of_many_guesses_stays_under_its_bound(seeds):
    for seed in seeds[:5]:
        for samples in (50, 200, 1000):
            found = reuse(samples, seed)
            for entries in (1, 10, 100, 1000):
                best = found.best[:, entries - 1]
                assert best.mean() <= bound(entries, samples) + 4 * best.std() / len(best) ** 0.5 + 1e-9
            assert (np.diff(found.best, axis=1) >= 0).all()


def test_goals_can_be_met():
    assert earned(search(160, 16, 1.0, 0)).passed or earned(search(160, 32, 1.0, 0)).passed
    assert not earned(search(40, 16, 0.0, 0)).passed
    assert large_enough(reuse(5000, 0), 500).passed and not large_enough(reuse(100, 0), 500).passed


def test_a_single_choice_is_not_called_flattered_and_counts_are_singular(seed):
    found = search(40, 1, 0.0, seed)
    assert "flatters it" in how_much(found).because and "1 setting:" in choosing_view.shown(found).note
    chosen = search(40, 16, 0.0, seed)
    for each in (chosen, dataclasses.replace(chosen, best=chosen.truth)):
        flattered = luck.differs(each.best, each.truth, 2)
        assert flattered == (each is chosen) == ("by no more than seed noise" not in how_much(each).because)
        assert f"its own score is {'beyond' if flattered else 'inside'} seed noise" in choosing_view.shown(each).note
    assert "too low" in earned(found).now or ("too high" in earned(found).now and "-" not in earned(found).now)
    assert "1 entry," in large_enough(reuse(100, seed), 1).now
