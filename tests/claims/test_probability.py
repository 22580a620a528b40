"""What the page “Probability and statistics” states."""

import math

import numpy as np
import pytest
import scipy.stats
import torch
from programs_run import distance, results_of
from torch.nn import functional

from core.lessons.controls import defaults
from core.topics.probability.likelihoods import placed
from core.topics.probability.numbers import (
    DIVISORS,
    FAMILIES,
    GROWTH,
    NO,
    POINTS,
    YES,
    Beliefs,
    beliefs,
    bernoulli_nll,
    draws,
    gaussian_nll,
    likelihood,
    losses,
    softened,
    typed,
    with_moved,
)
from core.topics.probability.programs import program_of_draws
from core.topics.probability.views import VIEWS

LAWS = {
    "normal": lambda t: scipy.stats.norm(0, 2 * t),
    "uniform": lambda t: scipy.stats.uniform(0, 4 * t),
    "exponential": lambda t: scipy.stats.expon(0, 2 * t),
    "Bernoulli": lambda t: scipy.stats.bernoulli(t),
    "binomial": lambda t: scipy.stats.binom(10, t),
    "Poisson": lambda t: scipy.stats.poisson(5 * t),
}


@pytest.fixture
def draw(seed):
    return np.random.default_rng(seed)


def test_the_squared_error_is_a_normal_likelihood(draw):
    for _ in range(50):
        y, mean = draw.normal(size=(2, 30))
        square = functional.mse_loss(*map(torch.from_numpy, (mean, y))).item()
        each = [float(gaussian_nll(np.array([one]), at, 1.0)) for one, at in zip(y, mean, strict=True)]
        assert 2 * np.mean(each) - math.log(2 * math.pi) == pytest.approx(square, abs=1e-6)


def test_the_binary_cross_entropy_is_a_coin_s_likelihood(draw):
    for _ in range(50):
        y, p = draw.integers(0, 2, 30), draw.uniform(0.01, 0.99, 30)
        loss = functional.binary_cross_entropy(torch.from_numpy(p), torch.from_numpy(y).double()).item()
        assert np.mean([bernoulli_nll(*pair) for pair in zip(y, p, strict=True)]) == pytest.approx(loss, abs=1e-6)


def test_both_columns_of_the_table_agree_to_six_digits(draw):
    for _ in range(30):
        rows = losses(*draw.uniform(-3, 3, 2), str(draw.integers(2)), draw.uniform(0.01, 0.99)).rows()
        for row in rows:
            assert float(row["as a loss"]) == pytest.approx(float(row["from the likelihood"]), abs=2e-6)


def test_the_likelihood_is_scipy_s(draw):
    points, mean, spread = draw.normal(size=8), 0.3, 1.7
    assert gaussian_nll(points, mean, spread) == pytest.approx(-scipy.stats.norm(mean, spread).logpdf(points).mean())
    bce = [-scipy.stats.bernoulli(0.3).logpmf(one) for one in (0, 1)]
    assert [bernoulli_nll(one, 0.3) for one in (0, 1)] == pytest.approx(bce)


def test_the_most_likely_spread_divides_by_n(draw):
    for _ in range(10):
        points = draw.uniform(-2.5, 2.5, 6).round(2)
        found = likelihood(", ".join(map(str, points)), 0, 1)
        assert found.best == pytest.approx(scipy.stats.norm.fit(points), abs=0.02)
        assert found.answer() == DIVISORS[0]
    assert likelihood(POINTS, 0, 1).answer() == DIVISORS[0]


@pytest.mark.parametrize("name", list(FAMILIES))
def test_expectation_variance_and_density_are_scipy_s(name, draw):
    family = FAMILIES[name]
    for theta in (0.1, 0.5, 0.9):
        law = LAWS[name](theta)
        assert family.expectation(theta) == pytest.approx(law.mean(), abs=1e-9)
        assert family.variance(theta) == pytest.approx(law.var())
        x = np.arange(0, 2 if name == "Bernoulli" else 11).astype(float) if family.discrete else draw.uniform(-1, 6, 40)
        expected = law.pmf(x) if family.discrete else law.pdf(x)
        assert family.density(x, theta) == pytest.approx(expected)


@pytest.mark.parametrize("name", list(FAMILIES))
def test_the_error_of_an_average_shrinks_with_the_root_of_n(name, seeds):
    for seed in seeds[:3]:
        found = draws(name, 0.5, 1000, seed)
        assert found.answer() == GROWTH[0]
        assert found.misses[0] / found.misses[1] == pytest.approx(10, rel=0.35)
        assert found.off < 0.15


def test_cross_entropy_is_entropy_and_divergence(draw):
    for _ in range(50):
        p, q = (softened(*pair) for pair in zip(draw.uniform(0, 3, 2), draw.integers(0, 5, 2), strict=True))
        both = Beliefs(p, q)
        assert both.cross_entropy == pytest.approx(both.entropy + both.divergence)
        assert both.entropy == pytest.approx(scipy.stats.entropy(p, base=2))
        assert both.divergence == pytest.approx(scipy.stats.entropy(p, q, base=2), abs=1e-12)
        assert both.divergence >= -1e-12 and both.p.sum() == pytest.approx(1)


def test_the_areas_are_the_entropies():
    both = beliefs("B", 1.0, "D", 0.5)
    under_p, under_q = (float((both.p * -np.log2(one)).sum()) for one in (both.p, both.q))
    assert (under_p, under_q) == pytest.approx((both.entropy, both.cross_entropy))
    assert both.answer() == NO and beliefs("B", 1.0, "C", 1.0).answer() == YES
    assert beliefs("B", 1.0, "B", 0.5).answer() == NO, "0.076 and 0.081 bits"


def test_every_goal_can_be_met_and_the_first_view_meets_none(seed):
    for name, view in VIEWS.items():
        assert not view.goal(view.measure(**defaults(view.controls), seed=seed)).passed, name
    close = likelihood(POINTS, 0.6, 1.2)
    assert VIEWS["Likelihood"].goal(close).passed, close.excess
    assert any(VIEWS["Distributions"].goal(draws("uniform", 0.5, 10_000, one)).passed for one in range(seed, seed + 10))
    assert VIEWS["Entropy"].goal(beliefs("B", 3.0, "B", 0.1)).passed
    assert VIEWS["Losses"].goal(losses(0.0, 0.0, "1", 0.01)).passed


def test_clicks_move_points_and_choose_parameters():
    found = likelihood(POINTS, 0, 1)
    chosen = {control.name: control.mended(value) for control, value in placed(found, {"panel": 1, "x": 9.0, "y": 0.0})}
    assert chosen == {"mean": 4.0, "spread": 0.3}
    ((control, text),) = placed(found, {"x": 3.04, "y": 0.2})
    assert (control.name, text) == ("points", with_moved(found.points, 3.04))
    assert typed(with_moved(found.points, 3.04)).tolist()[-1] == 3.0


@pytest.mark.parametrize("hostile", ["", "1", "nan, 1", "1e99, 2", "a, b", "<b>,1", ",".join(["1"] * 99), "1 2 3"])
def test_points_that_are_none_get_one_sentence(hostile):
    with pytest.raises(ValueError, match="oints"):
        typed(hostile)


@pytest.mark.parametrize("name", list(VIEWS))
def test_every_view_can_be_drawn(name, seed):
    view = VIEWS[name]
    measured = view.measure(**defaults(view.controls), seed=seed)
    assert view.question(measured).truth in view.question(measured).options
    for shown in (view.draw(measured), (view.before or view.draw)(measured)):
        for picture in (one for row in shown.pictures for one in row):
            picture.plotly()
            assert len(picture.alt) > 40


def test_every_distributions_program_draws_what_the_page_draws(seed, tmp_path):
    programs = [program_of_draws(draws(name, 0.3, 50, seed)) for name in FAMILIES]
    for program, result in zip(programs, results_of(programs, tmp_path), strict=True):
        assert distance(result, program.shown) <= program.tolerance, (program.title, result, program.shown)
