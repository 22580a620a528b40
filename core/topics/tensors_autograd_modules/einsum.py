"""Einstein sums: an equation read by our own grammar, and the loop over indices that it stands for."""

import itertools
import re
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from core.formulas.tokens import ExpressionError
from core.programs import Program, Step
from core.provenance import ClosedForm, Sourced

MOST_LETTERS, MOST_OPERANDS, MOST_AXES, LARGEST, LONGEST = 4, 3, 3, 5, 240
NAMES = "ABC"
SIZES = (2, 3, 2, 3)  # of the letters in the order in which they appear


@dataclass(frozen=True)
class Equation:
    """An equation such as "ij,jk->ik": the letters of each operand, and of the answer."""

    operands: tuple[str, ...]
    answer: str

    @property
    def letters(self) -> str:
        """All letters in the order in which they appear."""
        return "".join(dict.fromkeys("".join(self.operands)))

    @property
    def summed(self) -> str:
        """The letters that the answer does not have: those that are summed over."""
        return "".join(letter for letter in self.letters if letter not in self.answer)

    @property
    def text(self) -> str:
        """The equation as ``torch.einsum`` reads it."""
        return f"{','.join(self.operands)}->{self.answer}"

    @property
    def formula(self) -> str:
        """The sum in LaTeX."""
        left = f"Y_{{{self.answer}}}" if self.answer else "Y"
        total = rf"\sum_{{{','.join(self.summed)}}} " if self.summed else ""
        parts = [f"{name}_{{{own}}}" if own else name for name, own in zip(NAMES, self.operands, strict=False)]
        return f"{left} = {total}{' '.join(parts)}"


def equation_of(text: str) -> Equation:
    """Read an equation. Raises ``ExpressionError``, which points at the place, for what cannot be read or drawn.

    Without an arrow the answer has the letters that appear once, in alphabetical order, as in ``torch.einsum``.
    """
    squeezed = text.replace("→", "->")
    for match in re.finditer(r"[^a-z,\s>-]", squeezed):
        raise ExpressionError("An equation has small letters, commas and one arrow ->.", match.start(), squeezed)
    left, arrow, right = squeezed.partition("->")
    place = len(left) + len(arrow)
    if any(sign in right for sign in ",->") or any(sign in left for sign in "->"):
        raise ExpressionError("Write one arrow -> between the operands and the answer.", len(left), squeezed)
    operands = tuple(re.sub(r"\s", "", part) for part in left.split(","))
    counts = {letter: "".join(operands).count(letter) for letter in "".join(operands)}
    answer = re.sub(r"\s", "", right) if arrow else "".join(sorted(each for each in counts if counts[each] == 1))
    if not any(operands):
        raise ExpressionError("The equation names no axis yet: write one letter for each, as in ij,jk->ik.", 0, text)
    if len(operands) > MOST_OPERANDS or max(map(len, operands)) > MOST_AXES or len(answer) > MOST_AXES:
        raise ExpressionError(f"At most {MOST_OPERANDS} tensors of {MOST_AXES} axes can be drawn.", 0, text)
    if len(counts) > MOST_LETTERS:
        raise ExpressionError(f"At most {MOST_LETTERS} different letters can be drawn.", 0, text)
    for letter in answer:
        if letter not in counts:
            raise ExpressionError(f"The answer's {letter} stands on none of the operands.", place, squeezed)
        if answer.count(letter) > 1:
            raise ExpressionError(f"The answer names {letter} twice.", place, squeezed)
    return Equation(operands, answer)


def sizes_of(text: str, letters: str) -> dict[str, int]:
    """A size for each letter, from "2, 3, 2" in the order of the letters; those not given are as in ``SIZES``.

    Raises ``ValueError`` for sizes that are no whole numbers from 1 to 5.
    """
    parts = [part for part in re.split(r"[,;\s]+", text.strip()) if part]
    if not all(re.fullmatch("[1-9]", part, re.ASCII) and int(part) <= LARGEST for part in parts):
        raise ValueError(f"Sizes are whole numbers from 1 to {LARGEST}, such as 2, 3, 2.")
    given = [*map(int, parts), *SIZES[len(parts) :]]
    return dict(zip(letters, given, strict=False))


@dataclass(frozen=True)
class Term:
    """One turn of the loop: an index for each letter, the product's factors, and the sum so far in its place."""

    index: dict[str, int]
    factors: tuple[int, ...]
    total: int

    def place(self, letters: str) -> tuple[int, ...]:
        """The index of a tensor with these letters."""
        return tuple(self.index[letter] for letter in letters)


@dataclass(frozen=True)
class Summed(Sourced):
    """An equation with ``sizes`` by letter, its operands (whole numbers), and torch's answer."""

    equation: Equation
    sizes: dict[str, int]
    tensors: tuple[Tensor, ...]
    answer: Tensor
    source = ClosedForm("torch.einsum, and the loop over its indices")

    @property
    def products(self) -> int:
        """How many turns the loop takes: the product of all sizes."""
        return torch.Size(self.sizes.values()).numel()

    @cached_property
    def terms(self) -> list[Term]:
        """The loop, the answer's letters outside, the summed ones inside."""
        equation, totals, terms = self.equation, {}, []
        letters = equation.answer + equation.summed
        for values in itertools.product(*(range(self.sizes[letter]) for letter in letters)):
            index = dict(zip(letters, values, strict=True))
            factors = tuple(
                int(tensor[tuple(index[letter] for letter in own)])
                for tensor, own in zip(self.tensors, equation.operands, strict=True)
            )
            product, place = 1, tuple(index[letter] for letter in equation.answer)
            for factor in factors:
                product *= factor
            totals[place] = totals.get(place, 0) + product
            terms.append(Term(index, factors, totals[place]))
        return terms


def summed(text: str, sizes: str, seed: int) -> Summed:
    """Draw small whole numbers for the operands and let torch sum them.

    Raises ``ValueError`` for what is no equation or no sizes, or takes more than 240 turns of the loop.
    """
    equation = equation_of(text)
    known = sizes_of(sizes, equation.letters)
    if (turns := torch.Size(known.values()).numel()) > LONGEST:
        raise ValueError(f"This loop takes {turns} turns; at most {LONGEST} can be stepped through.")
    generator = torch.Generator().manual_seed(seed)
    tensors = tuple(
        torch.randint(-3, 6, [known[letter] for letter in own], generator=generator) for own in equation.operands
    )
    return Summed(equation, known, tensors, torch.einsum(equation.text, *tensors))


def program_of_sum(found: Summed) -> Program:
    """``torch.einsum``, and the same as nested loops."""
    equation, names = found.equation, NAMES[: len(found.tensors)]
    lines = [f"{name} = torch.tensor({tensor.tolist()!r})" for name, tensor in zip(names, found.tensors, strict=True)]
    lines += [f"Y = torch.einsum({equation.text!r}, {', '.join(names)})"]
    loop = [f"same = torch.zeros({list(found.answer.shape)!r}, dtype=torch.long)"]
    letters = equation.answer + equation.summed
    for depth, letter in enumerate(letters):
        loop.append(f"{'    ' * depth}for {letter} in range({found.sizes[letter]!r}):")
    factors = [f"{name}[{', '.join(own)}]" if own else name for name, own in zip(names, equation.operands, strict=True)]
    place = f"[{', '.join(equation.answer)}]" if equation.answer else "[()]"
    loop.append(f"{'    ' * len(letters)}same{place} += {' * '.join(factors)}")
    loop.append('result = {"Y": Y, "loop": same}')
    shown = {"Y": found.answer.tolist(), "loop": found.answer.tolist()}
    return Program("An Einstein sum", (Step("torch.einsum", "\n".join(lines)), Step("Loops", "\n".join(loop))),
                   shown=shown)  # fmt: skip
