"""How much gradient reaches each layer, before and after training, and whether two halves of a batch agree on it."""

import math
import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.figures.curves import line
from core.figures.picture import BLUE, ORANGE, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import scale, toggle
from core.lessons.view import Shown, View
from core.models.resnet import ResNet
from core.programs import Program, Step
from core.provenance import Measured, Sourced
from core.topics.resnet.gradients import Reached, reached
from core.topics.resnet.networks import DEPTHS, KINDS, PLAIN, RESIDUAL, network, pictures, standardised
from core.topics.resnet.programs import DRAWN_STEP, NETWORK_STEP, pictures_step, sheet_file

DEPTH = scale("Depth", DEPTHS, 56)
NORM = toggle("Batch norm", True, help="Without it only the start can be measured: all were trained with it.")
STRIDE = 5  # every fifth shipped picture, so six of each class
CHOICES = ("under a tenth", "about the same (a tenth to ten times)", "10 to 100 times", "over 100 times")
STYLES = {PLAIN: (ORANGE, "solid", "circle"), RESIDUAL: (BLUE, "dash", "diamond")}
CALM = 2.0


@dataclass(frozen=True)
class Gradients(Sourced):
    """What reaches the layers of both kinds, ``start`` and (with batch norm) ``trained``."""

    depth: int
    batch_norm: bool
    start: dict[str, Reached]
    trained: dict[str, Reached]
    source: Measured


def batch():
    """Sixty shipped training pictures, six of each class, and their classes."""
    x, y = pictures("training")
    return standardised(x[::STRIDE]), y[::STRIDE]


@lru_cache(maxsize=8)
def after_training(kind: str, depth: int) -> Reached:
    """What reaches the layers of a shipped network."""
    return reached(network(kind, depth), *batch())


def measure(depth: int, batch_norm: bool, seed: int) -> Gradients:
    """One backward pass for each network and half."""
    began = time.perf_counter()
    x, y = batch()
    start = {kind: reached(ResNet(depth, kind == RESIDUAL, batch_norm=batch_norm, seed=seed), x, y) for kind in KINDS}
    trained = {kind: after_training(kind, depth) for kind in KINDS} if batch_norm else {}
    return Gradients(depth, batch_norm, start, trained, Measured((seed,), time.perf_counter() - began))


def decades(values: np.ndarray) -> dict:
    """A logarithmic axis over whole powers of ten."""
    low, high = math.floor(np.log10(values.min())), math.ceil(np.log10(values.max()))
    return {"type": "log", "exponentformat": "power", "range": [low, high], "dtick": max(1, (high - low) // 5)}


def by_layer(found: dict[str, Reached], what: str, label: str, when: str, height: int = 330) -> Picture:
    """One number of every convolution, from the first layer to the last."""
    traces, words = [], []
    for kind, one in found.items():
        values = np.array(getattr(one, what))
        color, dash, symbol = STYLES[kind]
        more = {"mode": "lines+markers", "marker": {"symbol": symbol, "size": 6, "color": color}}
        traces.append(line(np.arange(1, len(values) + 1), values, kind, color, dash, **more))
        words.append(f"{kind} {values[0]:.3g} in the first, {values[-1]:.3g} in the last")
    everything = np.array([getattr(one, what) for one in found.values()])
    axis = decades(everything) if what == "norms" else {"range": [min(-0.6, everything.min() - 0.05), 1.05]}
    alt = f"{label} of every convolution {when}: {'; '.join(words)}."
    return Picture(traces, layout(f"Layer, {when}", label, height, yaxis=axis), alt)


def times(factor: float) -> str:
    """A factor in words."""
    return f"{factor:,.0f} times" if factor >= 100 else f"{factor:.3g} times"


def draw(found: Gradients) -> Shown:
    """Norms at both moments, agreement at both moments."""
    moments = [(found.start, "before training"), *([(found.trained, "after training")] if found.trained else [])]
    norms = tuple(by_layer(each, "norms", "Gradient norm", when) for each, when in moments)
    agreed = tuple(by_layer(each, "agreement", "Agreement of two halves", when) for each, when in moments)
    plain, residual = found.start[PLAIN], found.start[RESIDUAL]
    middle = {kind: float(np.median(one.agreement)) for kind, one in found.start.items()}
    note = (
        f"Before training, the gradient in the second convolution is **{times(plain.growth)}** that in the last "
        f"for the plain network, **{times(residual.growth)}** for the residual one. The lower pictures ask two "
        "halves of the batch for their gradients: 1 is the same direction, 0 says nothing about each other. In the "
        f"median layer they agree with a cosine of **{middle[PLAIN]:z.2f}** in the plain and "
        f"**{middle[RESIDUAL]:z.2f}** in the residual network."
    ).replace("-", "−")
    return Shown((norms, agreed), note)


def before(found: Gradients) -> Shown:
    """The residual network, while the guess is open."""
    only = {RESIDUAL: found.start[RESIDUAL]}
    picture = by_layer(only, "norms", "Gradient norm", "before training")
    return Shown(((picture,),), f"One backward pass through the untrained residual network of {found.depth} layers.")


def question(found: Gradients) -> Question:
    """How does it change on its way back?"""
    growth = found.start[PLAIN].growth
    text = (
        f"The plain network of {found.depth} layers, before training: how large is the gradient in the second "
        "convolution, compared with that in the last?"
    )
    because = (
        "Each plain layer with batch norm magnifies what goes back through it a little, and the factors multiply; "
        "past a shortcut the gradient goes unchanged."
        if found.batch_norm and growth > 10
        else "Each plain layer with batch norm changes the size of what goes back through it only a little; over so "
        "few layers the factors do not multiply to ten."
        if found.batch_norm
        else "He's initialization is made to keep the mean size of what goes back through a layer; without batch norm "
        "it does, give or take the luck of the draw."
    )
    return Question(text, CHOICES, CHOICES[sum(growth > bound for bound in (0.1, 10, 100))], because)


def goal(found: Gradients) -> Goal:
    """Calm norms are not enough."""
    growth, middle = found.start[PLAIN].growth, float(np.median(found.start[PLAIN].agreement))
    text = (
        "**Size is not all**: find a plain network of 32 layers or more whose gradient, before training, is between a "
        "tenth and ten times as large in the second convolution as in the last."
    )
    passed = found.depth >= 32 and 0.1 <= growth <= 10
    return Goal(text, passed, f"Now: {times(growth)}, agreement {middle:z.2f}, {found.depth} layers.".replace("-", "−"))


BACK = """x, y = x[::{stride}], y[::{stride}]
result = {{}}
for kind, residual in (("plain", False), ("residual", True)):
    network = drawn(Network({depth}, residual, norm={norm}), {seed})
    kernels = [layer.weight for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    losses = [functional.cross_entropy(network(x[part::2]), y[part::2]) for part in (0, 1)]
    pairs = list(zip(*(torch.autograd.grad(loss, kernels) for loss in losses)))
    result[kind] = [((one + other) / 2).norm().log10().item() for one, other in pairs]
    result[kind + ", agreement"] = [functional.cosine_similarity(one.ravel(), other.ravel(), 0).item()
                                    for one, other in pairs]"""


def program(found: Gradients) -> Program:
    """The gradients before training."""
    norm = "nn.BatchNorm2d" if found.batch_norm else "lambda channels: nn.Identity()"
    text = BACK.format(stride=STRIDE, depth=found.depth, norm=norm, seed=found.source.seeds[0])
    steps = (NETWORK_STEP, DRAWN_STEP, pictures_step("training"), Step("Logarithms of the gradients' norms", text))
    shown = {kind: np.log10(one.norms).tolist() for kind, one in found.start.items()}
    shown |= {f"{kind}, agreement": list(one.agreement) for kind, one in found.start.items()}
    return Program("What reaches every layer", steps, (), shown, tolerance=1e-3, files=sheet_file("training"))


GRADIENTS_VIEW = View((DEPTH, NORM), measure, draw, (), before, question, goal, program)
