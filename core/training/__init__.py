"""The loop, the recipe, the recorded run."""

from core.training.loop import epochs, evaluate, train
from core.training.recipe import OPTIMIZERS, SCHEDULES, Recipe, learning_rate
from core.training.run import Epoch, Run

__all__ = ["OPTIMIZERS", "SCHEDULES", "Epoch", "Recipe", "Run", "epochs", "evaluate", "learning_rate", "train"]
