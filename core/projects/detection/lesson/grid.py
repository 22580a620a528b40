"""The head: which cell of which grid makes a box, from its class scores and its four distances."""

import numpy as np

from core.figures.curves import bars
from core.figures.marks import SILENT, marker, note, stroke, trace, upright
from core.figures.picture import BLUE, ORANGE, Picture, layout
from core.lessons import Goal
from core.lessons.controls import Control, pick, slider
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.projects.detection.lesson.drawn import boxes, color_of, named, over
from core.projects.detection.lesson.seen import CONFIDENCE, Seen, decoded, softmax

EDGES = ("left", "top", "right", "bottom")
FAINT = 0.05  # a cell whose best score is lower is not marked
SHOWN_CLASSES = 8


def strides(seen: Seen) -> tuple[int, ...]:
    """The grids' strides, in pixels of the network's input."""
    return tuple(sorted({int(stride) for stride in seen.cells[:, 0]} - {0}))


def size(seen: Seen, stride: int) -> tuple[int, int]:
    """Rows and columns of one grid."""
    return seen.frame.height // stride, seen.frame.width // stride


def controls(seen: Seen) -> tuple[Control, ...]:
    """Which cell is looked at; at first the one whose box has the highest score. Raises ``ValueError`` for a model that
    does not say which cell made a box."""
    if not strides(seen):
        raise ValueError(f"{seen.model} says which boxes it has chosen, but not which cell made them.")
    most = [max(size(seen, stride)[axis] for stride in strides(seen)) for axis in (0, 1)]
    surest = int(np.where(seen.cells[:, 0] > 0, seen.best, -1).argmax())
    stride, row, column = (int(each) for each in seen.cells[surest])
    return (
        pick("Grid", [f"stride {each}" for each in strides(seen)], f"stride {stride}"),
        slider("Row", 1, max(2, most[0]), row + 1, help="Or click a cell in the picture."),
        slider("Column", 1, max(2, most[1]), column + 1),
    )


def cell(seen: Seen, grid: str, row: int, column: int) -> int:
    """The place of a cell among the raw boxes, the nearest one where the grid is smaller."""
    stride = strides(seen)[[f"stride {each}" for each in strides(seen)].index(grid)]
    rows, columns = size(seen, stride)
    wanted = np.array([stride, min(row, rows) - 1, min(column, columns) - 1])
    return int(np.flatnonzero((seen.cells == wanted).all(axis=1))[0])


def in_picture(seen: Seen, points: np.ndarray) -> np.ndarray:
    """Points (n, 2) of the network's input in pixels of the picture."""
    return (points - np.array([seen.frame.left, seen.frame.top])) / seen.frame.scale


def middles(seen: Seen) -> np.ndarray:
    """The middle of every cell in pixels of the picture, (raw, 2)."""
    return in_picture(seen, (seen.cells[:, 2:0:-1] + 0.5) * seen.cells[:, :1])


def draw(seen: Seen, grid: str, row: int, column: int) -> Shown:
    """One cell: where it lies, the box it makes, its class scores and its distances."""
    at = cell(seen, grid, row, column)
    stride = int(seen.cells[at, 0])

    def clicked(spot: dict) -> tuple[tuple[Control, object], ...]:
        x, y = np.array([spot["x"], spot["y"]]) * seen.frame.scale + (seen.frame.left, seen.frame.top)
        _, down, across = controls(seen)
        return ((down, int(y // stride) + 1), (across, int(x // stride) + 1))

    return Shown(
        ((picture(seen, at),), (scores(seen, at), distances(seen, at))), words(seen, at), (ledger(seen),), clicked
    )


def words(seen: Seen, at: int) -> str:
    """How the cell's box is made, with its numbers."""
    stride, row, column = (int(each) for each in seen.cells[at])
    steps = lengths(seen, at)
    x, y = (column + 0.5) * stride, (row + 0.5) * stride
    sides = ", ".join(f"{edge} {step:.2f}" for edge, step in zip(EDGES, steps, strict=True))
    x1, y1, x2, y2 = decoded(seen.distances[at : at + 1], seen.cells[at : at + 1])[0]
    how = "the mean of the bins below, " if seen.distances.shape[-1] > 1 else ""
    return (
        f"**{named(seen, at)}** from row {row + 1}, column {column + 1} of the grid with stride {stride}. There are no "
        f"anchor boxes: the cell's middle ({x:g}, {y:g}) in the {seen.frame.width} × {seen.frame.height} input is the "
        f"only prior. Distances to the edges, {how}in strides: {sides}. Times {stride}, that is the box from "
        f"({x1:.0f}, {y1:.0f}) to ({x2:.0f}, {y2:.0f})."
    )


def lengths(seen: Seen, at: int) -> np.ndarray:
    """A cell's four distances in strides."""
    logits = seen.distances[at]
    return logits[:, 0] if logits.shape[1] == 1 else softmax(logits) @ np.arange(logits.shape[1])


def ledger(seen: Seen) -> list[dict]:
    """The grids: how many cells, how many of them speak, and the best score."""
    rows = []
    for stride in strides(seen):
        own = seen.best[seen.cells[:, 0] == stride]
        high, wide = size(seen, stride)
        rows.append({
            "Grid": f"stride {stride}", "Cells": f"{high} × {wide} = {high * wide:,}",
            f"Boxes above {CONFIDENCE}": str(int((own > CONFIDENCE).sum())), "Best score": f"{own.max():.2f}",
        })  # fmt: skip
    return rows


def picture(seen: Seen, at: int) -> Picture:
    """The grid over the picture, the cells that speak, the cell in view and its box."""
    stride, row, column = (int(each) for each in seen.cells[at])
    own = np.flatnonzero((seen.cells[:, 0] == stride) & (seen.best > FAINT))
    places, scores = middles(seen), seen.best[own]
    corner = in_picture(seen, np.array([[column, row], [column + 1, row + 1]]) * stride).ravel()
    dots = trace(
        "markers", places[own, 0], places[own, 1], name=f"cells above {FAINT}", hoverinfo="skip",
        marker=marker([color_of(int(label)) for label in seen.labels[own]], (4 + 12 * scores).tolist(), rim="#ffffff",
                      width=1),
    )  # fmt: skip
    traces = [
        lines(seen, stride), dots, boxes([corner], "#d81b60", 3, name="the cell"),
        boxes([seen.boxes[at]], color_of(int(seen.labels[at])), 3, name="its box"),
    ]  # fmt: skip
    alt = (
        f"The picture under a grid of stride {stride}; {len(own)} of its cells have a score above {FAINT}. The cell in "
        f"row {row + 1}, column {column + 1} makes the box {named(seen, at)}."
    )
    return Picture(traces, over(seen.picture), alt)


def lines(seen: Seen, stride: int) -> dict:
    """The grid's lines, cut to the picture."""
    wide, high = seen.picture.size
    rows, columns = size(seen, stride)
    x: list[float | None] = []
    y: list[float | None] = []
    for column in range(columns + 1):
        across = float(in_picture(seen, np.array([[column * stride, 0]]))[0, 0])
        if 0 <= across <= wide:
            x, y = [*x, across, across, None], [*y, 0, high, None]
    for row in range(rows + 1):
        down = float(in_picture(seen, np.array([[0, row * stride]]))[0, 1])
        if 0 <= down <= high:
            x, y = [*x, 0, wide, None], [*y, down, down, None]
    return trace("lines", x, y, line=stroke("rgba(123,132,148,.45)", 1), **SILENT)


def scores(seen: Seen, at: int) -> Picture:
    """A cell's class scores: each from its own sigmoid, so that they need not add up to 1."""
    top = np.argsort(-seen.scores[at], kind="stable")[:SHOWN_CLASSES]
    values = seen.scores[at, top].tolist()
    names = [seen.names[label] for label in top]
    alt = "Class scores of the cell: " + ", ".join(f"{n} {v:.2f}" for n, v in zip(names, values, strict=True)) + "."
    colors = [color_of(int(label)) for label in top]
    figure = {
        "type": "bar", "orientation": "h", "x": values, "y": names, "marker": {"color": colors},
        "text": [f"{value:.2f}" for value in values], "textposition": "outside", "cliponaxis": False,
        "hoverinfo": "skip", "showlegend": False,
    }  # fmt: skip
    place = layout(
        "Class score", "", 360, xaxis={"range": [0, 1.15]}, yaxis={"type": "category", "autorange": "reversed"}
    )
    return Picture([figure], place, alt)


def distances(seen: Seen, at: int) -> Picture:
    """A cell's four distances: for each a distribution over whole strides and its mean, or the number alone."""
    logits, steps = seen.distances[at], lengths(seen, at)
    told = ", ".join(f"{edge} {step:.2f}" for edge, step in zip(EDGES, steps, strict=True))
    alt = f"Distances from the cell's middle to the edges of its box, in strides: {told}."
    if logits.shape[1] == 1:
        return bars(dict(zip(EDGES, steps.tolist(), strict=True)), ("Edge", "Distance in strides"), 360).described(alt)
    chances, traces, axes, notes = softmax(logits), [], {}, []
    for place, (edge, step) in enumerate(zip(EDGES, steps, strict=True)):
        number, row, column = "" if place == 0 else str(place + 1), place // 2, place % 2
        pair = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        traces += [
            upright(np.arange(logits.shape[1]), chances[place], BLUE, hoverinfo="skip", showlegend=False, **pair),
            trace("lines", [float(step)] * 2, [0, 1], line=stroke(ORANGE, 2, "dash"), **SILENT, **pair),
        ]
        axes[f"xaxis{number}"] = {"domain": [0.53 * column, 0.53 * column + 0.47], "anchor": f"y{number}"}
        axes[f"yaxis{number}"] = {
            "domain": [0.62 - 0.62 * row, 1 - 0.62 * row], "range": [0, 1.05], "anchor": f"x{number}",
            "showticklabels": column == 0,
        }  # fmt: skip
        spot = {"xref": f"x{number} domain", "yref": f"y{number} domain", "yanchor": "bottom"}
        notes.append(note(0.5, 1.0, f"{edge}: {step:.2f} strides", **spot))
    more = {name: axis for name, axis in axes.items() if name[-1] in "234"}
    place = layout("", "", 360, annotations=notes, xaxis=axes["xaxis"], yaxis=axes["yaxis"], **more)
    place["margin"]["b"] = 24  # for the numbers below the second row
    return Picture(traces, place, f"{alt} Each is the mean of a distribution over {logits.shape[1]} bins.")


BOX = """distances = np.array({distances!r}, dtype=np.float32)  # logits: four edges, {bins} bins
cell = np.array([[{stride}, {row}, {column}]])  # stride, row, column
box = decoded(distances[None], cell)[0]  # in pixels of the network's input
score = 1 / (1 + np.exp(-{logit!r}))
result = {{"box": box.tolist(), "score": float(score)}}"""


def program(seen: Seen, grid: str, row: int, column: int) -> Program:
    """One cell's numbers and how they become a box."""
    at = cell(seen, grid, row, column)
    stride, down, across = (int(each) for each in seen.cells[at])
    score = float(np.clip(seen.best[at], 1e-9, 1 - 1e-7))
    rows = [[round(float(value), 5) for value in edge] for edge in seen.distances[at]]
    text = BOX.format(
        distances=rows, bins=len(rows[0]), stride=stride, row=down, column=across,
        logit=float(np.log(score / (1 - score))),
    )  # fmt: skip
    exact = decoded(seen.distances[at : at + 1], seen.cells[at : at + 1])[0]
    return Program(
        "From a cell to a box", (Step("A cell's numbers", text),), (softmax, decoded),
        {"box": exact.tolist(), "score": score}, tolerance=1e-3,
    )  # fmt: skip


def goal(seen: Seen, grid: str, row: int, column: int) -> Goal:
    """A box that the coarse grid made."""
    at = cell(seen, grid, row, column)
    stride, score = int(seen.cells[at, 0]), float(seen.best[at])
    other = int(seen.cells[int(np.where(seen.cells[:, 0] > 0, seen.best, -1).argmax()), 0])
    aim = (
        f"Each grid takes objects of its own size. The best box of all comes from stride {other}: find a cell of "
        f"**another grid** that scores above **{CONFIDENCE}**."
    )
    return Goal(aim, stride != other and score > CONFIDENCE, f"Now: stride {stride}, score {score:.2f}.")


GRID = View(draw=draw, look=controls, program=program, goal=goal)
