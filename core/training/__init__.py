"""The loop, the recipe, the recorded run."""

from core.cancel import Cancel
from core.training.compiled import ready, warm
from core.training.loop import epochs, evaluate
from core.training.many import train_many
from core.training.recipe import OPTIMIZERS, Recipe, learning_rate
from core.training.run import Epoch, Run, train, training
from core.training.schedules import SCHEDULES

__all__ = [
    "OPTIMIZERS", "SCHEDULES", "Cancel", "Epoch", "Recipe", "Run", "epochs", "evaluate", "learning_rate", "ready",
    "train", "train_many", "training", "warm",
]  # fmt: skip
