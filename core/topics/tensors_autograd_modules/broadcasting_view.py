"""The view of broadcasting: axes aligned from the last one, and the numbers of small results."""

import numpy as np

from core.figures.marks import note
from core.figures.picture import BLUE, GREEN, GREY, INK, ORANGE, Picture
from core.lessons import Goal, Question
from core.lessons.controls import text
from core.lessons.view import Shown, View
from core.topics.tensors_autograd_modules.broadcasting import (
    CLASH,
    EQUAL,
    MISSING,
    STRETCHED,
    WORDS,
    Aligned,
    aligned,
    program_of_shapes,
    shape_of,
)
from core.topics.tensors_autograd_modules.cells import board, boxes, grid
from core.wording import counted

HELP = "Sizes of the axes, separated by commas: 3, 1, 4. Nothing is the shape of a single number."
FIRST = text("Shape of a", "3, 1", longest=60, help=HELP)
SECOND = text("Shape of b", "4", longest=60, help=HELP)
STYLES = {  # name in the legend, colour, symbol
    EQUAL: ("kept", BLUE, "square-open"), STRETCHED: ("1 is stretched", ORANGE, "diamond-open"),
    MISSING: ("axis added", GREY, "square-open-dot"), CLASH: ("does not fit", INK, "x-open"),
}  # fmt: skip
MOST_ROWS, MOST_COLUMNS, REFUSED = 6, 6, "none: torch refuses"
AIM = 60


def measure(shape_of_a: str, shape_of_b: str, seed: int) -> Aligned:
    """The two shapes aligned."""
    return aligned(shape_of(shape_of_a), shape_of(shape_of_b))


def written(shape: tuple[int, ...] | None) -> str:
    """A shape as Python writes it."""
    return REFUSED if shape is None else str(shape).replace(",)", ")")


def axes(found: Aligned, answered: bool = True) -> Picture:
    """Three rows: the axes of a, of b, and of the result, aligned from the last axis."""
    count, traces = max(len(found.axes), 1), []
    for kind, (name, color, symbol) in STYLES.items():
        spots, words = [], []
        for place, axis in enumerate(found.axes):
            for row in (0, 1):
                happens = axis.happens[row] if answered else MISSING if axis.sizes[row] is None else EQUAL
                if happens == kind:
                    spots.append((place, -row))
                    words.append("·" if axis.sizes[row] is None else str(axis.sizes[row]))
        if spots:
            traces.append(boxes(spots, words, color, symbol, 46, showlegend=answered, name=name))
    if answered:
        sizes = [(place, axis.result) for place, axis in enumerate(found.axes)]
        fits = [(place, -2.2) for place, size in sizes if size is not None]
        kept = [str(size) for _, size in sizes if size is not None]
        traces += [boxes(fits, kept, GREEN, "square-open", 46, name="result", showlegend=True)] if fits else []
        clash = [(place, -2.2) for place, size in sizes if size is None]
        traces += [boxes(clash, ["?"] * len(clash), INK, "x-open", 46)] if clash else []
    names = [note(-0.75, at, f"<b>{name}</b>", xanchor="right") for at, name in ((0, "a"), (-1, "b"), (-2.2, "a + b"))]
    ends = [note(place, 0.62, f"axis −{count - place}", font={"size": 11}) for place in range(len(found.axes))]
    plan = board(-1.9, max(count - 0.4, 3.6), -2.8, 0.85, [*names, *ends], named=answered)
    plan["height"] = 300
    result = f"the result is {written(found.result)}" if answered else "the result is to be guessed"
    alt = f"Shapes {written(found.a)} and {written(found.b)} aligned from the last axis: {result}."
    return Picture(traces or [boxes([(0, 0)], ["one number"], BLUE)], plan, alt)


def numbers(found: Aligned) -> Picture | None:
    """The sum of small tensors, number by number: what is read again is in grey. None where there is no room."""
    if found.result is None or len(found.result) > 2 or not found.numbers:
        return None
    rows, columns = (1, 1, *found.result)[-2:]
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        return None
    a, b = (np.arange(np.prod(shape, dtype=int)).reshape(shape) + 1 for shape in (found.a, found.b))
    a = 10 * a
    traces, left, notes = [], 0.0, []
    for sign, values in (("a", a), ("+ b", b), ("= a + b", a + b)):
        own = np.zeros((rows, columns), bool)
        shape = (1, 1, *values.shape)[-2:]
        own[: shape[0], : shape[1]] = True
        spread = np.broadcast_to(values, found.result).reshape(rows, columns)
        for mask, color, symbol in ((own, BLUE, "square-open"), (~own, GREY, "circle-open")):
            chosen = [spot for spot, here in zip(grid(rows, columns, left), mask.ravel(), strict=True) if here]
            words = [str(value) for value in spread[mask]]
            traces += [boxes(chosen, words, color, symbol, ink=INK if mask is own else GREY)] if chosen else []
        notes.append(note(left + (columns - 1) / 2, 0.95, sign))
        left += columns + 0.8
    plan = board(-0.7, max(left - 1.1, 6), -rows + 0.4, 1.3, notes)
    return Picture(traces, plan, f"a + b number by number: {rows} × {columns} numbers, the last one {(a + b).max()}.")


def explanation(found: Aligned) -> str:
    """What happens, in a sentence; torch's own words where it refuses."""
    if found.result is None:
        place = max(place for place, axis in enumerate(found.axes) if axis.result is None)
        first, second = found.axes[place].sizes
        return (
            f"Torch refuses: `{found.error}`\n\nCounted from the right, axis −{len(found.axes) - place} has "
            f"**{first}** places in a and **{second}** in b. Two sizes fit if they are equal or one of them is 1."
        )
    read = {0: "a", 1: "b"}
    again = [name for which, name in read.items() if found.stretches(which)]
    how = f"{' and '.join(again)} {'are' if len(again) > 1 else 'is'} read again" if again else "nothing is repeated"
    shape = f"`a + b` has shape **{written(found.result)}**, {counted(found.numbers, 'number')}"
    return f"{shape}; {how}, and nothing is copied."


def rows_of(found: Aligned) -> list[dict]:
    """One row per axis: sizes, the result, what happens, and the strides after stretching."""
    if found.result is None:
        strides = [["–"] * len(found.axes)] * 2
    else:
        strides = [list(map(str, found.strides(shape))) for shape in (found.a, found.b)]
    return [
        {"Axis": f"−{len(found.axes) - place}", "a": "–" if axis.sizes[0] is None else str(axis.sizes[0]),
         "b": "–" if axis.sizes[1] is None else str(axis.sizes[1]),
         "a + b": "?" if axis.result is None else str(axis.result), "a is": WORDS[axis.happens[0]],
         "b is": WORDS[axis.happens[1]], "stride of a": strides[0][place], "stride of b": strides[1][place]}
        for place, axis in enumerate(found.axes)
    ]  # fmt: skip


def draw(found: Aligned) -> Shown:
    """Aligned axes, numbers where there is room, and a table."""
    small = numbers(found)
    pictures = ((axes(found),), *(((small,),) if small else ()))
    return Shown(pictures, explanation(found), (rows_of(found),) if found.axes else ())


def before(found: Aligned) -> Shown:
    """The two shapes alone."""
    return Shown(((axes(found, answered=False),),), "Shapes are aligned from their **last** axis.")


def question(found: Aligned) -> Question:
    """Which shape does the sum have?"""
    longest, shortest = sorted((found.a, found.b), key=len, reverse=True)
    joined = tuple(max((size for size in axis.sizes if size is not None), default=1) for axis in found.axes)
    options = dict.fromkeys(map(written, (found.result, found.a, found.b, joined, (*longest, *shortest))))
    options = sorted({*options, REFUSED})
    because = "Counted from the last axis, sizes must be equal or one of them 1; an axis that is missing counts as 1."
    return Question("Which shape has `a + b`?", options, written(found.result), because)


def goal(found: Aligned) -> Goal:
    """Both tensors stretched, three axes, sixty numbers."""
    right = len(found.axes) == 3 and found.stretches(0) and found.stretches(1) and found.numbers == AIM
    text = f"Make `a + b` hold exactly **{AIM} numbers on three axes**, with both a and b stretched."
    return Goal(text, right, f"Now: {written(found.result)}, {counted(found.numbers, 'number')}.")


BROADCASTING = View(
    (FIRST, SECOND), measure, draw, before=before, question=question, goal=goal, program=program_of_shapes
)
