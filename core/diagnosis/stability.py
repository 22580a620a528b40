"""How large a step may be: the learning rate against the measured curvature of the loss."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.probes.sharpness import sharpness
from core.training import Epoch, Recipe, Run
from core.training.updates import EPSILON

PLAIN = ("SGD", "Momentum", "Nesterov")
MOVES = 0.1  # an adaptive step above this share of the untrained weights' size scrambles them (rule of thumb)


@dataclass(frozen=True)
class Bound:
    """The largest stable learning rate at a recorded moment, and the λmax it follows from."""

    epoch: int
    sharpness: float
    rate: float


def stable_product(recipe: Recipe) -> float:
    """The largest stable value of learning rate × λmax for full-batch steps on a quadratic; nan where none is known.

    SGD 2; Momentum 2(1+μ) and Nesterov 2(1+μ)/(1+2μ) (Polyak 1964; Cohen et al. 2021); RMSProp and Adagrad 2, Adam
    2(1+β₁)/(1−β₁), these with λmax of the loss in weights rescaled by the square-root memory, held fixed (Cohen et
    al. 2022).
    """
    memory = recipe.momentum
    return {
        "SGD": 2.0, "Momentum": 2 * (1 + memory), "Nesterov": 2 * (1 + memory) / (1 + 2 * memory),
        "RMSProp": 2.0, "Adagrad": 2.0,
        "Adam": 2 * (1 + memory) / (1 - memory), "AdamW": 2 * (1 + memory) / (1 - memory),
    }.get(recipe.optimizer, math.nan)  # fmt: skip


def rescaling(epoch: Epoch, recipe: Recipe) -> Tensor | None:
    """Each weight's scale 1/√(√ŝ + ε) under an adaptive optimizer's memory of squared gradients, (parameters,);
    None for plain optimizers and before the first step."""
    if recipe.optimizer in PLAIN or len(epoch.moments) == 0 or epoch.age == 0:
        return None
    correct = recipe.optimizer in ("Adam", "AdamW", "Nadam")
    square = epoch.moments[-1] / (1 - recipe.beta2**epoch.age if correct else 1)
    return (square.clamp_min(0).sqrt() + EPSILON).rsqrt()


def step_bound(run: Run, number: int | None = None) -> Bound:
    """The largest stable learning rate at a recorded moment of a run, measured on all training samples.

    nan for Nadam, for adaptive optimizers before their first step, and where the loss is not finite.
    Infinite where the loss curves nowhere upwards. Mini-batches see more curvature than all samples together, so that
    a noisy training turns unstable somewhat earlier.
    """
    epoch, recipe = run.recorded(number), run.recipe
    scale = rescaling(epoch, recipe)
    if math.isnan(stable_product(recipe)) or (scale is None and recipe.optimizer not in PLAIN):
        return Bound(epoch.number, math.nan, math.nan)
    curvature = sharpness(run.at(epoch.number), run.data.x, run.data.y, run.objective, scale, steps=30, tolerance=1e-2)
    if recipe.optimizer in PLAIN:
        curvature += recipe.weight_decay
    return Bound(epoch.number, curvature, stable_product(recipe) / curvature if not curvature <= 0 else math.inf)


def size_of_start(run: Run) -> float:
    """Root mean square of the weight matrices as the run found them (biases left out)."""
    matrices = [parameter.detach().reshape(-1) for parameter in run.at(run.history[0].number).parameters()
                if parameter.dim() > 1]  # fmt: skip
    return torch.cat(matrices).square().mean().sqrt().item() if matrices else math.nan


@dataclass(frozen=True)
class Step:
    """The judgement of a run's largest step: too large or not, why in one sentence, and a rate that is safe."""

    too_large: bool
    sentence: str
    safe: float


def bounds(run: Run, epochs: Sequence[Epoch]) -> list[Bound]:
    """The bounds at some moments, as far as they could be measured, the tightest first."""
    found = [step_bound(run, number) for number in sorted({epoch.number for epoch in epochs})]
    return sorted([bound for bound in found if not math.isnan(bound.rate)], key=lambda bound: bound.rate)


def safe_rate(run: Run, measured: Sequence[Bound]) -> float:
    """A learning rate to begin with: half of 2/λmax at the tightest bound, less what momentum adds up; for adaptive
    optimizers a fiftieth of the untrained weights' size. Rounded down; 0.01 where nothing could be measured."""
    if run.recipe.optimizer not in PLAIN:
        return rounded(0.02 * size_of_start(run))
    memory = 0.0 if run.recipe.optimizer == "SGD" else run.recipe.momentum
    return rounded((1 - memory) / measured[0].sharpness if measured and measured[0].sharpness > 0 else math.nan)


def judged_step(run: Run, sound: Epoch) -> Step:
    """Whether the run's largest learning rate exceeds what was stable at its start or at a later sound moment.

    For adaptive optimizers no such bound holds in general: there the step is compared with the size of the weights.
    """
    largest = max([epoch.learning_rate for epoch in run.history[1:]], default=0.0) or run.recipe.learning_rate
    measured = bounds(run, (run.history[0], sound)) if run.recipe.optimizer in PLAIN else []
    too_large, sentence = beside_bound(run, largest, measured) if measured else beside_weights(run, largest)
    return Step(too_large, sentence, min(safe_rate(run, measured), rounded(largest / 2)))


def beside_bound(run: Run, largest: float, measured: Sequence[Bound]) -> tuple[bool, str]:
    """A plain optimizer's step beside the tightest measured bound: above it or not, and the sentence."""
    tight = measured[0]
    known = "2/λmax" if run.recipe.optimizer == "SGD" else f"{stable_product(run.recipe):.3g}/λmax"
    return largest > tight.rate, (
        f"the learning rate {largest:.3g} is {'above' if largest > tight.rate else 'below'} {known} = "
        f"{tight.rate:.3g}, the largest stable step at epoch {tight.epoch} (λmax = {tight.sharpness:.3g}, measured)"
    )


def beside_weights(run: Run, largest: float) -> tuple[bool, str]:
    """A step for which no bound could be measured beside the size of the weights: too large or not, the sentence."""
    if run.recipe.optimizer in PLAIN:
        return True, "λmax could not be measured, since the gradient is not finite from the start"
    size = size_of_start(run)
    return largest > MOVES * size > 0, (
        f"{run.recipe.optimizer} moves each weight by up to about its learning rate in one step, here {largest:.3g}, "
        f"and the untrained weights measure {size:.3g} (root mean square); 2/λmax does not bound an adaptive step"
    )


def rounded(value: float) -> float:
    """A value rounded down to one or two readable digits: 0.0374 → 0.035, 0.012 → 0.01."""
    if not 0 < value < math.inf:
        return 0.01
    unit = 10.0 ** math.floor(math.log10(value))
    choices = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0)
    return float(f"{max(c for c in choices if c * unit <= value * (1 + 1e-9)) * unit:.2g}")
