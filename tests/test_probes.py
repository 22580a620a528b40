"""Probes against autograd, scikit-learn, hooks and finite differences."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from core.data import circle, moons, spiral, wave
from core.models import CNN, MLP, Dropout
from core.objectives import cross_entropy, mean_squared_error
from core.probes.gradients import gradient_norms
from core.probes.layers import activations, dead_share, saturation
from core.probes.ledger import ledger
from core.probes.linear import film, in_two_dimensions, linear_probe, steadied
from core.probes.sharpness import sharpness
from core.probes.silenced import scores_without, without
from core.probes.surfaces import grid, surface, surfaces
from core.training import Recipe, train
from core.training.vector import load


def weights_of(model: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()])


def loss_of(model: nn.Module, data, objective):
    """The loss as a function of the flat vector of weights."""
    shapes = [(name, parameter.shape) for name, parameter in model.named_parameters()]

    def loss(vector):
        pieces = vector.split([shape.numel() for _, shape in shapes])
        values = {name: piece.reshape(shape) for (name, shape), piece in zip(shapes, pieces, strict=True)}
        return objective(lambda x: torch.func.functional_call(model, values, (x,)), data.x, data.y)

    return loss


def test_activations_are_the_layers_answers_and_leave_the_model_alone(seed):
    model, x = MLP(2, 5, 4, 3, dropout=0.5, batch_norm=True, seed=seed), spiral(seed=seed).x
    before = copy.deepcopy(model.state_dict())
    tensors = activations(model, x)
    assert [tuple(a.shape) for a in tensors] == [(200, 5), (200, 4), (200, 3)]
    assert torch.equal(tensors[-1], copy.deepcopy(model).eval()(x)) and model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize("model", [MLP(2, 6, 5, 2, activation="tanh"), MLP(2, 4, 2, batch_norm=True)])
def test_gradient_norms_equal_autograd_and_finite_differences(model, seed):
    data = moons(seed=seed)
    found = gradient_norms(model, data.x, data.y, cross_entropy)
    other = copy.deepcopy(model).eval()
    cross_entropy(other, data.x, data.y).backward()
    expected = [p.grad.norm().item() for p in other.parameters() if p.dim() > 1]
    assert found.weights == pytest.approx(expected, rel=1e-5)
    assert len(found.names) == len(found.weights) == len(found.activations)
    outputs = other(data.x).detach()
    own = (outputs.softmax(dim=1) - nn.functional.one_hot(data.y, 2)).norm(dim=1).mean().item()
    assert found.activations[-1] == pytest.approx(own, rel=1e-4)
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize(("model", "make"), [(MLP(2, 4, 4, 2, activation="tanh"), moons), (MLP(2, 6, 1), wave)])
def test_sharpness_equals_the_whole_hessians_largest_eigenvalue(model, make, seeds):
    for seed in seeds[:5]:
        data = make(samples=60, seed=seed)
        objective = cross_entropy if data.classes else mean_squared_error
        model = MLP(*model.widths, activation=model.activations, seed=seed)
        hessian = torch.autograd.functional.hessian(loss_of(model, data, objective), weights_of(model))
        exact = torch.linalg.eigvalsh(hessian.double())[-1].item()
        assert sharpness(model, data.x, data.y, objective) == pytest.approx(exact, rel=5e-3)
        scale = torch.rand(len(hessian), generator=torch.Generator().manual_seed(seed)) + 0.1
        scaled = torch.linalg.eigvalsh((scale[:, None] * hessian * scale).double())[-1].item()
        assert sharpness(model, data.x, data.y, objective, scale=scale) == pytest.approx(scaled, rel=5e-3)


def test_sharpness_of_a_convolutional_network_and_of_a_linear_loss():
    generator = torch.Generator().manual_seed(0)
    model = CNN(3, channels=(2,), size=4)
    x, y = torch.randn(20, 1, 4, 4, generator=generator), torch.arange(20) % 3
    assert 0 < sharpness(model, x, y, cross_entropy) < 1e4
    linear = nn.Linear(4, 1)
    assert sharpness(linear, torch.ones(2, 4), y, lambda model, x, y: model(x).mean()) == 0.0


def test_gradient_descent_flips_from_calm_to_divergent_at_two_over_sharpness():
    """Squared error of a linear network is a quadratic, so the bound is exact: within 1 %."""
    data, model = wave(seed=3), MLP(2, 1, seed=3)
    bound = 2 / sharpness(model, data.x, data.y, mean_squared_error, tolerance=1e-6)
    calm = train(model, data, Recipe(3000, len(data.x), "SGD", 0.99 * bound, frames=2))
    wild = train(model, data, Recipe(3000, len(data.x), "SGD", 1.01 * bound, frames=2))
    assert calm.last.train_loss < calm.history[0].train_loss
    assert not wild.last.train_loss < 10 * wild.history[0].train_loss


def test_dead_share_counts_units_that_never_answer():
    model = MLP(2, 4, 2)
    with torch.no_grad():
        model.hidden[0][0].bias[:3] = -100.0
        model.hidden[0][0].bias[3] = 100.0
    assert dead_share(model, circle().x) == {"hidden.0.1": 0.75}
    picture = CNN(2, channels=(4,), size=4)
    with torch.no_grad():
        picture.blocks[0][0].bias[:] = torch.tensor([-100.0, 100.0, 100.0, 100.0])
    assert dead_share(picture, torch.rand(5, 1, 4, 4)) == {"blocks.0.1": 0.25}
    assert dead_share(MLP(2, 4, 2, activation="LeakyReLU"), circle().x) == {}


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_saturation_grows_with_the_weights_and_means_the_same_for_both(activation, seed):
    x, shares = circle(seed=seed).x, []
    for factor in (0.01, 1.0, 100.0):
        model = MLP(2, 8, 2, activation=activation, init="Xavier", seed=seed)
        with torch.no_grad():
            model.hidden[0][0].weight.mul_(factor)
        shares += saturation(model, x).values()
    assert shares[0] == 0 and shares[0] <= shares[1] < shares[2] and shares[2] > 0.8
    z = torch.linspace(-8, 8, 1001)
    squashed = torch.sigmoid(z)
    slope = squashed * (1 - squashed)
    assert (slope[(squashed < 0.01) | (squashed > 0.99)] < 0.04 * 0.25).all()


@pytest.mark.parametrize("make", [spiral, moons, circle])
def test_linear_probe_agrees_with_scikit_learn(make, seeds):
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    for seed in seeds[:5]:
        data = make(seed=seed, **({"classes": 3} if make is spiral else {}))
        model = MLP(2, 16, 16, 3, seed=seed)
        for a, b in zip(activations(model, data.x), activations(model, data.x_test), strict=True):
            scaler = StandardScaler().fit(a)
            share = 2.0 if len(data.classes) == 2 else 1.0  # there scikit-learn penalises one vector, not two halves
            expected = LogisticRegression(C=share, max_iter=2000, tol=1e-8).fit(scaler.transform(a), data.y)
            expected = expected.score(scaler.transform(b), data.y_test)
            assert abs(linear_probe(a, data.y, b, data.y_test) - expected) <= 0.02


def test_linear_probe_is_deterministic_and_survives_nan_and_constants():
    generator = torch.Generator().manual_seed(1)
    x, y = torch.randn(400, 16, generator=generator), torch.arange(400) % 3
    assert len({linear_probe(x, y, x, y) for _ in range(5)}) == 1
    assert math.isnan(linear_probe(x * math.nan, y, x, y))
    assert 0 <= linear_probe(torch.zeros(400, 16), y, torch.zeros(400, 16), y) <= 0.5


def test_two_dimensions_equal_principal_components(seed):
    from sklearn.decomposition import PCA

    x = torch.randn(50, 6, generator=torch.Generator().manual_seed(seed)) * torch.arange(1, 7)
    points, expected = in_two_dimensions(x), torch.tensor(PCA(2).fit_transform(x.numpy()))
    for axis in range(2):
        sign = torch.sign((points[:, axis] * expected[:, axis]).sum())
        assert torch.allclose(points[:, axis], sign * expected[:, axis], atol=1e-3)
    assert torch.equal(in_two_dimensions(x), points)
    assert in_two_dimensions(x[:, :1]).shape == (50, 2) and in_two_dimensions(x[:1]).shape == (1, 2)
    assert in_two_dimensions(x * math.nan).isnan().all()


def test_a_steadied_film_undoes_turns_and_mirrors(seed):
    x = torch.randn(40, 2, generator=torch.Generator().manual_seed(seed))
    turn = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    calm = steadied([x, x @ turn, x * math.nan, -x])
    assert torch.allclose(calm[1], x, atol=1e-5) and torch.allclose(calm[3], x, atol=1e-5) and calm[2].isnan().all()
    data = moons(seed=seed)
    run = train(MLP(2, 6, 2, seed=seed), data, Recipe(20, seed=seed))
    frames = film(run, data.x, 0)
    assert len(frames) == len(run.history) and frames[0].shape == (len(data.x), 2)
    raw, frame = in_two_dimensions(activations(run.at(), data.x)[0]).double(), frames[-1].double()
    assert torch.allclose(torch.cdist(frame, frame), torch.cdist(raw, raw), atol=1e-4)


@pytest.mark.parametrize("settings", [{}, {"batch_norm": True}, {"activation": "tanh", "dropout": 0.3}])
def test_surfaces_equal_the_network_asked_moment_by_moment(settings, seed):
    for data, outputs in ((circle(seed=seed), 2), (spiral(seed=seed, classes=3), 3), (wave(seed=seed), 1)):
        run = train(MLP(2, 5, 5, outputs, seed=seed, **settings), data, Recipe(12, seed=seed, frames=5))
        tensor = surfaces(run, resolution=20)
        assert tensor.shape == (len(run.history), 400, outputs)
        for epoch, picture in zip(run.history, tensor, strict=True):
            answer = run.at(epoch.number)(grid(resolution=20)).detach()
            answer = answer.softmax(dim=1) if data.classes else answer
            assert torch.allclose(picture, answer, atol=1e-5)
            assert torch.allclose(surface(run.at(epoch.number), bool(data.classes), resolution=20), answer, atol=1e-5)


def test_one_logit_becomes_two_class_probabilities():
    picture = surface(MLP(2, 3, 1), resolution=7)
    assert picture.shape == (49, 2) and torch.allclose(picture.sum(dim=1), torch.ones(49))


def test_surfaces_of_a_run_with_broken_weights_do_not_raise():
    run = train(MLP(2, 8, 1), wave(), Recipe(50, optimizer="SGD", learning_rate=1e6))
    assert not math.isfinite(run.last.train_loss) and surfaces(run, resolution=9).shape[1] == 81
    assert math.isnan(sharpness(run.at(), run.data.x, run.data.y, run.objective))
    film(run, run.data.x, 0), dead_share(run.at(), run.data.x)
    gradient_norms(run.at(), run.data.x, run.data.y, run.objective)


@pytest.mark.parametrize(
    "model", [MLP(2, 5, 4, 2, activation="sigmoid"), MLP(2, 5, 2, activation="tanh", batch_norm=True)]
)
def test_a_unit_switched_off_equals_its_outgoing_weights_at_zero(model, seed):
    x, y = circle(seed=seed).x, circle(seed=seed).y
    model = load(model, torch.randn(weights_of(model).shape, generator=torch.Generator().manual_seed(seed))).eval()
    other = copy.deepcopy(model)
    following = other.hidden[1][0] if len(other.hidden) > 1 else other.output
    with torch.no_grad():
        following.weight[:, 2] = 0
    silenced = without(model, 0, 2)
    assert torch.allclose(silenced(x), other(x), atol=1e-6) and not torch.allclose(silenced(x), model(x))
    assert (activations(silenced, x)[0][:, 2] == 0).all()
    scores = scores_without(model, x, y)
    assert [len(s) for s in scores] == [layer[0].out_features for layer in model.hidden]
    assert scores[0][2].item() == pytest.approx((other(x).argmax(1) == y).float().mean().item())
    with pytest.raises(ValueError, match="no hidden layer 9"):
        without(model, 9, 0)


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (MLP(2, 7, 5, 3, dropout=0.2, batch_norm=True), (2,)),
        (MLP(4, 2), (4,)),
        (CNN(10, channels=(4, 6), size=8, batch_norm=True), (1, 8, 8)),
        (nn.Sequential(nn.Conv1d(2, 4, 3, groups=2, bias=False), nn.Tanh(), nn.Flatten(), nn.Linear(24, 2)), (2, 8)),
    ],
)
def test_ledger_sums_equal_numel_hooks_and_the_flop_counter(model, shape):
    entries = ledger(model, shape)
    assert sum(e.weights + e.biases for e in entries) == sum(p.numel() for p in model.parameters())
    assert sum(e.biases for e in entries) == sum(p.numel() for n, p in model.named_parameters() if "bias" in n)
    shapes = []
    for module in model.modules():
        if not [*module.children()]:
            module.register_forward_hook(lambda m, i, o: shapes.append(tuple(o.shape[1:])))
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model.eval()(torch.zeros(1, *shape))
    assert [e.shape for e in entries] == shapes
    dense = [e for e in entries if e.kind in ("Linear", "Conv1d", "Conv2d")]
    assert sum(e.flops for e in dense) == counter.get_total_flops()
    made = [eval(e.code, {"nn": nn, "Dropout": Dropout}) for e in entries]  # the product's own text, in a test
    assert [repr(m) for m in made] == [repr(dict(model.named_modules())[e.name]) for e in entries]


def test_a_shared_and_an_unused_layer_are_held_once():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.shared, self.unused, self.scale = nn.Linear(3, 3), nn.Linear(3, 5), nn.Parameter(torch.ones(2))

        def forward(self, x):
            return self.shared(self.shared(x))

    entries = {e.name: e for e in ledger(Odd(), (3,))}
    assert entries["shared"].flops == 2 * 2 * 9 and entries["unused"].shape == () and entries["network"].weights == 2
    assert sum(e.weights + e.biases for e in entries.values()) == 12 + 20 + 2
