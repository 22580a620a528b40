"""Functions of one variable and their slopes."""

from core.experiments.activations import Shape
from core.figures.curves import line, number
from core.figures.picture import BLUE, ORANGE, Picture, layout


def function_and_slope(shape: Shape, name: str, height: int = 360) -> Picture:
    """A function and its derivative in one plane."""
    traces = [line(shape.x, shape.value, name, BLUE), line(shape.x, shape.slope, "its slope", ORANGE, "dash")]
    middle = len(shape.x) // 2
    alt = (
        f"{name} and its slope for inputs from {shape.x[0]:.0f} to {shape.x[-1]:.0f}: at 0 the value is "
        f"{number(float(shape.value[middle]))}, the slope {number(float(shape.slope[middle]))}; the steepest slope is "
        f"{number(shape.steepest)}."
    )
    axis = {"range": [-1.6, 3.2]}
    return Picture(
        traces, layout("input of the unit", "answer and slope", height, yaxis=axis, hovermode="x unified"), alt
    )
