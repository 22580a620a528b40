"""What the page on gradient descent shows: a lab per view."""

import math

import numpy as np

from core.figures.curves import line, number
from core.figures.descents import spot, surface_field, walked
from core.figures.picture import BLUE, INK, PAPER, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import Control, pick, scale, slider, text
from core.lessons.view import Shown, View
from core.topics.gradient_descent import numbers as lab
from core.topics.gradient_descent.numbers import CONVERGES, DIVERGES, HOVERS, Descent, Search
from core.topics.gradient_descent.programs import program_of_descent, program_of_search
from core.topics.gradient_descent.sharpness import EDGE, NETWORK, RATES, SMALL, UNITS, ended

# Surface -------------------------------------------------------------------------------------------------------------


DETAIL = 80  # steps that are drawn at least
START = text("Start", help="Two numbers, or click.")


def measure_surface(surface: str, condition_number: float, learning_rate: float, start: str, seed: int) -> Descent:
    """One descent and the sweep around the bound."""
    return lab.descend(surface, condition_number, learning_rate, start, seed)


def clicked(descent: Descent, at: dict) -> tuple[tuple[Control, str]]:
    """Where the learner clicked, as the start's text; a click beside the surface changes nothing."""
    x, y = (at["x"], at["y"]) if not at.get("panel") else descent.start
    return ((START, f"{x:.2f}, {y:.2f}"),)


def bare(descent: Descent) -> Shown:
    """The surface, the start, and the first slope."""
    field = surface_field(descent.surface)
    dot = {"symbol": "circle", "size": 12, "color": INK, "line": {"color": PAPER, "width": 2}}
    ring = {"symbol": "circle-open", "size": 15, "color": INK, "line": {"width": 2}}
    alt = (
        f"The {descent.surface.name} with the start at ({descent.start[0]:.3g}, {descent.start[1]:.3g}) and the "
        "minimum."
    )
    traces = [*field.traces(), spot(descent.surface.minimum, "minimum", ring), spot(descent.start, "start", dot)]
    note = (
        f"Height $= {descent.surface.formula}$. The dot is the start, the ring the minimum. The learning rate is "
        f"**{descent.rate:g}**. Click anywhere to start there."
    )
    return Shown(
        ((Picture(traces, {**field.layout, "showlegend": False}, alt),),), note, (), lambda at: clicked(descent, at)
    )


def slid(descent: Descent) -> Shown:
    """The way down, and where other learning rates ended."""
    inside = np.abs(descent.way).max(axis=1) < 50
    way = descent.way[: int((~inside).argmax()) or None] if not inside.all() else descent.way
    alt = (
        f"Gradient descent on the {descent.surface.name} with learning rate {descent.rate:g}: "
        f"{descent.outcome}; height "
        f"above the minimum from {number(descent.gaps[0])} to {number(descent.gaps[-1])}."
    )
    arrived = int(min(max(DETAIL, descent.thousandth), lab.STEPS)) + 1  # what the sentence says must be seen
    field, ways = surface_field(descent.surface, 400), {"path": way[:arrived]}
    ground = walked(field, ways, alt, lambda at: f"step {at}", descent.surface.minimum, {"path": "Adam"})
    ground.layout["showlegend"] = False
    mine = (descent.rate, float(descent.gaps[-lab.STEPS // 10 :].max()))
    sweep = ended(descent.rates, descent.ends, mine, descent.bound, f"Height after {lab.STEPS} steps", 360)
    return Shown(((ground,), (sweep,)), bound_note(descent), (), lambda at: clicked(descent, at))


def bound_note(descent: Descent) -> str:
    """The bound in numbers."""
    side = "above" if descent.rate > descent.bound else "below"
    there = (
        f" (at the start it is {number(descent.at_start)})"
        if abs(descent.at_start / descent.at_minimum - 1) > 0.01
        else ""
    )
    return (
        f"At the minimum the ground curves with at most $\\lambda_{{max}}$ = **{number(descent.at_minimum)}**{there}, "
        f"so $2/\\lambda_{{max}}$ = **{number(descent.bound)}**. Your {descent.rate:g} is **{side}** it: "
        f"{'it keeps bouncing or crawls' if descent.outcome == HOVERS else descent.outcome}."
    )


def fate(descent: Descent) -> Question:
    """Converge or diverge?"""
    because = (
        "Above 2/λmax every step overshoots the minimum by more than it came from, in the steepest direction."
        if descent.rate > descent.bound
        else "Below 2/λmax every step near the minimum ends closer to it; how many are needed, the flattest direction "
        "decides."
    )
    return Question(
        f"With learning rate {descent.rate:g}: what happens?", [CONVERGES, DIVERGES, HOVERS], descent.outcome, because
    )


def quick(descent: Descent) -> Goal:
    """Come down fast in a narrow bowl."""
    steps, narrow = descent.thousandth, descent.surface.name == "bowl" and descent.at_minimum >= 19.9
    done = f"a thousandth after {steps:.0f} steps" if steps < math.inf else "not down to a thousandth"
    goal = (
        "**Just below the edge**: in a bowl of condition number 20 or more, from a start at least 5 high, bring the "
        "height down to a thousandth within 40 steps."
    )
    now = f"Now: {descent.surface.name}, λmax {number(descent.at_minimum)}, {done}."
    return Goal(goal, bool(narrow and descent.gaps[0] >= 5 and steps <= 40), now)


SURFACE = View(
    (
        pick("Surface", lab.GROUND),
        scale(
            "Condition number",
            (2, 5, 10, 20, 50, 100),
            10,
            help="The largest curvature divided by the smallest.",
            when=lambda values: values["surface"] == "bowl",
        ),
        scale("Learning rate", RATES, 0.15),
        START,
    ),
    measure_surface,
    slid,
    before=bare,
    question=fate,
    goal=quick,
    program=program_of_descent,
)


# Power iteration -----------------------------------------------------------------------------------------------------


def searched(search: Search) -> Shown:
    """Estimates after every iteration beside the exact eigenvalue."""
    x = np.arange(1, len(search.estimates) + 1)
    truth = float(search.exact[np.abs(search.exact).argmax()])
    needed = (
        f"{search.needed:.0f} multiplications" if search.needed < math.inf else f"more than {len(x)} multiplications"
    )
    traces = [
        line(x, search.estimates, "estimate", BLUE, mode="lines+markers", marker={"size": 6, "color": BLUE}),
        line(np.array([1, len(x)]), np.array([truth, truth]), "exact eigenvalue", INK, "dash"),
    ]
    alt = (
        f"Power iteration at epoch {search.epoch}: the estimate goes from {number(float(search.estimates[0]))} to "
        f"{number(float(search.estimates[-1]))}, the exact eigenvalue is {number(truth)}; {needed} until within 1%."
    )
    second = float(sorted(np.abs(search.exact))[-2])
    size = len(search.exact)
    note = (
        f"The Hessian of this network has {size} × {size} = {size * size:,} entries. Power iteration never writes it "
        f"down: it multiplies one vector by it, again and again. After **{needed}** the estimate is within 1%. The "
        f"next eigenvalue is {second / abs(truth):.0%} as large: the closer it is, the longer it takes."
    )
    return Shown(((Picture(traces, layout("Multiplications by the Hessian", "Estimate of λmax", 400), alt),),), note)


def measure_search(units_per_layer: int, learning_rate: float, at_epoch: int, seed: int) -> Search:
    """Power iteration at one epoch of a training."""
    return lab.search(learning_rate, units_per_layer, at_epoch, seed)


POWERED = View(
    (UNITS, scale("Learning rate", SMALL, 0.1), slider("At epoch", 0, 500, 200, 10)),
    measure_search,
    searched,
    program=program_of_search,
)


VIEWS: dict[str, View] = {
    "Surface": SURFACE,
    "Power iteration": POWERED,
    "Real network": NETWORK,
    "Edge of stability": EDGE,
}
