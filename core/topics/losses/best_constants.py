"""Which constant answer a loss asks for: the mean, the median, a probability."""

import numpy as np

from core.figures.curves import line, number
from core.figures.descents import spot
from core.figures.picture import BLUE, GREEN, INK, ORANGE, PAPER, Picture, layout
from core.lessons.controls import pick, slider
from core.lessons.view import Shown, View
from core.topics.losses import numbers as lab
from core.topics.losses.numbers import Wish
from core.topics.losses.programs import program_of_wish

STYLES = {  # colour and dash: the same for a loss on every figure
    "MSE": (ORANGE, "solid"),
    "MAE": (GREEN, "dot"),
    "Huber": (BLUE, "dash"),
    "cross-entropy": (ORANGE, "solid"),
    "focal": (GREEN, "dot"),
    "hinge": (BLUE, "dash"),
}
KINDS = ("numbers", "classes")
KIND = pick("Answer", KINDS, help="Losses for predicting numbers, or for choosing classes.")


def measure_wish(answer: str, skew: float, share_of_class_1: float, seed: int) -> Wish:
    """The mean loss of every constant answer."""
    return lab.wish(answer, skew, share_of_class_1, seed)


def wished(wish: Wish) -> Shown:
    """The mean loss over all constants, its lowest points, and what statistics calls them."""
    traces, classes = [], "true share" in wish.marks
    low, high = (0.0, 1.0) if classes else (min(wish.marks.values()) - 1.5, max(wish.marks.values()) + 1.5)
    top = 0.5 if classes else 1.5
    for name, rows in wish.losses.items():
        traces.append(line(wish.x, rows - rows.min(), name, *STYLES[name]))
        marker = {"size": 11, "color": STYLES[name][0], "symbol": "diamond", "line": {"width": 1, "color": PAPER}}
        traces.append({**spot((wish.best[name], 0.0), f"lowest {name}", marker), "showlegend": False})
    for dash, (name, value) in zip(("dot", "dashdot"), wish.marks.items(), strict=False):
        traces.append(line(np.array([value, value]), np.array([0, top]), name, INK, dash))
    lowest = ", ".join(f"{name} at {number(value)}" for name, value in wish.best.items())
    known = ", ".join(f"{name} {number(value)}" for name, value in wish.marks.items())
    alt = f"Mean loss of one constant answer; lowest: {lowest}; {known}."
    across = "Probability given to class 1" if classes else "The one number that is always answered"
    note = (
        f"Lowest: **{lowest}**; {known}. Cross-entropy asks for the true probability. Hinge asks only for the right "
        "side, with a lead of 1 whatever the share; focal loss is drawn towards one half. Do not read their outputs as "
        "probabilities."
        if classes
        else f"Lowest: **{lowest}**; {known}. MSE asks for the mean, MAE for the median, Huber for a mean that "
        "outliers pull less."
    )
    axes = {"xaxis": {"range": [low, high]}, "yaxis": {"range": [-0.04 * top, top]}}
    picture = Picture(traces, layout(across, "Mean loss, above its lowest", 420, **axes), alt)
    return Shown(((picture,),), note, (CHOICE,))


CHOICE = [
    {"You want": "the mean; errors are even-tempered", "Loss": "MSE", "Because": "it asks for the mean"},
    {
        "You want": "the typical value; some data are wrong",
        "Loss": "MAE",
        "Because": "an outlier pushes no more than others",
    },
    {
        "You want": "both, and smooth steps near the answer",
        "Loss": "Huber",
        "Because": "its slope is bounded and has no jump",
    },
    {"You want": "probabilities", "Loss": "cross-entropy", "Because": "it asks for the true share"},
    {"You want": "attention on hard samples", "Loss": "focal", "Because": "it lets go of what is already right"},
    {"You want": "the right side with a margin", "Loss": "hinge", "Because": "it stops at a lead of 1"},
]

WISH = View(
    (
        KIND,
        slider("Skew", 0.0, 1.5, 1.0, 0.1, when=lambda values: values["answer"] == "numbers"),
        slider("Share of class 1", 0.05, 0.95, 0.7, 0.05, when=lambda values: values["answer"] == "classes"),
    ),
    measure_wish,
    wished,
    program=program_of_wish,
)
