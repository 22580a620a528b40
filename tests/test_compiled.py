"""The compiled trainer against torch's loop: everything it claims to do, it does the same to float32 rounding."""

import copy
import math
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import erf
from torch import nn

from core import objectives
from core.data import Data, blobs, moons, spiral, wave
from core.models import ACTIVATIONS, MLP
from core.randomness import order
from core.training import OPTIMIZERS, SCHEDULES, Cancel, Recipe, Run, compiled, ready, train, train_many, warm

LOSSES = compiled.OBJECTIVES
FIELDS = ("train_loss", "test_loss", "train_score", "test_score", "learning_rate", "gradient_norm", "step", "age")


@pytest.fixture(scope="module", autouse=True)
def compilation():
    warm()


def problem(objective, draw: random.Random) -> Data:
    """Samples that suit an objective: one or two numbers to predict, two classes, or up to six."""
    samples, seed = draw.randrange(30, 90), draw.randrange(10**6)
    if objective is objectives.binary_cross_entropy:
        return moons(samples, seed=seed)
    if objective in (objectives.cross_entropy, objectives.hinge):
        return blobs(samples, seed=seed, classes=draw.randrange(2, 7))
    data = wave(samples, seed=seed)
    pair = {name: torch.cat([y := getattr(data, name), 1 - y.square()], dim=1) for name in ("y", "y_test")}
    return replace(data, **pair) if draw.random() < 0.5 else data


def network(data: Data, objective, draw: random.Random, **settings) -> MLP:
    hidden = [draw.randrange(1, 19) for _ in range(draw.randrange(4))]
    outputs = 1 if objective is objectives.binary_cross_entropy else data.outputs
    return MLP(2, *hidden, outputs, seed=draw.randrange(10**6), **settings)


def recipe_of(data: Data, draw: random.Random, **settings) -> Recipe:
    """About fifty steps, in batches that fill vectors and in batches that do not."""
    size = draw.choice([1, 3, 10, 16, 17, 32, 100])
    steps = math.ceil(len(data.x) / size)
    usual = {"learning_rate": 0.01, "seed": draw.randrange(10**6), "frames": 4}
    return Recipe(**{"epochs": max(1, round(50 / steps)), "batch_size": size, **usual, **settings})


def exact(model: MLP, data: Data, recipe: Recipe, objective) -> Run:
    """The loop in float64."""
    fine = {
        name: t.double() for name in ("x", "y", "x_test", "y_test") if (t := getattr(data, name)).is_floating_point()
    }
    return train(copy.deepcopy(model).double(), replace(data, **fine), recipe, objective, "torch")


def distance(one: Run, other: Run) -> float:
    """How far apart the final weights are, relative to 1 or to the largest weight."""
    return ((one.last.weights - other.last.weights).abs().max() / (1 + other.last.weights.abs().max())).item()


def agrees(model: MLP, data: Data, recipe: Recipe, objective) -> bool:
    """Whether both engines agree to float32 rounding, or float32 torch is as far from float64 torch as the compiled
    trainer. The second happens where a rule divides a gradient that should be 0 by its own rounding error."""
    ours, theirs = (train(model, data, recipe, objective, engine) for engine in ("compiled", "torch"))
    assert (ours.engine, theirs.engine) == ("compiled", "torch")
    if not math.isfinite(theirs.last.train_loss):
        return not math.isfinite(ours.last.train_loss)
    if distance(ours, theirs) > 1e-5:
        truth = exact(model, data, recipe, objective)
        return distance(ours, truth) < max(1e-5, 3 * distance(theirs, truth))
    assert [epoch.number for epoch in ours.history] == [epoch.number for epoch in theirs.history]
    return all(
        [getattr(mine, name) for name in FIELDS]
        == pytest.approx([getattr(other, name) for name in FIELDS], rel=1e-3, abs=2e-5, nan_ok=True)
        and mine.moments.shape == other.moments.shape
        and (mine.moments - other.moments).abs().sum() <= 1e-3 * (1 + other.moments.abs().sum())
        for mine, other in zip(ours.history, theirs.history, strict=True)
    )


def assert_agreement(draw: random.Random, drawn: Callable[[random.Random], tuple]) -> None:
    """The engines agree on what is drawn. If not, they must on two more draws of the same combination: about one
    training in three thousand meets a kink (a margin or a weight at 0) that rounding decides."""
    if agrees(*(case := drawn(draw))):
        return
    assert all(agrees(*drawn(draw)) for _ in range(2)), case


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_loss_and_rule(activation, optimizer, seed):
    draw = random.Random(seed)
    for objective in LOSSES:

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
            objective = draw.choice(LOSSES)
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
    from core.training.native import functions, lanes

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


def test_visits_are_the_loops(seeds):
    from core.training.native import lanes, layers

    @lanes.function
    def visited(seed, epoch, visits, counts, keys, drawn):
        places = lanes.pointer(visits), lanes.pointer(counts), lanes.pointer(keys), lanes.pointer(drawn)
        layers.visit_order(seed, epoch, len(visits), places[0], places[1], places[2], places[3])

    for seed, samples in zip(seeds, (1, 2, 3, 4, 5, 7, 16, 17, 100, 250, 256, 257, 1000, 5000), strict=False):
        visits, counts = np.empty(samples, np.int64), np.empty(4 * samples, np.int64)
        for epoch in (1, 2, 99):
            visited(np.uint64(seed), np.uint64(epoch), visits, counts, *np.empty((2, samples), np.uint64))
            assert (visits == order(samples, seed, epoch).numpy()).all()


@pytest.mark.parametrize("seed_of_run", [0, 1, -7, 2**63 + 5, 2**40])
def test_any_seed_is_understood_alike(seed_of_run, seed):
    def drawn(draw):
        data = moons(40, seed=draw.randrange(10**6))
        recipe = Recipe(epochs=3, batch_size=7, seed=seed_of_run)
        return MLP(2, 5, 2, dropout=0.5, seed=draw.randrange(10**6)), data, recipe, objectives.cross_entropy

    assert_agreement(random.Random(seed), drawn)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_fork_is_exact(optimizer, seed):
    data, model = moons(80, seed=seed), MLP(2, 8, 3, 2, dropout=0.3, seed=seed)
    recipe = Recipe(epochs=12, optimizer=optimizer, schedule="one-cycle", seed=seed, frames=13, batch_size=7)
    run = train(model, data, recipe, engine="compiled")
    fork = run.fork(5)
    assert fork.engine == "compiled"
    assert [epoch.number for epoch in fork.history] == list(range(5, 13))
    for ours, theirs in zip(fork.history, run.history[5:], strict=True):
        assert torch.equal(ours.weights, theirs.weights)
        assert torch.equal(ours.moments, theirs.moments)
        assert repr(ours) == repr(theirs)


def test_fork_to_another_rule_equals_the_loops(seed):
    data, model = moons(80, seed=seed), MLP(2, 8, 2, activation="tanh", seed=seed)
    run = train(model, data, Recipe(epochs=5, optimizer="Momentum", seed=seed), engine="compiled")
    for optimizer in OPTIMIZERS:
        ours = run.fork(5, epochs=8, optimizer=optimizer)
        theirs = replace(run, engine="torch").fork(5, epochs=8, optimizer=optimizer)
        assert (ours.engine, theirs.engine) == ("compiled", "torch")
        assert distance(ours, theirs) < 1e-5
        assert ours.last.age == theirs.last.age


def test_patience_stops_where_the_loop_stops(seeds):
    for seed in seeds[:5]:
        data, model = moons(60, noise=0.6, seed=seed), MLP(2, 16, 2, activation="tanh", seed=seed)
        recipe = Recipe(epochs=300, batch_size=8, learning_rate=0.02, seed=seed, frames=4, patience=6)
        ours, theirs = (train(model, data, recipe, engine=engine) for engine in ("compiled", "torch"))
        assert ours.last.number == theirs.last.number < 300
        assert ours.last.best == pytest.approx(theirs.last.best, rel=1e-3)
        middle = ours.history[1].number
        if middle < ours.last.number:
            assert ours.fork(middle).last.number == ours.last.number


def test_broken_training_stops_where_the_loop_stops(seed):
    for objective, rate in ((objectives.mean_squared_error, 1e6), (objectives.mean_absolute_error, 1e38)):
        data, model = wave(64, seed=seed), MLP(2, 8, 1, seed=seed)
        recipe = Recipe(epochs=50, batch_size=8, optimizer="SGD", learning_rate=rate, seed=seed)
        ours, theirs = (train(model, data, recipe, objective, engine) for engine in ("compiled", "torch"))
        assert not math.isfinite(ours.last.train_loss)
        assert not math.isfinite(theirs.last.train_loss)
        assert (ours.last.number, ours.last.step) == (theirs.last.number, theirs.last.step)


def test_numbers_that_are_none_in_the_data_are_named(seed):
    data = moons(40, seed=seed)
    data.x[3, 1] = math.nan
    for engine in ("compiled", "torch"):
        run = train(MLP(2, 5, 2, seed=seed), data, Recipe(epochs=4, batch_size=5, seed=seed), engine=engine)
        assert math.isnan(run.last.train_loss)
        assert run.last.number == 0


def test_cancel_ends_a_long_training_from_another_thread(seed):
    cancel, began = Cancel(), time.perf_counter()
    threading.Timer(0.2, cancel.set).start()
    recipe = Recipe(epochs=10**7, frames=2, seed=seed)
    run = train(MLP(2, 8, 2, seed=seed), moons(seed=seed), recipe, engine="compiled", cancel=cancel)
    assert 0 < run.last.number < 10**7
    assert time.perf_counter() - began < 60


def test_what_it_cannot_do_is_left_to_torch(seed):
    data, recipe = moons(40, seed=seed), Recipe(epochs=1, seed=seed)
    plain = MLP(2, 4, 2, seed=seed)
    hooked, frozen, swapped, other = (copy.deepcopy(plain) for _ in range(4))
    hooked.hidden[0].register_forward_hook(lambda module, inputs, output: output * 0)
    frozen.output.bias.requires_grad_(False)
    swapped.hidden[0][1] = nn.SELU()

    class Doubled(MLP):
        def forward(self, x):
            return 2 * super().forward(x)

    def odd(model, x, y):
        return objectives.cross_entropy(model, x, y) * 2

    other.hidden[0][1] = nn.LeakyReLU(0.3)
    for model, objective in (
        (hooked, None), (frozen, None), (swapped, None), (other, None), (Doubled(2, 4, 2), None),
        (MLP(2, 4, 2, batch_norm=True), None), (plain, odd), (nn.Sequential(nn.Linear(2, 2)), None),
    ):  # fmt: skip
        assert train(model, data, recipe, objective).engine == "torch"
        with pytest.raises(ValueError, match="plain multilayer perceptrons"):
            train(model, data, recipe, objective, engine="compiled")
    assert train(plain, data, recipe).engine == "compiled"
    with pytest.raises(ValueError, match="no engine"):
        train(plain, data, recipe, engine="rust")


def test_wrong_data_meet_torchs_own_errors(seed):
    data, recipe = moons(40, seed=seed), Recipe(epochs=1)
    with pytest.raises((RuntimeError, IndexError)):
        train(MLP(3, 4, 2), data, recipe)
    with pytest.raises((RuntimeError, IndexError)):
        train(MLP(2, 4, 2), replace(data, y=data.y + 1), recipe)


def test_samples_in_any_memory_layout_and_no_held_out_ones(seed):
    data = moons(80, seed=seed)
    strided = Data(data.x.T.contiguous().T[::2], data.y[::2], data.x_test[:0], data.y_test[:0], data.classes)
    recipe = Recipe(epochs=4, batch_size=7, patience=1, seed=seed)
    assert agrees(MLP(2, 6, 2, activation="tanh", seed=seed), strided, recipe, objectives.cross_entropy)


def test_large_layers_are_left_to_torch(seed):
    model, generator = MLP(64, 512, 512, 10, seed=seed), torch.Generator().manual_seed(seed)
    x, y = torch.randn(300, 64, generator=generator), torch.randint(0, 10, (300,), generator=generator)
    data = Data(x, y, x[:8], y[:8], tuple("0123456789"))
    assert train(model, data, Recipe(epochs=1, batch_size=256)).engine == "torch"
    assert train(model, data, Recipe(epochs=1, batch_size=16)).engine == "compiled"


def test_torch_serves_until_the_compiled_code_is_ready(seed, monkeypatch):
    monkeypatch.setattr(compiled, "_state", {})
    assert not ready()
    assert train(MLP(2, 4, 2), moons(seed=seed), Recipe(epochs=1)).engine == "torch"
    began = time.perf_counter()
    warm(wait=False)
    assert time.perf_counter() - began < 0.5
    while not ready():
        assert time.perf_counter() - began < 200
        time.sleep(0.05)
    assert train(MLP(2, 4, 2), moons(seed=seed), Recipe(epochs=1)).engine == "compiled"


def test_many_variants_on_all_cores_equal_one_by_one(seed):
    draw = random.Random(seed)
    data = [moons(60, seed=draw.randrange(10**6)) for _ in range(9)]
    models = [MLP(2, draw.randrange(1, 20), 2, dropout=draw.choice([0, 0.3]), seed=draw.randrange(99)) for _ in data]
    models[4] = MLP(2, 3, 2, batch_norm=True)
    recipes = [recipe_of(one, draw, optimizer=draw.choice(OPTIMIZERS)) for one in data]
    recipes[4] = replace(recipes[4], batch_size=8)  # batch norm takes no batch of one
    runs = train_many(models, data, recipes)
    assert [run.engine for run in runs] == ["compiled"] * 4 + ["torch"] + ["compiled"] * 4
    for run, *variant in zip(runs, models, data, recipes, strict=True):
        assert torch.equal(run.last.weights, train(*variant).last.weights)


def test_two_learners_do_not_disturb_each_other(seed):
    data, model = spiral(200, seed=seed), MLP(2, 8, 8, 2, dropout=0.2, seed=seed)
    recipes = [Recipe(epochs=40, seed=k) for k in range(12)]
    alone = [train(model, data, recipe, engine="compiled").last.weights for recipe in recipes]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda recipe: train(model, data, recipe, engine="compiled").last.weights, recipes))
    assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))


def test_the_processor_is_left_as_it_was(seed):
    train(MLP(2, 4, 2), moons(seed=seed), Recipe(epochs=2), engine="compiled")
    assert np.float32(1e-38) * np.float32(0.01) > 0  # numbers below the normal range still exist


def test_compiled_code_is_kept_where_it_can_be_written(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "chosen"))
    assert compiled.cache_folder().parent == tmp_path / "chosen"
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    package = tmp_path / "package"
    (package / "native").mkdir(parents=True)
    monkeypatch.setattr(compiled, "__file__", str(package / "compiled.py"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert compiled.cache_folder().parent == package / "native" / "__pycache__"
    (package / "locked").mkdir()
    monkeypatch.setattr(compiled, "__file__", str(package / "locked" / "compiled.py"))
    (package / "locked" / "native").write_text("a file where a folder should be")
    assert compiled.cache_folder().parent == tmp_path / "home"
