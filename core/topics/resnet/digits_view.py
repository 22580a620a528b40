"""Train both kinds on click, and find where the plain one gives up."""

from functools import lru_cache

import numpy as np
import torch
from torch.nn import functional

from core.data.digits import mixed_digits, shipped
from core.figures.curves import bands
from core.figures.galleries import gallery
from core.lessons import Goal, Question
from core.lessons.controls import folded, scale, slider, toggle
from core.lessons.view import Later, Shown, View
from core.programs import Program, Step
from core.topics.resnet.depth_view import BOTH
from core.topics.resnet.digits import SAMPLES, WIDTHS, Pair, Plan, trained_pair
from core.topics.resnet.programs import DRAWN_STEP, NETWORK_STEP

LAYERS = slider("Depth to train", 8, 56, 14, 6, help="Layers with weights, 6n + 2.")
RATE = scale("Learning rate", (0.003, 0.01, 0.03, 0.1, 0.3), 0.03)
EPOCHS = slider("Epochs", 2, 20, 6)
NORM = toggle("Batch norm", True)
RATIO = 8.0
ANSWERS = (
    "the plain one by more than a tenth",
    "neither by more than a tenth",
    "the residual one by more than a tenth",
)


def measure(depth_to_train: int, learning_rate: float, epochs: int, batch_norm: bool, seed: int) -> Plan:
    """What is to be trained."""
    return Plan(depth_to_train, learning_rate, epochs, batch_norm, seed)


def draw(plan: Plan) -> Shown:
    """The pictures, and what is planned."""
    data = plan.data
    pictures = gallery(data.x[:16, 0], [str(int(digit)) for digit in data.y[:16]], "Sixteen of the digits to learn.", 8)
    note = (
        f"Two networks of **{plan.depth} layers** with the same {plan.weights:,} weights at the start, one with "
        f"shortcuts and one without, learn {SAMPLES} digits of 8 × 8 pixels for {plan.epochs} epochs."
    )
    return Shown(((pictures,),), note)


def drawn_pair(pair: Pair) -> Shown:
    """Both curves."""
    curves = {kind: pair.curve(kind) for kind in BOTH}
    picture = bands(pair.epochs, curves, ("Epoch", "Training loss"), 340, yaxis={"rangemode": "tozero"})
    plain, residual = (pair.runs[kind].last for kind in BOTH)
    note = (
        f"After {plain.number} epochs: plain **{plain.train_loss:.3f}** ({plain.test_score:.0%} of the held-out "
        f"digits right), residual **{residual.train_loss:.3f}** ({residual.test_score:.0%}). One seed; others differ."
    )
    return Shown(((picture,),), note)


def asked_pair(pair: Pair) -> Question:
    """Who is ahead?"""
    plain, residual = (pair.final(kind) for kind in BOTH)
    truth = ANSWERS[0 if plain < 0.9 * residual else 2 if residual < 0.9 * plain else 1]
    text = f"Which of the two ends with the lower training loss, with {pair.plan.depth} layers?"
    because = "A shortcut costs a shallow network little; the deeper the network, the more of the gradient it saves."
    return Question(text, ANSWERS, truth, because)


def goal_pair(pair: Pair | None) -> Goal:
    """Where the plain one gives up and the residual does not."""
    text = (
        "**Only with shortcuts**: find settings with which the residual network ends below a training loss of "
        f"**0.25**, while the plain one's is at least **{RATIO:g} times** as large."
    )
    if pair is None:
        return Goal(text, False, "Now: nothing trained yet.")
    plain, residual = (float(np.nan_to_num(pair.final(kind), nan=1e3)) for kind in BOTH)
    passed = residual < 0.25 and plain >= RATIO * residual
    return Goal(text, passed, f"Now: residual {residual:.3f}, plain {plain / residual:.1f} times that.")


STARTED = """x, y = mixed_digits({seed})
x, y = x[:{count}], y[:{count}]
result = {{}}
for kind, residual in (("plain", False), ("residual", True)):
    network = drawn(Network({depth}, residual, {widths!r}, {norm}), {seed})
    result[kind] = functional.cross_entropy(network(x), y).item()"""


@lru_cache(maxsize=16)
def losses_before(plan: Plan) -> dict[str, float]:
    """The loss of both networks before the first step, batch norm as in training."""
    data = plan.data
    with torch.no_grad():
        return {kind: functional.cross_entropy(plan.network(kind)(data.x), data.y).item() for kind in BOTH}


def program(plan: Plan) -> Program:
    """Both networks before the first step."""
    norm = "nn.BatchNorm2d" if plan.batch_norm else "lambda channels: nn.Identity()"
    settings = {"seed": plan.seed, "depth": plan.depth, "widths": WIDTHS, "norm": norm, "count": SAMPLES}
    steps = (NETWORK_STEP, DRAWN_STEP, Step("Their loss before the first step", STARTED.format(**settings)))
    functions = (shipped, mixed_digits)
    return Program("A plain and a residual network before training", steps, functions, losses_before(plan))


LATER = Later("Train both", trained_pair, lambda plan: (plan,), drawn_pair, asked_pair, goal_pair)
DIGITS_VIEW = View((LAYERS, RATE, folded(EPOCHS, NORM)), measure, draw, program=program, later=LATER)
