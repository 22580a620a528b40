"""A tensor's numbers in memory: what an operation changes of storage, shape, strides and offset."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from core.programs import Program, Step
from core.provenance import ClosedForm, Sourced

OPERATIONS = {  # as torch writes it, of a matrix x
    "x": lambda x: x,
    "x.T": lambda x: x.T,
    "x[1:]": lambda x: x[1:],
    "x[:, ::2]": lambda x: x[:, ::2],
    "x[1]": lambda x: x[1],
    "x[:, 1]": lambda x: x[:, 1],
    "x.diagonal()": lambda x: x.diagonal(),
    "x[:1].expand(3, -1)": lambda x: x[:1].expand(3, -1),
    "x.unfold(1, 2, 1)": lambda x: x.unfold(1, 2, 1),
    "x.flip(0)": lambda x: x.flip(0),
    "x[[1, 0]]": lambda x: x[[1, 0]],
}
THEN = {  # what follows, of the result y
    "nothing": lambda y: y,
    "y.view(-1)": lambda y: y.view(-1),
    "y.reshape(-1)": lambda y: y.reshape(-1),
    "y.contiguous()": lambda y: y.contiguous(),
    "y.unsqueeze(0)": lambda y: y.unsqueeze(0),
    "y.clone()": lambda y: y.clone(),
    "y[..., 1:]": lambda y: y[..., 1:],
}
NOTHING = "nothing"
CONTIGUOUS, JUMPING = "a view, contiguous", "a view, not contiguous"
COPY, REFUSED = "a copy in new memory", "torch refuses"
KINDS = (CONTIGUOUS, JUMPING, COPY, REFUSED)


@dataclass(frozen=True)
class Layout(Sourced):
    """What came of a matrix ``x`` of ``rows`` × ``columns`` after ``first`` and ``then``. ``y`` is the result, or the
    first step's where torch refuses the second with ``error``."""

    rows: int
    columns: int
    first: str
    then: str
    x: Tensor
    y: Tensor
    error: str
    source = ClosedForm("shape, strides, offset and storage as torch reports them")

    @property
    def shares(self) -> bool:
        """Whether the result reads the memory of ``x``."""
        return self.y.untyped_storage().data_ptr() == self.x.untyped_storage().data_ptr()

    @property
    def kind(self) -> str:
        """Which of ``KINDS`` the result is."""
        if self.error:
            return REFUSED
        return COPY if not self.shares else CONTIGUOUS if self.y.is_contiguous() else JUMPING

    @cached_property
    def indices(self) -> list[tuple[int, ...]]:
        """All indices of the result, the last one fastest."""
        return [tuple(each) for each in torch.cartesian_prod(*map(torch.arange, self.y.shape)).reshape(
            -1, self.y.dim()).tolist()] if self.y.dim() else [()]  # fmt: skip

    def address(self, index: tuple[int, ...]) -> int:
        """The cell of the storage that an index reads: offset + Σ index · stride."""
        steps = zip(index, self.y.stride(), strict=True)
        return int(self.y.storage_offset() + sum(place * stride for place, stride in steps))

    @property
    def addresses(self) -> list[int]:
        """The cells in the order of the result."""
        return [self.address(index) for index in self.indices]

    @property
    def stored(self) -> list[int]:
        """The numbers in the result's storage, in the order of memory."""
        count = self.y.untyped_storage().nbytes() // self.y.element_size()
        return self.y.as_strided((count,), (1,), 0).tolist()


def laid_out(rows: int, columns: int, first: str, then: str) -> Layout:
    """Make a matrix of 0, 1, 2, … and let torch do both steps.

    Raises ``ValueError`` where the first step does not fit so small a matrix.
    """
    x = torch.arange(rows * columns).reshape(rows, columns)
    try:
        y = OPERATIONS[first](x)
    except (IndexError, RuntimeError) as error:
        raise ValueError(f"{first} does not fit {rows} rows and {columns} columns. Torch says: {error}") from None
    try:
        return Layout(rows, columns, first, then, x, THEN[then](y), "")
    except RuntimeError as error:
        return Layout(rows, columns, first, then, x, y, str(error))


def program_of_memory(found: Layout) -> Program:
    """Shape, strides, offset, contiguity and shared memory."""
    lines = [
        f"x = torch.arange({found.rows * found.columns!r}).reshape({found.rows!r}, {found.columns!r})",
        f"y = {found.first}",
        *([f"# y = {found.then}  # {found.error.split('.')[0]}"] if found.error else []),
        *([f"y = {found.then}"] if found.then != NOTHING and not found.error else []),
        "result = {",
        '    "shape": list(y.shape), "strides": y.stride(), "offset": y.storage_offset(),',
        '    "contiguous": int(y.is_contiguous()),',
        '    "shares memory": int(y.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()),',
        '    "numbers": y.tolist(),',
        "}",
    ]
    y = found.y
    shown = {"shape": list(y.shape), "strides": y.stride(), "offset": y.storage_offset(),
             "contiguous": int(y.is_contiguous()), "shares memory": int(found.shares),
             "numbers": y.tolist()}  # fmt: skip
    return Program("A tensor in memory", (Step("Two steps", "\n".join(lines)),), shown=shown)
