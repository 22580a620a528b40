"""A training kept whole, by the engine that does it faster: torch's loop or the compiled trainer."""

import copy
import math
import time
from dataclasses import replace

from torch import nn

from core.data.data import Data
from core.objectives import Objective, natural
from core.training import compiled
from core.training.cancel import Cancel
from core.training.loop import epochs
from core.training.recipe import Recipe
from core.training.run import Epoch, Run

ENGINES = ("auto", "torch", "compiled")


def train(
    model: nn.Module,
    data: Data,
    recipe: Recipe,
    objective: Objective | None = None,
    engine: str = "auto",
    cancel: Cancel | None = None,
) -> Run:
    """Train a copy of ``model`` and keep every recorded moment.

    ``engine`` "torch" forces the loop of core.training.loop, "compiled" the compiled trainer, waiting for its
    compilation; "auto" takes the compiled one where it does the same, faster, and is ready. ``cancel``, set from
    another thread, ends the training at what is recorded by then. Raises ``ValueError`` for what an engine cannot do.
    """
    return recording(model, data, recipe, objective or natural(data.classes), None, None, engine, cancel)


def resume(parent: Run, start: Epoch, data: Data | None, model: nn.Module | None, changes: dict) -> Run:
    """A fork: see ``Run.fork``."""
    recipe = replace(parent.recipe, **changes)
    if recipe.optimizer != parent.recipe.optimizer:
        start = replace(start, moments=start.moments[:0], age=0)
    if data is not None:
        start = replace(start, best=(math.inf, 0))
    engine = "torch" if parent.engine == "torch" else "auto"
    return recording(
        model or parent.model, data or parent.data, recipe, parent.objective, start, (parent, start.number), engine
    )


def recording(model, data, recipe, objective, start, parent, engine, cancel=None) -> Run:
    """The run of a training, kept whole."""
    layers, began = layers_for(model, data, recipe, objective, engine), time.perf_counter()
    if layers:
        history = compiled.history(layers, data, recipe, objective, start, cancel)
    else:
        history = []
        for epoch in epochs(copy.deepcopy(model), data, recipe, objective, start):
            history.append(epoch)
            if cancel is not None and cancel.is_set():
                break
    name = "compiled" if layers else "torch"
    return Run(model, data, recipe, objective, tuple(history), time.perf_counter() - began, name, parent)


def layers_for(
    model: nn.Module, data: Data, recipe: Recipe, objective: Objective, engine: str
) -> compiled.Layers | None:
    """The network as the compiled trainer reads it, if that one trains; None if torch's loop does."""
    if engine not in ENGINES:
        raise ValueError(f"There is no engine {engine!r}; choose one of {', '.join(ENGINES)}.")
    if engine == "compiled":
        layers = compiled.supported(model, data, objective)
        if not layers:
            raise ValueError("The compiled trainer takes plain multilayer perceptrons and their usual objectives only.")
        compiled.warm()
        return layers
    return compiled.preferred(model, data, recipe, objective) if engine == "auto" else None
