"""How two shapes are aligned for an operation element by element, and what torch says of them."""

import re
from dataclasses import dataclass

import torch

from core.programs import Program, Step
from core.provenance import ClosedForm, Sourced

MOST_AXES, LARGEST, MOST_NUMBERS = 6, 100_000, 10**15
EQUAL, STRETCHED, MISSING, CLASH = "equal", "stretched", "missing", "clash"
WORDS = {EQUAL: "kept", STRETCHED: "stretched", MISSING: "axis added, then stretched", CLASH: "does not fit"}


class ShapeError(ValueError):
    """A text that is no shape: one sentence."""


def shape_of(text: str) -> tuple[int, ...]:
    """The shape that a text names, as in "3, 1, 4", "(3, 1, 4)" or "3x1x4"; nothing is the shape of a single number.

    Raises ``ShapeError`` for anything else, for more than six axes and for sizes beyond 100,000.
    """
    inside = text.strip().removeprefix("torch.Size").strip().strip("()[]").strip()
    parts = [part for part in re.split(r"\s*[,;x×]\s*|\s+", inside) if part]
    if not all(re.fullmatch(r"[0-9]{1,9}", part, re.ASCII) for part in parts):
        raise ShapeError("A shape is a list of whole numbers, such as 3, 1, 4; one of these is none.")
    shape = tuple(int(part) for part in parts)
    if len(shape) > MOST_AXES:
        raise ShapeError(f"At most {MOST_AXES} axes can be drawn; this shape has {len(shape)}.")
    if max(shape, default=0) > LARGEST:
        raise ShapeError(f"An axis may have at most {LARGEST:,} places here.")
    return shape


@dataclass(frozen=True)
class Axis:
    """One aligned axis: the two sizes (None where a tensor has no such axis), the result's size (None at a clash),
    and what happens to either tensor."""

    sizes: tuple[int | None, int | None]
    result: int | None
    happens: tuple[str, str]


@dataclass(frozen=True)
class Aligned(Sourced):
    """Two shapes ``a`` and ``b`` with their axes aligned from the last one, first axis first; ``error`` is torch's own
    sentence where it refuses them, else empty."""

    a: tuple[int, ...]
    b: tuple[int, ...]
    axes: tuple[Axis, ...]
    error: str
    source = ClosedForm("the alignment rule; sizes, strides and refusals by torch itself")

    @property
    def result(self) -> tuple[int, ...] | None:
        """The common shape, or None where there is none."""
        sizes = [axis.result for axis in self.axes]
        return None if None in sizes else tuple(size for size in sizes if size is not None)

    @property
    def numbers(self) -> int:
        """How many numbers the result holds; 0 where there is none."""
        return 0 if self.result is None else torch.Size(self.result).numel()

    def strides(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The strides of one of the two as torch reads it once it is stretched: 0 where one place is read again."""
        return torch.empty(shape, device="meta").expand(self.result or shape).stride()

    def stretches(self, which: int) -> bool:
        """Whether the first (0) or second (1) tensor is read more than once along some axis."""
        return any(axis.happens[which] in (STRETCHED, MISSING) and axis.result != 1 for axis in self.axes)


def axis_of(first: int | None, second: int | None) -> Axis:
    """What broadcasting does along one axis: equal sizes stay, 1 or nothing is stretched, all else does not fit."""
    sizes = (first, second)
    if first is not None and second is not None and first != second and 1 not in sizes:
        return Axis(sizes, None, (CLASH, CLASH))
    result = next((size for size in sizes if size not in (None, 1)), 1)
    happens = [MISSING if size is None else EQUAL if size == result else STRETCHED for size in sizes]
    return Axis(sizes, result, (happens[0], happens[1]))


def aligned(a: tuple[int, ...], b: tuple[int, ...]) -> Aligned:
    """Align two shapes. Raises ``ShapeError`` for a result of more than 10¹⁵ numbers."""
    count = max(len(a), len(b))
    padded = [(*[None] * (count - len(shape)), *shape) for shape in (a, b)]
    found = Aligned(a, b, tuple(axis_of(*pair) for pair in zip(*padded, strict=True)), refusal(a, b))
    if max(size_of(a), size_of(b), found.numbers) > MOST_NUMBERS:
        raise ShapeError("These shapes hold more than a million billion numbers; make them smaller.")
    return found


def size_of(shape: tuple[int, ...]) -> int:
    """How many numbers a tensor of a shape holds."""
    return torch.Size(shape).numel()


def refusal(a: tuple[int, ...], b: tuple[int, ...]) -> str:
    """What torch says when it refuses to add tensors of these shapes; empty if it adds them.

    Tensors without storage are asked first; one number stretched to the shape takes no memory, and says it in the
    words that a learner meets.
    """
    try:
        torch.empty(a, device="meta") + torch.empty(b, device="meta")
    except RuntimeError:
        try:
            torch.zeros(()).expand(a) + torch.zeros(()).expand(b)
        except RuntimeError as error:
            return str(error)
    return ""


def program_of_shapes(found: Aligned) -> Program:
    """Ask torch: the result's shape and the strides of both, or its refusal."""
    lines = [
        f'a, b = torch.empty({list(found.a)!r}, device="meta"), torch.empty({list(found.b)!r}, device="meta")',
        "try:",
        "    a, b = torch.broadcast_tensors(a, b)  # nothing is copied: see the zeros among the strides",
        '    result = {"shape": list((a + b).shape), "strides of a": a.stride(), "strides of b": b.stride()}',
        "except RuntimeError as error:",
        "    print(error)",
        '    result = {"refused": 1}',
    ]
    shown: dict[str, object] = {"refused": 1}
    if found.result is not None:
        shown = {"shape": list(found.result), "strides of a": found.strides(found.a),
                 "strides of b": found.strides(found.b)}  # fmt: skip
    return Program("Broadcasting", (Step("Two shapes", "\n".join(lines)),), shown=shown)
