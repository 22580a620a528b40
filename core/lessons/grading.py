"""Numbers that learners work out by hand: the question, and what is said to an answer."""

from dataclasses import dataclass

from core.formulas.expressions import ExpressionError, parse


@dataclass(frozen=True)
class Calculation:
    """A number to be worked out by hand: the question (Markdown), its value, how far off an answer may be, and why."""

    text: str
    truth: float
    tolerance: float
    because: str


@dataclass(frozen=True)
class Graded:
    """What is said to an answer: whether it is right, and otherwise one sentence of plain text that helps."""

    is_right: bool
    hint: str = ""


def graded(answer: str, truth: float, tolerance: float) -> Graded:
    """Compare what a learner typed, a number or a calculation such as ``-0.5 * (1 - 0.3^2)``, with the truth."""
    try:
        given = parse(answer.replace(",", "."), ()).root.value
    except ExpressionError as error:
        return Graded(False, f"This is no number: {error}")
    if given is None:  # without a name every formula has a value
        return Graded(False, "This is no number.")
    if abs(given - truth) <= tolerance:
        return Graded(True)
    return Graded(False, f"{given:.6g} is {fault(given, truth, tolerance)}")


def fault(given: float, truth: float, tolerance: float) -> str:
    """What is wrong with a number, without giving the right one away."""
    if abs(given + truth) <= tolerance:
        return "right in size, but has the wrong sign."
    if given * truth < 0:
        return "on the wrong side of zero."
    if abs(given - truth) <= max(10 * tolerance, 0.02 * abs(truth)):
        return f"close, but not within {tolerance:g}."
    return f"too {'large' if abs(given) > abs(truth) else 'small'} in size."
