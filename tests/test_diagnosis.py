"""The doctor: silent on healthy runs, right about sick ones, and its changes cure."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from core.data import Data, blobs, circle, moons, rings, spiral, wave, xor
from core.diagnosis.case import rebuilt
from core.diagnosis.findings import diagnose, treated
from core.diagnosis.stability import rescaling, rounded, stable_product, step_bound
from core.models import CNN, MLP
from core.objectives import mean_squared_error
from core.probes.layers import dead_share
from core.training import OPTIMIZERS, Recipe, train, train_many

HEALTHY = {
    "spiral": lambda s: (MLP(2, 16, 16, 2, seed=s), spiral(seed=s), Recipe(120, seed=s)),
    "spiral, tanh": lambda s: (
        MLP(2, 16, 16, 2, activation="tanh", init="Xavier", seed=s), spiral(seed=s), Recipe(120, seed=s)),
    "moons": lambda s: (MLP(2, 16, 2, seed=s), moons(seed=s), Recipe(80, seed=s)),
    "moons, SGD": lambda s: (
        MLP(2, 16, 2, seed=s), moons(seed=s), Recipe(80, optimizer="SGD", learning_rate=0.3, seed=s)),
    "moons, noisy": lambda s: (MLP(2, 8, 2, seed=s), moons(noise=0.5, seed=s), Recipe(60, seed=s)),
    "circle": lambda s: (MLP(2, 8, 8, 2, seed=s), circle(seed=s), Recipe(80, seed=s)),
    "xor": lambda s: (MLP(2, 16, 16, 2, seed=s), xor(seed=s), Recipe(60, seed=s)),
    "blobs, linear": lambda s: (MLP(2, 4, seed=s), blobs(seed=s), Recipe(60, seed=s)),
    "rings, Momentum": lambda s: (
        MLP(2, 16, 16, 3, seed=s), rings(seed=s), Recipe(80, optimizer="Momentum", learning_rate=0.02, seed=s)),
    "wave": lambda s: (MLP(2, 32, 32, 1, seed=s), wave(seed=s), Recipe(100, seed=s)),
}  # fmt: skip


def on_spiral(epochs: int = 50, network: dict | None = None, **settings):
    widths = (network or {}).get("widths", (2, 16, 16, 2))
    arguments = {key: value for key, value in (network or {}).items() if key != "widths"}
    return lambda s: (MLP(*widths, seed=s, **arguments), spiral(seed=s), Recipe(epochs, seed=s, **settings))


def on_wave(**settings):
    return lambda s: (MLP(2, 32, 32, 1, seed=s), wave(seed=s), Recipe(40, seed=s, **settings))


# what is done to the run; which findings are right; words that must be in the sentence
STEP_TOO_LARGE = {"not a number", "divergence", "dead units"}
SICK = {
    "SGD 10": (on_spiral(20, optimizer="SGD", learning_rate=10.0), STEP_TOO_LARGE, "learning rate"),
    "SGD 10, wave": (on_wave(optimizer="SGD", learning_rate=10.0), {"not a number", "divergence"}, "2/λmax"),
    "Nesterov 0.3, wave": (on_wave(optimizer="Nesterov", learning_rate=0.3), {"not a number", "divergence"}, "/λmax"),
    "Momentum 1": (on_spiral(30, optimizer="Momentum", learning_rate=1.0), STEP_TOO_LARGE, "learning rate"),
    "Adam 1": (on_spiral(30, learning_rate=1.0), STEP_TOO_LARGE, "does not bound an adaptive step"),
    "huge start": (
        lambda s: (MLP(2, 32, 32, 32, 1, init="normal 1", seed=s), wave(seed=s),
                   Recipe(40, optimizer="SGD", learning_rate=0.01, seed=s)),
        {"not a number"}, "starting weights"),
    "zeros": (on_spiral(20, network={"init": "zeros"}), {"identical units"}, "same weights"),
    "constant": (
        on_spiral(20, network={"init": "constant 0.5", "activation": "tanh"}), {"identical units"}, "count as one"),
    "deep sigmoid": (
        on_spiral(network={"widths": (2, *[16] * 8, 2), "activation": "sigmoid", "init": "Xavier"}),
        {"vanishing gradient"}, "early layers"),
    "Adam 1e-6": (on_spiral(20, learning_rate=1e-6), {"step too small"}, "too small"),
    "SGD 1e-4": (on_spiral(20, optimizer="SGD", learning_rate=1e-4), {"step too small"}, "too small"),
    "weight decay 0.3": (on_spiral(50, weight_decay=0.3), {"too much regularization"}, "penalty"),
    "L1 0.1": (on_spiral(50, l1=0.1), {"too much regularization"}, "penalty"),
    "dropout 0.8": (on_spiral(30, network={"dropout": 0.8}), {"too much regularization"}, "Dropout"),
    "linear": (on_spiral(60, network={"widths": (2, 2)}), {"underfitting", "not learning"}, "no hidden layer"),
    "few epochs": (on_spiral(6), {"underfitting", "not learning"}, "still falling"),
    "memorised noise": (
        lambda s: (MLP(2, 64, 64, 3, activation="tanh", seed=s), rings(samples=120, noise=0.5, seed=s),
                   Recipe(200, 16, seed=s)),
        {"overfitting"}, "lowest at epoch"),
}  # fmt: skip


@pytest.mark.parametrize("make", HEALTHY.values(), ids=HEALTHY)
def test_nothing_serious_is_reported_on_healthy_runs(make, seeds):
    models, data, recipes = zip(*(make(seed) for seed in seeds), strict=True)
    found = [diagnose(run) for run in train_many(models, data, recipes)]
    assert [f for findings in found for f in findings if f.severity == "serious"] == []
    assert sum(bool(findings) for findings in found) <= 3


@pytest.mark.parametrize(("make", "names", "words"), SICK.values(), ids=SICK)
def test_sick_runs_are_named_and_the_change_mends_them(make, names, words, seeds):
    models, data, recipes = zip(*(make(seed) for seed in seeds[:10]), strict=True)
    named, mended = 0, 0
    for run in train_many(models, data, recipes):
        findings = [finding for finding in diagnose(run) if finding.name in names and words in finding.sentence]
        named += bool(findings)
        for finding in findings[:1]:
            assert finding.changes or finding.model_changes
            assert finding.sentence.endswith(".") and "nan" not in finding.sentence
            assert finding.epoch in [epoch.number for epoch in run.history]
            after = diagnose(treated(run, finding))
            mended += finding.name not in [other.name for other in after]
    assert named >= 8 and mended >= 0.9 * named


def test_the_step_of_a_break_is_the_first_one_without_a_number(seed):
    model, data, recipe = on_wave(optimizer="SGD", learning_rate=100.0)(seed)
    finding = diagnose(run := train(model, data, recipe))[0]
    assert finding.name == "not a number" and finding.step == run.last.step
    assert f"At step {run.last.step} the loss became" in finding.sentence


def test_broken_data_and_objectives_are_told_from_broken_training():
    data = circle()
    holed = replace(data, x=data.x.clone().index_fill_(0, torch.tensor([3]), math.nan))
    finding = diagnose(train(MLP(2, 4, 2), holed, Recipe(3)))[0]
    assert "data hold values that are not finite" in finding.sentence and not finding.changes

    def logarithm(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return -(model(x)[:, 0] * 0).log().mean()

    finding = diagnose(train(MLP(2, 4, 2), data, Recipe(3), logarithm))[0]
    assert finding.name == "not a number" and finding.epoch == 0 and "logarithm of 0" in finding.sentence


def test_large_inputs_saturate_and_batch_norm_mends(seeds):
    mended = 0
    for seed in seeds[:10]:
        data = spiral(seed=seed)
        data = replace(data, x=data.x * 100, x_test=data.x_test * 100)
        model = MLP(2, 16, 16, 2, activation="tanh", init="Xavier", seed=seed)
        run = train(model, data, Recipe(80, learning_rate=0.003, seed=seed))
        findings = [finding for finding in diagnose(run) if finding.name == "saturation"]
        assert findings and "inputs are large" in findings[0].sentence
        assert findings[0].model_changes == {"batch_norm": True}
        mended += not [finding for finding in diagnose(treated(run, findings[0])) if finding.name == "saturation"]
    assert mended >= 9


def test_units_dead_from_the_start_are_dated_and_mended(seeds):
    for seed in seeds[:5]:
        model = MLP(2, 8, 8, 2, seed=seed)
        with torch.no_grad():
            model.hidden[0][0].bias[:7] = -50.0
        run = train(model, circle(seed=seed), Recipe(30, seed=seed))
        finding = diagnose(run)[0]
        assert finding.name == "dead units" and finding.epoch == 0 and "hidden.0.1" in finding.sentence
        share = dead_share(run.at(), run.data.x)["hidden.0.1"]
        assert f"{share:.0%}" in finding.sentence and finding.model_changes == {"activation": "LeakyReLU"}
        assert "dead units" not in [f.name for f in diagnose(treated(run, finding))]


def test_convolutions_foreign_modules_forks_and_missing_test_data_are_examined_too():
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(24, 1, 4, 4, generator=generator), torch.arange(24) % 2
    pictures = Data(x, y, x, y, ("a", "b"))
    finding = diagnose(train(CNN(2, channels=(4,), size=4, init="zeros"), pictures, Recipe(4)))[0]
    assert finding.name == "identical units"
    foreign = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2))
    for rate in (1e-9, 0.01, 1e4):
        findings = diagnose(train(foreign, spiral(), Recipe(10, optimizer="SGD", learning_rate=rate)))
        assert all(not finding.model_changes for finding in findings)
    run = train(MLP(2, 8, 1), replace(wave(), x_test=torch.zeros(0, 2), y_test=torch.zeros(0, 1)), Recipe(6))
    diagnose(run), diagnose(run.fork(3, epochs=9)), diagnose(run.fork(3, epochs=9, learning_rate=1e5))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_no_optimizer_and_no_rate_breaks_the_doctor(optimizer, seed):
    for rate in (0.0, 1e-3, 3.0, 1e5, 1e30):
        for data, outputs in ((circle(samples=40, seed=seed), 2), (wave(samples=40, seed=seed), 1)):
            for settings in ({}, {"batch_norm": True, "activation": "sigmoid"}):
                recipe = Recipe(4, 10, optimizer, rate, seed=seed)
                run = train(MLP(2, 4, 4, outputs, seed=seed, **settings), data, recipe)
                for finding in diagnose(run):
                    treated(run, finding)
                if not math.isfinite(run.last.train_loss):
                    assert diagnose(run)[0].name == "not a number"


@pytest.mark.parametrize("optimizer", ["SGD", "Momentum", "Nesterov", "RMSProp", "Adam"])
def test_the_bound_is_where_descent_flips_on_a_quadratic(optimizer):
    """Full-batch steps on a linear network's squared error; adaptive memories are held fixed by hand."""
    from core.training.updates import MOMENTS, RULES

    data, model = wave(seed=1), MLP(2, 1, seed=1)
    recipe = Recipe(1, len(data.x), optimizer, 0.01, beta2=0.99)
    run = train(model, data, recipe, mean_squared_error)
    bound = step_bound(run)
    inputs = torch.cat([data.x, torch.ones(len(data.x), 1)], dim=1).double()
    hessian = 2 * inputs.T @ inputs / len(inputs)
    scale = rescaling(run.last, recipe)
    scale = torch.ones(3).double() if scale is None else scale.double()
    values, vectors = torch.linalg.eigh(scale[:, None] * hessian * scale)
    assert bound.sharpness == pytest.approx(values[-1].item(), rel=1e-2)
    assert bound.rate == pytest.approx(stable_product(recipe) / bound.sharpness)
    moved = {}
    for factor in (0.98, 1.02):
        weights = (scale * vectors[:, -1]).clone()
        velocity = torch.zeros_like(weights)
        for step in range(1, 801):
            gradient, rate = hessian @ weights, factor * stable_product(recipe) / values[-1].item()
            if optimizer in ("RMSProp", "Adam"):
                memory = recipe.momentum if optimizer == "Adam" else 0.0
                velocity = memory * velocity + (1 - memory) * gradient
                weights = weights - rate * scale**2 * velocity
            else:
                moments = velocity.expand(MOMENTS[optimizer], -1).clone() if MOMENTS[optimizer] else velocity[None][:0]
                RULES[optimizer](weights, gradient, moments, step, rate, recipe)
                velocity = moments[0] if len(moments) else velocity
        moved[factor] = (weights.norm() / (scale * vectors[:, -1]).norm()).item()
    assert moved[0.98] < 0.5 and moved[1.02] > 2


def test_bounds_that_are_not_known_are_not_invented():
    run = train(MLP(2, 4, 2), circle(), Recipe(2, optimizer="Nadam"))
    assert math.isnan(step_bound(run).rate)
    assert math.isnan(step_bound(train(MLP(2, 4, 2), circle(), Recipe(2)), 0).rate)


def test_rounding_never_exceeds_the_value():
    for value in (0.0374, 0.012, 0.99, 1e-7, 3.1, 0.1, 0.01):
        assert 0.6 * value <= rounded(value) <= value * (1 + 1e-6)
    assert rounded(math.nan) == rounded(0.0) == 0.01


def test_a_network_is_made_again_by_its_own_call():
    model = MLP(2, 5, 3, activation="tanh", dropout=0.3, seed=4)
    again = rebuilt(model, dropout=0.0)
    assert again.source == "MLP(2, 5, 3, activation='tanh', dropout=0.0, seed=4)" or again.source == (
        "MLP(2, 5, 3, activation='tanh', seed=4)"
    )
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), model.parameters(), strict=True))
    assert rebuilt(model, widths=(2, 7, 7, 3), activation="ReLU").widths == (2, 7, 7, 3)
