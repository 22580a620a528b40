"""A setting of the playground as a training: its data, its network, its recipe, and the recorded run."""

import re
from collections import Counter
from collections.abc import Generator
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

from torch import nn

from core.data.data import Data
from core.data.features import with_inputs
from core.data.own import points as own_points
from core.data.refusals import OwnDataError
from core.models import ACTIVATIONS, MLP
from core.objectives import Objective, binary_cross_entropy
from core.provenance import Measured
from core.topics.mlp.settings import (
    BALANCED,
    BORDER,
    CLASSED,
    GENERATED,
    LOSSES,
    OWN,
    REGRESSION_LOSSES,
    TABLE,
    Setting,
)
from core.training import Recipe, Run, ready, train
from core.training import training as training_of

DEEPEST, WIDEST = 12, 128  # of a network written layer by layer
PATIENCE = 4.0  # seconds beyond which a training is offered as a job


def problem(setting: Setting) -> Data:
    """The data of a setting, with its inputs. Raises ``ValueError``, one sentence, for what makes no problem."""
    name, seed, share = setting.data, setting.seed, setting.held_out_share
    if name == OWN:
        plain = own_points(setting.points, share, seed)
    elif name == TABLE:
        if setting.table is None:
            raise OwnDataError("Upload a table to train on it.")
        plain = setting.table.problem(share, seed)
    else:
        more: dict[str, Any] = {"balance": setting.first_class_s_share} if name in BALANCED else {}
        more |= {"classes": setting.classes} if name in CLASSED else {}
        more |= {"expression": setting.border} if name == BORDER else {}
        plain = GENERATED[name](samples=setting.samples, noise=setting.noise, seed=seed, held_out=share, **more)
    return with_inputs(plain, tuple(setting.inputs))


def hidden_layers(setting: Setting) -> tuple[tuple[int, str], ...]:
    """Units and activation of each hidden layer. Raises ``ValueError``, one sentence, for a text that says none."""
    if not setting.layer_by_layer.strip():
        return ((setting.units_per_layer, setting.activation),) * setting.hidden_layers
    parts = [part.strip() for part in setting.layer_by_layer.split(",")]
    if len(parts) > DEEPEST:
        raise ValueError(f"Layer by layer: at most {DEEPEST} layers, these are {len(parts)}.")
    return tuple(layer(part, place, setting.activation) for place, part in enumerate(parts, start=1))


def layer(text: str, place: int, usual: str) -> tuple[int, str]:
    """One hidden layer from a text such as ``16 tanh``."""
    match = re.fullmatch(r"(\d{1,4})(?:\s+([A-Za-z]+))?", text, re.ASCII)
    names = {name.lower(): name for name in ACTIVATIONS}
    name = names.get((match[2] or usual).lower()) if match else None
    if match is None or name is None or not 1 <= int(match[1]) <= WIDEST:
        known = ", ".join(ACTIVATIONS)
        raise ValueError(f"Layer {place}: write a number of units from 1 to {WIDEST} and, if you like, one of {known}.")
    return int(match[1]), name


def network_of(setting: Setting, data: Data) -> MLP:
    """The untrained network of a setting."""
    hidden = hidden_layers(setting)
    names = {name for _, name in hidden}
    outputs = 1 if objective_of(setting, data) is binary_cross_entropy else data.outputs
    return MLP(
        data.x.shape[1], *(units for units, _ in hidden), outputs,
        activation=names.pop() if len(names) == 1 else tuple(name for _, name in hidden) or "ReLU",
        dropout=setting.dropout, batch_norm=setting.batch_norm, init=setting.initialization, seed=setting.seed,
    )  # fmt: skip


def objective_of(setting: Setting, data: Data) -> Objective:
    """The loss that is lowered: one for classes or one for numbers."""
    if not data.classes:
        return REGRESSION_LOSSES[setting.loss_for_numbers]
    if setting.loss == "binary cross-entropy" and len(data.classes) > 2:
        raise ValueError(f"Binary cross-entropy knows two classes, not {len(data.classes)}: use cross-entropy.")
    return LOSSES[setting.loss]


def recipe_of(setting: Setting) -> Recipe:
    """How a setting is trained."""
    shared = {field.name for field in fields(Recipe)} & {field.name for field in fields(Setting)}
    return Recipe(**{name: getattr(setting, name) for name in shared})


@lru_cache(maxsize=8)
def parts(setting: Setting) -> tuple[nn.Module, Data, Recipe, Objective]:
    """What ``core.training.train`` takes, and never changes."""
    data = problem(setting)
    return network_of(setting, data), data, recipe_of(setting), objective_of(setting, data)


def trained(setting: Setting) -> Run:
    """The run of a setting."""
    return train(*parts(setting))


def seconds(setting: Setting) -> float:
    """About how long the training of a setting takes, from what steps and multiplications cost."""
    model, data, recipe, _ = parts(setting)
    size, count = sum(parameter.numel() for parameter in model.parameters()), len(data.x)
    steps = recipe.epochs * -(-count // recipe.batch_size)
    if setting.batch_norm or not ready():
        return steps * 0.7e-3
    return steps * (2e-6 + 5e-9 * size) + recipe.epochs * count * size * 2.5e-9


def is_quick(setting: Setting) -> bool:
    """Whether a setting is trained while the learner waits."""
    return seconds(setting) <= PATIENCE


def training(setting: Setting) -> Generator[tuple[float, str], None, Run]:
    """The training of a setting as long work: yields (share done, message), returns the run."""
    return (yield from training_of(*parts(setting)))


def without_hidden(setting: Setting) -> Setting:
    """The same setting without hidden layers."""
    return replace(setting, hidden_layers=0, layer_by_layer="", batch_norm=False, dropout=0.0)


def is_waiting(setting: Setting) -> str:
    """What is still missing before there is anything to train on, in one sentence; empty if nothing is."""
    if setting.data == TABLE and setting.table is None:
        return "Upload a table (CSV): two columns of numbers to look at, and one column to learn."
    counts = Counter(colour for _, _, colour in setting.points)
    if setting.data == OWN and (len(counts) < 2 or min(counts.values()) < 2):
        return "Click in the plane to set at least **two points of two colours**; then the training starts by itself."
    return ""


def where_set(setting: Setting) -> Measured:
    """The provenance of points that nothing was trained on yet."""
    return Measured((setting.seed,), 0.0, "Set by you")
