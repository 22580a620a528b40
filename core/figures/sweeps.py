"""Variants of one training side by side."""

import numpy as np

from core.figures.curves import bands, bars
from core.figures.picture import Picture
from core.playground.sweeps import Sweep

LARGEST = 1e6  # a loss beyond this is drawn here


def final_scores(found: Sweep, height: int = 360) -> Picture:
    """The held-out score of every value at the end; the band or the whisker is one standard deviation over seeds."""
    scores = np.nan_to_num(found.scores(), nan=0.0, posinf=1.0, neginf=-1.0).clip(-1, 1)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in found.values):
        names = {"Held-out score": "test_score", "Training score": "train_score"}
        curves = {
            label: np.array([[getattr(run.last, name) for run in row] for row in found.runs]).T
            for label, name in names.items()
        }
        curves = {label: np.nan_to_num(rows, nan=0.0, neginf=-1.0).clip(-1, 1) for label, rows in curves.items()}
        log = "x" if min(found.values) > 0 and max(found.values) / min(found.values) > 50 else ""
        return bands(found.values, curves, (found.label.capitalize(), "Score at the end"), height, log=log)
    return bars(dict(zip(found.names, scores, strict=True)), (found.label, "Held-out score at the end"), height)


def held_out_losses(found: Sweep, height: int = 360) -> Picture:
    """The held-out loss of every value over the epochs, mean and deviation over the seeds."""
    numbers = sorted({epoch.number for row in found.runs for run in row for epoch in run.history})
    curves = {
        name: np.array([interpolated(run, numbers) for run in row])
        for name, row in zip(found.names, found.runs, strict=True)
    }
    return bands(numbers, curves, ("Epoch", "Held-out loss"), height, log="y")


def interpolated(run, numbers: list[int]) -> np.ndarray:
    """A run's held-out loss at given epochs; where it ended earlier, its last value."""
    at, values = run.curve("test_loss")
    values = np.nan_to_num(np.array(values), nan=LARGEST, posinf=LARGEST).clip(1e-6, LARGEST)
    return np.interp(numbers, at, values)
