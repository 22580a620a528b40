"""Variants of one training side by side."""

from typing import Any

import numpy as np

from core.figures.curves import bands, bars, line
from core.figures.marks import powers
from core.figures.picture import BLUE, ORANGE, Picture, layout
from core.topics.mlp.sweeps import Sweep
from core.training import Run

FEW = 6  # curves that still have a colour, a dash and a band of their own
LARGEST = 1e6  # a loss beyond this is drawn here


def final_scores(sweep: Sweep, height: int = 360) -> Picture:
    """The held-out score of every value at the end; the band or the whisker is one standard deviation over seeds."""
    scores = np.nan_to_num(sweep.scores(), nan=0.0, posinf=1.0, neginf=-1.0).clip(-1, 1)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in sweep.values):
        names = {"Held-out score": "test_score", "Training score": "train_score"}
        curves = {
            label: np.array([[getattr(run.last, name) for run in row] for row in sweep.runs]).T
            for label, name in names.items()
        }
        curves = {label: np.nan_to_num(rows, nan=0.0, neginf=-1.0).clip(-1, 1) for label, rows in curves.items()}
        log = min(sweep.values) > 0 and max(sweep.values) / min(sweep.values) > 50
        axis: dict[str, Any] = {"xaxis": powers(sweep.values)} if log else {}
        return bands(sweep.values, curves, (sweep.label.capitalize(), "Score at the end"), height, **axis)
    return bars(dict(zip(sweep.names, scores, strict=True)), (sweep.label, "Held-out score at the end"), height)


def held_out_losses(sweep: Sweep, height: int = 360) -> Picture:
    """The held-out loss of every value over the epochs, mean and deviation over the seeds."""
    numbers = sorted({epoch.number for row in sweep.runs for run in row for epoch in run.history})
    curves = {
        name: np.array([interpolated(run, numbers) for run in row])
        for name, row in zip(sweep.names, sweep.runs, strict=True)
    }
    power = powers(*curves.values())
    if len(curves) <= FEW:
        return bands(numbers, curves, ("Epoch", "Held-out loss"), height, yaxis=power)
    traces = [
        line(numbers, rows.mean(axis=0), name, between(place / (len(curves) - 1)), showlegend=False)
        for place, (name, rows) in enumerate(curves.items())
    ]
    first, *_, last = curves
    alt = f"Mean held-out loss over the epochs for {len(curves)} values, from {first} (orange) to {last} (blue)."
    note = {"text": f"orange: {first} … blue: {last}", "x": 0, "y": 1.02, "xref": "paper", "yref": "paper"}
    note |= {"showarrow": False, "xanchor": "left", "yanchor": "bottom"}
    return Picture(traces, layout("Epoch", "Held-out loss", height, yaxis=power, annotations=[note]), alt)


def between(share: float) -> str:
    """A colour between orange (0) and blue (1)."""
    ends = [[int(color[place : place + 2], 16) for place in (1, 3, 5)] for color in (ORANGE, BLUE)]
    return "#" + "".join(f"{round(low + (high - low) * share):02x}" for low, high in zip(*ends, strict=True))


def interpolated(run: Run, numbers: list[int]) -> np.ndarray:
    """A run's held-out loss at given epochs; where it ended earlier, its last value."""
    at, values = run.curve("test_loss")
    values = np.nan_to_num(np.array(values), nan=LARGEST, posinf=LARGEST).clip(1e-6, LARGEST)
    return np.interp(numbers, at, values)
