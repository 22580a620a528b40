"""What one update does to the loss."""

from core.figures.curves import line, number
from core.figures.marks import hover, marker, trace
from core.figures.picture import BLUE, INK, ORANGE, Picture, layout
from core.topics.backpropagation.numbers import Descent, Exercise


def after_update(exercise: Exercise, descent: Descent, height: int = 320) -> Picture:
    """The loss of the sample after one update, for every learning rate; the straight line is what the gradient
    promises."""
    slope = -sum(v.gradient**2 for v in exercise.graph.vertices if v.kind == "parameter")
    top = max(exercise.loss, float(descent.losses.max()))
    promised = exercise.loss + slope * descent.rates
    near = promised >= -0.1 * top
    here = [exercise.rate], [exercise.new_loss]
    traces = [
        line(descent.rates, descent.losses, "loss after the update", BLUE),
        line(descent.rates[near], promised[near], "what the gradient promises", ORANGE, "dash"),
        trace("markers", *here, name="your learning rate", marker=marker(INK, 11), **hover("%{y:.4g}")),
    ]
    alt = (
        f"The loss after one update against the learning rate: {number(exercise.loss)} without a step, "
        f"{number(exercise.new_loss)} at {exercise.rate:g}, lowest near {number(descent.lowest)}."
    )
    return Picture(traces, layout("learning rate", "loss after one update", height), alt)
