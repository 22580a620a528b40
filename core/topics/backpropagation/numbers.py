"""Backpropagation worked out by hand on a tiny network: forward, loss, backward, update."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from core.formulas.graphs import Graph, Moment, Operation, bracketed, chain, computed, graph, replay, shown
from core.lessons.grading import Calculation
from core.programs import Program, Step
from core.provenance import ClosedForm
from core.topics.backpropagation.tiny_networks import Settings, operations

RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
SLOPES = {"sigmoid": "h (1 - h)", "tanh": "1 - h^2", "ReLU": r"1 \text{ where } z > 0 \text{, else } 0"}
SOURCE = ClosedForm("every number by automatic differentiation, float64")


def latex(name: str) -> str:
    """w₁₂ as LaTeX."""
    index = name[1:].translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"))
    return f"{name[0]}_{{{index}}}" if index else name


@dataclass(frozen=True)
class Exercise:
    """One network, one sample: its ``graph``, what is asked in which order, and what an update makes of it."""

    settings: Settings
    rate: float

    @cached_property
    def graph(self) -> Graph:
        """The forward and the backward pass, every number of it."""
        return graph(operations(self.settings))

    @cached_property
    def after(self) -> Graph:
        """The same sample after one update of all weights and biases."""
        return graph(self.moved(self.rate))

    def moved(self, rate: float) -> list[Operation]:
        """The network after a step of plain gradient descent."""
        pairs = zip(operations(self.settings), self.graph.vertices, strict=True)
        return [
            replace(one, value=one.value - rate * vertex.gradient) if one.kind == "parameter" else one
            for one, vertex in pairs
        ]

    @property
    def loss(self) -> float:
        """The sample's loss before the update."""
        return self.graph.answer.value

    @property
    def new_loss(self) -> float:
        """The sample's loss after the update."""
        return computed(self.moved(self.rate))[-1].item()

    @property
    def asked(self) -> list[str]:
        """The names of what the learner works out, from the loss back to a weight of the first layer."""
        first = lambda letter: next(v.name for v in self.graph.vertices if v.name[0] == letter)  # noqa: E731
        return [first(letter) for letter in "yvhzw"]

    @property
    def sign(self) -> str:
        """The sign of the loss's gradient by the last weight that is asked for."""
        gradient = self.graph.named(self.asked[-1]).gradient
        return "positive" if gradient > 0 else "negative" if gradient < 0 else "zero"

    @property
    def sign_sentence(self) -> str:
        """What the sign means for the update of that weight."""
        name = self.asked[-1]
        if self.sign == "zero" and not self.loss:
            return f"The loss is 0 already: it has no slope there, and the update leaves {name} where it is."
        if self.sign == "zero":
            return f"The unit behind {name} is silent: no gradient passes it, and the update leaves {name} where it is."
        up, down = ("raises", "lowers") if self.sign == "positive" else ("lowers", "raises")
        return f"Raising {name} a little {up} the loss, so the update {down} {name}."

    @property
    def unanswered(self) -> list[bool | None]:
        """No answer to any question."""
        return [None] * len(self.questions)

    @property
    def questions(self) -> list[Calculation]:
        """The gradients to be worked out by hand, one after another, and the updated weight."""
        one, name = self.graph, self.asked[-1]
        steps = [step.format(slope=SLOPES[self.settings.activation]) for step in STEPS]
        texts = [self.question(asked, step) for asked, step in zip(self.asked, steps, strict=True)]
        weight = one.named(name)
        new = weight.value - self.rate * weight.gradient
        because = f"{bracketed(weight.value)} − {self.rate:g} · {bracketed(weight.gradient)} = {shown(new)}."
        text = f"What is ${latex(name)}$ after an update with learning rate {self.rate:g}?"
        return [*texts, Calculation(text, new, 0.0006, because)]

    def question(self, name: str, why: str) -> Calculation:
        """One gradient, its hint and its chain rule with the numbers."""
        vertex = self.graph.named(name)
        text = rf"{why} What is $\partial L/\partial {latex(name)}$?"
        if name[0] == "y":
            output, target = vertex.value, self.graph.named(name.replace("y", "t")).value
            chained = f"{name} − t = {bracketed(output)} − {shown(target)} = {shown(vertex.gradient)}"
        else:
            chained = chain(self.graph, self.graph.place(name))
        return Calculation(text, vertex.gradient, tolerance(vertex.gradient), f"{chained}.")

    def hidden(self, answers: list[bool | None]) -> frozenset[int]:
        """The places of all gradients that wait for an answer (None), and of all that follow from them."""
        return self.graph.beneath([name for name, known in zip(self.asked, answers, strict=False) if known is None])

    def moments(self, hidden: frozenset[int] = frozenset()) -> list[Moment]:
        """The four beats, step by step; they end at the first gradient that is to be worked out."""
        moments = [relabelled(moment) for moment in replay(self.graph, hidden, groups(self.graph))]
        waiting = [place for place, moment in enumerate(moments) if moment.beat == "backward"
                   and hidden & set(moment.active)]  # fmt: skip
        return moments[: waiting[0] + 1] if waiting else [*moments, *self.updates(moments[-1])]

    def updates(self, before: Moment) -> list[Moment]:
        """Every weight's step, and the loss of the same sample afterwards."""
        found = []
        for places in groups(self.graph):
            own = [place for place in places if self.graph.vertices[place].kind == "parameter"]
            if own:
                lines = [self.step_sentence(place) for place in own]
                known = before.gradients
                found.append(
                    Moment("update", "4 update", "\n".join(lines), self.graph, before.values, known, tuple(own))
                )
        last = (len(self.graph.vertices) - 1,)
        caption = (
            f"The same sample once more, with the new weights.\n"
            f"The loss goes from {shown(self.loss)} to {shown(self.new_loss)}."
        )
        return [*found, Moment("loss", "4 update: done", caption, self.after, before.values, frozenset(), last)]

    def step_sentence(self, place: int) -> str:
        """One weight's update with its numbers."""
        one = self.graph.vertices[place]
        new = self.after.vertices[place].value
        return f"{one.name} ← {shown(one.value)} − {self.rate:g} · {bracketed(one.gradient)} = {shown(new)}"


STEPS = (
    "Start at the loss: each output adds $\\tfrac12 (y - t)^2$ to it.",
    "A weight's gradient is the gradient at its sum, times what came in.",
    "Every unit above sends its gradient down, through the weight between them; they add up.",
    "The bend lets through as much as its slope, ${slope}$.",
    "And once more: the gradient at the sum, times what came in.",
)


def standing(found: list[bool | None]) -> str:
    """How far the learner has come."""
    right = sum(one is True for one in found)
    return f"Now: {right} of {len(found)} right{', some shown' if False in found else ''}."


def tolerance(truth: float) -> float:
    """How far off an answer worked out with four digits may be."""
    return max(0.0006, 0.012 * abs(truth))


def groups(graph: Graph) -> list[tuple[int, ...]]:
    """What is worked on together on the way back: a unit's weights and bias at once, everything else by itself."""
    found: list[tuple[int, ...]] = []
    for place in reversed(graph.learns):
        vertex = graph.vertices[place]
        if vertex.kind == "operation":
            own = tuple(source for source in vertex.inputs if graph.vertices[source].kind == "parameter")
            found += [(place,), own] if own else [(place,)]
    return found


def relabelled(moment: Moment) -> Moment:
    """A moment with the number of its beat in its label, the loss's own beat told apart."""
    vertices = [moment.graph.vertices[place] for place in moment.active]
    if moment.beat == "forward" and vertices[-1].name == "L":
        return Moment("loss", "2 loss", moment.caption.replace("Forward", "Loss"), *tail(moment))
    if moment.label == "inputs":
        inputs = ", ".join(f"{vertex.name} = {shown(vertex.value)}" for vertex in vertices if vertex.kind == "constant")
        return Moment("forward", "1 forward: inputs", f"One sample goes in (x); t is what should come out.\n{inputs}",
                      *tail(moment))  # fmt: skip
    number = {"forward": 1, "backward": 3}[moment.beat]
    return Moment(moment.beat, f"{number} {moment.beat}: {vertices[0].name}", moment.caption, *tail(moment))


def tail(moment: Moment) -> tuple:
    """What a moment keeps when it is told in other words."""
    return moment.graph, moment.values, moment.gradients, moment.active


@dataclass(frozen=True)
class Descent:
    """The loss after one update, (rates,), for every learning rate."""

    rates: np.ndarray
    losses: np.ndarray

    @property
    def lowest(self) -> float:
        """The learning rate, of those tried, after which the loss is lowest."""
        return float(self.rates[self.losses.argmin()])


def descent(exercise: Exercise, points: int = 41) -> Descent:
    """How the loss after one update depends on the learning rate."""
    rates = np.linspace(0, 2 * max(exercise.rate, 0.25), points)
    return Descent(rates, np.array([computed(exercise.moved(rate))[-1].item() for rate in rates]))


def rows(exercise: Exercise) -> list[dict[str, str]]:
    """Every weight and bias with its gradient, as the chain rule and as autograd give it, and its new value."""
    one, after = exercise.graph, exercise.after
    return [
        {"Weight": vertex.name, "Before": shown(vertex.value), "Gradient": f"{vertex.gradient:.6f}",
         "Finite difference": f"{vertex.difference:.6f}", "After": shown(after.vertices[place].value)}
        for place, vertex in enumerate(one.vertices) if vertex.kind == "parameter"
    ]  # fmt: skip


def by_hand(
    x: Tensor, target: Tensor, w: Tensor, b: Tensor, v: Tensor, c: Tensor, activation: str = "sigmoid"
) -> tuple[Tensor, dict[str, Tensor]]:
    """Loss and gradients of a network with one hidden layer, without autograd (Rumelhart, Hinton and Williams 1986)."""
    z = w @ x + b
    h = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "ReLU": torch.relu}[activation](z)
    y = v @ h + c
    loss = 0.5 * ((y - target) ** 2).sum()
    delta_y = y - target
    delta_h = v.T @ delta_y
    slope = {"sigmoid": h * (1 - h), "tanh": 1 - h**2, "ReLU": (z > 0).to(z.dtype)}[activation]
    delta_z = delta_h * slope
    return loss, {"w": delta_z.outer(x), "b": delta_z, "v": delta_y.outer(h), "c": delta_y}


def program_of(exercise: Exercise) -> Program:
    """The backward pass by hand beside autograd's, and one update."""
    chosen = exercise.settings
    numbers = [
        f"{name} = torch.tensor({getattr(chosen, name)!r}, dtype=torch.float64)"
        for name in ("x", "target", "w", "b", "v", "c")
    ]
    backward = [
        f"loss, gradients = by_hand(x, target, w, b, v, c, {chosen.activation!r})",
        "weights = {'w': w, 'b': b, 'v': v, 'c': c}",
        "for weight in weights.values():",
        "    weight.requires_grad_()",
        f"by_hand(x, target, w, b, v, c, {chosen.activation!r})[0].backward()",
        "for name, weight in weights.items():",
        "    print(name, 'by hand', gradients[name].tolist(), 'autograd', weight.grad.tolist())",
    ]
    update = [
        f"w, b, v, c = [weight.detach() - {exercise.rate!r} * gradients[name] for name, weight in weights.items()]",
        f"after = by_hand(x, target, w, b, v, c, {chosen.activation!r})[0]",
        "result = {'loss': loss.item(), 'loss after': after.item()}",
        "result |= {f'gradient of {name}': gradient.flatten().tolist() for name, gradient in gradients.items()}",
    ]
    steps = (
        Step("One sample, and the network's weights and biases", "\n".join(numbers)),
        Step("The backward pass by hand, and by autograd", "\n".join(backward)),
        Step("One update", "\n".join(update)),
    )
    return Program("Backpropagation by hand", steps, (by_hand,), shown_of(exercise))


def shown_of(exercise: Exercise) -> dict[str, object]:
    """Both losses, and the gradients of each kind of weight row by row, as the table has them."""
    gradients = {
        letter: [
            vertex.gradient
            for vertex in exercise.graph.vertices
            if vertex.kind == "parameter" and vertex.name[0] == letter
        ]
        for letter in "wbvc"
    }
    shown = {"loss": exercise.loss, "loss after": exercise.new_loss}
    return shown | {f"gradient of {letter}": values for letter, values in gradients.items()}
