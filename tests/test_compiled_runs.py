"""Compiled runs: forks, patience, cancelling, what is left to torch, and several at once."""

import copy
import math
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from drawn_networks import agrees, distance, recipe_of
from torch import nn

from core import objectives
from core.data import Data, moons, spiral, wave
from core.models import MLP
from core.training import OPTIMIZERS, Cancel, Recipe, ready, train, train_many, training, warm
from core.training.compiled import loading

pytestmark = pytest.mark.usefixtures("compilation")


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
    monkeypatch.setattr(loading, "_state", {})
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
    assert loading.cache_folder().parent == tmp_path / "chosen"
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    package = tmp_path / "package"
    package.mkdir()
    monkeypatch.setattr(loading, "HERE", package)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert loading.cache_folder().parent == package / "__pycache__"
    monkeypatch.setattr(loading, "HERE", tmp_path / "locked")
    (tmp_path / "locked").write_text("a file where a folder should be")
    assert loading.cache_folder().parent == tmp_path / "home"


def test_what_the_kernel_has_no_branch_for_is_an_error_at_load(monkeypatch):
    from core.training.compiled.kernel import codes

    swish, lion = codes.Codes("activation", ("tanh", "swish")), codes.Codes("optimizer", ("Lion",))
    swish.branch("tanh")
    for table, name in ((swish, "'swish'"), (lion, "'Lion'")):
        monkeypatch.setattr(loading, "TABLES", (*codes.TABLES, table))
        monkeypatch.setattr(loading, "_state", {})
        with pytest.raises(ValueError, match=f"no branch for the {table.what} {name}"):
            warm()
        assert not ready()
    with pytest.raises(ValueError, match="in no table"):
        swish.branch("Swish")


@pytest.mark.parametrize("engine", ["torch", "compiled"])
def test_training_reports_every_recorded_moment(engine, seed):
    data, recipe = moons(300, seed=seed), Recipe(epochs=250, batch_size=64, frames=7, seed=seed)
    work, shares = training(MLP(2, 4, 2, seed=seed), data, recipe, engine=engine), []
    while True:
        try:
            share, message = next(work)
        except StopIteration as end:
            run = end.value
            break
        shares.append(share)
        assert message.startswith("epoch ") and message.endswith("% right")
    assert shares == [epoch.number / 250 for epoch in run.history]
    assert torch.equal(run.last.weights, train(run.model, data, recipe, engine=engine).last.weights)
