"""Normalisation between the layers."""

import numpy as np

from core.figures.curves import bands, bars, log_ticks, number
from core.figures.picture import BLUE, Picture, encoded, layout
from core.lessons import Question, Scale
from core.lessons.view import Later, Shown, View
from core.probes import luck
from core.topics.normalize_inputs import programs
from core.topics.normalize_inputs.inside import NORMS, Arriving, Trained, arriving, training
from core.topics.normalize_inputs.settings import FACTOR, SHIFT, unit


def sums_picture(found: Arriving, norm: str, height: int = 300) -> Picture:
    """What each unit sums up, over the samples."""
    rows = found.sums[norm]
    boxes = [
        {"type": "box", "y": encoded(rows[:, unit]), "name": str(unit + 1), "boxpoints": False,
         "marker": {"color": BLUE}, "line": {"width": 1.5}, "showlegend": False}
        for unit in range(rows.shape[1])
    ]  # fmt: skip
    alt = (
        f"Sums of {rows.shape[1]} units with {norm}: spreads from {number(float(rows.std(axis=0).min()))} to "
        f"{number(float(rows.std(axis=0).max()))}; tanh is flat for {found.asleep(norm):.0%} of them."
    )
    plan = layout(f"hidden unit — {behind(norm)}", "sum before tanh", height)
    return Picture(boxes, plan, alt)


def behind(norm: str) -> str:
    """A kind of layer in words."""
    return "no layer" if norm == "none" else norm


def arrived(found: Arriving) -> Shown:
    """The sums behind each kind of layer."""
    asleep = ", ".join(f"**{found.asleep(norm):.0%}** of the answers behind {behind(norm)}" for norm in NORMS)
    words = (
        "A network before training, raw inputs: what its hidden units sum up over the samples. Where tanh is flat "
        f"(slope under 0.01) hardly any gradient comes back; that is so for {asleep}."
    )
    return Shown((tuple(sums_picture(found, norm) for norm in NORMS),), words)


def trained(found: Trained) -> Shown:
    """Losses and scores of all kinds."""
    epochs = np.arange(next(iter(found.losses.values())).shape[1])
    logs = {name: np.log10(rows) for name, rows in found.losses.items()}
    curves = bands(epochs, logs, ("Epoch", ""), 400)
    curves.layout["yaxis"] |= log_ticks("Training loss", *logs.values())
    best = min(found.losses, key=lambda name: found.losses[name][:, -1].mean())
    ends = {name: rows[:, -1] for name, rows in found.losses.items()}
    said = luck.sentence(ends, best, f"**{best.capitalize()}** ends lowest beyond seed noise.")
    scores = bars(found.scores, ("", "Held-out accuracy"), 340, yaxis={"range": [0, 1.05], "tickformat": ".0%"})
    return Shown(((curves,), (scores,)), f"3 seeds each. Lowest loss: {best}. {said}")


def asleep_asked(found: Arriving) -> Question:
    """How many are flat?"""
    because = (
        "A sum far from 0 lies where tanh no longer bends; normalising the sums brings them back to where it does."
    )
    if not found.asleep("none"):
        because = "These sums are all near enough to 0; only those far from it lie where tanh no longer bends."
    text = "Raw inputs, no normalising layer: for which share of the answers is tanh flat (slope under 0.01)?"
    return Question(text, Scale(0, 100, 5, "%", 10), round(100 * found.asleep("none")), because)


def unmeasured(found: Arriving) -> Shown:
    """What is looked at."""
    text = f"A network with 8 tanh units meets two inputs, the second {unit(found.factor)}."
    return Shown((), f"{text} Between the sum and tanh stands nothing, batch norm, or layer norm.")


def measure_sums(unit_of_x: float, offset: float, seed: int) -> Arriving:
    """The sums before training."""
    return arriving(unit_of_x, offset, seed)


INSIDE = View(
    (FACTOR, SHIFT),
    measure_sums,
    arrived,
    before=unmeasured,
    question=asleep_asked,
    program=programs.program_of_sums,
    later=Later("Train all of them, 3 seeds", training, lambda found: (found.factor, found.shift, found.seed), trained),
)
