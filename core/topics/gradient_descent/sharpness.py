"""What the page on gradient descent shows of a real network: the largest step it bears, and the edge of stability."""

import math

import numpy as np

from core.figures.curves import line, losses, number
from core.figures.descents import spot
from core.figures.marks import powers
from core.figures.picture import BLUE, INK, ORANGE, PAPER, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import scale, slider
from core.lessons.view import Shown, View
from core.probes.landscapes import CEILING
from core.programs import program_of_beginning
from core.topics.gradient_descent import numbers as lab
from core.topics.gradient_descent.numbers import Edge, Trial
from core.training.run import Run

RATES = tuple(float(f"{value:.3g}") for value in np.r_[
    np.arange(1, 10) / 1000, np.arange(10, 100, 2) / 1000, np.arange(100, 300, 5) / 1000, np.arange(30, 305, 5) / 100
])  # fmt: skip


def upright(x: float, low: float, high: float, name: str, color: str = INK, dash: str = "dash") -> dict:
    """A vertical line that marks a value."""
    return line(
        np.array([x, x]), np.array([low, high]), name, color, dash, hovertemplate=name + " %{x:.3g}<extra></extra>"
    )


def ended(
    rates: np.ndarray, ends: np.ndarray, mine: tuple[float, float], bound: float, what: str, height: int
) -> Picture:
    """Where trainings with many learning rates ended, the learner's among them, and 2/λmax."""
    low, high = float(min(ends.min(), mine[1])), float(max(ends.max(), mine[1]))
    traces = [
        line(rates, ends, "each tried learning rate", BLUE, mode="lines+markers", marker={"size": 4, "color": BLUE}),
        upright(bound, low, high, "2/λmax"),
        spot(mine, "yours", {"symbol": "diamond", "size": 13, "color": ORANGE, "line": {"width": 1.5, "color": PAPER}}),
    ]
    best = int(ends.argmin())
    alt = (
        f"{what} for {len(rates)} learning rates from {number(rates[0])} to {number(rates[-1])}: lowest, "
        f"{number(ends[best])}, at {number(rates[best])}; 2/λmax is {number(bound)}, yours is {number(mine[0])} and "
        f"ends at {number(mine[1])}."
    )
    axes = {"xaxis": {**powers(rates, mine[0]), "tickangle": 0}, "yaxis": powers(low, high)}
    return Picture(traces, layout("Learning rate", what, height, **axes), alt)


UNITS = slider("Units per layer", 4, 16, 8)
SMALL = tuple(rate for rate in RATES if rate <= 1.0)


# A real network ------------------------------------------------------------------------------------------------------


def tried(trial: Trial) -> Shown:
    """The loss at the chosen learning rate, and the final loss at many."""
    numbers, values = trial.run.curve("train_loss")
    values = np.clip(np.nan_to_num(values, nan=CEILING, posinf=CEILING), 1e-6, CEILING)
    rate = trial.run.recipe.learning_rate
    alt = (
        f"Training loss over {numbers[-1]} epochs at learning rate {rate:g}: from {number(values[0])} to "
        f"{number(values[-1])}."
    )
    plan = layout("Epoch", "Training loss", 330, yaxis=powers(values))
    curve = Picture([line(np.array(numbers), values, "training loss", ORANGE)], plan, alt)
    mine = (rate, float(values[-1]))
    sweep = ended(trial.rates, trial.ends, mine, trial.bound, "Training loss at the end", 330)
    breaks = (
        f"Measured, training breaks for good only from **{trial.breaks:.2g}** on, {trial.breaks / trial.bound:.1f} "
        "times that: a network is no quadratic, and a step too large for this spot may throw it to flatter ground."
        if not math.isnan(trial.breaks)
        else "No learning rate tried here breaks it for good: a network is no quadratic, it can move to flatter ground."
    )
    known = f"$\\lambda_{{max}}$ = {number(trial.sharpness)}, so $2/\\lambda_{{max}}$ = **{number(trial.bound)}**"
    note = f"Before training {known}. {breaks}"
    return Shown(((curve, sweep),), note)


def measure_network(units_per_layer: int, learning_rate: float, epochs: int, seed: int) -> Trial:
    """One training and the sweep."""
    return lab.try_network(learning_rate, units_per_layer, epochs, seed)


NETWORK = View(
    (UNITS, scale("Learning rate", RATES, 0.1), scale("Epochs", (50, 150, 300), 150)),
    measure_network,
    tried,
    program=lambda found: found.run,
)


# Edge of stability ---------------------------------------------------------------------------------------------------

BELOW, AT, OVER, BROKEN = (
    "it stays well below 2/η",
    "it stops near 2/η",
    "it passes far beyond 2/η",
    "the training breaks",
)


def where(edge: Edge) -> str:
    """Where λmax ended, in words."""
    share = edge.hovering
    return BROKEN if math.isnan(share) else AT if 0.9 <= share <= 1.1 else BELOW if share < 0.9 else OVER


def followed(edge: Edge) -> Shown:
    """λmax along the training and the line it stops at."""
    x, bound = np.array(edge.epochs), edge.bound
    traces = [
        line(x, edge.sharpness, "λmax, measured", BLUE, mode="lines" if len(x) > 1 else "markers"),
        line(np.array([0, edge.run.recipe.epochs]), np.array([bound, bound]), "2/η", INK, "dash"),
    ]
    alt = (
        f"λmax over {edge.epochs[-1]} epochs of full-batch descent: from {number(float(edge.sharpness[0]))} to "
        f"{number(float(edge.sharpness[-1]))}; 2/η is {number(bound)}."
    )
    sharp = Picture(traces, layout("Epoch", "Largest curvature λmax", 380), alt)
    note = (
        f"The training broke: 2/η = {number(bound)} was too far below where it began."
        if math.isnan(edge.hovering)
        else f"In the last third λmax is on average **{edge.hovering:.0%}** of 2/η = {number(bound)}. The loss "
        f"ends at {edge.run.last.train_loss:.4f}."
    )
    curves = [] if math.isnan(edge.hovering) else [logarithmic(losses(edge.run, height=300), edge.run)]
    return Shown(((sharp,), *([tuple(curves)] if curves else [])), note)


def logarithmic(picture: Picture, run: Run) -> Picture:
    """The same curves of a run with a logarithmic height."""
    picture.layout["yaxis"] |= powers(run.curve("train_loss")[1], run.curve("test_loss")[1])
    return Picture(picture.traces, picture.layout, picture.alt)


def unfollowed(edge: Edge) -> Shown:
    """Only the beginning."""
    bound = edge.bound
    traces = [
        spot((0.0, float(edge.sharpness[0])), "λmax before training", {"symbol": "circle", "size": 12, "color": BLUE}),
        line(np.array([0, edge.run.recipe.epochs]), np.array([bound, bound]), "2/η", INK, "dash"),
    ]
    alt = f"λmax before training is {number(float(edge.sharpness[0]))}; 2/η is {number(bound)}."
    plan = layout(
        "Epoch", "Largest curvature λmax", 340, yaxis={"range": [0, 1.4 * max(bound, float(edge.sharpness[0]))]}
    )
    rate = edge.run.recipe.learning_rate
    note = (
        f"A network is trained on all samples at once for {edge.run.recipe.epochs:,} epochs with $\\eta$ = {rate:g}. "
        "Where will $\\lambda_{max}$ go?"
    )
    return Shown(((Picture(traces, plan, alt),),), note)


def destiny(edge: Edge) -> Question:
    """Where does λmax end?"""
    because = (
        "While λmax is below 2/η, training here tends to find ever sharper ground; once above, the step overshoots and "
        "throws it back. So the learning rate decides how sharp a place training can stay in."
    )
    return Question("Where does the largest curvature go?", [BELOW, AT, OVER, BROKEN], where(edge), because)


def flatter(edge: Edge) -> Goal:
    """Steer training to flat ground."""
    end = float(edge.sharpness[-len(edge.sharpness) // 3 :].mean())
    fine = not math.isnan(edge.hovering) and edge.run.last.train_loss < 0.05
    now = (
        f"Now: λmax {number(end)}, loss {edge.run.last.train_loss:.3g}."
        if fine
        else "Now: the training broke or its loss is above 0.05."
    )
    return Goal(
        "**Flat ground**: end with a largest curvature below 6 and a training loss below 0.05.",
        bool(fine and end < 6),
        now,
    )


def measure_edge(units_per_layer: int, learning_rate: float, epochs: int, seed: int) -> Edge:
    """A long training and its sharpness."""
    return lab.edge(learning_rate, units_per_layer, epochs, seed)


EDGE = View(
    (
        UNITS,
        scale("Learning rate", tuple(rate for rate in RATES if 0.02 <= rate <= 1), 0.2),
        scale("Epochs", (500, 1000, 3000, 6000), 3000),
    ),
    measure_edge,
    followed,
    before=unfollowed,
    question=destiny,
    goal=flatter,
    program=lambda found: program_of_beginning(found.run, 100),
)
