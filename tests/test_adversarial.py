"""Adversarial training: the loop against one written by hand, the compiled trainer against the loop, forks."""

import math

import pytest
import torch
from torch import nn

from core.adversarial_losses import LOSSES, PENALTIES
from core.data import blobs
from core.models import ACTIVATIONS
from core.models.gan import GAN, bound, parameters_of
from core.training.adversarial import GanRecipe, train_gan
from core.training.adversarial.recipe import OPTIMIZERS, draws

PLAIN = [("none", False), ("R1", False), ("gradient", False), ("none", True)]
pytestmark = pytest.mark.usefixtures("compilation")


def problem(seed: int):
    return blobs(samples=400, noise=0.08, classes=6, seed=seed)


def pair(recipe: GanRecipe, **network) -> tuple:
    model, data = GAN(**network, seed=recipe.seed), problem(recipe.seed)
    return tuple(train_gan(model, data, recipe, engine) for engine in ("torch", "compiled"))


def assert_same(one, other, tolerance: float = 2e-5) -> None:
    assert [moment.number for moment in one.history] == [moment.number for moment in other.history]
    assert one.last.ages == other.last.ages
    for name in ("generator", "discriminator"):
        gap = (getattr(one.last, name) - getattr(other.last, name)).abs().max().item()
        assert gap <= tolerance, (name, gap)
    assert one.last.losses == pytest.approx(other.last.losses, abs=1e-4, nan_ok=True)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("penalty", "spectral"), PLAIN)
def test_the_compiled_trainer_equals_the_loop(loss: str, penalty: str, spectral: bool, seed: int):
    """With plain SGD: Adam would divide roundings by themselves where a gradient is exactly 0."""
    recipe = GanRecipe(
        rounds=20,
        loss=loss,
        penalty=penalty,
        penalty_weight=0.5,
        discriminator_steps=2,
        batch_size=24,
        optimizer="SGD",
        generator_rate=0.02,
        discriminator_rate=0.02,
        seed=seed % 10_000,
        frames=4,
    )
    assert_same(*pair(recipe, spectral_norm=spectral))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("simultaneous", [False, True])
def test_every_optimizer_in_both_orders(optimizer: str, simultaneous: bool, seed: int):
    rate = 0.02 if optimizer in ("SGD", "Momentum", "Nesterov") else 0.001
    recipe = GanRecipe(
        rounds=20,
        optimizer=optimizer,
        simultaneous=simultaneous,
        seed=seed % 10_000,
        generator_steps=2,
        generator_rate=rate,
        discriminator_rate=rate / 2,
    )
    assert_same(*pair(recipe))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_and_depth(activation: str, seed: int):
    recipe = GanRecipe(rounds=10, seed=seed % 10_000, batch_size=10, optimizer="SGD")
    for layers in (0, 1, 3):
        assert_same(*pair(recipe, activation=activation, layers=layers, units=7))


def test_the_loop_equals_a_plain_one_with_torch_optim(seed: int):
    recipe = GanRecipe(rounds=20, seed=seed % 10_000)
    model, data = GAN(seed=recipe.seed), problem(seed)
    run = train_gan(model, data, recipe, "torch")
    G, D = run.at(0).generator.train(), run.at(0).discriminator.train()
    sides = [torch.optim.Adam(net.parameters(), 0.001, betas=(0.5, 0.999)) for net in (G, D)]
    criterion = nn.BCEWithLogitsLoss()
    for one, two in draws(recipe, 2, 1, 20):
        real = data.x[(one[:, 2] * len(data.x)).long()]
        truth, lie = D(real), D(G(2 * one[:, :2] - 1).detach())
        loss = criterion(truth, torch.ones_like(truth)) + criterion(lie, torch.zeros_like(lie))
        sides[1].zero_grad()
        loss.backward()
        sides[1].step()
        answer = D(G(2 * two[:, :2] - 1))
        sides[0].zero_grad()
        criterion(answer, torch.ones_like(answer)).backward()
        sides[0].step()
    for name, network in (("generator", G), ("discriminator", D)):
        weights = torch.cat([p.detach().reshape(-1) for p in network.parameters()])
        assert torch.allclose(weights, getattr(run.last, name), atol=2e-5)


def test_spectral_norm_bounds_every_matrix(seed: int):
    recipe = GanRecipe(rounds=300, loss="hinge", seed=seed % 10_000)
    model = train_gan(GAN(spectral_norm=True, seed=recipe.seed), problem(seed), recipe, "compiled").at()
    for layer in (*(part[0] for part in model.discriminator.hidden), model.discriminator.output):
        norm = torch.linalg.matrix_norm(layer.weight, 2).item()
        assert norm == pytest.approx(1, abs=0.15), "one step of power iteration for each update lags a little behind"
    x = torch.randn(200, 2, generator=torch.Generator().manual_seed(seed)).requires_grad_()
    slope = torch.autograd.grad(model.discriminator(x).sum(), x)[0].norm(dim=1)
    assert slope.max() <= 1.15, "LeakyReLU and matrices of norm 1 cannot be steeper than 1"


def test_spectral_directions_are_drawn_as_torch_draws_them(seed: int):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        ours, theirs, x = nn.Linear(5, 7), nn.Linear(5, 7), torch.randn(3, 5)
        theirs.load_state_dict(ours.state_dict())
        torch.manual_seed(seed)
        theirs = nn.utils.parametrizations.spectral_norm(theirs)
    bound(ours, torch.Generator().manual_seed(seed))
    with torch.no_grad():  # torch's has been asked once, in training, while it was put in its place
        ours.parametrizations.weight[0]._power_method(ours.parametrizations.weight.original, 1)
    assert torch.allclose(ours.eval()(x), theirs.eval()(x), atol=1e-6)


@pytest.mark.parametrize("engine", ["torch", "compiled"])
@pytest.mark.parametrize("spectral", [False, True])
def test_a_fork_without_changes_is_the_same_future(engine: str, spectral: bool, seed: int):
    recipe = GanRecipe(rounds=230 if engine == "compiled" else 110, frames=12, seed=seed % 10_000, optimizer="Nadam")
    run = train_gan(GAN(spectral_norm=spectral, seed=recipe.seed), problem(seed), recipe, engine)
    again = run.fork(run.history[4].number)
    assert again.engine == engine and again.parent == (run, run.history[4].number)
    assert torch.equal(again.last.generator, run.last.generator)
    assert torch.equal(again.last.discriminator, run.last.discriminator)
    other = run.fork(run.history[4].number, generator_rate=0.01)
    assert not torch.equal(other.last.generator, run.last.generator)


def test_a_side_can_step_alone(seed: int):
    recipe = GanRecipe(rounds=50, seed=seed % 10_000)
    run = train_gan(GAN(seed=recipe.seed), problem(seed), recipe, "compiled")
    alone = run.fork(50, rounds=60, generator_steps=0)
    assert torch.equal(alone.last.generator, run.last.generator)
    assert not torch.equal(alone.last.discriminator, run.last.discriminator)
    assert alone.last.ages == (50, 60)


@pytest.mark.parametrize("engine", ["torch", "compiled"])
def test_a_training_that_breaks_ends_there(engine: str):
    recipe = GanRecipe(rounds=400, loss="least squares", optimizer="SGD", generator_rate=1e4, discriminator_rate=1e4)
    run = train_gan(GAN(), problem(0), recipe, engine)
    assert run.last.number < 400
    assert not all(map(math.isfinite, (*run.last.losses, *run.last.gradient_norms)))


def test_the_same_arguments_give_the_same_run(seed: int):
    recipe = GanRecipe(rounds=150, seed=seed % 10_000)
    first, second = (train_gan(GAN(seed=1), problem(seed), recipe, "compiled") for _ in range(2))
    assert torch.equal(first.last.generator, second.last.generator)
    assert first.specification == second.specification


@pytest.mark.parametrize(
    "settings",
    [
        {"loss": "x"},
        {"penalty": "x"},
        {"optimizer": "x"},
        {"batch_size": 0},
        {"generator_steps": -1},
        {"frames": 1},
        {"generator_steps": 0, "discriminator_steps": 0},
        {"generator_rate": math.nan},
        {"penalty_weight": -1},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict):
    with pytest.raises(ValueError, match=r"\.$"):
        GanRecipe(**settings)


def test_what_an_engine_cannot_do_is_refused():
    with pytest.raises(ValueError, match="choose one"):
        train_gan(GAN(spectral_norm=True), problem(0), GanRecipe(rounds=1, penalty="R1"))
    with pytest.raises(ValueError, match="straight"):
        train_gan(GAN(activation="tanh"), problem(0), GanRecipe(rounds=1, penalty="R1"), "compiled")
    assert train_gan(GAN(activation="tanh"), problem(0), GanRecipe(rounds=1, penalty="R1")).engine == "torch"


def test_a_seed_uses_nothing_of_the_process_wide_generator(seed: int):
    torch.manual_seed(seed)
    first = GAN(spectral_norm=True, seed=4)
    torch.manual_seed(seed + 1)
    second = GAN(spectral_norm=True, seed=4)
    for one, other in zip(parameters_of(first.discriminator), parameters_of(second.discriminator), strict=True):
        assert torch.equal(one, other)
    assert set(PENALTIES) == {"none", "R1", "gradient"}
