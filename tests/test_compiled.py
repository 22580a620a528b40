"""The compiled trainer against torch's loop: everything it claims to do, it does the same to float32 rounding."""

import random

import numpy as np
import pytest
import torch
from drawn_networks import assert_agreement, network, problem, recipe_of
from scipy.special import erf

from core import objectives
from core.data import Data, moons, spiral
from core.models import ACTIVATIONS, MLP
from core.training import OPTIMIZERS, SCHEDULES, Recipe
from core.training.compiled.kernel.codes import OBJECTIVES

pytestmark = pytest.mark.usefixtures("compilation")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_loss_and_rule(activation, optimizer, seed):
    draw = random.Random(seed)
    for objective in OBJECTIVES:

        def drawn(draw):
            data = problem(objective, draw)
            model = network(data, objective, draw, activation=activation, dropout=draw.choice([0.0, 0.3]))
            extras = {
                "l1": draw.choice([0, 1e-3]),
                "weight_decay": draw.choice([0, 0.01]),
                "clip": draw.choice([0, 0.3]),
            }
            recipe = recipe_of(data, draw, optimizer=optimizer, schedule=draw.choice(SCHEDULES), **extras)
            return model, data, recipe, objective

        assert_agreement(draw, drawn)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_regulariser_with_every_other(schedule, seed):
    draw = random.Random(seed)
    for choice in range(16):
        dropout, l1, decay, clip = (bool(choice >> bit & 1) for bit in range(4))

        def drawn(draw):
            objective = draw.choice(OBJECTIVES)
            data = problem(objective, draw)
            extras = {"l1": 2e-3 * l1, "weight_decay": 0.02 * decay, "clip": 0.2 * clip}
            recipe = recipe_of(data, draw, optimizer=draw.choice(OPTIMIZERS), schedule=schedule, **extras)
            return network(data, objective, draw, dropout=0.4 * dropout), data, recipe, objective

        assert_agreement(draw, drawn)


def test_an_activation_per_layer(seeds):
    def drawn(draw):
        data, names = spiral(120, seed=draw.randrange(10**6)), draw.sample(list(ACTIVATIONS), 3)
        model = MLP(2, 9, 17, 4, 2, activation=names, seed=draw.randrange(10**6))
        return model, data, recipe_of(data, draw), objectives.cross_entropy

    for seed in seeds[:6]:
        assert_agreement(random.Random(seed), drawn)


@pytest.mark.parametrize("batch_size", [50, 400, 1000])
def test_wide_inputs_and_many_samples(batch_size, seed):
    """More than a vector of everything, and more samples than are evaluated at a time."""

    def drawn(draw):
        generator = torch.Generator().manual_seed(draw.randrange(10**6))
        x, y = torch.randn(700, 37, generator=generator), torch.randint(0, 11, (700,), generator=generator)
        data = Data(x[:400], y[:400], x[400:], y[400:], tuple("abcdefghijk"))
        recipe = Recipe(epochs=5, batch_size=batch_size, learning_rate=0.01, seed=draw.randrange(10**6))
        return MLP(37, 50, 33, 11, seed=draw.randrange(10**6)), data, recipe, objectives.cross_entropy

    assert_agreement(random.Random(seed), drawn)


def test_functions_are_accurate_to_rounding(seed):
    from core.training.compiled.kernel import functions, lanes

    @lanes.function
    def applied(which, numbers, results):
        count, numbers, results = len(numbers), lanes.pointer(numbers), lanes.pointer(results)
        for place in range(0, count, lanes.LANES):
            x = lanes.load(numbers, place)
            if which == 0:
                x = functions.hyperbolic_tangent(x)
            elif which == 1:
                x = functions.exponential(x)
            else:
                x = functions.error_function(x)
            lanes.store(results, place, x)

    draw = np.random.default_rng(seed)
    tiny = draw.choice([-1, 1], 4096) * 10 ** draw.uniform(-30, 0, 4096)
    numbers = np.concatenate([draw.uniform(-12, 12, 60_000), tiny]).astype(np.float32)
    numbers = numbers[: len(numbers) // 16 * 16]
    for which, (exact, units) in enumerate(((np.tanh, 6), (np.exp, 2), (erf, 7))):
        results, truth = np.empty_like(numbers), exact(numbers.astype(np.float64))
        applied(which, numbers, results)
        rounding = np.spacing(np.abs(truth).astype(np.float32)).astype(np.float64)
        assert (np.abs(results - truth) / rounding).max() < units, exact


@pytest.mark.parametrize("seed_of_run", [0, 1, -7, 2**63 + 5, 2**40])
def test_any_seed_is_understood_alike(seed_of_run, seed):
    def drawn(draw):
        data = moons(40, seed=draw.randrange(10**6))
        recipe = Recipe(epochs=3, batch_size=7, seed=seed_of_run)
        return MLP(2, 5, 2, dropout=0.5, seed=draw.randrange(10**6)), data, recipe, objectives.cross_entropy

    assert_agreement(random.Random(seed), drawn)
