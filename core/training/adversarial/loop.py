"""The adversarial training loop, a generator of recorded moments: two networks, two optimizers, one game."""

import copy
import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from core.adversarial_losses import LOSSES
from core.cancel import go_on
from core.models.gan import GAN, directions_of, parameters_of
from core.training.adversarial.moment import Round
from core.training.adversarial.recipe import GanRecipe, blocks, draws
from core.training.recipe import recorded_epochs
from core.training.updates import MOMENTS, RULES
from core.training.vector import ParameterVector, load


class Side:
    """One of the two players: its weights as one vector, and its optimizer's memory."""

    def __init__(self, network: nn.Module, recipe: GanRecipe, rate: float) -> None:
        self.vector = ParameterVector(nn.ParameterList(parameters_of(network)))
        self.weights = self.vector.weights
        self.moments = self.weights.new_zeros(MOMENTS[recipe.optimizer], len(self.weights))
        self.recipe, self.rate, self.age = recipe, rate, 0
        self.loss = self.norm = math.nan

    def gradient(self, loss: Tensor) -> Tensor:
        """The gradient of a loss by this side's weights."""
        parts = torch.autograd.grad(loss, self.vector.parameters, allow_unused=True)  # nothing hangs on some biases
        pairs = zip(parts, self.vector.parameters, strict=True)
        gradient = torch.cat([(torch.zeros_like(p) if part is None else part).reshape(-1) for part, p in pairs])
        self.loss, self.norm = loss.item(), gradient.norm().item()
        return gradient

    def step(self, gradient: Tensor) -> None:
        """One update."""
        self.age += 1
        RULES[self.recipe.optimizer](self.weights, gradient, self.moments, self.age, self.rate, self.recipe)


class Game:
    """A GAN in training, on samples x (samples, features)."""

    def __init__(self, model: GAN, x: Tensor, recipe: GanRecipe, start: Round | None = None) -> None:
        self.model, self.x, self.recipe = copy.deepcopy(model).train(), x, recipe
        self.generator = Side(self.model.generator, recipe, recipe.generator_rate)
        self.discriminator = Side(self.model.discriminator, recipe, recipe.discriminator_rate)
        self.losses = LOSSES[recipe.loss]
        if start is not None:
            self.restore(start)

    def restore(self, start: Round) -> None:
        """Go back to a recorded moment; moments of another optimizer are forgotten."""
        for place, (side, weights) in enumerate(
            ((self.generator, start.generator), (self.discriminator, start.discriminator))
        ):
            side.weights.copy_(weights)
            if start.moments[place].shape == side.moments.shape:
                side.moments.copy_(start.moments[place])
                side.age = start.ages[place]
            side.loss, side.norm = start.losses[place], start.gradient_norms[place]
        if start.directions is not None:
            restore_directions(self.model, start.directions)

    def samples(self, drawn: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Noise (batch, latent) in [−1, 1], real samples (batch, features) and places (batch, 1) between two."""
        latent = self.model.latent
        return 2 * drawn[:, :latent] - 1, self.x[(drawn[:, latent] * len(self.x)).long()], drawn[:, latent + 1 :]

    def discriminator_gradient(self, drawn: Tensor) -> Tensor:
        """The gradient of the discriminator's loss and penalty on one batch."""
        noise, real, place = self.samples(drawn)
        with torch.no_grad():
            fake = self.model.generator(noise)
        answers = self.model.discriminator(torch.cat([real, fake]))[:, 0]
        loss = self.losses[0](*answers.split(len(real)))
        return self.discriminator.gradient(loss + self.penalty(real, fake, place))

    def penalty(self, real: Tensor, fake: Tensor, place: Tensor) -> Tensor | float:
        """The penalty of the discriminator's slope."""
        recipe = self.recipe
        if recipe.penalty == "none":
            return 0.0
        x = real if recipe.penalty == "R1" else fake + place * (real - fake)
        x = x.clone().requires_grad_()
        slope = torch.autograd.grad(self.model.discriminator(x).sum(), x, create_graph=True)[0]
        if recipe.penalty == "R1":
            return recipe.penalty_weight / 2 * slope.square().sum(dim=1).mean()
        return recipe.penalty_weight * (slope.norm(dim=1) - 1).square().mean()

    def generator_gradient(self, drawn: Tensor) -> Tensor:
        """The gradient of the generator's loss on one batch."""
        fake = self.model.generator(self.samples(drawn)[0])
        return self.generator.gradient(self.losses[1](self.model.discriminator(fake)[:, 0]))

    def round(self, drawn: Tensor) -> None:
        """One round; drawn (updates, batch, latent + 2)."""
        recipe, waiting = self.recipe, None
        for step in range(recipe.discriminator_steps):
            waiting = self.discriminator_gradient(drawn[step])
            if step < recipe.discriminator_steps - 1 or not (recipe.simultaneous and recipe.generator_steps):
                self.discriminator.step(waiting)
                waiting = None
        for step in range(recipe.discriminator_steps, recipe.updates):
            gradient = self.generator_gradient(drawn[step])
            if waiting is not None:
                self.discriminator.step(waiting)
                waiting = None
            self.generator.step(gradient)

    def moment(self, number: int) -> Round:
        """What is true now."""
        one, other = self.generator, self.discriminator
        found = directions_of(self.model.discriminator)
        return Round(
            number,
            (one.loss, other.loss),
            (one.norm, other.norm),
            one.weights.clone(),
            other.weights.clone(),
            (one.moments.clone(), other.moments.clone()),
            (one.age, other.age),
            torch.cat(found) if found else None,
        )

    @property
    def is_broken(self) -> bool:
        """Whether a loss or a gradient is no longer a finite number."""
        sides = [side for side in (self.generator, self.discriminator) if side.age]
        return not all(math.isfinite(side.loss) and math.isfinite(side.norm) for side in sides)


def restore_directions(model: GAN, directions: Tensor) -> None:
    """Put recorded vectors of the power iteration back."""
    vectors = directions_of(model.discriminator)
    for vector, part in zip(vectors, directions.split([len(vector) for vector in vectors]), strict=True):
        vector.copy_(part)


def at(model: GAN, moment: Round) -> GAN:
    """A copy of a GAN as it was then, in evaluation mode."""
    model = copy.deepcopy(model).eval()
    for network, weights in ((model.generator, moment.generator), (model.discriminator, moment.discriminator)):
        load(nn.ParameterList(parameters_of(network)), weights)
    if moment.directions is not None:
        restore_directions(model, moment.directions)
    return model


def recorded_rounds(recipe: GanRecipe, first: int, numbers: int) -> set[int]:
    """Which rounds are recorded, evenly spread (core.training.recipe.recorded_epochs)."""
    from core.training.recipe import Recipe

    return recorded_epochs(Recipe(epochs=max(recipe.rounds, 1), frames=recipe.frames), first, numbers)


def rounds(model: GAN, x: Tensor, recipe: GanRecipe, start: Round | None = None) -> Iterator[Round]:
    """Train a copy of ``model`` on samples x (samples, features) and yield recorded moments, the first one first.

    Ends early when a loss is no longer a finite number. ``start`` continues a recorded moment.
    """
    game, first = Game(model, x, recipe, start), start.number if start else 0
    sides = game.generator, game.discriminator
    wanted = recorded_rounds(recipe, first, sum(side.moments.numel() + side.weights.numel() for side in sides))
    yield game.moment(first)
    for begin, end in blocks(first + 1, recipe.rounds):
        for number, drawn in enumerate(draws(recipe, model.latent, begin, end), start=begin):
            go_on()
            game.round(drawn)
            if number in wanted or game.is_broken:
                yield game.moment(number)
            if game.is_broken:
                return
