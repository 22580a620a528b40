"""One dot per seed: what several methods reach, and how far their seeds lie apart."""

from collections.abc import Mapping

import numpy as np

from core.figures.curves import number
from core.figures.picture import COLORS, INK, PAPER, SYMBOLS, Picture, encoded, layout


def dots(values: Mapping[str, np.ndarray], axis: str, height: int = 320) -> Picture:
    """A column of dots per cell, one for each seed, with their mean as a bar."""
    traces = [
        {
            "type": "scatter", "mode": "markers", "name": name, "y": encoded(row),
            "x": encoded(place + 0.3 * (np.arange(len(row)) / max(len(row) - 1, 1) - 0.5)),
            "marker": {"size": 11, "symbol": SYMBOLS[place % len(SYMBOLS)], "color": COLORS[place % len(COLORS)],
                       "line": {"width": 1, "color": PAPER}},
            "hovertemplate": "%{y:.3g}<extra>" + name + "</extra>",
        }
        for place, (name, row) in enumerate(values.items())
    ]  # fmt: skip
    means = {
        "type": "scatter", "mode": "markers", "x": list(range(len(values))),
        "y": [float(row.mean()) for row in values.values()],
        "marker": {"symbol": "line-ew", "size": 44, "line": {"width": 3, "color": INK}}, "hoverinfo": "skip",
    }  # fmt: skip
    ends = ", ".join(f"{name} {number(row.mean())}" for name, row in values.items())
    seeds = len(next(iter(values.values())))
    plan = layout(
        "",
        axis,
        height,
        showlegend=False,
        xaxis={"tickvals": list(range(len(values))), "ticktext": list(values), "range": [-0.5, len(values) - 0.5]},
    )
    return Picture([*traces, means], plan, f"{axis.capitalize()}, mean of {seeds} seeds: {ends}.")
