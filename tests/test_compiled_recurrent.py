"""The compiled trainer of recurrent networks against torch's loop and against torch's own layers."""

import math
import random
from dataclasses import replace

import pytest
import torch
from drawn_networks import assert_agreement
from programs_run import distance, lines_of_code, results_of
from torch import nn

from core import objectives
from core.data.sequences import brackets, recall
from core.models import CELLS, Recurrent
from core.models.recurrent import spectral_radius
from core.programs import program_of
from core.training import OPTIMIZERS, Recipe, train

pytestmark = pytest.mark.usefixtures("compilation")
every_cell = pytest.mark.parametrize("cell", CELLS)


def case(draw: random.Random, cell: str, **settings) -> tuple:
    """A problem, a network and a recipe: lengths, widths and batches that fill vectors and that do not."""
    every, seed = draw.random() < 0.5, draw.randrange(10**6)
    length, samples = draw.randrange(1, 20), draw.randrange(20, 70)
    data = brackets(samples, length, seed, 20) if every else recall(samples, length, seed, 20)
    units, shape = draw.randrange(1, 19), (data.x.shape[2], len(data.classes))
    extras = {"spectral_radius": draw.uniform(0.1, 1.5), "keep_bias": draw.uniform(-1, 3), "seed": seed}
    model = Recurrent(shape[0], units, shape[1], cell=cell, every=every, **extras)
    usual = {"epochs": 4, "batch_size": draw.choice([1, 7, 16, 33, 100]), "learning_rate": 0.01, "frames": 3}
    return model, data, Recipe(**{**usual, "seed": seed, **settings}), objectives.cross_entropy


@every_cell
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_cell_with_every_rule(cell, optimizer, seed):
    draw = random.Random(seed)
    for clip in (0.0, 0.05):
        extras = {"clip": clip, "l1": draw.choice([0, 1e-3]), "weight_decay": draw.choice([0, 0.01])}
        assert_agreement(draw, lambda draw: case(draw, cell, optimizer=optimizer, **extras))


@every_cell
@pytest.mark.parametrize("every", [False, True])
def test_cells_equal_torchs_own_layers(cell, every, seed):
    model = Recurrent(5, 7, 3, cell=cell, every=every, seed=seed)
    theirs = getattr(nn, cell)(5, 7, batch_first=True)
    theirs.load_state_dict({
        "weight_ih_l0": model.input.weight, "bias_ih_l0": model.input.bias,
        "weight_hh_l0": model.recurrent.weight, "bias_hh_l0": model.recurrent.bias,
    })  # fmt: skip
    x = torch.randn(4, 9, 5, generator=torch.Generator().manual_seed(seed))
    states, last = theirs(x)
    trace = model.trace(x)
    assert torch.allclose(trace.hidden, states, atol=1e-6)
    assert (trace.memory is None) == (cell != "LSTM")
    if cell == "LSTM":
        assert torch.allclose(trace.memory[:, -1], last[1][0], atol=1e-6)
    assert model(x).shape == ((4, 3, 9) if every else (4, 3))


@every_cell
def test_a_run_goes_on_from_a_recorded_moment_to_the_bit(cell, seed):
    model, data, recipe, objective = case(random.Random(seed), cell, frames=5)
    run = train(model, data, recipe, objective, "compiled")
    assert run.engine == "compiled"
    fork = run.fork(2)
    assert torch.equal(fork.last.weights, run.last.weights) and fork.last.test_loss == run.last.test_loss


def test_a_broken_loss_ends_the_training_with_its_step(seed):
    data = recall(64, 5, seed, 10)
    recipe = Recipe(epochs=20, batch_size=32, optimizer="SGD", learning_rate=3e38, seed=seed)
    run = train(Recurrent(9, 4, 4, seed=seed), data, recipe, engine="compiled")
    assert not math.isfinite(run.last.train_loss) and run.last.number < 20


def test_patience_stops_at_the_same_epoch(seed):
    data = recall(40, 4, seed, 20)
    recipe = Recipe(epochs=60, batch_size=16, learning_rate=0.02, patience=3, seed=seed)
    ours, theirs = (
        train(Recurrent(9, 4, 4, seed=seed), data, recipe, engine=engine) for engine in ("compiled", "torch")
    )
    assert ours.last.number == theirs.last.number and ours.last.best[1] == theirs.last.best[1]


def test_what_it_cannot_do_is_left_to_torch(seed):
    data, model = recall(20, 3, seed, 10), Recurrent(9, 4, 4, seed=seed)
    recipe = Recipe(epochs=1, seed=seed)
    assert train(model, data, recipe).engine == "compiled"
    assert train(model, data, recipe, objectives.hinge).engine == "torch"
    assert train(Recurrent(9, 80, 4, seed=seed), data, recipe).engine == "torch"
    with pytest.raises(ValueError, match="compiled trainer"):
        train(model, replace(data, y=data.y + 9), recipe, engine="compiled")


def test_the_spectral_radius_is_what_was_asked_for(seeds):
    for seed in seeds[:5]:
        model = Recurrent(3, 16, 2, cell="RNN", spectral_radius=0.3 + seed % 10 / 5, seed=seed)
        assert spectral_radius(model.recurrent.weight) == pytest.approx(model.spectral_radius, rel=1e-4)


@every_cell
def test_settings_that_make_no_network_are_refused(cell):
    for settings in ({"units": 0}, {"cell": "SRU"}, {"spectral_radius": -1.0}):
        with pytest.raises(ValueError, match=r"\.$"):
            Recurrent(**{"cell": cell, **settings})


@every_cell
def test_the_program_of_a_run_repeats_it(cell, seed, tmp_path):
    draw = random.Random(seed)
    # Two hundred steps of Adam on single samples make a hundredth of float32's rounding.
    runs = [train(*case(draw, cell, clip=clip, batch_size=16), "compiled") for clip in (0.0, 0.1)]
    programs = [program_of(run) for run in runs]
    assert all(lines_of_code(program.text) <= 70 for program in programs)
    for program, result in zip(programs, results_of(programs, tmp_path), strict=True):
        assert distance(result, program.shown) <= program.tolerance
