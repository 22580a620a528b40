"""What the page “Gradient descent” states, on fresh seeds."""

import random

import numpy as np
import pytest
import torch

from core.lessons.controls import defaults
from core.probes.landscapes import curvature
from core.probes.sharpness import sharpness
from core.topics.gradient_descent.curvature import hessian_products, largest, power_iteration, sharpness_along
from core.topics.gradient_descent.numbers import (
    CONVERGES,
    DIVERGES,
    STEPS,
    curvature_at,
    descend,
    descents,
    edge,
    gaps_of,
    ground,
    outcome,
    search,
    try_network,
)
from core.topics.gradient_descent.sharpness import AT, flatter, where
from core.topics.gradient_descent.views import START, VIEWS, clicked, quick


def test_on_a_quadratic_the_outcome_flips_at_two_over_lambda_max_within_one_percent(seeds):
    for seed in seeds[:6]:
        draw = random.Random(seed)
        surface = ground("bowl", draw.uniform(2, 100)) if seed % 3 else ground("ravine", 1)
        start = (draw.uniform(0.3, 1.8), draw.choice([-1, 1]) * draw.uniform(0.3, 1.8))
        bound = 2 / curvature_at(surface, surface.minimum)
        ways = descents(surface, torch.tensor([0.99 * bound, 1.01 * bound], dtype=torch.float64), start, 600)
        gaps = gaps_of(surface, ways)
        assert outcome(gaps[:, 0]) == CONVERGES and outcome(gaps[:, 1]) == DIVERGES


@pytest.mark.parametrize("name", ["bowl", "ravine", "Rosenbrock", "plateau", "saddle"])
def test_power_iteration_finds_the_largest_eigenvalue_of_a_surface(name, seed):
    surface, draw = ground(name, 2 + seed % 40), random.Random(seed)
    for point in (surface.minimum, surface.start, (draw.uniform(-1.5, 1.5), draw.uniform(-1.5, 1.5))):
        truth = curvature(surface, torch.tensor(point))[-1].item()
        assert curvature_at(surface, point, 400) == pytest.approx(truth, rel=0.02, abs=1e-3)


def test_power_iteration_equals_eigvalsh_on_random_matrices(seeds):
    for seed in seeds[:6]:
        generator = torch.Generator().manual_seed(seed)
        turn = torch.linalg.qr(torch.randn(12, 12, generator=generator, dtype=torch.float64)).Q
        values = torch.linspace(-6, 5, 12, dtype=torch.float64) * (1 - 2 * (seed % 2))  # the more steps, the less apart
        matrix, start = turn @ values.diag() @ turn.T, torch.randn(12, generator=generator, dtype=torch.float64)
        found = largest(lambda v, m=matrix: v @ m, start, 3000).item()
        assert found == pytest.approx(torch.linalg.eigvalsh(matrix)[-1].item(), rel=1e-3)
        estimates, vector = power_iteration(lambda v, m=matrix: v @ m, start, 3000)
        assert (matrix @ vector - estimates[-1] * vector).norm() < 1e-2 * abs(estimates[-1])


@pytest.mark.parametrize("name", ["bowl", "Rosenbrock", "plateau", "saddle"])
def test_descent_is_torchs_sgd(name, seed):
    surface = ground(name, 5 + seed % 20)
    way = descents(surface, torch.tensor([0.01, 0.004], dtype=torch.float64), surface.start, 40)[:, 1]
    point = torch.tensor(surface.start, dtype=torch.float64, requires_grad=True)
    judge = torch.optim.SGD([point], lr=0.004)
    for spot in way[1:]:
        judge.zero_grad()
        surface.height(point).backward()
        judge.step()
        assert torch.allclose(spot, point.detach(), rtol=1e-6)


@pytest.mark.parametrize("name", ["bowl", "ravine", "plateau", "saddle", "Rosenbrock"])
def test_above_the_bound_no_descent_settles_at_the_minimum(name, seed):
    surface, draw = ground(name, 10.0), random.Random(seed)
    bound = 2 / curvature_at(surface, surface.minimum)
    near = tuple(one + draw.choice([-1, 1]) * 0.02 for one in surface.minimum)
    ways = descents(surface, torch.tensor([0.9 * bound, 1.1 * bound], dtype=torch.float64), near, 400)
    away = (ways - torch.tensor(surface.minimum)).norm(dim=-1)
    assert away[-1, 0] < away[0, 0] and not away[-60:, 1].max() < away[0, 1]


def test_each_step_multiplies_the_distance_by_one_minus_rate_times_curvature(seed):
    rate = 0.01 + 0.1 * random.Random(seed).random()
    way = descend("bowl", 10, rate).way
    assert np.allclose(way[1:60], way[:59] * np.array([1 - rate, 1 - 10 * rate]), rtol=1e-5)


def test_the_more_curvatures_differ_the_longer_the_best_descent_takes():
    needed = []
    for condition in (2, 10, 50):
        surface = ground("bowl", condition)
        rates = torch.linspace(0.5, 1.99, 60, dtype=torch.float64) / condition
        gaps = gaps_of(surface, descents(surface, rates, surface.start, 400))
        needed.append(int((gaps > 1e-3 * gaps[0]).sum(axis=0).min()))
    assert needed[0] < needed[1] < needed[2]


def test_power_iteration_looks_at_the_last_sound_moment_of_a_training_that_broke(seeds):
    for seed, rate in zip(seeds, (0.55, 1.0), strict=False):
        found = search(rate, 8, 500, seed)
        assert np.isfinite(found.exact).all()
        assert np.isfinite(found.estimates).all()


def test_products_with_the_hessian_and_sharpness_are_autograds(seeds):
    for seed in seeds[:2]:
        match = search(0.1, 5, 100, seed)
        run = match.run
        epoch = run.recorded(match.epoch)
        generator = torch.Generator().manual_seed(seed)
        vector = torch.randn(1, len(epoch.weights), generator=generator)
        product = hessian_products(run, epoch.weights[None])(vector)[0]
        step = 1e-3 * vector / vector.norm()
        slopes = []
        for sign in (1, -1):
            weights = (epoch.weights + sign * step[0]).double()
            model = run.at(0).double()
            torch.nn.utils.vector_to_parameters(weights, model.parameters())
            loss = run.objective(model, run.data.x.double(), run.data.y.double())
            slopes.append(torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, list(model.parameters()))]))
        difference = (slopes[0] - slopes[1]) / (2e-3) * vector.norm()
        assert torch.allclose(product.double(), difference, rtol=1e-2, atol=1e-3 * product.abs().max().item())
        numbers, values = sharpness_along(run, 300)
        moment = numbers.index(match.epoch)
        exact = sharpness(run.at(match.epoch), run.data.x, run.data.y, run.objective)
        assert values[moment].item() == pytest.approx(exact, rel=0.01)
        assert abs(match.exact[-1]) == pytest.approx(exact, rel=0.01)
        assert match.estimates[-1] == pytest.approx(exact, rel=0.05)


def test_a_network_bears_more_than_the_bound_before_training(seeds):
    for seed in seeds[:3]:
        trial = try_network(0.1, 8, 150, seed)
        assert np.isnan(trial.breaks) or trial.breaks > trial.bound
        last = trial.run.last.train_loss
        assert last < trial.run.history[0].train_loss


def test_training_drives_lambda_max_up_to_two_over_eta_and_it_hovers_there(seeds):
    shares, rose = [], []
    for seed in seeds[:4]:
        found = edge(0.2, 12, 3000, seed)
        tail = found.sharpness[-20:] / found.bound
        shares.append(found.hovering)
        assert where(found) == AT and tail.std() < 0.15
        slow = edge(0.1, 12, 3000, seed)
        rose.append(slow.sharpness[-20:].mean() / slow.sharpness.min())
        assert slow.run.last.train_loss < slow.run.history[5].train_loss
    assert np.mean(shares) == pytest.approx(1, abs=0.05) and np.mean(rose) > 1.2


def test_challenges_are_open_at_first_and_attainable(seed):
    assert not quick(descend("bowl", 10, 0.15)).passed and not flatter(edge(0.2, 8, 3000, 0)).passed
    assert quick(descend("bowl", 20, 0.09)).passed
    assert any(
        flatter(edge(0.5, units, 3000, seed)).passed or flatter(edge(0.4, units, 3000, seed)).passed
        for units in (6, 8, 4)
    )


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_draws_what_it_says(name, seed):
    view = VIEWS[name]
    measured = view.measure(**defaults(view.controls), seed=seed % 9999)
    for shown in (view.draw(measured), *([view.before(measured)] if view.before else [])):
        for picture in (one for row in shown.pictures for one in row):
            picture.plotly()
            assert "nan" not in picture.alt and len(picture.alt) > 30 and len(picture.frames) == len(picture.labels)
    if view.question:
        question = view.question(measured)
        assert question.truth in question.options
    if name == "Surface":
        assert clicked(measured, {"panel": 0, "x": 0.5, "y": 0.25}) == ((START, "0.50, 0.25"),)
        assert len(measured.gaps) == STEPS + 1


def test_the_way_is_drawn_until_the_sentence_is_true_and_a_crawl_is_no_double_sentence():
    view, plateau = VIEWS["Surface"], descend("plateau", 10, 0.15)
    drawn = view.draw(plateau)
    assert plateau.thousandth > 80 and drawn.pictures[0][0].labels[-1] == f"step {plateau.thousandth:.0f}"
    assert view.draw(descend("bowl", 2, 0.001)).note.endswith("it: it keeps bouncing or crawls.")
    assert "Below" in view.question(plateau).because
