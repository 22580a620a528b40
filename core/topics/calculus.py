"""A formula that a learner typed as a computation graph, and how well its gradient foretells a small step."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.figures.curves import line, number
from core.figures.marks import hover, marker, trace
from core.figures.picture import BLUE, INK, ORANGE, Picture, layout
from core.formulas.expressions import Expression, Node, parse
from core.formulas.grammar import APPLY
from core.formulas.graphs import MOST, Graph, Operation, bracketed, graph, shown
from core.formulas.notation import digits, python_of
from core.formulas.tokens import ALIKE
from core.lessons.grading import Calculation
from core.programs import Program, Step
from core.provenance import ClosedForm

VARIABLES = ("x", "y", "z")
LETTERS = "abcdghklmnpqrstuvw"  # names for what is computed on the way; f is the answer, e a number
EXAMPLES = ("x * y + sin(x)", "(x + y) * (x - y)", "sigmoid(2*x - y)^2", "x^2 * y / (1 + x^2)", "max(x, y) + tanh(x*y)")
OWN = "type your own"
HELP = "Variables x, y, z; + - * / ^; sin, cos, tan, tanh, exp, log, sqrt, abs, sigmoid, relu, softplus, erf, max, min."
STARTS = {"x": 1.5, "y": -1.0, "z": 0.5}
SIGNS = {"add": "+", "subtract": "−", "multiply": "·", "divide": "/", "power": "^"}
SOURCE = ClosedForm("values and gradients by automatic differentiation, float64")
STEP = 0.1  # how far a variable is moved to see what its gradient is worth


def starts(text: str) -> list[tuple[str, float]]:
    """The variables that a text mentions, whether or not it is a formula, and the values to begin with."""
    words = re.findall(r"[a-z_]\w*", text.translate(ALIKE).lower(), re.ASCII)  # of x² only x is a name
    return [(name, start) for name, start in STARTS.items() if name in words]


@dataclass(frozen=True)
class Part:
    """One vertex of a formula: what it is called, its node, and the places of its inputs among the parts."""

    name: str
    node: Node
    inputs: tuple[int, ...] = ()


def parts(expression: Expression) -> list[Part]:
    """The vertices of a formula's graph; a part without a variable is one constant, a variable is one vertex.

    Raises ``ValueError`` for a formula without a variable or with too many operations to draw.
    """
    steps = expression.trace(**{name: torch.ones(()) for name in expression.names})
    if steps[-1].node.value is not None:
        raise ValueError("This formula holds no variable: there is nothing to take a derivative by.")
    needed = {len(steps) - 1}
    for place in range(len(steps) - 1, -1, -1):
        if place in needed and steps[place].node.value is None:
            needed |= set(steps[place].inputs)
    if len(needed) > MOST:
        raise ValueError(f"This formula has {len(needed)} numbers and operations; at most {MOST} can be drawn.")
    letters, places = iter(LETTERS + LETTERS.upper()), {}
    for place in sorted(needed):
        node, inputs = steps[place].node, tuple(places[one][0] for one in steps[place].inputs if one in places)
        is_leaf = node.value is not None or node.operation == "name"
        name = text_of(node) if is_leaf else "f" if place == len(steps) - 1 else next(letters)
        places[place] = (len(places), Part(name, node, () if is_leaf else inputs))
    return [part for _, part in places.values()]


def operation(part: Part, values: dict[str, float]) -> Operation:
    """One vertex of a formula's graph, ready to be computed."""
    node, name = part.node, part.node.operation
    if node.value is not None:
        return Operation(part.name, "constant", node.value)
    if name == "name":
        return Operation(part.name, "variable", float(values[part.name]))
    sign = {**SIGNS, "multiply": "×", "negative": "−"}.get(name, name)
    return Operation(
        part.name, inputs=part.inputs, function=APPLY[name], sign=sign, spelled=lambda *texts: spelled(name, texts)
    )


def text_of(node: Node) -> str:
    """A variable or a constant as it is drawn."""
    if node.operation == "name":
        return "π" if node.name == "pi" else node.name
    if node.value is None:
        return ""
    return digits(node.value) if node.operation == "number" else shown(node.value)


def spelled(name: str, texts: Sequence[str]) -> str:
    """An operation written out between names or numbers."""
    if name in SIGNS:
        return f" {SIGNS[name]} ".join(texts)
    return f"−{texts[0]}" if name == "negative" else f"{name}({', '.join(text.strip('()') for text in texts)})"


def graph_of(text: str, values: dict[str, float]) -> Graph:
    """A formula in x, y and z as a computation graph. Raises ``ExpressionError``, which points at the place."""
    return graph([operation(part, values) for part in parts(used_only(text))])


def used_only(text: str) -> Expression:
    """The formula with only those of the variables that stand in it."""
    whole = parse(text, VARIABLES)
    seen = names_in(whole.root)
    return Expression(text, tuple(name for name in VARIABLES if name in seen) or VARIABLES[:1], whole.root)


def names_in(node: Node) -> set[str]:
    """The variables that stand in a formula."""
    own = {node.name} if node.operation == "name" and node.value is None else set()
    return own.union(*(names_in(child) for child in node.children))


def gradients_shown(graph: Graph) -> list[str]:
    """The names of what has a gradient, the variables first."""
    vertices = [graph.vertices[place] for place in graph.learns if place < len(graph.vertices) - 1]
    return [vertex.name for vertex in sorted(vertices, key=lambda vertex: vertex.kind != "variable")]


def question(graph: Graph, name: str) -> Calculation:
    """The gradient of one vertex, to be worked out by hand."""
    vertex = graph.named(name)
    uses = graph.users(graph.place(name))
    paths = "The one path" if len(uses) == 1 else f"The {len(uses)} paths"
    terms = " + ".join(f"{shown(graph.vertices[user].gradient)} · {bracketed(slope)}" for user, slope in uses)
    because = f"{paths} from {name}: {terms} = {shown(vertex.gradient)}."
    text = rf"What is $\partial {graph.answer.name} / \partial {name}$ at these values?"
    return Calculation(text, vertex.gradient, max(0.005, 0.01 * abs(vertex.gradient)), because)


def rows(graph: Graph, hidden: frozenset[int]) -> list[dict[str, str]]:
    """Every vertex with its value, its gradient and its finite difference, eight digits."""
    return [
        {
            "Node": f"{vertex.name} = {vertex.symbols}" if vertex.symbols else vertex.name,
            "Value": shown(vertex.value),
            "Gradient": "?" if place in hidden else shown(vertex.gradient, 8),
            "Finite difference": "?" if place in hidden else shown(vertex.difference, 8),
        }
        for place, vertex in enumerate(graph.vertices)
        if vertex.kind != "constant"
    ]


@dataclass(frozen=True)
class Slice:
    """A formula along one variable, the others fixed: ``values`` (points,) at ``x`` (points,), and its value
    ``height``, its gradient and its value after a step at the present place ``here``."""

    name: str
    x: np.ndarray
    values: np.ndarray
    here: float
    height: float
    gradient: float
    after: float

    @property
    def foretold(self) -> float:
        """The change that the gradient foretells."""
        return self.gradient * STEP

    @property
    def verdict(self) -> str:
        """What the step really does."""
        change = self.after - self.height
        return "it hardly moves" if abs(change) < 0.002 else "it rises" if change > 0 else "it falls"


def along(text: str, values: dict[str, float], reach: float = 3.0, points: int = 241) -> Slice:
    """A formula along its first variable, x if it stands there."""
    expression, one = used_only(text), graph_of(text, values)
    name = expression.names[0]
    fixed = {other: torch.tensor(float(values[other]), dtype=torch.float64) for other in expression.names}
    x = torch.linspace(-reach, reach, points, dtype=torch.float64)
    heights = expression(**{**fixed, name: x}).numpy()
    after = expression(**{**fixed, name: fixed[name] + STEP}).item()
    return Slice(name, x.numpy(), heights, values[name], one.answer.value, one.named(name).gradient, after)


def summary(found: Slice) -> str:
    """What the step did and what the gradient had foretold, in one sentence."""
    return (
        f"A step of {STEP:g} along {found.name} changes the value by **{shown(found.after - found.height)}**; gradient "
        f"times step foretells **{shown(found.foretold)}**. The difference is the curve leaving its tangent."
    )


def is_flat(graph: Graph) -> bool:
    """Whether a formula of two variables or more has no slope here in any of them."""
    slopes = [vertex.gradient for vertex in graph.vertices if vertex.kind == "variable"]
    return len(slopes) > 1 and max(map(abs, slopes)) < 0.01


def slopes_sentence(graph: Graph) -> str:
    """The variables' gradients in words."""
    found = [f"∂{graph.answer.name}/∂{v.name} = {shown(v.gradient)}" for v in graph.vertices if v.kind == "variable"]
    return f"Now: {', '.join(found)}."


def standing(graph: Graph, name: str) -> str:
    """How often the vertex to work out is used, in words."""
    uses = len(graph.users(graph.place(name)))
    return f"Now: {name} is used {('not at all', 'once', 'twice')[uses] if uses < 3 else f'{uses} times'}."


def program_of(text: str, values: dict[str, float]) -> Program:
    """The graph in PyTorch, one line per vertex: every value, and the answer's derivative by it."""
    expression, one = used_only(text), graph_of(text, values)
    found = parts(expression)
    names = [part.name for part in found if part.node.value is None]
    start = "{0} = torch.tensor({1!r}, dtype=torch.float64, requires_grad=True)"
    forward = [
        *(start.format(name, float(values[name])) for name in expression.names),
        *(f"{part.name} = {python_of(called(part, found))}" for part in found if part.inputs),
    ]
    backward = [
        f"nodes = {{{', '.join(f'{name!r}: {name}' for name in names)}}}",
        "for node in nodes.values():",
        "    node.retain_grad()  # autograd would keep those of the variables only",
        f"{names[-1]}.backward()",
        "result = {name: node.item() for name, node in nodes.items()}",
        f'result |= {{f"d{names[-1]}/d{{name}}": node.grad.item() for name, node in nodes.items()}}',
    ]
    shown = {name: one.named(name).value for name in names}
    shown |= {f"d{names[-1]}/d{name}": one.named(name).gradient for name in names}
    steps = (Step("Forward: one operation a line", "\n".join(forward)), Step("Backward", "\n".join(backward)))
    return Program("A computation graph and its gradients", steps, shown=shown)


def called(part: Part, parts: list[Part]) -> Node:
    """One operation between the names of its inputs."""
    inputs = (parts[place] for place in part.inputs)
    named = (one.node if one.node.value is not None else Node("name", name=one.name) for one in inputs)
    return Node(part.node.operation, tuple(named))


def tangent(found: Slice, height: int = 340) -> Picture:
    """A formula along one variable with its tangent at the present place, and where a small step really leads."""
    reach = np.nanmax(np.abs(np.where(np.abs(found.x - found.here) < 1.5, found.values, np.nan) - found.height))
    reach = float(np.clip(np.nan_to_num(reach), 0.5, 1e6))
    seen = np.isfinite(found.values) & (np.abs(found.values - found.height) < 3 * reach)
    ends = np.array([-1.0, 1.0])
    touching = line(found.here + ends, found.height + ends * found.gradient, "tangent", ORANGE, "dash")
    said = hover("%{y:.4g}", "here")
    point = trace("markers", [found.here], [found.height], name="here", marker=marker(INK, 11), **said)
    curve = line(np.where(seen, found.x, np.nan), np.where(seen, found.values, np.nan), "f", BLUE)
    alt = (
        f"The formula along {found.name} with its tangent at {found.name} = {number(found.here)}: the value is "
        f"{number(found.height)}, the slope {number(found.gradient)}."
    )
    window = {"range": [found.height - 1.3 * reach, found.height + 1.3 * reach]}
    return Picture([curve, touching, point], layout(found.name, "value of the formula", height, yaxis=window), alt)
