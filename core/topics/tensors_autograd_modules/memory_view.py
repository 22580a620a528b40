"""The view of memory: the cells in a row, and the order in which a tensor reads them, step by step."""

from core.figures.marks import SILENT, note, stroke, trace
from core.figures.picture import BLUE, GREY, INK, ORANGE, Picture, transparent
from core.lessons import Goal, Question
from core.lessons.controls import pick, slider
from core.lessons.view import Shown, View
from core.topics.tensors_autograd_modules.cells import board, boxes, grid
from core.topics.tensors_autograd_modules.memory import (
    CONTIGUOUS,
    COPY,
    JUMPING,
    KINDS,
    NOTHING,
    OPERATIONS,
    REFUSED,
    THEN,
    Layout,
    laid_out,
    program_of_memory,
)
from core.wording import counted

WIDE = 12  # cells of memory in a line
BECAUSE = {
    CONTIGUOUS: "Shape, strides and offset say it all: the numbers stay where they are, and are read in their order.",
    JUMPING: "Only shape, strides and offset changed; memory did not, so reading it in y's order jumps.",
    COPY: "No strides and offset can read the old memory in this order, or a copy was asked for: torch made one.",
    REFUSED: "`view` promises not to copy, and no strides can read this order from the memory there is.",
}


def measure(rows: int, columns: int, first: str, then: str, seed: int) -> Layout:
    """The matrix after both steps."""
    return laid_out(rows, columns, first, then)


def blocks(shape: tuple[int, ...]) -> list[tuple[float, float]]:
    """Where the numbers of a tensor of up to four axes stand, in its order: matrices beside each other."""
    rows, columns = (1, 1, *shape)[-2:]
    count = 1
    for size in shape[:-2]:
        count *= size
    return [(left * (columns + 0.6) + x, y) for left in range(count) for x, y in grid(rows, columns)]


def memory_cell(address: int, top: float) -> tuple[float, float]:
    """Where a cell of memory stands; its lines are ``WIDE`` cells long."""
    return address % WIDE, top - 1.25 * (address // WIDE)


def picture(found: Layout, answered: bool = True) -> Picture:
    """The tensor above, its memory below; every frame reads the next number."""
    y, stored = found.y, found.stored
    spots = blocks(tuple(y.shape))
    low = min((spot[1] for spot in spots), default=0.0)
    top = low - 2.2
    cells = [memory_cell(place, top) for place in range(len(stored))]
    used = set(found.addresses)
    idle = [place for place in range(len(stored)) if place not in used]
    words = [str(value) for value in y.reshape(-1).tolist()]
    traces = [
        boxes(spots, words, BLUE),
        boxes([cells[place] for place in sorted(used)], [str(stored[place]) for place in sorted(used)], BLUE),
        boxes([cells[place] for place in idle], [str(stored[place]) for place in idle], GREY, "circle-open", ink=GREY),
        trace("lines", [], [], line=stroke(ORANGE, 1.5, "dot"), **SILENT),
        boxes([], [], ORANGE, "square", 31, ink=INK),
    ]
    frames = [reading(found, place, spots, cells) for place in range(len(found.indices))] if answered else []
    traces = [traces[3], traces[4], *traces[:3]]
    labels = [f"number {place + 1}" for place in range(len(frames))]
    captions = [sum_of(found, index) for index in found.indices] if frames else []
    last = [{**each, **(change or {})} for each, change in zip(traces, frames[-1], strict=True)] if frames else traces
    notes = [
        note(-0.5, 0.85, "the tensor, as you see it", xanchor="left"),
        note(-0.5, top + 0.85, f"memory: {'a new copy' if not found.shares else 'where x lies'}", xanchor="left"),
    ]
    wide = max([WIDE, *(spot[0] + 1 for spot in spots)])
    plan = board(-0.8, wide - 0.2, min(spot[1] for spot in cells) - 0.7, 1.3, notes)
    alt = (
        f"A tensor of shape {tuple(y.shape)} above {len(stored)} cells of memory; it reads cells "
        f"{', '.join(map(str, found.addresses[:12]))}{' …' if len(words) > 12 else ''}."
    )
    return Picture(last, plan, alt, frames, labels, captions)


def reading(found: Layout, place: int, spots: list, cells: list) -> tuple[dict | None, ...]:
    """The number that is read at one moment, and the way so far through memory."""
    way = [cells[address] for address in found.addresses[: place + 1]]
    here = [spots[place], way[-1]]
    shade = {"color": transparent(ORANGE, 0.45), "size": 31, "symbol": "square"}
    return (
        {"x": [spot[0] for spot in way], "y": [spot[1] - 0.46 for spot in way]},
        {"x": [spot[0] for spot in here], "y": [spot[1] for spot in here], "text": ["", ""], "marker": shade},
        None, None, None,
    )  # fmt: skip


def sum_of(found: Layout, index: tuple[int, ...]) -> str:
    """Offset plus index times stride, with its numbers."""
    terms = [f"{place}·{stride}" for place, stride in zip(index, found.y.stride(), strict=True)]
    listed = ", ".join(map(str, index))
    return f"y[{listed}] is cell {' + '.join([str(found.y.storage_offset()), *terms])} = {found.address(index)}"


def facts(found: Layout) -> list[dict]:
    """The matrix and what came of it, side by side."""
    return [
        {"Tensor": name, "Shape": str(tuple(each.shape)), "Strides": str(each.stride()),
         "Offset": str(each.storage_offset()), "Contiguous": "yes" if each.is_contiguous() else "no",
         "Memory of x": "shared" if name == "x" or found.shares else "no: a copy"}
        for name, each in (("x", found.x), ("y", found.y))
    ]  # fmt: skip


def steps(found: Layout) -> str:
    """What was done, as code."""
    first = f"x = torch.arange({found.rows * found.columns}).reshape({found.rows}, {found.columns})\ny = {found.first}"
    return f"```python\n{first}{'' if found.then == NOTHING else f'{chr(10)}y = {found.then}'}\n```"


def draw(found: Layout) -> Shown:
    """The cells, step by step."""
    refused = f"\n\nTorch refuses `{found.then}`: `{found.error}` Below is y before it." if found.error else ""
    return Shown(((picture(found),),), f"{steps(found)}\n\n**{found.kind.capitalize()}.**{refused}", (facts(found),))


def before(found: Layout) -> Shown:
    """The matrix before anything is done to it."""
    start = laid_out(found.rows, found.columns, "x", NOTHING)
    return Shown(((picture(start, answered=False),),), f"{steps(found)}\n\nBelow is x, before the second line.")


def question(found: Layout) -> Question:
    """View or copy?"""
    return Question("What is y at the end?", KINDS, found.kind, BECAUSE[found.kind])


def goal(found: Layout) -> Goal:
    """A view that reads one cell several times, from the middle of memory on."""
    again = len(set(found.addresses)) < len(found.addresses) and not found.error
    text = "Find a view of x's own memory that **reads some cells more than once** and **skips the first cell**."
    read = len(set(found.addresses))
    numbers = counted(len(found.addresses), "number")
    now = f"Now: {numbers} from {counted(read, 'cell')}, offset {found.y.storage_offset()}."
    return Goal(text, found.shares and again and 0 not in found.addresses, now)


MEMORY = View(
    (
        slider("Rows", 2, 5, 3),
        slider("Columns", 2, 6, 4),
        pick("First", OPERATIONS, "x.T"),
        pick("Then", THEN),
    ),
    measure,
    draw,
    before=before,
    question=question,
    goal=goal,
    program=program_of_memory,
)
