"""Variants trained in one stack, against training them one by one."""

import math
import random
from dataclasses import replace

import pytest
from comparing import alike, furthest, images
from drawn_networks import fine

from core import objectives
from core.data import moons, wave
from core.models import CNN, MLP
from core.training import OPTIMIZERS, SCHEDULES, Recipe, train, train_many


def varied(draw: random.Random, optimizer: str, count: int) -> list[Recipe]:
    """Recipes that differ in everything a stack may differ in."""
    return [
        Recipe(
            epochs=4, batch_size=9, optimizer=optimizer, frames=3, seed=draw.randrange(10**6),
            learning_rate=10 ** draw.uniform(-3.5, -2), schedule=draw.choice(SCHEDULES), clip=draw.choice([0, 0.5]),
            weight_decay=draw.choice([0, 0.01]), l1=draw.choice([0, 1e-4]),
        )
        for _ in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_stack_equals_training_one_by_one(optimizer, seed):
    draw = random.Random(seed)
    names = ["tanh", "sigmoid", "GELU", "linear", "LeakyReLU"]
    for make, objective in (
        (moons, None), (wave, None), (wave, objectives.huber), (wave, objectives.mean_absolute_error),
        (moons, objectives.hinge),
    ):  # fmt: skip
        recipes, width, name = varied(draw, optimizer, 4), draw.randrange(2, 9), draw.choice(names)
        data = [fine(make(50, seed=draw.randrange(10**6))) for _ in recipes]  # in float64 no rounding decides a kink
        models = [MLP(2, width, data[0].outputs, activation=name, seed=draw.randrange(10**6)).double() for _ in recipes]
        together = train_many(models, data, recipes, objective, engine="torch")
        alone = [train(*each, objective, engine="torch") for each in zip(models, data, recipes, strict=True)]
        for one, other in zip(together, alone, strict=True):
            assert furthest(one, other) < 1e-7
            assert [epoch.number for epoch in one.history] == [epoch.number for epoch in other.history]
            for name_of in ("train_loss", "test_loss", "train_score", "learning_rate", "gradient_norm"):
                assert one.curve(name_of)[1] == pytest.approx(other.curve(name_of)[1], rel=1e-5, abs=1e-7), name_of


def test_a_stack_stops_each_variant_by_itself(seed):
    data = moons(60, noise=0.6, seed=seed)
    base = Recipe(epochs=120, batch_size=8, optimizer="SGD", seed=seed, frames=5)
    recipes = [replace(base, learning_rate=0.1), replace(base, learning_rate=0.4, patience=3)]
    recipes += [replace(base, learning_rate=1e12), replace(base, learning_rate=0.0, patience=4)]
    model = MLP(2, 8, 2, seed=seed)
    together = train_many(model, data, recipes, engine="torch")
    alone = [train(model, data, recipe, engine="torch") for recipe in recipes]
    assert [run.last.number for run in together] == [run.last.number for run in alone]
    assert [run.last.step for run in together] == [run.last.step for run in alone]
    assert not math.isfinite(together[2].last.train_loss)
    assert together[3].last.number == 4


def test_what_cannot_be_stacked_is_trained_all_the_same(seed):
    data, recipe = images(20, seed), Recipe(epochs=2, seed=seed)
    models = [CNN(3, (2,), seed=seed), CNN(3, (2,), seed=seed + 1), CNN(3, (2,), batch_norm=True), CNN(3, (3,))]
    runs = train_many(models, data, recipe)
    for model, run in zip(models, runs, strict=True):
        assert alike(run.last, train(model, data, recipe).last)
    with pytest.raises(ValueError, match="these are 4, 1, 3"):
        train_many(models, data, [recipe] * 3)


def test_variants_of_different_shape_come_back_in_order(seed):
    data, widths = moons(40, seed=seed), [3, 5, 3, 5, 3, 5]
    runs = train_many([MLP(2, w, 2) for w in widths], data, Recipe(epochs=2), engine="torch")
    assert [run.model.widths[1] for run in runs] == widths
    assert len({run.last.weights.numel() for run in runs}) == 2
