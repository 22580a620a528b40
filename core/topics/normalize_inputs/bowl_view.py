"""The bowl of a linear model."""

import numpy as np

from core.figures.curves import line, log_ticks, number
from core.figures.marks import SILENT, marker, note, trace
from core.figures.picture import BLUE, COLORS, DASHES, GREY, INK, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import slider
from core.lessons.view import Shown, View
from core.topics.normalize_inputs import programs
from core.topics.normalize_inputs.bowls import SHOWN_STEPS, Bowls, bowls
from core.topics.normalize_inputs.inputs import PREPARATIONS, STANDARDISED
from core.topics.normalize_inputs.settings import FACTOR, SHIFT


def crossing(found: Bowls, name: str, height: int = 330) -> Picture:
    """The way down in the plane of the steepest and the flattest direction, over level lines."""
    bowl = found.bowls[name]
    way = bowl.way(60)[:, [-1, 0]]
    reach = float(np.abs(bowl.start[[-1, 0]]).max()) * 1.15
    inside = np.abs(way).max(axis=1) <= 20 * reach
    way = way[: int((~inside).argmax()) or None] if not inside.all() else way
    turn = np.linspace(0, 2 * np.pi, 121)
    rim = np.sqrt((bowl.values[[-1, 0]] * bowl.start[[-1, 0]] ** 2).sum())
    across, up = rim / np.sqrt(bowl.values[[-1, 0]])
    levels = [
        line(share * across * np.cos(turn), share * up * np.sin(turn), "", GREY, hoverinfo="skip", showlegend=False)
        for share in (0.25, 0.5, 0.75, 1.0)
    ]
    path = line(way[:, 0], way[:, 1], name, BLUE, mode="lines+markers", marker=marker(BLUE, 5), showlegend=False)
    goal = trace("markers", [0.0], [0.0], marker=marker(INK, 12, "circle-open"), **SILENT)
    condition = number(bowl.condition)
    alt = f"{name.capitalize()} inputs: {len(way) - 1} steps in a bowl whose condition number is {condition}."
    axis = {"range": [-reach, reach]}
    title = note(
        0.5, 1, f"{name}: condition number {condition}", xref="paper", yref="paper", yanchor="bottom", yshift=6
    )
    axes = ("error, steepest direction", "error, flattest direction")
    plan = layout(*axes, height, xaxis=axis, yaxis=axis, annotations=[title])
    return Picture([*levels, path, goal], plan, alt)


def rolled(found: Bowls) -> Shown:
    """Two ways down and all losses."""
    steps = np.arange(SHOWN_STEPS + 1)
    floor = 1e-6
    traces = [
        line(steps, np.log10(bowl.gaps(SHOWN_STEPS).clip(floor, 1e3)), name, COLORS[k], DASHES[k])
        for k, (name, bowl) in enumerate(found.bowls.items())
    ]
    words = ", ".join(f"{name} {steps_in_words(bowl.needed)}" for name, bowl in found.bowls.items())
    plan = layout("Steps of gradient descent", "", 340)
    plan["yaxis"] |= {**log_ticks("Loss above the lowest, share left", [-6, 1]), "range": [-6, 1]}
    falls = Picture(traces, plan, f"Steps to a thousandth: {words}.")
    conditions = ", ".join(f"{name} **{number(bowl.condition)}**" for name, bowl in found.bowls.items())
    words = f"Condition number λmax/λmin: {conditions}. Steps to a thousandth of the loss: {words}."
    return Shown(((crossing(found, "raw"), crossing(found, STANDARDISED)), (falls,)), words)


def steps_in_words(steps: float) -> str:
    """A number of steps; "never" beyond all that are counted."""
    return f"**{steps:,.0f}**" if np.isfinite(steps) else "**none, or over 100,000**"


def unrolled(found: Bowls) -> Shown:
    """What is measured."""
    words = (
        "A linear model's squared error is a bowl. Its axes and their curvatures follow from the inputs alone. The "
        f"learning rate is **{found.share:g}** of the bound $2/\\lambda_{{max}}$ in each bowl, so that all are equally "
        "close to diverging."
    )
    return Shown((), words)


def roundest(found: Bowls) -> Question:
    """Which bowl is round?"""
    truth = min(found.bowls, key=lambda name: found.bowls[name].condition)
    because = "Standardising makes the inputs equally wide; whitening also takes out that they go together."
    return Question("Which inputs make the roundest bowl?", list(PREPARATIONS), truth, because)


def by_units(found: Bowls) -> Goal:
    """Choose units that need no preparation."""
    raw, standard = found.bowls["raw"].condition, found.bowls[STANDARDISED].condition
    text = (
        "**Good units**: choose the unit and the offset so that the raw bowl is as round as the standardised one, "
        "within a quarter."
    )
    return Goal(text, raw <= 1.25 * standard, f"Now: {number(raw)} against {number(standard)}.")


def measure_bowls(unit_of_x: float, offset: float, share_of_the_bound: float, seed: int) -> Bowls:
    """The linear model's bowls."""
    return bowls(unit_of_x, offset, share_of_the_bound, seed)


BOWL = View(
    (FACTOR, SHIFT, slider("Share of the bound", 0.1, 1.1, 0.9, 0.05, help="The step; 1 is 2/λmax of each bowl.")),
    measure_bowls,
    rolled,
    before=unrolled,
    question=roundest,
    goal=by_units,
    program=programs.program_of_bowl,
)
