"""What the page “Early stopping and checkpoints” states."""

import copy
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from test_arrows import ROOT

from core.data import moons
from core.models import MLP
from core.probes import luck
from core.topics.checkpoints import intervals_view, stopping_view
from core.topics.checkpoints.intervals import best_interval, expected, intervals, simulated
from core.topics.checkpoints.intervals_view import cheap
from core.topics.checkpoints.killing import write
from core.topics.checkpoints.resumable import EPOCHS, OPTIMIZER, PARTS, RANDOM, SCHEDULE, loaded, saved, size_of
from core.topics.checkpoints.resuming import resumed
from core.topics.checkpoints.resuming_view import contents, cut, exact
from core.topics.checkpoints.stopping import moving_average, stop_at, trainings
from core.topics.checkpoints.stopping_view import END, FLOOR, KEEP, LEAST, PATIENCE, outcomes, thrift
from core.training import Recipe, train

# Early stopping ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found():
    return trainings(200, 0.3, "Adam", 0.03, 10, 0)


def test_validation_loss_falls_and_rises_while_the_training_loss_falls(seeds):
    for seed in seeds[:5]:
        found = trainings(200, 0.3, "Adam", 0.03, 10, seed)
        assert (found.validation.min(axis=1) < found.validation[:, 0]).all()
        assert luck.differs(found.validation[:, -1], found.validation.min(axis=1))
        assert found.train[:, -1].mean() < 0.5 * found.train[:, 5].mean()
        values = outcomes(found, 10, 0.0)
        assert luck.differs(values[END], values[KEEP]) and values[END].mean() > values[KEEP].mean()
        assert (values[FLOOR] <= values[KEEP] + 1e-9).all()


def test_patience_is_that_of_the_recipe(seeds):
    for seed in seeds[:5]:
        data, model = moons(samples=120, noise=0.35, seed=seed), MLP(2, 16, 2, seed=seed)
        shared = {"epochs": 60, "batch_size": 10, "learning_rate": 0.05, "seed": seed, "frames": 61}
        whole, stopped = train(model, data, Recipe(**shared)), train(model, data, Recipe(**shared, patience=6))
        losses = np.array(whole.curve("test_loss")[1])
        assert stop_at(losses[1:], 6)[0] + 1 == stopped.last.number or stopped.last.number == 60


def test_stopping_gives_up_after_patience_epochs_without_a_lower_loss():
    assert stop_at(np.array([5.0, 4, 3, 3.5, 3.2, 3.1, 2.0]), 3) == (5, 2)
    assert stop_at(np.array([5.0, 4, 3, 3.5, 3.2, 3.1, 2.0]), 4) == (6, 6)
    assert stop_at(np.array([5.0, 4.99, 4.98, 4.97]), 2, 0.1) == (2, 0)
    assert stop_at(np.array([5.0, np.nan, np.nan, np.nan]), 2) == (2, 0)


def test_losses_of_the_recorded_weights_are_those_of_the_recorded_networks(found):
    from torch.nn.functional import cross_entropy

    run, (x, y) = found.runs[1], found.fresh[1]
    with torch.no_grad():
        for epoch in (0, 40, 100):
            assert found.test[1, epoch] == pytest.approx(cross_entropy(run.at(epoch)(x), y).item(), abs=1e-5)


def test_fresh_samples_are_in_neither_half(found):
    for run, (x, _) in zip(found.runs, found.fresh, strict=True):
        known = {tuple(row) for row in torch.cat([run.data.x, run.data.x_test]).tolist()}
        assert not known & {tuple(row) for row in x.tolist()}


def test_averages_are_those_of_torch(found):
    weights = found.weights(0)
    averaged = torch.optim.swa_utils.AveragedModel(
        found.runs[0].model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9)
    )
    model = found.runs[0].model
    for row in weights:
        averaged.update_parameters(found.runs[0].at(0) if row is None else loaded_model(model, row))
    ours = moving_average(weights, 0.9)[-1]
    theirs = torch.nn.utils.parameters_to_vector(averaged.module.parameters())
    assert torch.allclose(ours, theirs, atol=1e-5)


def loaded_model(model, row):
    import copy

    other = copy.deepcopy(model)
    torch.nn.utils.vector_to_parameters(row.clone(), other.parameters())
    return other


def test_the_thrifty_stop_exists_and_is_not_the_first(found):
    assert not thrift(found, PATIENCE.value, LEAST.value).passed
    assert any(thrift(found, patience, least).passed for patience in (5, 8, 12, 15) for least in (0.0, 0.001))


def test_a_mean_takes_out_jitter_and_not_what_was_learned_of_the_noise(seeds):
    for seed in seeds[:5]:
        jittery = trainings(400, 0.25, "SGD", 1.0, 8, seed).choices(0.9, 30)
        assert jittery["mean of the last"].mean() < jittery["last"].mean()
        overfitted = trainings(120, 0.35, "Adam", 0.03, 8, seed).choices(0.9, 30)
        assert luck.differs(overfitted["mean of the last"], overfitted["best on validation"])
        assert overfitted["mean of the last"].mean() > overfitted["best on validation"].mean()


# Resuming ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("killed", "every"), [(1, 1), (17, 5), (29, 7), (3, 10)])
def test_with_the_whole_state_the_resumed_run_is_the_uninterrupted_one(killed, every, seeds):
    for seed in seeds[:5]:
        found = resumed(killed, every, PARTS, seed)
        assert found.apart == 0.0
        assert found.again == found.whole[found.checkpoint :]
        assert found.checkpoint <= killed < found.checkpoint + every


@pytest.mark.parametrize("missing", PARTS)
def test_without_one_part_another_training_goes_on(missing, seeds):
    for seed in seeds[:5]:
        assert resumed(17, 5, tuple(part for part in PARTS if part != missing), seed).apart > 1e-4


def test_the_goal_needs_the_whole_state():
    assert exact(resumed(22, 2, PARTS, 0)).passed
    assert not exact(resumed(22, 2, (OPTIMIZER, SCHEDULE), 0)).passed
    assert not exact(resumed(22, 10, PARTS, 0)).passed or 22 % 10 <= 2


def test_sizes_are_those_of_the_tensors():
    found = resumed(10, 5, (OPTIMIZER, RANDOM), 0)
    state = loaded(found.content)
    assert set(state) == {"weights", "optimizer", "random"}
    assert found.sizes["weights"] == sum(4 * value.numel() for value in state["weights"].values())
    assert found.sizes["optimizer"] >= 2 * found.sizes["weights"], "Adam remembers two numbers for every weight"
    assert size_of(state["random"]) == found.sizes["random"]
    assert [row["In this checkpoint"] for row in contents(found)] == ["yes", "yes", "no", "yes"]


def test_half_a_file_is_refused_and_code_in_it_is_not_run():
    found = resumed(10, 5, PARTS, 0)
    assert not cut(found.content).startswith("nothing")
    import pickle

    with pytest.raises((pickle.UnpicklingError, RuntimeError)):
        loaded(saved({"weights": print}))


def test_a_new_checkpoint_takes_its_place_whole(tmp_path):
    path = tmp_path / "checkpoint.pt"
    write(path, b"old")
    write(path, b"new")
    assert path.read_bytes() == b"new" and [each.name for each in tmp_path.iterdir()] == ["checkpoint.pt"]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_training_that_is_really_killed_ends_as_if_it_had_not_been():
    settings = json.dumps({"killed": 7, "every": 3, "seed": 1})
    command = [sys.executable, "-m", "core.topics.checkpoints.killing", settings]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400, check=True).stdout
    found = json.loads(said.splitlines()[-1])
    assert found["code"] == -9 and found["apart"] == 0.0
    assert found["killed"] == 7 and found["from"] % 3 == 0 and found["from"] >= 6
    assert found["epochs"] == EPOCHS - found["from"]


# How often -----------------------------------------------------------------------------------------------------------


def test_youngs_interval_is_near_the_least_expected_time():
    for seconds, between in ((5, 3), (60, 6), (120, 24), (300, 12)):
        found = intervals(seconds, between, 48, 0)
        assert found.overhead(found.best) <= 1.1 * (found.formula.min() / 48 - 1)
        assert found.best == pytest.approx((2 * seconds / 3600 * between) ** 0.5)


def test_simulated_trainings_take_what_the_formula_says(seeds):
    for seed in seeds[:5]:
        draw = np.random.default_rng(seed)
        hours = [simulated(0.5, 1 / 60, 6.0, 24.0, draw) for _ in range(600)]
        error = np.std(hours) / len(hours) ** 0.5
        assert abs(np.mean(hours) - expected(0.5, 1 / 60, 6.0, 24.0)) < 4.5 * error


def test_without_failures_only_writing_costs():
    assert simulated(1.0, 0.1, 1e12, 10.0, np.random.default_rng(0)) == pytest.approx(11.0)
    assert expected(1.0, 0.1, 1e9, 10.0) == pytest.approx(11.0, rel=1e-3)


def test_the_goal_of_the_interval_is_met_by_youngs():
    found = intervals(60, 6, 24, 0)
    assert cheap(found, round(60 * best_interval(60 / 3600, 6))).passed and not cheap(found, 240).passed


def test_one_minute_is_no_plural():
    assert "1 minute between" in intervals_view.shown(intervals(60, 6, 24, 0), 1).note


def test_noise_that_was_learned_is_blamed_only_where_the_end_is_worse(found):
    """Losses on fresh samples that end where they were lowest, and twice as high."""
    for end in (1.0, 1.05, 2.0):
        other = copy.copy(found)
        other.__dict__["test"] = np.ones_like(found.test)
        other.test[:, -1] = end
        asked = stopping_view.price(other, 1, 0.0)
        assert asked.truth == end and ("not yet begun" in asked.because) == (end <= stopping_view.NEARLY)
        assert ("is the noise of these samples" in asked.because) == (end > stopping_view.NEARLY)
    for gap in (0.0, 0.3):
        other = copy.copy(found)
        other.__dict__["test"] = np.full_like(found.test, 1 + gap)
        other.test[:, 0] = 1  # lowest at the start, which patience never keeps
        shown = stopping_view.shown(other, 5, 0.0).note
        assert ("above the lowest there is" in shown) == (gap > 0) != ("inside seed noise of" in shown)
        assert (luck.MEANING in shown) == (gap == 0)


def test_older_weights_lag_only_where_the_mean_is_worse(seeds):
    truths = set()
    for rule, rate in (("SGD", 0.01), ("Adam", 0.01)):
        found = trainings(160, 0.3, rule, rate, 8, seeds[0])
        values = found.choices(0.9, 30)
        asked = stopping_view.average_or_last(found, 0.9, 30)
        clear = luck.differs(values["mean of the last"], values["last"])
        is_higher = clear and values["mean of the last"].mean() > values["last"].mean()
        truths.add(is_higher)
        assert ("older weights lag behind" in asked.because) == is_higher == (asked.truth == asked.options[1])
        assert (asked.truth == asked.options[2]) == (not clear)
    assert truths == {True, False}
