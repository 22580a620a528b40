"""Jacobians drawn as heat maps: rows are outputs, columns are inputs."""

import numpy as np

from core.figures.curves import bars
from core.figures.picture import BLUE, INK, ORANGE, Picture, encoded, layout, sampled, transparent
from core.formulas.graphs import shown
from core.topics.matrix_calculus.numbers import Measured, caption, entry
from core.wording import counted

SCALE = [[0, transparent(ORANGE, 0.85)], [0.5, transparent(ORANGE, 0.0)], [0.5, transparent(BLUE, 0.0)],
         [1, transparent(BLUE, 0.85)]]  # fmt: skip
READABLE = 6  # columns up to which the numbers are written into the cells


def cells(values: np.ndarray, largest: float, reached: np.ndarray, asked: np.ndarray) -> dict:
    """Colours and numbers of a Jacobian's entries: empty before they are ``reached``, a question mark if ``asked``."""
    shade = np.where(reached & ~asked, values, 0.0)
    words = [["?" if hidden else shown(value, 2) if values.shape[1] <= READABLE else ""
              for value, hidden in zip(*row, strict=True)]
             for row in zip(values.tolist(), asked.tolist(), strict=True)]  # fmt: skip
    text = np.where(reached, np.array(words), "").tolist()
    return {"z": encoded(sampled(shade, -largest, largest)), "text": text}


def drawing(values: np.ndarray, largest: float, asked: np.ndarray, title: str, height: int) -> tuple[dict, dict]:
    """Trace and layout of one Jacobian."""
    rows, columns = values.shape
    trace = {
        "type": "heatmap", "x": list(range(1, columns + 1)), "y": list(range(1, rows + 1)), "zmin": 0, "zmax": 255,
        "colorscale": SCALE, "showscale": False, "xgap": 2, "ygap": 2, "texttemplate": "%{text}",
        "textfont": {"color": INK}, "hovertemplate": "row %{y}, column %{x}<br>%{text}<extra></extra>",
        **cells(values, largest, np.ones(values.shape, bool), asked),
    }  # fmt: skip
    ticks = {"showgrid": False, "fixedrange": True, "dtick": 1 if columns <= 16 else 8, "tick0": 1}
    name = {"x": 0, "xref": "paper", "y": 1.01, "yref": "paper", "yanchor": "bottom", "showarrow": False, "text": title}
    plan = layout(
        "input", "output", height, xaxis=ticks, yaxis={**ticks, "dtick": 1, "autorange": "reversed"}, annotations=[name]
    )
    return trace, plan


def jacobian(found: Measured, asked: bool, height: int = 0) -> Picture:
    """The measured Jacobian, put together product by product; an ``asked`` entry is left out."""
    values, largest, waiting = parts(found, asked)
    rows, columns = values.shape
    trace, plan = drawing(values, largest, waiting, "measured by autograd", height or tall(rows))
    frames = []
    for step in range(found.count):
        reached = np.zeros(values.shape, bool)
        reached[: step + 1 if found.backward else rows, : columns if found.backward else step + 1] = True
        frames.append((cells(values, largest, reached, waiting),))
    noun = "row" if found.backward else "column"
    alt = (
        f"The Jacobian of {found.name}, {counted(rows, 'output')} by {counted(columns, 'input')}, filled {noun} by "
        f"{noun}; entries from {shown(values.min())} to {shown(values.max())}."
    )
    labels = [f"{noun} {step + 1}" for step in range(found.count)]
    return Picture([trace], plan, alt, frames, labels, [caption(found, step) for step in range(found.count)])


def closed_form(found: Measured, asked: bool, height: int = 0) -> Picture:
    """The closed form, all at once."""
    _, largest, waiting = parts(found, asked)
    values = found.piece.closed.numpy()
    trace, plan = drawing(values, largest, waiting, "closed form", height or tall(len(values)))
    alt = f"The closed form of the same Jacobian; it differs from the measured one by at most {found.difference:.1e}."
    return Picture([trace], plan, alt)


def parts(found: Measured, asked: bool) -> tuple[np.ndarray, float, np.ndarray]:
    """The measured entries, the largest of them, and which are to be worked out."""
    values = found.jacobian.numpy()
    waiting = np.zeros(values.shape, bool)
    if asked:
        waiting[entry(found)] = True
        if found.name in ("softmax", "LayerNorm"):  # symmetric: its mirror image would tell
            waiting[entry(found)[::-1]] = True
    return values, float(np.abs(values).max()) or 1.0, waiting


def tall(rows: int) -> int:
    """A height that suits a number of rows."""
    return 130 + 34 * max(rows, 3)


def shift(found: Measured, changes: np.ndarray, height: int = 280) -> Picture:
    """How fast each output moves when all inputs are raised together."""
    changes = np.where(np.abs(changes) < 1e-12, 0.0, changes)  # rounding is no movement
    reach = max(1.0, float(np.abs(changes).max()) * 1.15)
    names = {f"{place + 1}": value for place, value in enumerate(changes.tolist())}
    return bars(names, ("output", "change per unit"), height, yaxis={"range": [-reach, reach]})
