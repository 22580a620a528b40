"""The compiled trainer's door: whatever it can train, by the kernel made for it."""

from collections.abc import Iterator

from torch import nn

from core.cancel import Cancel
from core.data.data import Data
from core.objectives import Objective
from core.training.compiled import history, networks, sequences
from core.training.compiled.loading import ready
from core.training.compiled.networks import Layers
from core.training.compiled.sequences import Unrolled
from core.training.epoch import Epoch
from core.training.recipe import Recipe


def supported(model: nn.Module, data: Data, objective: Objective) -> Layers | Unrolled | None:
    """The network as its kernel reads it, if the compiled trainer does exactly what the loop would do; else None."""
    return networks.supported(model, data, objective) or sequences.unrolled(model, data, objective)


def preferred(model: nn.Module, data: Data, recipe: Recipe, objective: Objective) -> Layers | Unrolled | None:
    """The network, if the compiled trainer can be called now and is expected to be faster than torch."""
    if network := networks.preferred(model, data, recipe, objective):
        return network
    network = sequences.unrolled(model, data, objective) if ready() else None
    return network if network and model.units <= sequences.WIDEST else None


def epochs(
    network: Layers | Unrolled,
    data: Data,
    recipe: Recipe,
    objective: Objective,
    start: Epoch | None = None,
    cancel: Cancel | None = None,
) -> Iterator[Epoch]:
    """The recorded moments of a training, as ``core.training.loop.epochs`` yields them; ``warm`` comes first."""
    if isinstance(network, Unrolled):
        return sequences.epochs(network, data, recipe, objective, start, cancel)
    return history.epochs(network, data, recipe, objective, start, cancel)
