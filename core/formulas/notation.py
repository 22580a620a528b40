r"""Formulas written out: as Python source over torch tensors and as LaTeX.

Every writer returns a text and how tightly it binds (``COMPARISON`` … ``ATOM``), so that parentheses stand where they
are needed and nowhere else.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.formulas.grammar import Node

COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)
SIGNS = {
    "add": ("+", SUM), "subtract": ("-", SUM), "multiply": ("*", PRODUCT), "divide": ("/", PRODUCT),
    "greater": (">", COMPARISON), "less": ("<", COMPARISON), "at least": (">=", COMPARISON),
    "at most": ("<=", COMPARISON),
}  # fmt: skip
SYMBOLS = {">=": r"\ge", "<=": r"\le"}
ROUND = r"\left({}\right)"
BOUND = {"max": "min", "min": "max"}  # the larger of two is bounded from below
BUILT_IN = ("abs", "max", "min")
MATH = ("sin", "cos", "tan", "tanh", "exp", "log", "sqrt", "erf")
UPRIGHT = {
    "sin": r"\sin", "cos": r"\cos", "tan": r"\tan", "tanh": r"\tanh", "log": r"\ln", "max": r"\max", "min": r"\min",
    "sigmoid": r"\sigma", "relu": r"\operatorname{ReLU}", "softplus": r"\operatorname{softplus}",
    "erf": r"\operatorname{erf}",
}  # fmt: skip


def python_of(node: "Node") -> str:
    """A formula as Python source; parts without a name use ``math``, the others torch."""
    return python(node)[0]


def latex_of(node: "Node") -> str:
    """A formula as LaTeX, without dollar signs."""
    return latex(node)[0]


def enclosed(written: tuple[str, int], least: int, brackets: str = "({})") -> str:
    """The text, in brackets if it binds less tightly than ``least``."""
    text, binding = written
    return text if binding >= least else brackets.format(text)


def digits(value: float) -> str:
    """A number as short as it can be: 2 rather than 2.0."""
    return str(int(value)) if value == int(value) and value < 1e6 else repr(value)


def python(node: "Node") -> tuple[str, int]:
    if node.operation == "number" and node.value is not None:
        return digits(node.value), ATOM
    if node.operation == "name":
        return (node.name if node.value is None else f"math.{node.name}"), ATOM
    children = [python(child) for child in node.children]
    if node.operation in SIGNS:
        sign, binding = SIGNS[node.operation]
        return f"{enclosed(children[0], binding)} {sign} {enclosed(children[1], binding + 1)}", binding
    if node.operation == "negative":
        return "-" + enclosed(children[0], SIGN), SIGN
    if node.operation == "power":
        return f"{enclosed(children[0], ATOM)} ** {enclosed(children[1], SIGN)}", POWER
    return python_call(node, [text for text, _ in children]), ATOM


def python_call(node: "Node", arguments: list[str]) -> str:
    """A function call; a bound that is a number becomes one of ``torch.clamp``."""
    name = node.operation
    if node.value is not None:
        known = name if name in BUILT_IN else f"math.{name}" if name in MATH else ""
        return f"{known}({', '.join(arguments)})" if known else repr(node.value)
    if name in ("max", "min"):
        number = [child.value is not None for child in node.children]
        if not any(number):
            return f"torch.{name}imum({', '.join(arguments)})"
        return f"torch.clamp({arguments[number.index(False)]}, {BOUND[name]}={arguments[number.index(True)]})"
    return f"{'torch.nn.functional' if name == 'softplus' else 'torch'}.{name}({arguments[0]})"


def latex(node: "Node") -> tuple[str, int]:
    if node.operation == "number" and node.value is not None:
        return latex_number(node.value)
    if node.operation == "name":
        return latex_name(node.name), ATOM
    children = [latex(child) for child in node.children]
    if node.operation == "divide":
        return rf"\frac{{{children[0][0]}}}{{{children[1][0]}}}", POWER
    if node.operation in SIGNS:
        return latex_pair(node, children)
    if node.operation == "negative":
        return "-" + enclosed(children[0], POWER, ROUND), SIGN
    if node.operation == "power":
        return f"{enclosed(children[0], ATOM, ROUND)}^{{{children[1][0]}}}", POWER
    return latex_call(node.operation, [text for text, _ in children])


def latex_pair(node: "Node", children: list[tuple[str, int]]) -> tuple[str, int]:
    """Two sides and the sign between them; a sign in front of the right side gets brackets."""
    sign, binding = SIGNS[node.operation]
    left, right = enclosed(children[0], binding, ROUND), enclosed(children[1], binding + 1, ROUND)
    if right.startswith("-") and binding > COMPARISON:
        right = ROUND.format(right)
    if sign == "*":
        beside = node.children[0].operation == "number" and not re.match(r"\d|\\frac", right)
        sign = r"\," if beside else r"\cdot"
    return f"{left} {SYMBOLS.get(sign, sign)} {right}", binding


def latex_call(name: str, arguments: list[str]) -> tuple[str, int]:
    if name == "sqrt":
        return rf"\sqrt{{{arguments[0]}}}", ATOM
    if name == "abs":
        return rf"\left|{arguments[0]}\right|", ATOM
    if name == "exp":
        return f"e^{{{arguments[0]}}}", POWER
    return UPRIGHT[name] + ROUND.format(", ".join(arguments)), POWER


def latex_number(value: float) -> tuple[str, int]:
    mantissa, _, exponent = digits(value).partition("e")
    if not exponent:
        return mantissa, ATOM
    power = f"10^{{{int(exponent)}}}"
    return (power, POWER) if mantissa == "1" else (rf"{mantissa} \cdot {power}", PRODUCT)


def latex_name(name: str) -> str:
    """x, w_{1}, \\pi, or an upright word."""
    if name == "pi":
        return r"\pi"
    letter = name.rstrip("0123456789")
    letter, index = letter.removesuffix("_"), name[len(letter) :]
    shown = letter if len(letter) == 1 else r"\mathrm{" + letter.replace("_", r"\_") + "}"
    return f"{shown}_{{{index}}}" if index else shown
