"""Many variants of one training at once: other seeds, step sizes, penalties, data."""

from collections.abc import Sequence

from torch import nn

from core.data.data import Data
from core.objectives import Objective, natural
from core.training.loop import train
from core.training.recipe import Recipe
from core.training.run import Run
from core.training.stack import likeness, stackable, train_stack

WORTHWHILE = 3  # a stacked step costs about as much as three of its own


def train_many(
    models: nn.Module | Sequence[nn.Module],
    data: Data | Sequence[Data],
    recipes: Recipe | Sequence[Recipe],
    objective: Objective | None = None,
    engine: str = "auto",
) -> list[Run]:
    """Train copies of K models at once; one model, data set or recipe stands for all K.

    Variants of one architecture, with data of equal shape and the same epochs, batch size and optimizer, are trained
    as one stack; what cannot be stacked (batch norm, dropout, convolutions) is trained one after another. Each run
    equals ``train`` of its variant to float32 rounding; its ``seconds`` are those of the stack it was trained in.
    Raises ``ValueError`` if the numbers of models, data sets and recipes do not fit.
    """
    groups: dict[tuple, list[int]] = {}
    variants = [
        (model, problem, recipe, objective or natural(problem.classes))
        for model, problem, recipe in zip(*_repeated(models, data, recipes), strict=True)
    ]
    for place, variant in enumerate(variants):
        together = stackable(variant[0], variant[3])
        groups.setdefault(likeness(*variant) if together else (place,), []).append(place)
    runs: dict[int, Run] = {}
    for places in groups.values():
        members = [variants[place] for place in places]
        stack = len(members) >= WORTHWHILE
        trained = train_stack(members) if stack else [train(*member, engine) for member in members]
        runs.update(zip(places, trained, strict=True))
    return [runs[place] for place in range(len(variants))]


def _repeated(*arguments) -> list[list]:
    """Each argument as a list, all of the same length."""
    lists = [list(item) if isinstance(item, list | tuple) else [item] for item in arguments]
    length = max(map(len, lists))
    if any(len(item) not in (1, length) for item in lists):
        counts = ", ".join(str(len(item)) for item in lists)
        raise ValueError(f"Give as many models as data sets and recipes, or one for all; these are {counts}.")
    return [item * length if len(item) == 1 else item for item in lists]
