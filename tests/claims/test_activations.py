"""What the page “Activation functions” states."""

from itertools import product

import numpy as np
import pytest
import torch

from core.formulas.expressions import ExpressionError
from core.models import MLP
from core.topics.activations import NAMES, OWN, activation, compare, shape


@pytest.mark.parametrize("name", [*NAMES, OWN])
def test_autograd_equals_the_finite_difference(name, seed):
    x = torch.empty(200, dtype=torch.float64).uniform_(-4, 4, generator=torch.Generator().manual_seed(seed))
    x = x[x.abs() > 1e-3].requires_grad_()  # away from the kinks
    function, step = activation(name), 1e-6
    slope = torch.autograd.grad(function(x).sum(), x)[0]
    with torch.no_grad():
        difference = (function(x + step) - function(x - step)) / (2 * step)
    assert (slope - difference).abs().max() < 1e-4


def test_without_a_bend_layers_collapse_into_one(seed):
    model = MLP(3, 7, 5, 2, activation="linear", seed=seed).double()
    x = torch.randn(50, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    one = model.output.weight @ model.hidden[1][0].weight @ model.hidden[0][0].weight
    offset = model(torch.zeros(1, 3, dtype=torch.float64))
    assert torch.allclose(model(x), x @ one.T + offset, atol=1e-12)


def test_the_slopes_are_what_the_text_says():
    assert shape("sigmoid").steepest == pytest.approx(0.25, abs=1e-4)
    relu = shape("ReLU")
    assert set(np.unique(relu.slope)) <= {0.0, 1.0}
    for name in ("LeakyReLU", "GELU"):
        curve = shape(name)
        assert np.abs(curve.slope[(curve.x < -0.5) & (curve.x > -0.7)]).max() > 0, "a little comes through"


def test_sigmoid_gradients_shrink_with_depth_faster_than_relus(seeds):
    for depth in (4, 8):
        race = compare("moons", depth, 12, 0.01, tuple(seeds[:3]))
        shares = {name: g[:, 0] / g[:, -1] for name, g in race.gradients.items()}
        assert (shares["sigmoid"] < 0.5 * shares["ReLU"]).all()
        assert race.weakest_start() == "sigmoid"


def test_where_units_are_dead_from_the_start_no_gradient_arrives():
    race = compare("moons", 10, 4, 0.01, (24, 25, 26))
    (dead,) = np.flatnonzero(race.gradients["ReLU"][:, -1] == 0)
    assert race.weakest_start() == "sigmoid"
    assert compare("moons", 10, 4, 0.01, (24 + int(dead),)).weakest_start() == "ReLU"


def test_the_challenge_can_be_met(seeds):
    leads = []
    for start, (depth, units, rate) in product(seeds, ((8, 6, 0.03), (10, 12, 0.1), (10, 6, 0.1))):
        three = (start, start + 1, start + 2)
        race = compare("moons", depth, units, rate, three)
        assert race.lead(OWN, "ReLU") == -np.inf, "nothing is won before it is trained"
        leads.append(race.lead("tanh", "ReLU"))
        if leads[-1] >= 0.01:
            both = race.joined(compare("moons", depth, units, rate, three, "tanh(x)"))
            if both.lead(OWN, "ReLU") >= 0.01:
                return
    raise AssertionError(leads)


@pytest.mark.parametrize("hostile", ["__import__('os')", "x.__class__", "9**9**9", "(" * 300, "lambda: 1", ""])
def test_a_hostile_formula_gets_one_sentence(hostile):
    with pytest.raises(ExpressionError):
        activation(OWN, hostile)


def test_one_loss_that_explodes_does_not_hide_the_others(seed, monkeypatch):
    found = compare("moons", 2, 6, 0.01, (seed, seed + 1))
    calm = {name: np.linspace(0.7, 0.1, 5) * np.ones((2, 5)) for name in found.runs}
    for worst, top in ((0.9, 0.9), (2000.0, 3 * 0.7)):
        losses = {**calm, "ReLU": calm["ReLU"].copy()}
        losses["ReLU"][:, 3] = worst
        monkeypatch.setattr(type(found), "losses", lambda self, losses=losses: losses)
        assert found.highest() == pytest.approx(1.1 * top)
