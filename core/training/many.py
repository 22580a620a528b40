"""Many variants of one training at once: other seeds, step sizes, penalties, data."""

from collections.abc import Sequence

from torch import nn

from core import cores
from core.data.data import Data
from core.objectives import Objective, natural
from core.training.engines import engine_of
from core.training.recipe import Recipe
from core.training.run import Run, train
from core.training.stack import likeness, stackable, train_stack

Variant = tuple[nn.Module, Data, Recipe, Objective]
WORTHWHILE = 3  # a stacked step costs about as much as three of its own


def train_many(
    models: nn.Module | Sequence[nn.Module],
    data: Data | Sequence[Data],
    recipes: Recipe | Sequence[Recipe],
    objective: Objective | None = None,
    engine: str = "auto",
) -> list[Run]:
    """Train copies of K models at once; one model, data set or recipe stands for all K.

    What the compiled trainer takes is trained by it, on all cores. Otherwise variants of one architecture, with data
    of equal shape and the same epochs, batch size and optimizer, are trained as one stack; what cannot be stacked
    (batch norm, dropout, convolutions) is trained one after another. Each run equals ``train`` of its variant to
    float32 rounding; the ``seconds`` of a stacked run are those of its stack. Raises ``ValueError`` if the numbers of
    models, data sets and recipes do not fit.
    """
    variants: list[Variant] = [
        (model, problem, recipe, objective or natural(problem.classes))
        for model, problem, recipe in zip(*_repeated(models, data, recipes), strict=True)
    ]
    engines = [engine_of(*variant, engine) for variant in variants]
    groups: dict[tuple, list[int]] = {}
    for place, variant in enumerate(variants):
        alike = likeness(*variant) if stackable(variant[0], variant[3]) else (place,)
        groups.setdefault(alike if engines[place] == "torch" else ("compiled",), []).append(place)
    runs: dict[int, Run] = {}
    for places in groups.values():
        members = [variants[place] for place in places]
        runs.update(zip(places, _trained(members, engines[places[0]]), strict=True))
    return [runs[place] for place in range(len(variants))]


def _trained(members: list[Variant], engine: str) -> list[Run]:
    """One group's runs; the compiled trainer leaves Python's lock, so its variants share the cores as threads."""
    if engine == "compiled":
        return cores.each(lambda member: train(*member, engine=engine), members)
    return train_stack(members) if len(members) >= WORTHWHILE else [train(*member, engine) for member in members]


def _repeated(*arguments) -> list[list]:
    """Each argument as a list, all of the same length."""
    lists = [list(item) if isinstance(item, list | tuple) else [item] for item in arguments]
    length = max(map(len, lists))
    if any(len(item) not in (1, length) for item in lists):
        counts = ", ".join(str(len(item)) for item in lists)
        raise ValueError(f"Give as many models as data sets and recipes, or one for all; these are {counts}.")
    return [item * length if len(item) == 1 else item for item in lists]
