"""The training loop against torch's own optimizers, and what a recorded run promises."""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from comparing import alike
from torch import nn

from core import objectives
from core.data import moons, spiral, wave
from core.models import MLP
from core.randomness import order, orders
from core.training import OPTIMIZERS, SCHEDULES, Cancel, Recipe, epochs, learning_rate, train
from core.training.loop import batches_per_epoch
from core.training.recipe import MEMORY, learning_rates, recorded_epochs
from core.training.updates import MOMENTS, RULES

TORCH = {
    "SGD": lambda p, r: torch.optim.SGD(p, r.learning_rate, weight_decay=r.weight_decay),
    "Momentum": lambda p, r: torch.optim.SGD(p, r.learning_rate, r.momentum, weight_decay=r.weight_decay),
    "Nesterov": lambda p, r: torch.optim.SGD(
        p, r.learning_rate, r.momentum, weight_decay=r.weight_decay, nesterov=True
    ),
    "RMSProp": lambda p, r: torch.optim.RMSprop(p, r.learning_rate, r.smoothing, weight_decay=r.weight_decay),
    "Adam": lambda p, r: torch.optim.Adam(p, r.learning_rate, (r.momentum, r.beta2), weight_decay=r.weight_decay),
    "AdamW": lambda p, r: torch.optim.AdamW(p, r.learning_rate, (r.momentum, r.beta2), weight_decay=r.weight_decay),
    "Nadam": lambda p, r: torch.optim.NAdam(p, r.learning_rate, (r.momentum, r.beta2), weight_decay=r.weight_decay),
    "Adagrad": lambda p, r: torch.optim.Adagrad(p, r.learning_rate, weight_decay=r.weight_decay),
}


@pytest.mark.parametrize("decay", [0.0, 0.02])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_update_rules_equal_torch_step_by_step(optimizer, decay, seeds):
    for seed in seeds[:3]:
        generator = torch.Generator().manual_seed(seed)
        recipe = Recipe(optimizer=optimizer, learning_rate=0.02, weight_decay=decay, momentum=0.8, smoothing=0.95)
        theirs = nn.Parameter(torch.randn(50, generator=generator, dtype=torch.float64))
        ours, moments = theirs.detach().clone(), torch.zeros(MOMENTS[optimizer], 50, dtype=torch.float64)
        updater = TORCH[optimizer]([theirs], recipe)
        for step in range(1, 41):
            gradient = torch.randn(50, generator=generator, dtype=torch.float64)
            theirs.grad = gradient.clone()
            updater.step()
            coupled = gradient if optimizer == "AdamW" else gradient + decay * ours
            RULES[optimizer](ours, coupled, moments, step, recipe.learning_rate, recipe)
            assert (ours - theirs).abs().max() < 1e-6, f"step {step}"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_loop_equals_a_handwritten_one(optimizer, seed):
    """Batches, clipping, both penalties and a schedule, against torch.optim and torch's clipping."""
    data, recipe = spiral(100, seed=seed), Recipe(
        epochs=3, batch_size=16, optimizer=optimizer, learning_rate=0.01, schedule="cosine", clip=0.3,
        weight_decay=0.01, l1=0.001, seed=seed,
    )  # fmt: skip
    model = MLP(2, 8, 5, 2, activation="tanh", seed=seed)
    run, by_hand = train(model, data, recipe, engine="torch"), copy.deepcopy(model)
    updater, step = TORCH[optimizer](by_hand.parameters(), recipe), 0
    for epoch in (1, 2, 3):
        for batch in order(len(data.x), seed, epoch).split(16):
            updater.zero_grad()
            objectives.cross_entropy(by_hand, data.x[batch], data.y[batch]).backward()
            nn.utils.clip_grad_norm_(by_hand.parameters(), 0.3)
            for parameter in by_hand.parameters():
                parameter.grad += 0.001 * parameter.detach().sign()
            updater.param_groups[0]["lr"] = learning_rate(recipe, step, 12)
            updater.step()
            step += 1
    expected = torch.cat([parameter.detach().reshape(-1) for parameter in by_hand.parameters()])
    assert run.last.step == step == 12
    assert (run.last.weights - expected).abs().max() < 2e-6


def test_schedules_equal_torch(seed):
    steps, recipe = 200, Recipe(learning_rate=0.1)
    updater = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    theirs = {
        "cosine": torch.optim.lr_scheduler.CosineAnnealingLR(updater, steps),
        "exponential": torch.optim.lr_scheduler.ExponentialLR(updater, 0.01 ** (1 / steps)),
        "step": torch.optim.lr_scheduler.StepLR(updater, steps // 4, 0.5),
    }
    for name, scheduler in theirs.items():
        for group in updater.param_groups:
            group["lr"] = 0.1
        for step in range(steps):
            assert updater.param_groups[0]["lr"] == pytest.approx(
                learning_rate(replace(recipe, schedule=name), step, steps), abs=1e-6
            ), (name, step)
            updater.step()
            scheduler.step()


def test_schedules_stay_between_nothing_and_the_learning_rate(seed):
    for name in SCHEDULES:
        recipe = Recipe(learning_rate=0.3, schedule=name)
        rates = [learning_rate(recipe, step, 97) for step in range(97)]
        assert all(0 < rate <= 0.3 + 1e-12 for rate in rates), name
        assert max(rates) == pytest.approx(0.3, rel=0.01), name


def test_patience_stops_at_the_right_epoch(seed):
    """However few moments are recorded, every epoch's held-out loss counts."""
    data = moons(60, noise=0.6, seed=seed)
    recipe = Recipe(epochs=400, batch_size=8, learning_rate=0.02, seed=seed, frames=401)
    model = MLP(2, 32, 2, seed=seed)
    losses = train(model, data, recipe, engine="torch").curve("test_loss")[1]
    best, stop = 0, None
    for number, loss in enumerate(losses):
        best = number if loss < losses[best] else best
        if number - best >= 7:
            stop = number
            break
    assert stop is not None
    stopped = train(model, data, replace(recipe, patience=7, frames=5), engine="torch")
    assert stopped.last.number == stop
    assert stopped.last.best == (losses[best], best)


def test_patience_without_held_out_samples_never_stops(seed):
    data = moons(60, seed=seed)
    data = replace(data, x_test=data.x_test[:0], y_test=data.y_test[:0])
    assert train(MLP(2, 4, 2), data, Recipe(epochs=12, patience=2), engine="torch").last.number == 12


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_fork_is_exact(optimizer, seed):
    data, model = moons(80, seed=seed), MLP(2, 8, 2, dropout=0.3, seed=seed)
    recipe = Recipe(epochs=12, optimizer=optimizer, schedule="one-cycle", seed=seed, frames=13, batch_size=7)
    run = train(model, data, recipe, engine="torch")
    fork = run.fork(5)
    assert [epoch.number for epoch in fork.history] == list(range(5, 13))
    assert all(alike(ours, theirs) for ours, theirs in zip(fork.history, run.history[5:], strict=True))
    assert fork.parent == (run, 5)


def test_fork_keeps_patience(seed):
    data = moons(60, noise=0.6, seed=seed)
    recipe = Recipe(epochs=300, batch_size=8, learning_rate=0.02, seed=seed, frames=301, patience=9)
    run = train(MLP(2, 32, 2, seed=seed), data, recipe, engine="torch")
    middle = run.last.best[1] + 4
    assert run.fork(middle).last.number == run.last.number < 300


def test_fork_with_another_optimizer_starts_an_empty_memory(seed):
    """Momentum's velocity is no second moment: RMSProp must not read it."""
    run = train(MLP(2, 8, 2, seed=seed), moons(seed=seed), Recipe(epochs=4, optimizer="Momentum"), engine="torch")
    for optimizer in OPTIMIZERS:
        fork = run.fork(4, epochs=5, optimizer=optimizer)
        assert math.isfinite(fork.last.train_loss)
        assert fork.last.age == (fork.last.step if optimizer == "Momentum" else fork.last.step - run.last.step)


@pytest.mark.parametrize("engine", ["torch", "compiled"])
def test_fork_behind_the_end_is_an_error(engine, seed):
    run = train(MLP(2, 4, 2), moons(40, seed=seed), Recipe(epochs=4), engine=engine)
    with pytest.raises(ValueError, match="ask for more epochs"):
        run.fork(4, epochs=3)
    assert run.fork(4).last.number == 4


def test_broken_training_stops_at_its_step(seed):
    data = wave(64, seed=seed)
    recipe = Recipe(epochs=50, batch_size=8, optimizer="SGD", learning_rate=1e6, seed=seed)
    last = train(MLP(2, 8, 1, seed=seed), data, recipe, engine="torch").last
    assert not math.isfinite(last.train_loss)
    assert last.number < 50
    model, step = MLP(2, 8, 1, seed=seed), 0
    for number in range(1, 51):  # the first broken batch, found by hand
        for batch in order(32, seed, number).split(8):
            step += 1
            model.zero_grad()
            loss = objectives.mean_squared_error(model, data.x[batch], data.y[batch])
            if not math.isfinite(loss.item()):
                assert (last.step, last.number) == (step, number)
                return
            loss.backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= 1e6 * parameter.grad
    raise AssertionError("this step size must break the training")


def test_frames_and_memory_are_bounded():
    recipe = Recipe(epochs=1000)
    wanted = recorded_epochs(recipe, 0, 1000)
    assert len(wanted) == 60
    assert {0, 1000} <= wanted
    assert recorded_epochs(recipe, 990, 1000) == set(range(990, 1001))
    for numbers in (100_000, 1_000_000):
        assert len(recorded_epochs(recipe, 0, numbers)) * numbers * 4 <= MEMORY
    assert recorded_epochs(recipe, 0, 10**9) == {0, 1000}


def test_a_run_leaves_its_model_alone_and_repeats(seed):
    model, data = MLP(2, 8, 2, dropout=0.2, seed=seed), moons(seed=seed)
    before, state = [p.detach().clone() for p in model.parameters()], torch.get_rng_state()
    one, two = (train(model, data, Recipe(epochs=3, seed=seed), engine="torch") for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert all(alike(a, b) for a, b in zip(one.history, two.history, strict=True))
    assert torch.equal(state, torch.get_rng_state())


def test_batch_norm_survives_a_last_batch_of_one_and_forks_exactly(seed):
    data = moons(66, seed=seed)  # 33 to train on: two batches of 16 and one sample over
    model, recipe = MLP(2, 6, 2, batch_norm=True, seed=seed), Recipe(epochs=6, batch_size=16, seed=seed)
    run = train(model, data, recipe)
    assert batches_per_epoch(model, 33, recipe) == 2
    assert run.last.step == 12
    assert any(buffer.dtype == torch.int64 and buffer.item() == 12 for buffer in run.last.buffers)
    assert alike(run.fork(3).last, run.last)
    with pytest.raises(ValueError, match="two samples"):
        train(model, data, replace(recipe, batch_size=1))


def test_cancel_ends_a_training(seed):
    cancel = Cancel()
    cancel.set()
    run = train(MLP(2, 4, 2), moons(seed=seed), Recipe(epochs=50), engine="torch", cancel=cancel)
    assert run.last.number < 50


def test_gradient_norm_is_the_losses_own(seed):
    data = moons(40, seed=seed)
    recipe = Recipe(epochs=1, batch_size=20, clip=1e-3, l1=0.5, weight_decay=0.5, seed=seed)
    model = MLP(2, 8, 2, seed=seed)
    run = train(model, data, recipe, engine="torch")
    objectives.cross_entropy(model, data.x[(b := order(20, seed, 1))], data.y[b]).backward()
    expected = math.sqrt(sum(parameter.grad.square().sum().item() for parameter in model.parameters()))
    assert run.last.gradient_norm == pytest.approx(expected, rel=1e-4)


def test_settings_that_cannot_work_are_errors():
    for wrong in ({"optimizer": "Lion"}, {"schedule": "never"}, {"epochs": 0}, {"learning_rate": math.nan},
                  {"clip": -1}, {"momentum": 1.0}):  # fmt: skip
        with pytest.raises(ValueError):
            Recipe(**wrong)


def test_the_generator_can_be_left(seed):
    model, seen = MLP(2, 4, 2), []
    for epoch in epochs(model, moons(seed=seed), Recipe(epochs=100)):
        seen.append(epoch.number)
        if epoch.number >= 3:
            break
    assert seen[-1] < 10


def test_orders_in_blocks_are_the_orders_of_their_epochs(seeds):
    for seed, count in zip((*seeds, 2**63 + 5, 2**64 - 1, -7), (1, 2, 7, 250, 1500, 70_000) * 4, strict=False):
        first, last = seed % 150 + 1, seed % 150 + (3 if count > 2000 else 120)
        visits = np.concatenate(list(orders(count, seed, first, last)))
        assert visits.dtype == np.int32
        assert len(visits) == last - first + 1
        for epoch in {first, (first + last) // 2, last}:
            assert (visits[epoch - first] == order(count, seed, epoch).numpy()).all()
        assert (np.sort(visits[0]) == np.arange(count)).all()


def test_rates_do_not_depend_on_where_a_stretch_begins(seed):
    for schedule in SCHEDULES:
        recipe = Recipe(schedule=schedule, learning_rate=0.37)
        whole = learning_rates(recipe, 0, 97, 97)
        for first in range(97):
            assert (learning_rates(recipe, first, 97, 97) == whole[first:]).all()
            assert learning_rate(recipe, first, 97) == whole[first]
