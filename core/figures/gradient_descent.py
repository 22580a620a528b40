"""What the page on gradient descent shows: a lab per view."""

import math

import numpy as np

from core.controls import Control
from core.experiments import gradient_descent as lab
from core.experiments.curvature import power_iteration
from core.experiments.gradient_descent import CONVERGES, DIVERGES, HOVERS, Descent, Search
from core.figures.curves import line, number
from core.figures.descents import spot, surface_field, walked
from core.figures.labs import Lab
from core.figures.picture import BLUE, INK, PAPER, Picture, layout
from core.figures.playground import Shown
from core.figures.sharpness import EDGE, NETWORK, RATES, SMALL, UNITS, ended
from core.script import Experiment

# Surface -------------------------------------------------------------------------------------------------------------


def measure_surface(surface: str, condition_number: float, learning_rate: float, start: str, seed: int) -> Descent:
    """One descent and the sweep around the bound."""
    return lab.descend(surface, condition_number, learning_rate, start, seed)


def clicked(found: Descent, at: dict) -> tuple[str, str]:
    """Where the learner clicked, as the start's text; a click beside the surface changes nothing."""
    x, y = (at["x"], at["y"]) if not at.get("panel") else found.start
    return "Start", f"{x:.2f}, {y:.2f}"


def bare(found: Descent) -> Shown:
    """The surface, the start, and the first slope."""
    field = surface_field(found.surface)
    dot = {"symbol": "circle", "size": 12, "color": INK, "line": {"color": PAPER, "width": 2}}
    ring = {"symbol": "circle-open", "size": 15, "color": INK, "line": {"width": 2}}
    alt = f"The {found.surface.name} with the start at ({found.start[0]:.3g}, {found.start[1]:.3g}) and the minimum."
    traces = [*field.traces(), spot(found.surface.minimum, "minimum", ring), spot(found.start, "start", dot)]
    note = (
        f"Height $= {found.surface.formula}$. The dot is the start, the ring the minimum. The learning rate is "
        f"**{found.rate:g}**. Click anywhere to start there."
    )
    return Shown(
        ((Picture(traces, {**field.layout, "showlegend": False}, alt),),), note, (), lambda at: clicked(found, at)
    )


def slid(found: Descent) -> Shown:
    """The way down, and where other learning rates ended."""
    inside = np.abs(found.way).max(axis=1) < 50
    way = found.way[: int((~inside).argmax()) or None] if not inside.all() else found.way
    alt = (
        f"Gradient descent on the {found.surface.name} with learning rate {found.rate:g}: {found.outcome}; height "
        f"above the minimum from {number(found.gaps[0])} to {number(found.gaps[-1])}."
    )
    field, ways = surface_field(found.surface, 400), {"path": way[:80]}
    ground = walked(field, ways, alt, lambda at: f"step {at}", found.surface.minimum, {"path": "Adam"})
    ground.layout["showlegend"] = False
    mine = (found.rate, float(found.gaps[-lab.STEPS // 10 :].max()))
    sweep = ended(found.rates, found.ends, mine, found.bound, f"Height after {lab.STEPS} steps", 360)
    return Shown(((ground,), (sweep,)), bound_note(found), (), lambda at: clicked(found, at))


def bound_note(found: Descent) -> str:
    """The bound in numbers."""
    side = "above" if found.rate > found.bound else "below"
    there = (
        f"(at the start it is {number(found.at_start)})" if abs(found.at_start / found.at_minimum - 1) > 0.01 else ""
    )
    return (
        f"At the minimum the ground curves with at most $\\lambda_{{max}}$ = **{number(found.at_minimum)}**{there}, "
        f"so $2/\\lambda_{{max}}$ = **{number(found.bound)}**. Your {found.rate:g} is **{side}** it: {found.outcome}."
    )


def fate(found: Descent) -> tuple:
    """Converge or diverge?"""
    because = "Above 2/λmax every step overshoots the minimum by more than it came from, in the steepest direction."
    return f"With learning rate {found.rate:g}: what happens?", [CONVERGES, DIVERGES, HOVERS], found.outcome, because


def quick(found: Descent) -> tuple:
    """Come down fast in a narrow bowl."""
    steps, narrow = found.thousandth, found.surface.name == "bowl" and found.at_minimum >= 19.9
    done = f"a thousandth after {steps:.0f} steps" if steps < math.inf else "not down to a thousandth"
    goal = (
        "**Just below the edge**: in a bowl of condition number 20 or more, from a start at least 5 high, bring the "
        "height down to a thousandth within 40 steps."
    )
    now = f"Now: {found.surface.name}, λmax {number(found.at_minimum)}, {done}."
    return goal, bool(narrow and found.gaps[0] >= 5 and steps <= 40), now


def surface_program(found: Descent) -> Experiment:
    """The descent as a program."""
    name = {"bowl": f"bowl({found.at_minimum:.6g})"}.get(found.surface.name, f"{found.surface.name.lower()}()")
    main = (
        f"torch.set_num_threads(1)\nsurface = {name}\nlargest_curvature = curvature_at(surface, surface.minimum)\n"
        f'print("2/λmax", 2 / largest_curvature)\nrates = torch.tensor([{found.rate!r}], dtype=torch.float64)\n'
        f"ways = descents(surface, rates, {found.start!r}, {lab.STEPS})\n"
        'print("heights above the minimum", gaps_of(surface, ways)[::20, 0])'
    )
    maker = {"bowl": lab.bowl}.get(found.surface.name) or lab.SURFACES[found.surface.name]
    return Experiment((maker, lab.curvature_at, lab.descents, lab.gaps_of), main, "Gradient descent")


SURFACE = Lab(
    measure_surface, slid,
    (Control("Surface", "pick", lab.GROUND[0], lab.GROUND),
     Control("Condition number", "scale", 10, (2, 5, 10, 20, 50, 100), "The largest curvature divided by the smallest.",
             when=lambda values: values["surface"] == "bowl"),
     Control("Learning rate", "scale", 0.15, RATES), Control("Start", "text", "", help="Two numbers, or click.")),
    (), bare, fate, quick, surface_program,
)  # fmt: skip


# Power iteration -----------------------------------------------------------------------------------------------------


def searched(found: Search) -> Shown:
    """Estimates after every iteration beside the exact eigenvalue."""
    x = np.arange(1, len(found.estimates) + 1)
    truth = float(found.exact[np.abs(found.exact).argmax()])
    needed = f"{found.needed:.0f} multiplications" if found.needed < math.inf else f"more than {len(x)} multiplications"
    traces = [
        line(x, found.estimates, "estimate", BLUE, mode="lines+markers", marker={"size": 6, "color": BLUE}),
        line(np.array([1, len(x)]), np.array([truth, truth]), "exact eigenvalue", INK, "dash"),
    ]
    alt = (
        f"Power iteration at epoch {found.epoch}: the estimate goes from {number(float(found.estimates[0]))} to "
        f"{number(float(found.estimates[-1]))}, the exact eigenvalue is {number(truth)}; {needed} until within 1 %."
    )
    second = float(sorted(np.abs(found.exact))[-2])
    size = len(found.exact)
    note = (
        f"The Hessian of this network has {size} × {size} = {size * size:,} entries. Power iteration never writes it "
        f"down: it multiplies one vector by it, again and again. After **{needed}** the estimate is within 1 %. The "
        f"next eigenvalue is {second / abs(truth):.0%} as large: the closer it is, the longer it takes."
    )
    return Shown(((Picture(traces, layout("Multiplications by the Hessian", "Estimate of λmax", 400), alt),),), note)


def measure_search(units_per_layer: int, learning_rate: float, at_epoch: int, seed: int) -> Search:
    """Power iteration at one epoch of a training."""
    return lab.search(learning_rate, units_per_layer, at_epoch, seed)


POWERED = Lab(
    measure_search, searched,
    (UNITS, Control("Learning rate", "scale", 0.1, SMALL), Control("At epoch", "slider", 200, (0, 500, 10))),
    program=lambda found: Experiment(
        (power_iteration,),
        "matrix = torch.tensor([[20.0, 6.0], [6.0, 3.0]])\n"
        "estimates, vectors = power_iteration(lambda v: v @ matrix, torch.ones(1, 2), 12)\n"
        'print(estimates[:, 0])\nprint("exact", torch.linalg.eigvalsh(matrix)[-1])', "Power iteration",
    ),
)  # fmt: skip


LABS: dict[str, Lab] = {
    "Surface": SURFACE, "Power iteration": POWERED, "Real network": NETWORK, "Edge of stability": EDGE,
}  # fmt: skip
