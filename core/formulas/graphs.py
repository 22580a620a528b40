"""The noun ``Graph``: a computation taken apart into single operations, each with its value and its gradient.

Values and gradients are autograd's, in float64; beside them stand each operation's own derivatives, so that the chain
rule can be written out with the numbers, and finite differences, so that it can be checked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

MOST = 24  # vertices that can still be told apart in a drawing
KINDS = ("constant", "variable", "parameter", "operation")


@dataclass(frozen=True)
class Operation:
    """One vertex to be: a leaf with a ``value`` (kind "constant", "variable" or "parameter") or, kind "operation", a
    ``function`` of the vertices at the places ``inputs``. ``sign`` is drawn in it, ``spelled`` writes it out."""

    name: str
    kind: str = "operation"
    value: float = 0.0
    inputs: tuple[int, ...] = ()
    function: Callable[..., Tensor] | None = None
    sign: str = ""
    spelled: Callable[..., str] | None = None


@dataclass(frozen=True)
class Vertex:
    """One number of a computation. ``slopes`` are its derivatives by each of its inputs, ``gradient`` is the
    derivative of the graph's answer by it (autograd), ``difference`` the same as a central finite difference; a
    constant has neither. ``symbols`` and ``numbers`` write the operation out with names and with values."""

    name: str
    kind: str
    sign: str
    inputs: tuple[int, ...]
    value: float
    slopes: tuple[float, ...]
    gradient: float
    difference: float
    symbols: str
    numbers: str


@dataclass(frozen=True)
class Graph:
    """A computation, inputs before their users, the answer last."""

    vertices: tuple[Vertex, ...]

    @property
    def answer(self) -> Vertex:
        """The last vertex, whose gradients are looked for."""
        return self.vertices[-1]

    def place(self, name: str) -> int:
        """Where the vertex of a name stands; raises ``ValueError`` if there is none."""
        return [vertex.name for vertex in self.vertices].index(name)

    def named(self, name: str) -> Vertex:
        """The vertex of a name."""
        return self.vertices[self.place(name)]

    def users(self, place: int) -> list[tuple[int, float]]:
        """The vertices that use a vertex, once for every use, each with its derivative by it."""
        return [
            (user, slope)
            for user, vertex in enumerate(self.vertices)
            for source, slope in zip(vertex.inputs, vertex.slopes, strict=True)
            if source == place
        ]

    def beneath(self, names: Sequence[str]) -> frozenset[int]:
        """The places of vertices and of all that they are computed from: what backpropagation reaches through them."""
        found = {self.place(name) for name in names}
        for place in range(len(self.vertices) - 1, -1, -1):
            if place in found:
                found |= set(self.vertices[place].inputs)
        return frozenset(found)

    @property
    def learns(self) -> list[int]:
        """The places of all vertices that have a gradient."""
        return [place for place, vertex in enumerate(self.vertices) if vertex.kind != "constant"]


def shown(value: float, digits: int = 4) -> str:
    """A number as learners read it: a few significant digits and a true minus sign."""
    return f"{value + 0.0:.{digits}g}".replace("-", "−")


def bracketed(value: float) -> str:
    """A number inside a product or a sum: in brackets if it is negative."""
    return f"({shown(value)})" if value < 0 else shown(value)


def computed(operations: Sequence[Operation], nudged: dict[int, Tensor] | None = None) -> list[Tensor]:
    """The value of every vertex, float64, with gradients to come; ``nudged`` replaces some by other numbers."""
    values: list[Tensor] = []
    for place, operation in enumerate(operations):
        if nudged and place in nudged:
            values.append(nudged[place])
        elif operation.function is None:
            values.append(
                torch.tensor(operation.value, dtype=torch.float64, requires_grad=operation.kind != "constant")
            )
        else:
            values.append(operation.function(*(values[source] for source in operation.inputs)))
    return values


def slopes_of(operation: Operation, values: Sequence[Tensor]) -> tuple[float, ...]:
    """An operation's derivatives by each of its inputs; 0 for constants."""
    if operation.function is None:
        return ()
    inputs = [
        values[source].detach().clone().requires_grad_(values[source].requires_grad) for source in operation.inputs
    ]
    answer, learning = operation.function(*inputs), [each for each in inputs if each.requires_grad]
    found = iter(torch.autograd.grad(answer, learning, allow_unused=True) if learning else ())
    slopes = [next(found) if each.requires_grad else None for each in inputs]
    return tuple(0.0 if slope is None else slope.item() for slope in slopes)


@torch.no_grad()
def difference(operations: Sequence[Operation], values: Sequence[Tensor], place: int) -> float:
    """How much the answer changes per change of one vertex: (f(v + h) − f(v − h)) / 2h."""
    step = 1e-5 * max(1.0, abs(values[place].item()))
    ends = [computed(operations, {place: values[place].detach() + sign * step})[-1].item() for sign in (1, -1)]
    return (ends[0] - ends[1]) / (2 * step)


def graph(operations: Sequence[Operation]) -> Graph:
    """Compute every operation, its gradient and its finite difference.

    Raises ``ValueError``, one sentence, where a value or a gradient is not a finite number.
    """
    values = computed(operations)
    learning = [place for place, operation in enumerate(operations) if operation.kind != "constant"]
    found = torch.autograd.grad(values[-1], [values[place] for place in learning], allow_unused=True)
    gradients = {place: 0.0 if one is None else one.item() for place, one in zip(learning, found, strict=True)}
    vertices = []
    for place, one in enumerate(operations):
        names = [operations[source].name for source in one.inputs]
        numbers = [bracketed(values[source].item()) for source in one.inputs]
        symbols, written = (one.spelled(*names), one.spelled(*numbers)) if one.spelled else ("", "")
        value, gradient = values[place].item(), gradients.get(place, 0.0)
        for what, number in (("value", value), ("gradient", gradient)):
            if not abs(number) < 1e15:
                raise ValueError(f"{one.name} = {symbols or shown(value)} has no finite {what} here.")
        nudged = difference(operations, values, place) if place in gradients else 0.0
        sign, slopes = one.sign or one.name, slopes_of(one, values)
        vertices.append(Vertex(one.name, one.kind, sign, one.inputs, value, slopes, gradient, nudged, symbols, written))
    return Graph(tuple(vertices))


@dataclass(frozen=True)
class Moment:
    """One step of the work on a graph: which values and gradients are known by then, which vertices are worked on
    (``active``), in which ``beat`` ("forward", "loss", "backward", "update"), and what happens, in words."""

    beat: str
    label: str
    caption: str
    graph: Graph
    values: frozenset[int]
    gradients: frozenset[int]
    active: tuple[int, ...]


def replay(graph: Graph, hidden: frozenset[int] = frozenset(), groups: Sequence[tuple[int, ...]] = ()) -> list[Moment]:
    """The forward and the backward pass over a graph, step by step; the gradients at ``hidden`` places stay unknown.

    ``groups`` are places that are worked on together on the way back, in order; all others go one at a time.
    """
    leaves = frozenset(place for place, vertex in enumerate(graph.vertices) if not vertex.inputs)
    forward = [place for place, vertex in enumerate(graph.vertices) if vertex.inputs]
    known, moments = leaves, []
    moments.append(
        Moment("forward", "inputs", inputs_sentence(graph), graph, known, frozenset(), tuple(sorted(leaves)))
    )
    for count, place in enumerate(forward, start=1):
        known |= {place}
        label = f"forward {count} of {len(forward)}"
        moments.append(Moment("forward", label, forward_sentence(graph, place), graph, known, frozenset(), (place,)))
    back = groups or [(place,) for place in reversed(graph.learns)]
    reached = frozenset()
    for count, places in enumerate(back, start=1):
        reached |= set(places) - hidden
        rules = [backward_sentence(graph, place, hidden) for place in places]
        caption = "\n".join(rule.replace("\n= ", " = ") for rule in rules) if len(rules) > 1 else rules[0]
        moments.append(Moment("backward", f"backward {count} of {len(back)}", caption, graph, known, reached, places))
    return moments


def inputs_sentence(graph: Graph) -> str:
    """The leaves of a graph, in words."""
    leaves = [f"{vertex.name} = {shown(vertex.value)}" for vertex in graph.vertices if vertex.kind == "variable"]
    return f"Forward pass: from the inputs to {graph.answer.name}, one operation at a time.\n{', '.join(leaves)}"


def forward_sentence(graph: Graph, place: int) -> str:
    """One operation with names and with numbers."""
    vertex = graph.vertices[place]
    return f"Forward: {vertex.name} = {vertex.symbols}\n= {vertex.numbers} = {shown(vertex.value)}"


def backward_sentence(graph: Graph, place: int, hidden: frozenset[int] = frozenset()) -> str:
    """The chain rule at one vertex, with names and with numbers: a sum over all the vertices that use it."""
    vertex, top = graph.vertices[place], graph.answer.name
    if place == len(graph.vertices) - 1:
        return f"Backward pass: start at the answer.\n∂{top}/∂{top} = 1"
    uses = graph.users(place)
    left = f"∂{top}/∂{vertex.name}"
    if not uses:
        return f"{left} = 0, because nothing uses {vertex.name}"
    symbols = " + ".join(f"∂{top}/∂{name} · ∂{name}/∂{vertex.name}" for name in names_of(graph, uses))
    start = f"{left} = {symbols}"
    return f"{start}\n= ?  Work it out." if place in hidden else f"{start}\n= {chain(graph, place, hidden)}"


def chain(graph: Graph, place: int, hidden: frozenset[int] = frozenset()) -> str:
    """The chain rule at one vertex in numbers: "0.5 · 2 + (−1) · 3 = −2"; a question mark for a hidden gradient."""
    products = [
        f"{'?' if user in hidden else bracketed(graph.vertices[user].gradient)} · {bracketed(slope)}"
        for user, slope in graph.users(place)
    ]
    return f"{' + '.join(products)} = {shown(graph.vertices[place].gradient)}"


def names_of(graph: Graph, uses: list[tuple[int, float]]) -> list[str]:
    """The names of a vertex's users."""
    return [graph.vertices[user].name for user, _ in uses]
