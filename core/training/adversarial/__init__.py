"""Adversarial training: two networks, one game, recorded like any other training."""

from core.training.adversarial.moment import Round
from core.training.adversarial.recipe import GanRecipe
from core.training.adversarial.run import GanRun, train_gan

__all__ = ["GanRecipe", "GanRun", "Round", "train_gan"]
