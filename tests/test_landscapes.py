"""Surfaces and loss planes against autograd, closed forms and the logged losses."""

import math

import pytest
import torch

from core.data import circle, moons, wave
from core.models import CNN, MLP
from core.probes.landscapes import SURFACES, bowl, curvature, descent, heights, slope
from core.probes.loss_planes import loss_plane, losses_at, path_plane, plane_through
from core.training import OPTIMIZERS, Recipe, train

STEP = {"SGD": 0.02, "Momentum": 0.002, "Nesterov": 0.002, "Adagrad": 0.3}


@pytest.fixture
def run(seed):
    return train(MLP(2, 6, 6, 2, seed=seed), circle(seed=seed), Recipe(30, seed=seed))


@pytest.mark.parametrize("make", SURFACES.values(), ids=SURFACES)
def test_the_stated_minimum_is_lowest_and_the_slope_equals_finite_differences(make, seed):
    surface = make()
    minimum = torch.tensor(surface.minimum)
    assert slope(surface, minimum).abs().max() < 1e-5
    assert heights(surface, 101).min() >= surface.height(minimum) - 1e-5
    points = (torch.rand(50, 2, generator=torch.Generator().manual_seed(seed)).double() * 2 - 1) * surface.extent
    step = 1e-5 * torch.eye(2).double()
    difference = (surface.height(points[:, None] + step) - surface.height(points[:, None] - step)) / 2e-5
    assert torch.allclose(slope(surface, points), difference, atol=1e-5)
    assert max(abs(place) for place in (*surface.start, *surface.minimum)) <= surface.extent and surface.formula


def test_heights_have_one_row_per_value_of_y():
    surface = bowl(100.0)
    picture = heights(surface, 5)
    assert picture[4, 2] == surface.height(torch.tensor([0.0, 2.0])) and picture[2, 4] == 2.0


@pytest.mark.parametrize("condition", [1.0, 7.0, 300.0])
def test_descent_on_a_bowl_flips_at_two_over_the_largest_curvature(condition):
    surface = bowl(condition)
    assert curvature(surface, torch.tensor([0.3, -1.0])).tolist() == pytest.approx([1.0, condition])
    bound = 2 / curvature(surface, torch.zeros(2))[-1].item()
    for factor, settles in ((0.99, True), (1.01, False)):
        recipe = Recipe(optimizer="SGD", learning_rate=factor * bound)
        way = surface.height(descent(surface, recipe, 400, torch.tensor([0.0, 1.0])))
        assert (way[-1] < way[0]) == settles


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_descends_every_surface_like_torch(optimizer):
    names = {"SGD": "SGD", "Momentum": "SGD", "Nesterov": "SGD", "RMSProp": "RMSprop", "Nadam": "NAdam"}
    extra = {
        "Momentum": {"momentum": 0.9},
        "Nesterov": {"momentum": 0.9, "nesterov": True},
        "Nadam": {"betas": (0.9, 0.999)},
    }
    for make in SURFACES.values():
        surface, rate = make(), STEP.get(optimizer, 0.03)
        way = descent(surface, Recipe(optimizer=optimizer, learning_rate=rate), 100)
        assert way.shape == (101, 2) and surface.height(way[-1]) < surface.height(way[0])
        point = torch.tensor(surface.start, requires_grad=True)
        keywords = extra.get(optimizer, {}) | ({"weight_decay": 0.0} if optimizer == "AdamW" else {})
        judge = getattr(torch.optim, names.get(optimizer, optimizer))([point], lr=rate, **keywords)
        for _ in range(5):
            judge.zero_grad()
            surface.height(point).backward()
            judge.step()
        assert torch.allclose(way[5], point.detach(), atol=1e-4)


def test_descents_side_by_side_noisy_and_broken():
    starts = torch.tensor([[1.0, 1.0], [-1.0, 0.5]])
    recipe = Recipe(optimizer="Adam", learning_rate=0.05)
    both = descent(bowl(), recipe, 30, starts)
    assert torch.allclose(both[:, 1], descent(bowl(), recipe, 30, starts[1]), atol=1e-6)
    noisy = [descent(bowl(), recipe, 30, noise=1.0, seed=seed) for seed in (1, 1, 2)]
    assert torch.equal(noisy[0], noisy[1]) and not torch.equal(noisy[0], noisy[2])
    assert not descent(SURFACES["Rosenbrock"](), Recipe(optimizer="SGD", learning_rate=1.0), 50)[-1].isfinite().all()
    assert curvature(bowl(), torch.full((2,), math.nan)).shape == (2,)


def test_the_path_plane_is_the_principal_plane(run):
    from sklearn.decomposition import PCA

    plane, points = path_plane(run), torch.stack([epoch.weights for epoch in run.history])
    judge = PCA(2, svd_solver="full").fit(points.double().numpy())
    assert plane.explained == pytest.approx(judge.explained_variance_ratio_.sum(), abs=1e-6)
    assert torch.allclose(plane.axes @ plane.axes.T, torch.eye(2).double(), atol=1e-9)
    expected = torch.tensor(judge.transform(points.double().numpy())).float()
    assert torch.allclose(plane.coordinates(points).abs(), expected.abs(), atol=1e-4)
    inside = plane.weights(plane.coordinates(points))
    assert torch.allclose(plane.coordinates(inside), plane.coordinates(points), atol=1e-4)
    missed = plane.distances(points).double().square().sum() / (points - points.mean(0)).double().square().sum()
    assert 1 - missed.item() == pytest.approx(plane.explained, abs=1e-4)


@pytest.mark.parametrize("settings", [{}, {"batch_norm": True}, {"dropout": 0.4, "activation": "tanh"}])
def test_the_surface_at_recorded_points_equals_the_logged_loss(settings, seeds):
    for seed in seeds[:3]:
        for data, outputs in ((moons(seed=seed), 2), (wave(seed=seed), 1)):
            run = train(MLP(2, 6, 6, outputs, seed=seed, **settings), data, Recipe(30, seed=seed))
            first, middle, last = run.history[0], run.history[len(run.history) // 2], run.last
            for plane in (
                plane_through(first.weights, last.weights),
                plane_through(first.weights, middle.weights, last.weights),
            ):
                on_plane = (first, last) if plane.distances(middle.weights) > 1e-3 else (first, middle, last)
                if settings.get("batch_norm"):
                    on_plane = (last,)  # earlier moments were logged with other running statistics
                for epoch in on_plane:
                    value = losses_at(run, plane.weights(plane.coordinates(epoch.weights))[None]).item()
                    assert value == pytest.approx(epoch.train_loss, rel=1e-4, abs=1e-5)


def test_the_grid_is_the_loss_at_its_own_points_and_holds_the_path(run):
    landscape = loss_plane(run, resolution=9)
    for row, column in ((0, 0), (3, 7), (8, 2)):
        place = torch.stack([landscape.across[column], landscape.up[row]])
        direct = losses_at(run, landscape.plane.weights(place)[None])
        assert torch.allclose(landscape.loss[row, column], direct[0], rtol=1e-4)
    low = torch.stack([landscape.across[0], landscape.up[0]])
    high = torch.stack([landscape.across[-1], landscape.up[-1]])
    assert (landscape.paths[0] >= low).all() and (landscape.paths[0] <= high).all()
    assert torch.equal(loss_plane(run, resolution=9).loss, landscape.loss)


def test_several_runs_share_one_plane(seed):
    data, model = moons(seed=seed), MLP(2, 5, 2, seed=seed)
    runs = [train(model, data, Recipe(15, optimizer=name, seed=seed)) for name in ("SGD", "Adam", "RMSProp")]
    landscape = loss_plane(*runs, resolution=7)
    starts = torch.stack([path[0] for path in landscape.paths])
    assert len(landscape.paths) == 3 and torch.allclose(starts, starts[:1].expand(3, 2), atol=1e-5)
    with pytest.raises(ValueError, match="same size"):
        path_plane(runs[0], train(MLP(2, 4, 2), data, Recipe(2)))


def test_a_convolutional_run_and_a_run_that_never_moved_have_a_plane_too():
    from core.data import Data

    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(24, 1, 4, 4, generator=generator), torch.arange(24) % 2
    run = train(CNN(2, channels=(3,), size=4), Data(x, y, x, y, ("a", "b")), Recipe(4))
    assert loss_plane(run, resolution=5).loss.isfinite().all()
    still = train(MLP(2, 3, 2), moons(), Recipe(3, optimizer="SGD", learning_rate=0.0))
    landscape = loss_plane(still, resolution=5)
    assert landscape.loss.isfinite().all() and landscape.plane.coordinates(still.last.weights).abs().max() < 1e-5


def test_a_run_that_ended_in_nan_keeps_its_sound_part():
    run = train(MLP(2, 8, 1), wave(), Recipe(50, optimizer="SGD", learning_rate=1e6))
    assert not math.isfinite(run.last.train_loss)
    landscape = loss_plane(run, resolution=5)
    assert landscape.across.isfinite().all() and landscape.loss.shape == (5, 5)
