"""Step by step: the rate that a formula gives beside the rate that torch's optimizer logs under torch's scheduler."""

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer, lr_scheduler

from core.objectives import natural
from core.provenance import Measured, Sourced
from core.randomness import order
from core.topics.lr_schedulers.drawing import FIRST, breakpoints
from core.topics.lr_schedulers.plateaus import FACTOR, PATIENCE, THRESHOLD
from core.topics.lr_schedulers.races import DRAWN, PLATEAU, Ground, trained
from core.training import Run
from core.training.recipe import learning_rates
from core.training.schedules import Breakpoints, factors, warm_up_steps

BATCH = 32
JUDGES: dict[str, Callable[[Iterator[nn.Parameter], float], Optimizer]] = {
    "Momentum": lambda weights, rate: torch.optim.SGD(weights, rate, momentum=0.9),
    "Nesterov": lambda weights, rate: torch.optim.SGD(weights, rate, momentum=0.9, nesterov=True),
    "SGD": lambda weights, rate: torch.optim.SGD(weights, rate),
    "Adam": lambda weights, rate: torch.optim.Adam(weights, rate),
}


def warm_up_then_linear(optimizer: Optimizer, steps: int) -> lr_scheduler.SequentialLR:
    """Warm-up over the first tenth of the steps and linear decay to 0, from torch's parts."""
    rise = warm_up_steps(steps)
    parts = [
        lr_scheduler.LinearLR(optimizer, 1 / rise, 1.0, max(rise - 1, 1)),
        lr_scheduler.LinearLR(optimizer, 1.0, 0.0, steps - rise),
    ]
    return lr_scheduler.SequentialLR(optimizer, parts, [rise])


SCHEDULERS: dict[str, Callable] = {  # of the optimizer and the number of steps
    "constant": lambda optimizer, steps: lr_scheduler.ConstantLR(optimizer, 1.0),
    "step": lambda optimizer, steps: lr_scheduler.MultiStepLR(optimizer, [-(-k * steps // 4) for k in (1, 2, 3)], 0.5),
    "exponential": lambda optimizer, steps: lr_scheduler.ExponentialLR(optimizer, 0.01 ** (1 / steps)),
    "cosine": lambda optimizer, steps: lr_scheduler.CosineAnnealingLR(optimizer, steps),
    "one-cycle": lambda optimizer, steps: lr_scheduler.OneCycleLR(
        optimizer, optimizer.param_groups[0]["lr"], steps, cycle_momentum=False
    ),
    "warm-up + linear": warm_up_then_linear,
}
CLASSES = {
    DRAWN: "LambdaLR", "constant": "ConstantLR", "step": "MultiStepLR", "exponential": "ExponentialLR",
    "cosine": "CosineAnnealingLR", "one-cycle": "OneCycleLR", "warm-up + linear": "SequentialLR",
    PLATEAU: "ReduceLROnPlateau",
}  # fmt: skip


@dataclass(frozen=True)
class StepByStep(Sourced):
    """A schedule over all steps of one training: the ``formula``'s rates and those that torch's optimizer ``logged``,
    (steps,); the ``run`` trained by this project and the ``weights`` (parameters,) that torch ended with."""

    name: str
    formula: np.ndarray
    logged: np.ndarray
    run: Run
    weights: Tensor
    source: Measured

    @property
    def difference(self) -> float:
        """The largest difference of the two rates, as a share of the peak."""
        return float(np.abs(self.formula - self.logged).max() / self.run.recipe.learning_rate)

    @property
    def apart(self) -> float:
        """The largest difference between a weight trained here and the same weight trained by torch."""
        return float((self.run.last.weights - self.weights).abs().max())

    def percent(self, share: float) -> float:
        """The rate after a share of the steps, in percent of the peak."""
        return 100 * self.formula[int(share * len(self.formula))] / self.run.recipe.learning_rate


def scheduler_of(name: str, drawn: Breakpoints, optimizer: Optimizer, steps: int):
    """Torch's scheduler of a name."""
    if name == PLATEAU:
        return lr_scheduler.ReduceLROnPlateau(optimizer, factor=FACTOR, patience=PATIENCE, threshold=THRESHOLD)
    if name == DRAWN:
        return lr_scheduler.LambdaLR(optimizer, lambda step: float(factors(drawn, np.array(step), steps)))
    return SCHEDULERS[name](optimizer, steps)


def trained_by_torch(run: Run, name: str, drawn: Breakpoints) -> tuple[np.ndarray, Tensor]:
    """The same training in torch's own words: the rates (steps,) that its optimizer held, and its weights."""
    model, data, recipe, rates = copy.deepcopy(run.model), run.data, run.recipe, []
    objective = natural(data.classes)
    optimizer = JUDGES[recipe.optimizer](model.parameters(), recipe.learning_rate)
    scheduler = scheduler_of(name, drawn, optimizer, recipe.epochs * -(-len(data.x) // recipe.batch_size))
    for epoch in range(1, recipe.epochs + 1):
        for batch in order(len(data.x), recipe.seed, epoch).split(recipe.batch_size):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            objective(model, data.x[batch], data.y[batch]).backward()
            optimizer.step()
            if name != PLATEAU:
                scheduler.step()
        if name == PLATEAU:
            with torch.no_grad():
                scheduler.step(objective(model, data.x, data.y).item())
    return np.array(rates), nn.utils.parameters_to_vector(model.parameters()).detach()


def step_by_step(
    schedule: str = "one-cycle", drawn_schedule: str = FIRST, learning_rate: float = 0.1, optimizer: str = "Momentum",
    epochs: int = 16, seed: int = 0,
) -> StepByStep:  # fmt: skip
    """Train one network here and by torch under the same schedule. Raises ``ValueError`` for a drawing that is none."""
    began, drawn = time.perf_counter(), breakpoints(drawn_schedule)
    ground = Ground("moons", optimizer, epochs, BATCH)
    ((run,),) = trained(ground, drawn if schedule == DRAWN else schedule, [learning_rate], [seed])
    steps = epochs * -(-len(run.data.x) // BATCH)
    logged, weights = trained_by_torch(run, schedule, drawn)
    source = Measured((seed,), time.perf_counter() - began, "Trained live, twice")
    return StepByStep(schedule, learning_rates(run.recipe, 0, steps, steps), logged, run, weights, source)
