"""Problems made by one short function: its source is all that a program needs to make the same samples.

A generator takes settings, ``seed`` among them, and returns inputs (samples, …features) and targets, first the samples
to train on, then those that are held out. It uses nothing but torch, math and the functions it ``needs``.
"""

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from core.data.data import Data
from core.data.sampling import check_seed
from core.provenance import written

Generator = Callable[..., tuple[Tensor, Tensor]]
NAMES = ("orange", "blue", "green", "pink", "yellow", "black")


@dataclass(frozen=True)
class Generated:
    """How samples were made: by a generator with these settings. ``needs`` are the functions it calls."""

    generator: Generator
    settings: Mapping[str, object]
    needs: tuple[Callable, ...] = ()


def generated(
    check: Callable[[dict], None] = lambda settings: None,
    training: Callable[[dict], int] | None = None,
    classes: Callable[[dict], tuple[str, ...]] | None = None,
    needs: tuple[Callable, ...] = (),
) -> Callable[[Generator], Callable[..., Data]]:
    """Turn a generator into a data set: ``spiral(samples=400, seed=1)`` is then a ``Data`` that knows how it was made.

    ``check`` raises ``ValueError`` for settings that make no problem. ``training`` says how many samples are for
    training; without it the data set has a setting more, ``held_out``, the share that is held out. ``classes`` names
    the classes, by default in the figures' colour order.
    """

    def decorate(generator: Generator) -> Callable[..., Data]:
        signature = inspect.signature(generator)
        if training is None:
            signature = with_held_out(signature)

        @functools.wraps(generator)
        def data_set(*arguments, **keywords) -> Data:
            bound = signature.bind(*arguments, **keywords)
            bound.apply_defaults()
            settings = dict(bound.arguments)
            check_seed(settings["seed"])
            check(settings)
            settings["seed"] = int(settings["seed"])  # NumPy's whole numbers too
            share = settings.pop("held_out") if training is None else 0.0
            x, y = generator(**settings)
            named = () if y.is_floating_point() else (classes or colours)(settings)
            count = kept_for_training(y, share, len(named)) if training is None else training(settings)
            source, made = written(data_set, arguments, keywords), Generated(generator, settings, needs)
            return Data(x[:count], y[:count], x[count:], y[count:], named, source, made)

        data_set.__signature__ = signature  # ty: ignore[missing-attribute]
        return data_set

    return decorate


def with_held_out(signature: inspect.Signature) -> inspect.Signature:
    """A signature with the held-out share behind the seed."""
    parameters = list(signature.parameters.values())
    place = list(signature.parameters).index("seed") + 1
    share = inspect.Parameter("held_out", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=0.5, annotation=float)
    return signature.replace(parameters=[*parameters[:place], share, *parameters[place:]])


def colours(settings: dict) -> tuple[str, ...]:
    """The classes' names: two, unless the settings say otherwise."""
    return names(settings.get("classes", 2))


def names(classes: int) -> tuple[str, ...]:
    """Names of two to six classes, in the figures' colour order."""
    if not 2 <= classes <= 6:
        raise ValueError("Choose between 2 and 6 classes.")
    return NAMES[:classes]


def kept_for_training(y: Tensor, share: float, classes: int) -> int:
    """How many samples, the first ones, are for training when a share is held out: every class is on both sides."""
    check_share(share)
    count = len(y) - round(len(y) * share)
    places = [(y == number).nonzero()[:, 0] for number in range(classes)]
    earliest = max((int(place[0]) + 1 for place in places if len(place)), default=1)
    latest = min((int(place[-1]) for place in places if len(place)), default=len(y) - 1)
    return max(1, min(max(count, earliest), latest))


def check_share(share: float) -> None:
    """Raise ``ValueError`` unless a share lies between 0 and 1."""
    if not (math.isfinite(share) and 0 < share < 1):
        raise ValueError("The held-out share must lie between 0 and 1.")
