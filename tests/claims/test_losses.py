"""What the page “Loss functions” states, on fresh seeds."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from core import objectives
from core.data import line_with_outlier, moons, wave, with_flipped_labels
from core.lessons.controls import defaults
from core.models import MLP
from core.topics.losses.numbers import CLASSES, NUMBERS, curve, fit, flip, shapes, wish
from core.topics.losses.views import VIEWS, clicked, robust, sound_after_all
from core.training import Recipe, train


def values_of(name: str) -> dict:
    """A view's controls as they stand at first."""
    return defaults(VIEWS[name].controls)


def test_an_outlier_moves_the_mse_fit_more_than_hubers(seeds):
    for seed in seeds[:4]:
        for height in (-6.0, 8.0):
            moved = fit(height, 1.5, False, seed).moved
            assert moved["MSE"] > 2 * moved["Huber"] and moved["Huber"] > 0.3 * moved["MAE"]


def test_only_mse_follows_an_outlier_without_limit(seed):
    swept = fit(8.0, 1.5, False, seed).swept
    for name in ("MAE", "Huber"):
        assert swept[name][-1] == pytest.approx(swept[name][-3], abs=0.03)
    assert swept["MSE"][-1] > 1.3 * swept["MSE"][-3]


def test_the_mse_line_is_the_least_squares_line(seeds):
    for seed in seeds[:3]:
        run = fit(6.0, 1.0, False, seed).runs["MSE"]
        slope, base = np.polyfit(run.data.x[:, 0].numpy(), run.data.y[:, 0].numpy(), 1)
        assert np.allclose(curve(run), base + slope * np.linspace(-2, 2, 61), atol=0.03)


def test_the_huber_line_is_scipys(seed):
    from scipy.optimize import minimize
    from scipy.special import huber

    run = fit(8.0, 1.5, False, seed).runs["Huber"]
    x, y = run.data.x[:, 0].double().numpy(), run.data.y[:, 0].double().numpy()
    best = minimize(lambda w: huber(1, w[0] * x + w[1] - y).mean(), [0.6, 0.0], method="Nelder-Mead").x
    assert np.allclose(curve(run), best[1] + best[0] * np.linspace(-2, 2, 61), atol=0.03)


def test_focal_loss_is_cross_entropy_weighted_by_what_is_missing(seed):
    generator = torch.Generator().manual_seed(seed)
    outputs = 3 * torch.randn(40, 4, generator=generator, dtype=torch.float64)
    y = torch.randint(0, 4, (40,), generator=generator)
    right = outputs.softmax(dim=1)[torch.arange(40), y]
    truth = ((1 - right) ** 2 * functional.cross_entropy(outputs, y, reduction="none")).mean()
    assert objectives.focal(lambda x: outputs, outputs, y).item() == pytest.approx(truth.item(), rel=1e-9)


def test_focal_loss_trains_alike_alone_and_as_a_stack(seed):
    data, model = moons(samples=60, seed=seed), MLP(2, 5, 2, seed=seed)
    recipe = Recipe(8, 30, learning_rate=0.05, seed=seed)
    from core.training import train_many

    stack = train_many([model] * 3, data, recipe, objectives.focal)
    assert stack[1].last.train_loss == pytest.approx(
        train(model, data, recipe, objectives.focal).last.train_loss, rel=1e-4
    )


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_slopes_are_finite_differences_and_values_are_the_formulas(kind):
    found = shapes(kind, points=1001)
    step = found.x[1] - found.x[0]
    for name, value in found.values.items():
        difference = (value[2:] - value[:-2]) / (2 * step)
        assert (
            np.abs(difference - found.slopes[name][1:-1])[np.abs(np.abs(found.x[1:-1]) - 1) > 0.05][
                np.abs(found.x[1:-1])[np.abs(np.abs(found.x[1:-1]) - 1) > 0.05] > 0.05
            ].max()
            < 0.02
        )
    p = 1 / (1 + np.exp(-found.x))
    truth = (
        {
            "MSE": found.x**2,
            "MAE": abs(found.x),
            "Huber": np.where(abs(found.x) < 1, found.x**2 / 2, abs(found.x) - 0.5),
        }
        if kind == "numbers"
        else {"cross-entropy": -np.log(p), "focal": -((1 - p) ** 2) * np.log(p), "hinge": np.maximum(0, 1 - found.x)}
    )
    for name, value in truth.items():
        assert np.allclose(found.values[name], value, atol=1e-5)


def test_the_slopes_are_what_the_text_says():
    numbers, classes = shapes("numbers", 20.0), shapes("classes", 20.0)
    assert np.allclose(numbers.slopes["MSE"], 2 * numbers.x, atol=1e-4)
    for name in ("MAE", "Huber"):
        assert np.abs(numbers.slopes[name]).max() <= 1 + 1e-6
    right = classes.x > 1.01
    assert (classes.slopes["hinge"][right] == 0).all() and (classes.slopes["cross-entropy"][classes.x < 12] < 0).all()
    assert all(np.abs(slope).max() < 1.2 for slope in classes.slopes.values())
    fair = (classes.x > 1) & (classes.x < 10)
    assert (np.abs(classes.slopes["focal"]) < np.abs(classes.slopes["cross-entropy"]))[fair].all()


def test_mse_asks_for_the_mean_mae_for_the_median_huber_for_something_between(seeds):
    for seed in seeds[:6]:
        found = wish("numbers", 1.0, seed=seed)
        step = found.x[1] - found.x[0]
        assert found.best["MSE"] == pytest.approx(found.marks["mean"], abs=step)
        assert found.best["MAE"] == pytest.approx(found.marks["median"], abs=step)
        assert found.marks["median"] - step <= found.best["Huber"] <= found.marks["mean"] + step


@pytest.mark.parametrize("share", [0.1, 0.3, 0.7, 0.9])
def test_cross_entropy_asks_for_the_true_probability_and_the_others_do_not(share):
    best = wish("classes", share=share).best
    assert best["cross-entropy"] == pytest.approx(share, abs=0.003)
    assert abs(best["focal"] - 0.5) < abs(share - 0.5) - 0.05 and (best["focal"] > 0.5) == (share > 0.5)
    assert best["hinge"] == pytest.approx(1 / (1 + np.exp(-1 if share > 0.5 else 1)), abs=0.003)


def test_focal_loss_leaves_the_network_least_sure(seeds):
    for share in (0.0, 0.2):
        found = flip("moons", share, 1, 60, seeds[0]).confidence
        assert found["focal"].mean() < found["cross-entropy"].mean() - 0.03


def test_wrong_labels_are_wrong_and_held_out_ones_right(seed):
    data = moons(seed=seed)
    bent = with_flipped_labels(data, 0.3, seed)
    assert (bent.y != data.y).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert torch.equal(bent.y_test, data.y_test) and bent.source == f"with_flipped_labels({data.source}, 0.3, {seed})"
    for share in (-0.1, 1.1):
        with pytest.raises(ValueError, match="between 0 and 1"):
            with_flipped_labels(data, share)
    with pytest.raises(ValueError, match="classification"):
        with_flipped_labels(wave(), 0.1)


def test_the_outlier_is_where_it_was_put(seed):
    data = line_with_outlier(5.5, -1.0, seed=seed)
    assert data.x[-1].item() == -1.0 and data.y[-1].item() == 5.5 and len(data.x) == 21 and len(data.x_test) == 20
    sound = line_with_outlier(None, seed=seed)
    assert torch.equal(sound.x, data.x[:-1]) and [
        control.mended(value) for control, value in clicked({"panel": 0, "x": 0.0, "y": 99.0})
    ] == [10.0]


def test_challenges_are_open_at_first_and_attainable(seeds):
    assert not robust(VIEWS["One outlier"].measure(**values_of("One outlier"), seed=0)).passed
    assert not sound_after_all(VIEWS["Wrong labels"].measure(**values_of("Wrong labels"), seed=0)).passed
    tried = [
        fit(height, place, False, seed)
        for seed in seeds[:3]
        for height, place in ((10.0, 0.0), (10.0, -1.0), (-8.0, 1.0))
    ]
    assert any(robust(found).passed for found in tried), [robust(found).now for found in tried]
    wrong = [flip("gaussians", 0.3, 0, epochs, seed) for seed in seeds[:2] for epochs in (15, 30, 60)]
    assert any(sound_after_all(found).passed for found in wrong), [sound_after_all(found).now for found in wrong]


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_draws_what_it_says(name, seed):
    view = VIEWS[name]
    measured = view.measure(**values_of(name), seed=seed % 9999)
    for shown in (view.draw(measured), *([view.before(measured)] if view.before else [])):
        for picture in (one for row in shown.pictures for one in row):
            picture.plotly()
            assert "nan" not in picture.alt and len(picture.alt) > 30
            assert all(len(frame) == len(picture.traces) for frame in picture.frames)
    if view.question:
        question = view.question(measured)
        assert question.truth in question.options and set(question.options) in (set(NUMBERS), set(CLASSES))
