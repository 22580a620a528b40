"""The program of an adversarial training's first rounds, in PyTorch's own words."""

from dataclasses import replace
from itertools import pairwise

import torch
from torch import nn

from core.adversarial_losses import LOSSES
from core.programs.data import data_lines
from core.programs.program import Program, Step
from core.provenance import name_of
from core.training.adversarial import GanRun, train_gan
from core.training.adversarial.recipe import BLOCK

ROUNDS = 50  # a game lets every rounding grow: later no two ways of adding the same numbers agree
OPTIMIZER = {
    "Adam": "torch.optim.Adam({net}.parameters(), lr={rate!r}, betas=({momentum!r}, {beta2!r}))",
    "SGD": "torch.optim.SGD({net}.parameters(), lr={rate!r})",
}
PENALTY = {
    "none": [],
    "R1": ["points = real.requires_grad_()"],
    "gradient": ["points = (fake + u[:, 3:] * (real - fake)).requires_grad_()"],
}
SIZE = {
    "R1": "{weight!r} / 2 * slope.square().sum(dim=1).mean()",
    "gradient": "{weight!r} * (slope.norm(dim=1) - 1).square().mean()",
}


def network(inputs: int, outputs: int, units: int, layers: int, seed: int) -> nn.Sequential:
    """A multilayer perceptron with LeakyReLU, its weights drawn as He et al. (2015) do."""
    widths = [inputs, *[units] * layers]
    hidden = [part for a, b in pairwise(widths) for part in (nn.Linear(a, b), nn.LeakyReLU())]
    net = nn.Sequential(*hidden, nn.Linear(widths[-1], outputs))
    torch.manual_seed(seed)
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.uniform_(layer.bias, -(layer.in_features**-0.5), layer.in_features**-0.5)
    return net


def program_of_gan(run: GanRun, rounds: int = ROUNDS) -> Program:
    """The program that repeats the first rounds of a run, of one in which the sides take turns.

    Raises ValueError, one sentence, for a run that cannot be written.
    """
    recipe, data = run.recipe, data_lines(run.data)
    if recipe.optimizer not in OPTIMIZER or recipe.simultaneous or run.parent:
        raise ValueError("There is no program for this run: only for Adam or SGD, taking turns, from the beginning.")
    rounds = min(rounds, recipe.rounds, BLOCK)
    last = train_gan(run.model, run.data, replace(recipe, rounds=rounds, frames=2)).last
    shown = {name: loss for name, loss in zip(("generator", "discriminator"), last.losses, strict=True) if loss == loss}
    steps = (
        Step("Target", "\n".join(data.lines)),
        Step("Networks", "\n".join(networks(run))),
        Step("The game", "\n".join(game(run, rounds))),
        Step("Its samples", SCATTER, only_in_notebooks=True),
    )
    functions = dict.fromkeys([*data.functions, network, *LOSSES[recipe.loss]])
    title = f"A generative adversarial network: the first {rounds} of {recipe.rounds:,} rounds"
    return Program(title, steps, tuple(functions), shown, files=data.files)


SCATTER = """made = G(2 * torch.rand(500, 2) - 1).detach()
plt.scatter(*x[:500].T, s=4)
plt.scatter(*made.T, s=4)
plt.show()"""


def networks(run: GanRun) -> list[str]:
    """Generator, discriminator and their optimizers."""
    model, recipe = run.model, run.recipe
    units, layers = model.generator.widths[1], len(model.generator.widths) - 2
    lines = [
        f"G = network({model.latent}, {model.features}, units={units}, layers={layers}, seed={model.seed})",
        f"D = network({model.features}, 1, units={units}, layers={layers}, seed={model.seed + 1})",
    ]
    if model.spectral_norm:
        lines += [
            f"torch.manual_seed({model.seed + 2})",
            "for layer in D:",
            "    if isinstance(layer, nn.Linear):",
            "        nn.utils.parametrizations.spectral_norm(layer)",
        ]
    settings = {"momentum": recipe.momentum, "beta2": recipe.beta2}
    for net, rate in (("G", recipe.generator_rate), ("D", recipe.discriminator_rate)):
        lines.append(f"optimizer_{net} = {OPTIMIZER[recipe.optimizer].format(net=net, rate=rate, **settings)}")
    return lines


def game(run: GanRun, rounds: int) -> list[str]:
    """The loop of some rounds."""
    recipe, (of_both, of_fake) = run.recipe, LOSSES[run.recipe.loss]
    turns, batch = recipe.discriminator_steps, recipe.batch_size
    seed = 10_000 * recipe.seed
    penalty = [
        *PENALTY[recipe.penalty],
        *(
            [
                "slope = torch.autograd.grad(D(points).sum(), points, create_graph=True)[0]",
                f"loss_D = loss_D + {SIZE[recipe.penalty].format(weight=recipe.penalty_weight)}",
            ]
            if recipe.penalty != "none"
            else []
        ),
    ]
    first = [
        "real, fake = x[(u[:, 2] * len(x)).long()], G(2 * u[:, :2] - 1).detach()",
        "answers = D(torch.cat([real, fake]))[:, 0]",
        f"loss_D = {name_of(of_both)}(answers[:{batch}], answers[{batch}:])",
        *penalty,
        "optimizer_D.zero_grad()",
        "loss_D.backward()",
        "optimizer_D.step()",
    ]
    second = [
        f"loss_G = {name_of(of_fake)}(D(G(2 * u[:, :2] - 1))[:, 0])",
        "optimizer_G.zero_grad()",
        "loss_G.backward()",
        "optimizer_G.step()",
    ]
    return [
        f"source = torch.Generator().manual_seed({seed})",
        f"numbers = torch.rand({BLOCK}, {recipe.updates}, {batch}, 4, generator=source)",
        f"for drawn in numbers[:{rounds}]:",
        f"    for u in drawn[:{turns}]:",
        *[f"        {line}" for line in first],
        f"    for u in drawn[{turns}:]:",
        *[f"        {line}" for line in second],
        'result = {"generator": loss_G.item(), "discriminator": loss_D.item()}',
    ]
