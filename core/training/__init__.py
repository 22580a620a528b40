"""The loop, the recipe, the recorded run."""

from core.training.cancel import Cancel
from core.training.loop import epochs, evaluate, train
from core.training.many import train_many
from core.training.recipe import OPTIMIZERS, SCHEDULES, Recipe, learning_rate
from core.training.run import Epoch, Run

__all__ = [
    "OPTIMIZERS", "SCHEDULES", "Cancel", "Epoch", "Recipe", "Run", "epochs", "evaluate", "learning_rate", "train",
    "train_many",
]  # fmt: skip
