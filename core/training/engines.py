"""Who trains: torch's loop or the compiled trainer, whichever does it faster."""

import copy
from collections.abc import Iterator

from torch import nn

from core.cancel import Cancel, around, go_on
from core.data.data import Data
from core.objectives import Objective
from core.training import compiled, loop
from core.training.epoch import Epoch
from core.training.recipe import Recipe

ENGINES = ("auto", "torch", "compiled")


def engine_of(model: nn.Module, data: Data, recipe: Recipe, objective: Objective, engine: str) -> str:
    """Who trains, "torch" or "compiled". Raises ``ValueError`` for a name of no engine, and for "compiled" if the
    compiled trainer cannot do this training; if it can, waits for its compilation."""
    if engine not in ENGINES:
        raise ValueError(f"There is no engine {engine!r}; choose one of {', '.join(ENGINES)}.")
    if engine == "compiled":
        if not compiled.supported(model, data, objective):
            raise ValueError("The compiled trainer takes plain multilayer perceptrons and their usual objectives only.")
        compiled.warm()
        return engine
    return "compiled" if engine == "auto" and compiled.preferred(model, data, recipe, objective) else "torch"


def recorded(
    engine: str,
    model: nn.Module,
    data: Data,
    recipe: Recipe,
    objective: Objective,
    start: Epoch | None = None,
    cancel: Cancel | None = None,
) -> Iterator[Epoch]:
    """The recorded moments of a training, ended early where ``cancel`` is set; inside
    ``core.cancel.until`` the whole work is given up instead."""
    layers = compiled.supported(model, data, objective) if engine == "compiled" else None
    if layers:
        yield from compiled.epochs(layers, data, recipe, objective, start, cancel or around())
        go_on()
        return
    for epoch in loop.epochs(copy.deepcopy(model), data, recipe, objective, start):
        yield epoch
        if cancel is not None and cancel.is_set():
            return
