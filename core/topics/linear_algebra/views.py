"""What the page on linear algebra shows: a lab per view."""

from functools import lru_cache

import numpy as np

from core.figures.curves import line, number
from core.figures.marks import SILENT, hover, marker, stroke, trace, upright
from core.figures.picture import BLUE, FAINT, GREY, ORANGE, PAPER, Picture, layout, square
from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control, pick, slider
from core.lessons.view import Shown, View
from core.topics.linear_algebra import numbers as lab
from core.topics.linear_algebra.matrices import CIRCLE, COLUMNS, GRID, SQUARE, arrow, flat, moved, stage
from core.topics.linear_algebra.numbers import Layer, Map, Pair, rotation

STAGE = 10  # frames per stage of a film

# Matrix --------------------------------------------------------------------------------------------------------------


def written(mapping: Map) -> str:
    """The matrix as a formula."""
    (a, b), (c, d) = mapping.matrix.round(2).tolist()
    return rf"W = \begin{{pmatrix}} {a:g} & {b:g} \\ {c:g} & {d:g} \end{{pmatrix}}"


def measure_matrix(
    first_column_x: float,
    first_column_y: float,
    second_column_x: float,
    second_column_y: float,
    seed: int,
    a_click_sets: str = COLUMNS[0],
) -> Map:
    """The matrix of the four sliders."""
    return lab.mapped(first_column_x, first_column_y, second_column_x, second_column_y, a_click_sets)


SLIDERS = tuple(
    slider(f"{column.capitalize()} {axis}", -2.0, 2.0, value, 0.1)
    for column, values in zip(COLUMNS, ((1.2, 0.5), (-0.4, 0.9)), strict=True)
    for axis, value in zip("xy", values, strict=True)
)


def click(column: str, at: dict) -> tuple[tuple[Control, float], ...]:
    """Where the learner clicked, as the end of a column."""
    first = 2 * COLUMNS.index(column)
    return tuple((SLIDERS[first + place], round(at[axis], 1)) for place, axis in enumerate("xy"))


def draw_matrix(mapping: Map) -> Shown:
    """The plane before and after."""
    alt = (
        f"The plane after the matrix {mapping.matrix.round(2).tolist()}: the square has area {mapping.determinant:.2f}."
    )
    before = stage(np.eye(2), SQUARE, "The plane before: the unit square, two unit vectors and a pinwheel of points.")
    note = (
        f"${written(mapping)}$ sends $(1,0)$ to its first column and $(0,1)$ to its second. The grey "
        f"square's area becomes **{mapping.determinant:.2f}** (negative: mirrored). Click in the second picture to set "
        f"the {mapping.clicked}."
    )
    clicked = lambda at: click(mapping.clicked, at) if at.get("panel") else ()  # noqa: E731
    return Shown(((before, stage(mapping.matrix, SQUARE, alt)),), note, (), clicked)


def area_shown(mapping: Map) -> Shown:
    """The same without the number that is asked for."""
    shown = draw_matrix(mapping)
    after = shown.pictures[0][1].described("The plane after the matrix: pinwheel, square and columns.")
    note = f"${written(mapping)}$ sends $(1,0)$ to its first column and $(0,1)$ to its second; all else follows."
    return Shown(((shown.pictures[0][0], after),), note, (), shown.clicked)


MATRIX = View(
    (*SLIDERS, pick("A click sets", COLUMNS)),
    measure_matrix,
    draw_matrix,
    before=area_shown,
    question=lambda found: Question(
        "What does this matrix do to the area of the unit square?",
        (lab.GROWS, lab.STAYS, lab.SHRINKS),
        found.answer(),
        "The area is the determinant, first diagonal product minus second: how much room is left.",
    ),
    goal=lambda found: Goal(
        "**Flatten the plane** onto a line, with both columns at least 0.5 long.",
        found.rank == 1 and bool((np.linalg.norm(found.matrix, axis=0) >= 0.5).all()),
        f"Now: area {found.determinant:.2f}, rank {found.rank}.",
    ),
    program=lab.program_of_area,
)


# Dot product ---------------------------------------------------------------------------------------------------------


def measure_pair(angle_of_w: float, length_of_w: float, angle_of_x: float, length_of_x: float, seed: int) -> Pair:
    """Two vectors."""
    return lab.pair(angle_of_w, length_of_w, angle_of_x, length_of_x)


def factor(value: float) -> str:
    """A factor of a product, a negative one in brackets."""
    return f"({value:.2f})" if round(value, 2) < 0 else f"{abs(value):.2f}"


def draw_pair(pair: Pair) -> Shown:
    """The vectors with the shadow of one on the other, and the dot product as one of them turns."""
    shadow, x = pair.shadow, pair.x
    drop = trace("lines", **flat(np.array([x, shadow])), line=stroke(GREY, 1.5, "dot"), **SILENT)
    dark = arrow(shadow, "shadow of x on w", FAINT) | {"mode": "lines", "line": {"color": FAINT, "width": 12}}
    traces = [dark, arrow(pair.w, "w", BLUE), arrow(x, "x", ORANGE), drop]
    size = float(np.linalg.norm(pair.w))
    along = pair.dot / size
    alt = f"Vectors w and x at {pair.angle:.0f} degrees; w · x = {pair.dot:.2f}, the shadow's length {along:.2f}."
    plan = square(2.1, 400)
    plan["xaxis"] |= GRID
    plan["yaxis"] |= GRID
    angles = np.linspace(-180, 180, 121)
    length = size * float(np.linalg.norm(x))
    curve = line(angles, length * np.cos(np.radians(angles)), "w · x", BLUE, showlegend=False)
    style = marker(ORANGE, 13, "diamond", rim=PAPER)
    here = trace("markers", [pair.angle], [pair.dot], marker=style, showlegend=False)
    cosine = layout(
        "angle between w and x, in degrees", "w · x", 400, xaxis={"dtick": 90}, yaxis={"range": [-4.5, 4.5]}
    )
    words = f"The dot product over the angle is a cosine of height {number(length)}; now {number(pair.dot)}."
    (w1, w2), (x1, x2) = pair.w, x
    note = (
        f"$w \\cdot x = w_1 x_1 + w_2 x_2 = {factor(w1)} \\cdot {factor(x1)} + {factor(w2)} \\cdot {factor(x2)}$ = "
        f"**{pair.dot:.2f}**: the length of $w$ ({size:.1f}) times the length of the shadow, with its sign "
        f"({along:.2f})."
    )
    return Shown(((Picture(traces, plan, alt), Picture([curve, here], cosine, words)),), note)


PAIR = View(
    (
        slider("Angle of w", 0, 355, 30, 5),
        slider("Length of w", 0.5, 2.0, 1.5, 0.1),
        slider("Angle of x", 0, 355, 75, 5),
        slider("Length of x", 0.5, 2.0, 1.8, 0.1),
    ),
    measure_pair,
    draw_pair,
    question=lambda found: Question(
        "Turn $x$ by 90 degrees more, counter-clockwise. What sign has $w \\cdot x$ then?",
        ("negative", "zero", "positive"),
        found.answer(),
        "Less than 90 degrees apart: positive. More: negative. A neuron asks how far its input points its own way.",
    ),
    goal=lambda found: Goal(
        "Make two vectors that **know nothing of each other**: dot product 0.",
        abs(found.dot) < 1e-9,
        f"Now: {found.dot:.2f}, {found.angle:.0f} degrees apart.",
    ),
    program=lab.program_of_pair,
)


# Rotate, scale, rotate -----------------------------------------------------------------------------------------------


def film(mapping: Map, height: int = 440) -> Picture:
    """The matrix as three moves, frame by frame."""
    first, (large, small), last = mapping.steps()
    shares = np.linspace(0, 1, STAGE)
    turned = [rotation(share * first) for share in shares]
    scaled = [np.diag([1 + share * (large - 1), 1 + share * (small - 1)]) @ turned[-1] for share in shares[1:]]
    ended = [rotation(share * last) @ scaled[-1] for share in shares[1:]]
    names = ["start", *["1 · rotate"] * (STAGE - 1), *["2 · scale"] * (STAGE - 1), *["3 · rotate"] * (STAGE - 1)]
    moves = [*turned, *scaled, *ended]
    alt = (
        f"The unit circle, the pinwheel and the two unit vectors: rotated by {np.degrees(first):.0f} degrees, scaled "
        f"by {large:.2f} and {small:.2f}, rotated by {np.degrees(last):.0f} degrees."
    )
    picture = stage(mapping.matrix, CIRCLE, alt, height=height)
    return Picture(picture.traces, picture.layout, alt, [tuple(moved(move, CIRCLE)) for move in moves], names)


def draw_steps(mapping: Map) -> Shown:
    """The film, and the three factors."""
    first, (large, small), last = mapping.steps()
    mirror = " The negative factor is a mirror." if small < 0 else ""
    note = (
        f"$W = U \\Sigma V^\\top$: rotate by **{np.degrees(first):.0f}°**, scale by **{large:.2f}** and "
        f"**{small:.2f}**, rotate by **{np.degrees(last):.0f}°**.{mirror} Multiplied together again, they miss $W$ by "
        f"{number(mapping.residual())}. Play it."
    )
    return Shown(((film(mapping),),), note)


STEPS = View(
    SLIDERS,
    measure_matrix,
    draw_steps,
    before=area_shown,
    question=lambda found: Question(
        "All directions start with length 1. Which one does this matrix stretch most?",
        lab.STRETCHED,
        found.most_stretched(),
        "The most stretched direction is the first row of Vᵀ, seldom one of the axes.",
    ),
    goal=lambda found: Goal(
        "Build a matrix that **only rotates**, by 20 degrees or more: both factors within 0.06 of 1.",
        bool(np.abs(np.array(found.steps()[1]) - 1).max() <= 0.06) and abs(found.matrix[1, 0]) >= 0.34,
        f"Now: factors {found.steps()[1][0]:.2f} and {found.steps()[1][1]:.2f}.",
    ),
    program=lab.program_of_factors,
)


# Rank ----------------------------------------------------------------------------------------------------------------


def measure_rank(rank: int, seed: int) -> Layer:
    """A trained digit network at every rank of its second layer."""
    return lab.ranked(network(seed), rank)


@lru_cache(maxsize=8)
def network(seed: int):
    """The trained network of a seed, kept: the rank slider does not train."""
    return lab.digit_network(seed)


def draw_rank(layer: Layer) -> Shown:
    """Singular values, and accuracy by rank."""
    ranks = np.arange(lab.WIDTH + 1)
    colors = [BLUE if place < layer.rank else FAINT for place in range(lab.WIDTH)]
    values = upright(ranks[1:], layer.values, colors, **hover("%{x}: %{y:.2f}"))
    scores = line(ranks, layer.accuracies, "accuracy", BLUE, showlegend=False)
    style = marker(ORANGE, 13, "diamond", rim=PAPER)
    here = trace("markers", [layer.rank], [float(layer.accuracies[layer.rank])], marker=style, **SILENT)
    few, all_of = layer.numbers
    note = (
        f"With rank **{layer.rank}** the layer keeps {layer.rank} of {lab.WIDTH} directions: held-out accuracy "
        f"**{layer.accuracies[layer.rank]:.1%}** (untouched {layer.full:.1%}), {few:,} numbers instead of {all_of:,}."
    )
    left = f"Singular values of the layer from {layer.values[0]:.2f} to {layer.values[-1]:.2f}; {layer.rank} are kept."
    low, middle = layer.accuracies[[1, 8]]
    right = f"Held-out accuracy by rank: {low:.0%} at 1, {middle:.0%} at 8, {layer.full:.0%} at 32."
    first = layout("singular value, from the largest", "factor", 360, showlegend=False)
    second = layout("rank", "held-out accuracy", 360, yaxis={"tickformat": ".0%", "range": [0, 1.03]})
    return Shown(((Picture([values], first, left), Picture([scores, here], second, right)),), note)


def spectrum(layer: Layer) -> Shown:
    """The singular values alone."""
    shown = draw_rank(layer)
    return Shown(((shown.pictures[0][0],),), f"A network on 8×8 digits, {layer.full:.1%} right on held-out ones.")


RANK = View(
    (slider("Rank", 1, lab.WIDTH, 4, 1),),
    measure_rank,
    draw_rank,
    before=spectrum,
    question=lambda found: Question(
        f"How many of its {lab.WIDTH} directions does this layer need to lose less than one point of accuracy?",
        Scale(1, lab.WIDTH, 1, "directions"),
        found.needed,
        "Some directions carry the answer; the small singular values are mostly leftovers.",
    ),
    goal=lambda found: Goal(
        "Store the layer in **fewer numbers** than it has and lose less than five points of accuracy.",
        found.numbers[0] < found.numbers[1] and found.accuracies[found.rank] >= found.full - lab.GIVEN_UP,
        f"Now: {found.numbers[0]:,} of {found.numbers[1]:,} numbers, accuracy {found.accuracies[found.rank]:.1%}.",
    ),
    program=lambda found: found.run,
)

VIEWS: dict[str, View] = {"Matrix": MATRIX, "Dot product": PAIR, "Rotate, scale, rotate": STEPS, "Rank": RANK}
