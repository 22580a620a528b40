"""The view of autograd: a snippet, and the graph that torch has recorded of it."""

from collections.abc import Mapping

import numpy as np

from core.figures.graphs import layered, path
from core.figures.marks import SILENT, UNSEEN, hover, marker, stroke, trace
from core.figures.picture import BLUE, GREEN, GREY, INK, PAPER, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import pick, text
from core.lessons.view import Shown, View
from core.topics.tensors_autograd_modules.graph import Traced, alone, program_of_snippet, python_of, traced

OWN = "type your own"
START = "x = tensor(2.0, requires_grad=True); "
SNIPPETS = {
    "two paths add up": START + "a = x * x; b = sin(x); y = a + b; y.backward()",
    "detach cuts a path": START + "a = x * x; b = a.detach(); y = a * b; y.backward()",
    "no_grad records nothing": START + "with no_grad: a = x * x; y = a * 3; y.backward()",
    "in place, harmless": START + "y = x * 3; y += 1; y.backward()",
    "in place, on a saved number": START + "y = exp(x); y += 1; y.backward()",
    "in place, on a leaf": START + "x += 1",
    "a step of descent": START + "y = x * x; y.backward(); with no_grad: x -= 0.1 * x.grad",
    "backward twice": START + "y = x ** 3; y.backward(); y.backward()",
    "backward twice, graph retained": START + "y = x ** 3; y.backward(retain_graph=True); y.backward()",
    "derivative of a derivative": START + "y = x ** 3; g = grad(y, x, create_graph=True); h = g * g; h.backward()",
    "no single number": "x = tensor([1.0, 2.0], requires_grad=True); y = x * x; y.backward()",
    "a sum of several": "x = tensor([1.0, 2.0], requires_grad=True); w = tensor([3, 4]); y = sum(w * x); y.backward()",
}
GETS, NONE, REFUSES = "it runs, and x gets a gradient", "it runs, but x.grad stays None", "torch refuses a statement"
TARGET = 30.0


def is_own(values: Mapping[str, object]) -> bool:
    """Whether the learner types the snippet."""
    return values["snippet"] == OWN


HELP = (
    "Statements separated by semicolons: x = tensor(2.0, requires_grad=True); y = x * x; y += 1; y.exp_(); "
    "with no_grad: z = 2 * y; g = grad(y, x, create_graph=True); y.backward(retain_graph=True). Functions: sin, cos, "
    "exp, log, tanh, sigmoid, relu, sqrt, square, abs, sum, mean; methods detach, clone."
)
SNIPPET = pick("Snippet", [*SNIPPETS, OWN])
TYPED = text("Your snippet", SNIPPETS["two paths add up"], longest=400, when=is_own, help=HELP)


def measure(snippet: str, your_snippet: str, seed: int) -> Traced:
    """The snippet, carried out."""
    return traced(your_snippet if snippet == OWN else SNIPPETS[snippet])


def picture(found: Traced) -> Picture:
    """Functions of the graph as squares, leaves that get a gradient as circles, tensors without a graph below."""
    places, routes = layered([node.inputs for node in found.nodes])
    width = max((spot[0] for spot in places.values()), default=0.0)
    low = min((spot[1] for spot in places.values()), default=0.5)
    leaf = {place for place, node in enumerate(found.nodes) if node.title == "AccumulateGrad"}
    apart = alone(found)
    step = max(width, 1.0) / max(len(apart), 1)
    outside = [((number + 0.5) * step, low - 1.1) for number in range(len(apart))]
    traces = [trace("lines", **path(routes.values()), line=stroke(GREY, 1.4), **SILENT)]
    arrows = [arrow(route) for route in routes.values()]
    for chosen, color, symbol, name in (
        ([place for place in places if place not in leaf], BLUE, "square", "a function of the graph"),
        (sorted(leaf), GREEN, "circle", "a leaf, which collects .grad"),
    ):
        if chosen:
            traces.append(marks([places[place] for place in chosen], [titled(found, place) for place in chosen],
                                [above(found, place) for place in chosen], color, symbol, name))  # fmt: skip
    if apart:
        traces.append(marks(outside, [""] * len(apart), apart, GREY, "diamond", "a tensor without a graph"))
    words = [trace("text", [places[place][0] for place in places], [places[place][1] - 0.33 for place in places],
                   text=[short(found.nodes[place].title) for place in places],
                   textfont={"size": 11, "color": INK}, **SILENT)]  # fmt: skip
    tall = max((spot[1] for spot in places.values()), default=0.0)
    plan = layout(
        height=int(170 + 75 * (tall - low + (1.1 if apart else 0))),
        meta={"dense": True},
        xaxis={**UNSEEN, "range": [-0.55, max(width, 1.0) + 0.55]},
        yaxis={**UNSEEN, "range": [low - (1.6 if apart else 0.6), tall + 0.6]},
        annotations=arrows,
    )
    listed = ", ".join(node.title for node in found.nodes) or "no function"
    alt = f"Autograd's graph has {len(found.nodes)} functions: {listed}."
    if apart:
        alt += f" Without a graph: {', '.join(apart)}."
    return Picture([*traces, *words], plan, alt)


def marks(spots: list, titles: list[str], words: list[str], color: str, symbol: str, name: str) -> dict:
    """Vertices of one kind with the tensors' names above them."""
    x, y = ([spot[axis] for spot in spots] for axis in (0, 1))
    style = {"marker": marker(PAPER, 22, symbol, color, 2.2), "textfont": {"color": INK, "size": 14}}
    bold = [f"<b>{word}</b>" for word in words]
    return trace(
        "markers+text", x, y, text=bold, textposition="top center", customdata=titles, name=name, **style,
        **hover("%{customdata}"),
    )  # fmt: skip


def arrow(route: list[tuple[float, float]]) -> dict:
    """The head of an edge's arrow, which points the way gradients go: from the user back to its input."""
    (x, y), (right, up) = route[0], route[1]
    middle = (x + 0.42 * (right - x), y + 0.42 * (up - y))
    beyond = (x + 0.5 * (right - x), y + 0.5 * (up - y))
    return {"x": middle[0], "y": middle[1], "ax": beyond[0], "ay": beyond[1], "axref": "x", "ayref": "y", "text": "",
            "showarrow": True, "arrowhead": 2, "arrowsize": 1.3, "arrowwidth": 1.5, "arrowcolor": GREY}  # fmt: skip


def above(found: Traced, place: int) -> str:
    """The names of the tensors that a function made."""
    return ", ".join(found.nodes[place].names)


def short(title: str) -> str:
    """Autograd's name of a function without its counting digit, in two lines."""
    return title.rstrip("0123456789").replace("Backward", "<br>Backward").replace("Grad", "<br>Grad")


def titled(found: Traced, place: int) -> str:
    """What is said of a vertex under the mouse."""
    node = found.nodes[place]
    values = [f"{name} = {value_of(found, name)}" for name in node.names]
    return "<br>".join([f"{node.title}, inputs: {len(node.inputs)}", *values])


def value_of(found: Traced, name: str) -> str:
    """A tensor's numbers in short."""
    return listed(found.tensors[name].detach().numpy())


def listed(values: np.ndarray) -> str:
    """Numbers with four digits."""
    return f"{values:.4g}" if values.ndim == 0 else f"[{', '.join(f'{each:.4g}' for each in values.ravel())}]"


def rows(found: Traced) -> list[dict]:
    """One row per tensor: what torch knows of it."""
    return [
        {"Tensor": name, "Value": value_of(found, name), "requires_grad": str(each.requires_grad),
         "is_leaf": str(each.is_leaf), "grad_fn": type(each.grad_fn).__name__ if each.grad_fn else "None",
         "Version": str(each._version), ".grad": listed(found.gradients[name].detach().numpy())
         if name in found.gradients else "None" if each.is_leaf else "not kept"}
        for name, each in found.tensors.items()
    ]  # fmt: skip


def code(found: Traced) -> str:
    """The snippet as Python."""
    return f"```python\n{python_of(found.statements)}\n```"


def draw(found: Traced) -> Shown:
    """The graph at the end, or at the statement that torch refused."""
    if found.failed is None:
        grads = ", ".join(f"`{name}.grad` = {listed(each.detach().numpy())}" for name, each in found.gradients.items())
        said = f"Every statement runs. {grads or 'No leaf has got a gradient.'}"
    else:
        line = found.statements[found.failed].python.replace("\n    ", " ")
        said = f"Torch refuses `{line}`: `{found.error.replace('`', '')}` {found.reason}"
    said += "\n\nArrows show the way gradients go, from a result back to its leaves."
    return Shown(((picture(found),),), f"{code(found)}\n\n{said}", (rows(found),) if found.tensors else ())


def before(found: Traced) -> Shown:
    """The leaves before anything is computed."""
    leaves = [statement for statement in found.statements if statement.term.kind == "tensor"]
    names = {statement.name: found.tensors[statement.name] for statement in leaves if statement.name in found.tensors}
    drawn = Traced(tuple(leaves), names, ())
    return Shown(((picture(drawn),),), f"{code(found)}\n\nBelow are the tensors that the snippet begins with.")


def question(found: Traced) -> Question:
    """Does it run, and where does a gradient arrive?"""
    truth = REFUSES if found.failed is not None else GETS if "x" in found.gradients else NONE
    because = found.reason if truth == REFUSES else (
        "A gradient goes back along every edge of the graph to the leaves that want one; `detach` and `no_grad` leave "
        "edges out."
    )  # fmt: skip
    return Question("What happens when torch runs these lines?", (GETS, NONE, REFUSES), truth, because or found.error)


def goal(found: Traced) -> Goal:
    """A gradient of 30 from two backward passes through one graph."""
    grad = found.gradients.get("x")
    value = float(grad) if grad is not None and grad.numel() == 1 else None
    passed = found.failed is None and found.backwards() > 1 and value is not None and abs(value - TARGET) < 1e-3
    shown = "None" if value is None else f"{value:.4g}"
    text = f"Make `x.grad` exactly **{TARGET:g}** with **two `backward()` calls** that torch accepts."
    return Goal(text, passed, f"Now: x.grad is {shown}, {found.backwards()} backward passes were carried out.")


GRAPH = View((SNIPPET, TYPED), measure, draw, before=before, question=question, goal=goal, program=program_of_snippet)
