"""The call of the compiled adversarial trainer: a game as arrays, and the recorded rounds that come back."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.adversarial_losses import PENALTIES
from core.cancel import Cancel, around, go_on
from core.models.gan import GAN, directions_of, linears, parameters_of
from core.training.adversarial.loop import recorded_rounds
from core.training.adversarial.moment import Round
from core.training.adversarial.recipe import GanRecipe, blocks, draws
from core.training.compiled.history import PADDING, aligned, flat
from core.training.compiled.kernel import codes
from core.training.compiled.kernel.records import GAME, ROUND, SETTINGS, STATE
from core.training.compiled.loading import matched
from core.training.updates import MOMENTS

STRAIGHT = {"linear", "ReLU", "LeakyReLU"}  # activations for which the kernel knows the slope's penalty


def supported(model: GAN, recipe: GanRecipe) -> bool:
    """Whether the compiled trainer does exactly what the loop would do."""
    if recipe.penalty != "none":
        return not model.spectral_norm and set(model.discriminator.activations) <= STRAIGHT
    return True


class Player:
    """One side as arrays: weights and memory with room behind them, and its records."""

    def __init__(self, weights: Tensor, moments: Tensor | None, age: int, recipe: GanRecipe, frames: int) -> None:
        rows, self.count = MOMENTS[recipe.optimizer], len(weights)
        self.weights, memory = flat(weights.detach().numpy()), np.zeros((2, self.count + PADDING), np.float32)
        self.age = 0
        if moments is not None and moments.shape == (rows, self.count):
            self.age = age
            memory[:rows, : self.count] = moments.numpy()
        self.moments = memory.reshape(-1)
        self.records = np.empty((frames, self.count), np.float32)
        self.memories = np.empty((frames, rows, self.count), np.float32)


def rounds(
    model: GAN, x: Tensor, recipe: GanRecipe, start: Round | None = None, cancel: Cancel | None = None
) -> Iterator[Round]:
    """The recorded moments of a training, as ``core.training.adversarial.loop.rounds`` yields them."""
    first = start.number if start else 0
    begun = [torch.cat([p.detach().reshape(-1) for p in parameters_of(side)]) for side in sides(model)]
    numbers = sum((1 + MOMENTS[recipe.optimizer]) * len(weights) for weights in begun)
    chosen = recorded_rounds(recipe, first, numbers)
    players = players_of(begun, recipe, start, len(chosen) + 1)
    directions, vectors = directions_from(model, start)
    game, settings, state = records_of(model, x, recipe, start, players)
    wanted = np.zeros(recipe.rounds - first + 1, np.uint8)
    wanted[[number - first for number in chosen]] = 1
    measures = np.zeros(len(chosen) + 1, ROUND)
    seen = np.empty((len(measures), max(vectors, 1)), np.float32)
    fixed = (
        np.ascontiguousarray(x.numpy()).reshape(-1),
        players[0].weights,
        players[0].moments,
        players[1].weights,
        players[1].moments,
        directions,
        *(part.reshape(-1) for side in players for part in (side.records, side.memories)),
        seen.reshape(-1),
        measures,
        wanted,
        (cancel or around() or Cancel()).flag,
        *rooms(model, recipe),
    )
    widths = [part for side in sides(model) for part in structure(side)]
    done = 0
    for begin, end in [(first, first), *blocks(first + 1, recipe.rounds)]:
        rows = draws(recipe, model.latent, begin, end) if begin > first else torch.empty(0)
        matched(game, settings, state, begin, end, *widths, rows.numpy().reshape(-1), *fixed)
        for place in range(done, done := game["filled"].item()):
            yield moment(measures[place], players, place, seen if vectors else None)
        if game["ended"]:
            go_on()
            return


def sides(model: GAN) -> tuple:
    """Generator and discriminator."""
    return model.generator, model.discriminator


def structure(network) -> tuple[np.ndarray, np.ndarray]:
    """Widths and activations of a network."""
    kinds = [codes.ACTIVATIONS[name] for name in network.activations]
    return np.array(network.widths, np.int64), np.array(kinds, np.int64)


def players_of(begun: list[Tensor], recipe: GanRecipe, start: Round | None, frames: int) -> list[Player]:
    """Both sides, as they are at the start."""
    if start is None:
        return [Player(weights, None, 0, recipe, frames) for weights in begun]
    weights = (start.generator, start.discriminator)
    return [Player(*parts, recipe, frames) for parts in zip(weights, start.moments, start.ages, strict=True)]


def directions_from(model: GAN, start: Round | None) -> tuple[np.ndarray, int]:
    """The vectors of the power iteration in one row with room behind them, and how many numbers they are."""
    vectors = [vector.numpy() for vector in directions_of(model.discriminator)]
    if start is not None and start.directions is not None:
        vectors = [start.directions.numpy()]
    row = flat(*vectors)
    return row, len(row) - PADDING


def records_of(model: GAN, x: Tensor, recipe: GanRecipe, start: Round | None, players: list[Player]) -> tuple:
    """What both sides share, each side's settings, and what changes."""
    game: Any = np.zeros(1, GAME)  # records: fields by name
    settings: Any = np.zeros(2, SETTINGS)
    state: Any = np.zeros(2, STATE)
    for name in set(GAME.names or ()) & set(vars(recipe)) - {"loss", "penalty"}:
        game[name] = getattr(recipe, name)
    game["loss"], game["penalty"] = codes.GAMES[recipe.loss], PENALTIES.index(recipe.penalty)
    game["samples"], game["latent"], game["bounded"] = len(x), model.latent, model.spectral_norm
    game["start"] = start.number if start else 0
    for name in ("momentum", "beta2", "smoothing"):
        settings[name] = getattr(recipe, name)
    settings["rule"], settings["moments"] = codes.RULES[recipe.optimizer], MOMENTS[recipe.optimizer]
    state["learning_rate"] = recipe.generator_rate, recipe.discriminator_rate
    state["age"] = [player.age for player in players]
    state["best"] = start.losses if start else (math.nan, math.nan)  # where the last losses are handed on
    state["gradient_norm"] = start.gradient_norms if start else (math.nan, math.nan)
    return game, settings, state


def rooms(model: GAN, recipe: GanRecipe) -> tuple[np.ndarray, np.ndarray]:
    """Room for the kernel to work in: for values, and for places."""
    g_row, d_row = (-(-count // PADDING) * PADDING for count in (recipe.batch_size, 2 * recipe.batch_size))
    counts = [sum(p.numel() for p in parameters_of(side)) for side in sides(model)]
    g_room, d_room = (
        sum(width * row + 2 * PADDING for width in side.widths) + 8 * PADDING
        for side, row in zip(sides(model), (g_row, d_row), strict=True)
    )
    layers = [len(linears(side)) for side in sides(model)]
    numbers = 3 * g_room + 4 * d_room + counts[0] + 2 * counts[1] + max(layers) + 8 * PADDING + 4 * d_row
    return aligned(numbers), np.empty(2 * sum(layers) + 4 * PADDING, np.int64)


def moment(measure: np.void, players: list[Player], place: int, directions: np.ndarray | None) -> Round:
    """One recorded round, with tensors of its own."""
    one, other = players
    found = None if directions is None else torch.from_numpy(directions[place].copy())
    losses, norms, ages = (measure[name].tolist() for name in ("losses", "gradient_norms", "ages"))
    return Round(
        int(measure["number"]),
        (losses[0], losses[1]),
        (norms[0], norms[1]),
        torch.from_numpy(one.records[place].copy()),
        torch.from_numpy(other.records[place].copy()),
        (torch.from_numpy(one.memories[place].copy()), torch.from_numpy(other.memories[place].copy())),
        (ages[0], ages[1]),
        found,
    )
