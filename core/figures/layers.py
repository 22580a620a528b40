"""Pictures of what happens inside a network, layer by layer."""

import numpy as np

from core.figures.marks import hover, stroke, trace, upright
from core.figures.picture import BLUE, COLORS, GREY, INK, PAPER, SYMBOLS, Picture, encoded, layout
from core.figures.planes import scatter
from core.probes.linear import film, in_two_dimensions
from core.training.run import Run


def layer_name(index: int, hidden: int) -> str:
    """What a layer is called on every page: input, hidden 1 …, output."""
    return "input" if index == 0 else f"hidden {index}" if index <= hidden else "output"


def representation(run: Run, layer: int, height: int = 420) -> Picture:
    """How the network sees the held-out samples at one layer (0: the input itself), at every recorded moment, turned
    into the plane that keeps most of their variance."""
    x, y, classes = run.data.x_test, run.data.y_test, run.data.classes
    seen = film(run, x, layer - 1) if layer else [in_two_dimensions(x)] * len(run.history)
    seen = [frame / frame.abs().nan_to_num().max().clamp_min(1e-9) for frame in seen]
    members = [(y == index).numpy() for index in range(len(classes))]
    frames = [tuple(placed(frame.numpy(), mine) for mine in members) for frame in seen]
    traces = [
        scatter(seen[-1].numpy()[mine], mark(index), name, name + "<extra></extra>")
        for index, (name, mine) in enumerate(zip(classes, members, strict=True))
    ]
    axis = {"range": [-1.1, 1.1], "showticklabels": False, "showgrid": False}
    name = layer_name(layer, len(run.model.hidden))
    alt = f"The {len(x)} held-out samples as layer “{name}” sees them, in two dimensions, coloured by class."
    plan = layout("first principal direction", "second principal direction", height, xaxis=axis, yaxis=axis)
    return Picture(traces, plan, alt, frames, [f"epoch {epoch.number}" for epoch in run.history])


def placed(frame: np.ndarray, mine: np.ndarray) -> dict:
    """The samples of one class in one frame."""
    return {"x": encoded(frame[mine, 0]), "y": encoded(frame[mine, 1])}


def mark(index: int) -> dict:
    """The marker of a class: own colour and own symbol."""
    color = COLORS[index % len(COLORS)]
    return {"symbol": SYMBOLS[index % len(SYMBOLS)], "size": 7, "color": color, "line": {"width": 1, "color": PAPER}}


def separability(accuracies: list[float], chosen: int, chance: float, height: int = 420) -> Picture:
    """Accuracy of a linear probe after each layer, the chosen layer marked, against guessing."""
    hidden = len(accuracies) - 1
    names = [layer_name(index, hidden) for index in range(hidden + 1)]
    colors = [BLUE if index == chosen else GREY for index in range(hidden + 1)]
    text = [f"{100 * value:.0f}%" for value in accuracies]
    outside = {"text": text, "textposition": "outside", "cliponaxis": False}
    bar = upright(names, accuracies, colors, **outside, **hover("%{x}: %{y:.1%}"))
    words = {"text": ["", "guessing"], "textposition": "top left", "hoverinfo": "skip"}
    guess = trace("lines+text", [names[0], names[-1]], [chance, chance], line=stroke(INK, 1.5, "dot"), **words)
    alt = "Accuracy of a straight-line classifier after each layer: " + ", ".join(
        f"{name} {value}" for name, value in zip(names, text, strict=True)
    )
    places = list(range(hidden + 1))
    ticks = {"tickvals": places, "ticktext": [names[0], *map(str, places[1:])], "tickangle": 0}
    share = {"range": [0, 1.12], "tickformat": ".0%"}
    plan = layout("hidden layer", "Accuracy of a linear probe", height, showlegend=False, xaxis=ticks, yaxis=share)
    return Picture([bar, guess], plan, alt + f"; guessing gives {100 * chance:.0f}%.")
