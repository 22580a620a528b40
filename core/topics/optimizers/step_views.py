"""What the page on optimizers shows about single steps: step size and momentum, the step of each weight, bias
correction, and the rules themselves."""

import math

import numpy as np

from core.figures.curves import number
from core.figures.descents import STYLES, banded, sinking, spot, surface_field, walked
from core.figures.marks import hover, note, powers, staggered, upright
from core.figures.picture import INK, ORANGE, PAPER, Picture, encoded, layout, transparent
from core.lessons import Goal
from core.lessons.controls import folded, pick, scale, slider
from core.lessons.view import Shown, View
from core.topics.optimizers import steps
from core.topics.optimizers.programs import program_of_correction, program_of_plane, program_of_rule
from core.topics.optimizers.races import NAMES, ground

SCALE = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
MOMENTUM = slider("Momentum", 0.0, 0.99, 0.9, 0.01, help="How much of the last velocity is kept; Adam's first memory.")
BATCH = (1, 2, 4, 8, 16, 32, 64)


# Step size against momentum ------------------------------------------------------------------------------------------


def plane(found: steps.Plane) -> Shown:
    """Measured speed over step size × momentum with the best point of theory."""
    digits = np.array([[steps.steps_per_digit(one) for one in row] for row in found.measured])
    shade = np.log10(np.clip(digits, 1, 1000))
    lines = np.array([1, 3, 10, 30, 100, 300, 1000])
    field = {
        "type": "heatmap", "x": encoded(found.rates * found.condition), "y": encoded(found.momenta),
        "z": encoded(np.where(found.measured < 1, shade, np.float32(3.0)).astype(np.float32)), "zmin": 0.3, "zmax": 3,
        "colorscale": [[0, transparent(ORANGE, 0.95)], [0.5, transparent(ORANGE, 0.4)], [1, transparent(ORANGE, 0.03)]],
        "colorbar": {"title": {"text": "steps<br>per digit"}, "thickness": 12, "tickvals": np.log10(lines).tolist(),
                     "ticktext": [*map(str, lines[:-1]), "never"]},
        "hovertemplate": "step × λmax %{x:.2f}, momentum %{y:.2f}<extra></extra>",
    }  # fmt: skip
    rate, memory, _ = found.theory
    star = {"symbol": "star", "size": 17, "color": INK, "line": {"color": PAPER, "width": 1.5}}
    cross = {"symbol": "x", "size": 11, "color": INK}
    mine = {"symbol": "diamond-open", "size": 14, "color": INK, "line": {"width": 2.5}}
    marks = [
        spot((rate * found.condition, memory), "best in theory", star),
        spot((found.lowest[0] * found.condition, found.lowest[1]), "best measured", cross),
        spot((found.own[0] * found.condition, found.own[1]), "yours", mine),
    ]
    alt = (
        f"How many steps {found.rule} needs per decimal digit, over step size and momentum: fewest measured "
        f"{steps.steps_per_digit(found.lowest[2]):.1f}, in theory {steps.steps_per_digit(found.theory[2]):.1f}."
    )
    plan = layout("Step size × largest curvature", "Momentum", 470)
    return Shown(((Picture([field, *marks], plan, alt),),), told(found))


def told(found: steps.Plane) -> str:
    """The learner's point beside the best."""
    mine, best, plain = (
        steps.steps_per_digit(one) for one in (found.own[2], found.theory[2], without(found.condition))
    )
    own = f"**{mine:.1f} steps** per digit" if mine < math.inf else "**no progress**: the error grows"
    return (
        f"Every pixel is a descent on a bowl whose curvatures differ by {found.condition:g}. Yours: {own}. Best in "
        f"theory: {best:.1f} steps with momentum; without momentum no step size needs fewer than {plain:.1f}."
    )


def without(condition: float) -> float:
    """The best rate of plain gradient descent on the same bowl."""
    return (condition - 1) / (condition + 1)


def near_best(found: steps.Plane) -> Goal:
    """Come close to the theoretical best."""
    mine, best = steps.steps_per_digit(found.own[2]), steps.steps_per_digit(found.theory[2])
    now = f"Now: {mine:.1f} steps per digit at condition number {found.condition:g}; the best is {best:.1f}."
    goal = "**Hit the sweet spot**: at a condition number of 100 or more, stay within 15% of the best in theory."
    return Goal(goal, found.condition >= 100 and mine <= 1.15 * best, now)


def measure_plane(rule: str, condition_number: float, step_times_curvature: float, momentum: float, seed: int):
    """The plane of one rule; nothing in it is random."""
    return steps.rate_plane(rule, condition_number, step_times_curvature, momentum)


PLANE = View(
    (
        pick("Rule", ("Momentum", "Nesterov")),
        scale("Condition number", (5, 10, 30, 100, 300), 100, help="The largest curvature divided by the smallest."),
        slider("Step times curvature", 0.1, 4.0, 1.0, 0.05, help="The learning rate in units of 1/λmax."),
        MOMENTUM,
    ),
    measure_plane,
    plane,
    goal=near_best,
    program=program_of_plane,
)


# The step of each weight ---------------------------------------------------------------------------------------------


def each_weight(found: steps.Steps) -> Shown:
    """By what each weight's gradient is multiplied, layer by layer."""
    traces, words, x = [], [], np.array(found.epochs)
    for style, (name, rows) in zip(("SGD", "Adam", "Momentum"), found.layers.items(), strict=True):
        three = tuple(np.quantile(rows, (0.05, 0.5, 0.95), axis=1))
        traces += banded(x, three, name, style)
        words.append(f"{name} {number(float(three[1][-1]))}")
    alt = f"The step of single weights over the epochs, middle 90% per layer; medians at the end: {', '.join(words)}."
    axis = powers(*(np.quantile(rows, (0.05, 0.95), axis=1) for rows in found.layers.values()))
    picture = Picture(traces, layout("Epoch", "Multiplies the gradient", 430, yaxis=axis), alt)
    name = found.run.recipe.optimizer
    note = (
        f"{name} divides each weight's step by the size its gradients had. Lines are medians, bands the middle 90% of "
        f"a layer's weights. At the end the largest of these steps is **{found.spread:.0f} times** the smallest."
        if found.spread > 1.01
        else f"{name} multiplies every weight's gradient by one and the same number."
    )
    return Shown(((picture,),), note)


def measure_weights(optimizer: str, data: str, learning_rate: float, momentum: float, seed: int) -> steps.Steps:
    """One training, its steps weight by weight."""
    return steps.effective_steps(optimizer, data, learning_rate, momentum, seed)


WEIGHTS = View(
    (
        pick("Optimizer", ("SGD", "RMSProp", "Adam", "AdamW", "Nadam"), "Adam"),
        pick("Data", ("moons", "circle", "xor", "spiral")),
        scale("Learning rate", SCALE[:-2], 0.01),
        folded(MOMENTUM),
    ),
    measure_weights,
    each_weight,
    program=lambda found: found.run,
)


# Bias correction -----------------------------------------------------------------------------------------------------

TWINS = {"corrected": "Adam", "not corrected": "Nesterov"}  # whose style they wear


def corrections(found: steps.Correction) -> Shown:
    """How long the first steps are, with and without."""
    lengths = {name: np.maximum(one, 1e-6)[None] for name, one in found.lengths.items()}
    picture = sinking(lengths, ("Step", "Step length, in learning rates"), styles=TWINS)
    right, wrong = (float(found.lengths[name][0]) for name in TWINS)
    alt = (
        f"Adam's way down the ravine with and without bias correction; the first steps are {number(right)} and "
        f"{number(wrong)} learning rates long."
    )
    land = surface_field(ground("ravine")[0])
    way = walked(land, found.ways, alt, lambda at: f"step {at}", (0.0, 0.0), TWINS)
    note = (
        f"Both memories start at 0. Corrected, the first step is **{right:.2f} learning rates** long; uncorrected it "
        f"is **{wrong:.2f}**, the first memory's new share divided by the root of the second's, "
        r"$(1-\beta_1)/\sqrt{1-\beta_2}$."
    )
    return Shown(((way, picture),), note)


def measure_correction(learning_rate: float, momentum: float, beta_2: float, seed: int) -> steps.Correction:
    """Adam twice; nothing in it is random."""
    return steps.bias_correction(learning_rate, momentum, beta_2)


CORRECTION = View(
    (
        scale("Learning rate", SCALE[1:-1], 0.1),
        MOMENTUM,
        scale("Beta 2", (0.9, 0.99, 0.999), 0.999, help="How much of the memory of squared gradients is kept."),
    ),
    measure_correction,
    corrections,
    program=program_of_correction,
)


# The rules -----------------------------------------------------------------------------------------------------------


class Rules:
    """The update rules beside torch's, ``worst`` difference per optimizer."""

    def __init__(self, name: str, worst: dict[str, float], seed: int, rate: float, momentum: float) -> None:
        self.name, self.worst, self.seed, self.rate, self.momentum = name, worst, seed, rate, momentum
        self.provenance = f"Measured live · 50 steps with random gradients · seed {seed}"


def measure_rules(optimizer: str, learning_rate: float, momentum: float, seed: int) -> Rules:
    """Every rule by hand against torch.optim."""
    worst = {name: steps.judged(name, learning_rate, momentum, seed=seed) for name in NAMES}
    return Rules(optimizer, worst, seed, learning_rate, momentum)


def rules(found: Rules) -> Shown:
    """The rule that ran, as it stands in the source, and the largest difference from torch.optim."""
    told = (
        f"The rule that runs on this page, as it stands in the source:\n\n```python\n{steps.rule_text(found.name)}```\n"
        "Below: 50 steps with random gradients by hand and by `torch.optim`, and how far apart the weights ever were, "
        "as a share of their size."
    )
    names, values = list(found.worst), np.maximum(list(found.worst.values()), 1e-18)
    colors = [STYLES[name][0] for name in names]
    trace = upright(staggered(names), values.tolist(), colors, hovertext=names, **hover("%{hovertext}: %{y:.1e}"))
    axis = {"type": "log", "exponentformat": "power", "range": [-18, -5], "dtick": 2}
    words = ", ".join(f"{name} {value:.0e}" for name, value in found.worst.items())
    alt = f"Largest relative difference between the rules by hand and torch.optim over 50 steps: {words}."
    limit = {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": 1e-6,
        "y1": 1e-6,
        "line": {"color": INK, "dash": "dot"},
    }
    none = [note(place, -18, "0", yanchor="bottom") for place, value in enumerate(found.worst.values()) if not value]
    plan = layout("", "Difference from torch.optim", 320, xaxis={"tickangle": 0}, yaxis=axis, shapes=[limit],
                  annotations=none)  # fmt: skip
    picture = Picture([trace], plan, alt)
    return Shown(((picture,),), told)


RULES = View(
    (pick("Optimizer", NAMES, "Adam"), scale("Learning rate", SCALE, 0.01), MOMENTUM),
    measure_rules,
    rules,
    program=lambda found: program_of_rule(found.name, found.rate, found.momentum, found.seed, found.worst[found.name]),
)
