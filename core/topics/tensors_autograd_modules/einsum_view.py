"""The view of Einstein sums: one turn of the loop at a time."""

from collections.abc import Mapping

from torch import Tensor

from core.figures.marks import note
from core.figures.picture import BLUE, GREEN, ORANGE, Picture, transparent
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, text
from core.lessons.view import Shown, View
from core.topics.tensors_autograd_modules.cells import board, boxes, grid
from core.topics.tensors_autograd_modules.einsum import NAMES, Summed, Term, program_of_sum, summed
from core.wording import counted

EQUATIONS = {
    "ij,jk->ik": "the matrix product",
    "ij->ji": "the transpose",
    "ii->i": "the diagonal",
    "ij->i": "the sums of the rows",
    "i,i->": "the dot product",
    "i,j->ij": "the outer product",
    "ij,ij->ij": "the product number by number",
    "bij,bjk->bik": "a batch of matrix products",
    "i,ij,j->": "a quadratic form",
}
OWN = "type your own"


def is_own(values: Mapping[str, object]) -> bool:
    """Whether the learner types the equation."""
    return values["equation"] == OWN


EQUATION = pick("Equation", [*EQUATIONS, OWN])
TYPED = text("Your equation", "ij,kj->ik", longest=40, when=is_own, help="One letter for each axis, as in ij,jk->ik.")
HELP = "One size for each letter in the order in which they appear, 1 to 5. What is missing is 2, 3, 2, 3."


def measure(equation: str, your_equation: str, sizes: str, seed: int) -> Summed:
    """The sum and its loop."""
    return summed(your_equation if equation == OWN else equation, sizes, seed)


def places(tensor: Tensor, left: float, top: float) -> tuple[list[tuple[float, float]], float, float]:
    """Where a tensor's numbers stand, its matrices below each other; its width and its lowest row."""
    shape = (1, 1, 1, *tensor.shape)
    rows, columns, count = shape[-2], shape[-1], shape[-3]
    spots = [spot for block in range(count) for spot in grid(rows, columns, left, top - block * (rows + 0.4))]
    return spots, float(columns), top - (count - 1) * (rows + 0.4) - rows + 1


def picture(found: Summed, stepped: bool = True) -> Picture:
    """Operands and answer side by side; each frame is one turn of the loop."""
    tensors, letters = (*found.tensors, found.answer), (*found.equation.operands, found.equation.answer)
    names = (*NAMES[: len(found.tensors)], "Y")
    left, low, all_spots, notes = 0.0, 0.0, [], []
    for name, own, tensor in zip(names, letters, tensors, strict=True):
        spots, width, bottom = places(tensor, left, 0.0)
        notes.append(note(left + (width - 1) / 2, 0.95, f"<b>{name}</b> {' '.join(own) or '·'}"))
        all_spots.append(spots)
        left, low = left + width + 1.0, min(low, bottom)
    traces = [
        boxes(spots, [signed(value) for value in tensor.reshape(-1).tolist()], GREEN if name == "Y" else BLUE)
        for name, spots, tensor in zip(names, all_spots, tensors, strict=True)
    ]
    if not stepped:
        traces[-1]["text"] = ["?"] * len(all_spots[-1])
    shade = {"color": transparent(ORANGE, 0.45), "size": 31, "symbol": "square"}
    traces = [boxes([], [], ORANGE, "square", 31, ink=ORANGE), *traces]
    frames, captions = [], []
    if stepped:
        sofar: dict[int, int] = {}
        for term in found.terms:
            spots = [
                each[flat(tensor, term, own)] for each, tensor, own in zip(all_spots, tensors, letters, strict=True)
            ]
            sofar[flat(found.answer, term, letters[-1])] = term.total
            words = [signed(sofar[place]) if place in sofar else "·" for place in range(len(all_spots[-1]))]
            active = {
                "x": [x for x, _ in spots],
                "y": [y for _, y in spots],
                "text": [""] * len(spots),
                "marker": shade,
            }
            frames.append((active, *[None] * len(found.tensors), {"text": words}))
            captions.append(turn(found, term))
        traces = [{**each, **(change or {})} for each, change in zip(traces, frames[-1], strict=True)]
    shape = " × ".join(map(str, found.answer.shape)) or "a single number"
    alt = f"The sum {found.equation.text} of {len(found.tensors)} tensors in {found.products} turns of a loop: {shape}."
    labels = [f"turn {place + 1}" for place in range(len(frames))]
    return Picture(traces, board(-0.8, max(left - 1.2, 8.0), low - 0.7, 1.4, notes), alt, frames, labels, captions)


def flat(tensor: Tensor, term: Term, letters: str) -> int:
    """The place of a turn's number among all of a tensor's."""
    place = 0
    for size, at in zip(tensor.shape, term.place(letters), strict=True):
        place = place * size + at
    return place


def turn(found: Summed, term: Term) -> str:
    """One turn in words: the indices, the product, and the sum so far."""
    at = ", ".join(f"{letter} = {value}" for letter, value in term.index.items())
    product = " · ".join(f"({signed(value)})" if value < 0 else str(value) for value in term.factors)
    where = f"Y[{', '.join(map(str, term.place(found.equation.answer)))}]" if found.equation.answer else "Y"
    return f"{at}: add {product}; {where} is now {signed(term.total)}"


def signed(value: float) -> str:
    """A whole number with a true minus."""
    return f"{value:g}".replace("-", "−")


def draw(found: Summed) -> Shown:
    """The formula and the loop."""
    equation = found.equation
    known = EQUATIONS.get(equation.text)
    what = f" This is **{known}**." if known else ""
    sums = f"Summed over: {', '.join(equation.summed)}." if equation.summed else "Nothing is summed."
    note = f"$${equation.formula}$$\n\n`torch.einsum({equation.text!r}, …)`: letters of the answer stay. {sums}{what}"
    return Shown(((picture(found),),), note)


def before(found: Summed) -> Shown:
    """The operands and an answer to come."""
    note = f"$${found.equation.formula}$$\n\nEach letter is an index with its own size: {sizes(found)}."
    return Shown(((picture(found, stepped=False),),), note)


def sizes(found: Summed) -> str:
    """The sizes in words."""
    return ", ".join(f"{letter} has {size}" for letter, size in found.sizes.items())


def question(found: Summed) -> Question:
    """How many products does the loop form?"""
    most = max(20, 2 * found.products)
    loops = " · ".join(map(str, found.sizes.values()))
    because = f"Every letter is a loop: {loops} = {counted(found.products, 'turn')}."
    return Question(
        "How many times does the loop multiply (or add)?", Scale(1, most, 1, close=0), found.products, because
    )


def goal(found: Summed) -> Goal:
    """The trace of a product, without the product."""
    text = (
        "Write an equation that takes **two matrices A and B** to the single number **trace(AB)**, "
        "the sum of the product's diagonal, without forming the product."
    )
    now = f"Now: {found.equation.text}, whose answer has {counted(found.answer.numel(), 'number')}."
    return Goal(text, is_trace(found), now)


def is_trace(found: Summed) -> bool:
    """Whether the answer is trace(AB) and the loop is as short as it can be."""
    operands = found.equation.operands
    if len(operands) != 2 or found.equation.answer:
        return False
    return len(set(operands[0])) == 2 and operands[1] == operands[0][::-1] and len(operands[0]) == 2


EINSUM = View(
    (EQUATION, TYPED, text("Sizes", "2, 3, 2", longest=20, help=HELP)),
    measure,
    draw,
    before=before,
    question=question,
    goal=goal,
    program=program_of_sum,
)
