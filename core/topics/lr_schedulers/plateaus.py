"""A rate that is halved when the loss has stopped falling: a schedule that a training writes itself."""

import math
from collections.abc import Sequence
from dataclasses import replace

from torch import nn

from core.data import Data
from core.training import Recipe, Run, train_many
from core.training.schedules import Breakpoints

FACTOR, PATIENCE, THRESHOLD = 0.5, 2, 1e-4


def reductions(losses: Sequence[float], patience: int = PATIENCE) -> list[int]:
    """After which epochs (from 1) a rate is reduced, given the loss after each, as torch's ``ReduceLROnPlateau`` does:
    when the loss has not fallen below its best by ``THRESHOLD`` (a share) for more than ``patience`` epochs."""
    best, waited, places = math.inf, 0, []
    for epoch, loss in enumerate(losses, start=1):
        best, waited = (loss, 0) if loss < best * (1 - THRESHOLD) else (best, waited + 1)
        if waited > patience:
            places.append(epoch)
            waited = 0
    return places


def stairs(places: Sequence[int], epochs: int) -> Breakpoints:
    """The schedule that is multiplied by ``FACTOR`` after each of some epochs, as breakpoints."""
    level, points = 1.0, [(0.0, 1.0)]
    for place in places:
        points += [(place / epochs, level), (place / epochs, level * FACTOR)]
        level *= FACTOR
    return (*points, (1.0, level))


def train_on_plateaus(models: Sequence[nn.Module], data: Sequence[Data], recipes: Sequence[Recipe]) -> list[Run]:
    """Train each variant with a rate that is halved whenever its training loss has stopped falling.

    What comes after an epoch never changes what was before it, so every variant is trained again with one reduction
    more until no new one is found. A run's own schedule is then the stairs that it has written. Recipes record every
    epoch.
    """
    recipes = [replace(recipe, schedule=stairs((), recipe.epochs)) for recipe in recipes]
    runs = train_many(models, data, recipes)
    places: list[list[int]] = [[] for _ in runs]
    waiting = list(range(len(runs)))
    while waiting:
        waiting = [one for one in waiting if extended(places[one], runs[one])]
        steeper = [replace(recipes[one], schedule=stairs(places[one], recipes[one].epochs)) for one in waiting]
        again = train_many([models[one] for one in waiting], [data[one] for one in waiting], steeper) if waiting else []
        for one, run in zip(waiting, again, strict=True):
            runs[one] = run
    return runs


def extended(places: list[int], run: Run) -> bool:
    """Add a run's first reduction behind those it already had, if there is one before the last epoch."""
    found = reductions(run.curve("train_loss")[1][1:])
    new = [place for place in found if place > (places[-1] if places else 0) and place < run.recipe.epochs]
    places += new[:1]
    return bool(new)
