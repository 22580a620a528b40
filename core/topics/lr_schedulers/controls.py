"""The controls that several views share, and what a click in the picture of the schedules does."""

from core.lessons.controls import Control, choose, pick, scale, text, toggle
from core.topics.lr_schedulers.drawing import FIRST, with_click
from core.topics.lr_schedulers.races import DATA, NAMES, OPTIMIZERS, RATES


def alone(values) -> bool:
    """All schedules take one peak rate, so it can be set."""
    return not values["own_best_peak"]


DRAWING = text(
    "Drawn schedule", FIRST, help="Percent of the training: percent of the peak rate. Or click in the picture."
)
PROBLEM, OPTIMIZER = pick("Data", DATA), pick("Optimizer", OPTIMIZERS)
OWN_BEST = toggle("Own best peak", True, help="Each schedule takes the peak rate that did best for it on other seeds.")
RATE = scale("Learning rate", RATES, 0.1, when=alone, help="The highest rate of every schedule.")
SCHEDULES = choose("Schedules", NAMES, NAMES)
EPOCHS, BATCH = scale("Epochs", (12, 24, 40), 24), scale("Batch size", (4, 8, 16, 32), 8)


def redrawn(drawing: str, at: dict) -> tuple[tuple[Control, str]]:
    """The drawing after a click in the picture of the schedules; one in another picture changes nothing."""
    return ((DRAWING, drawing if at.get("row") else with_click(drawing, at["x"], at["y"])),)
