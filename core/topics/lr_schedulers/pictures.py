"""Pictures of schedules: the rates themselves, losses at each peak rate, a range test, a formula beside torch's log."""

from collections.abc import Mapping

import numpy as np

from core.figures.curves import line, number
from core.figures.descents import STYLES, banded, sinking
from core.figures.marks import SILENT, hover, marker, note, stroke, trace
from core.figures.picture import BLUE, GREEN, GREY, INK, ORANGE, PAPER, PINK, Picture, layout
from core.topics.lr_schedulers.drawing import percents
from core.topics.lr_schedulers.noise import NoisyDescent
from core.topics.lr_schedulers.races import CONSTANT, DRAWN, RATES, Race
from core.topics.lr_schedulers.range_tests import AT_LOWEST, FINE, STEEPEST, TENTH, RangeTest
from core.topics.lr_schedulers.steps import StepByStep
from core.training.schedules import Breakpoints, factors

RESOLUTION = 400
MARKS = {AT_LOWEST: (ORANGE, "diamond", 17), TENTH: (GREEN, "square", 12), STEEPEST: (PINK, "triangle-up", 10)}
POWERS = {"type": "log", "exponentformat": "power", "dtick": 1}


def schedule_lines(schedules: Mapping[str, str | Breakpoints], drawing: str) -> Picture:
    """The rate of every schedule over the training, in percent of its peak; the breakpoints of ``drawing`` are dots."""
    step, traces, words = np.arange(RESOLUTION), [], []
    for name, schedule in schedules.items():
        rates = 100 * factors(schedule, step, RESOLUTION)
        color, dash, _ = STYLES[name]
        traces.append(line(100 * step / RESOLUTION, rates, name, color, dash))
        words.append(f"{name} from {rates[0]:.0f} over {rates[RESOLUTION // 2]:.0f} to {rates[-1]:.0f}%")
    if DRAWN in schedules:
        x, y = np.array(percents(drawing)).T
        style, said = marker(STYLES[DRAWN][0], 11, "circle", rim=PAPER), hover("%{x:.0f}%: %{y:.0f}%", DRAWN)
        traces.append(trace("markers", x, y, marker=style, showlegend=False, **said))
    alt = f"Learning rates in percent of their peak at the start, half-way and at the end: {'; '.join(words)}."
    ends = {"range": [-3, 106], "fixedrange": True}
    plan = layout("Training done (%)", "Learning rate (% of the peak)", 370, xaxis={"range": [-2, 102]}, yaxis=ends)
    return Picture(traces, plan, alt)


def noisy_curves(found: NoisyDescent) -> Picture:
    """Measured mean squared distances from the minimum, with the constant rate's floor by the formula."""
    traces, words = [], []
    for name, squares in found.measured.items():
        color, dash, _ = STYLES[name]
        traces.append(line(np.arange(len(squares)), squares, name, color, dash))
        words.append(f"{name} {number(squares[-1])}")
    ends = np.array([0.0, len(found.measured[CONSTANT]) - 1])
    traces.append(line(ends, np.full(2, found.floor), "floor by the formula", INK, "dot"))
    alt = (
        f"Mean squared distance from the minimum over {len(found.measured[CONSTANT]) - 1} steps; in the end: "
        f"{', '.join(words)}. The constant rate's floor is {number(found.floor)}."
    )
    plan = layout("Step", "Mean squared distance", 360, yaxis={**POWERS}, showlegend=False)
    return Picture(traces, plan, alt)


def race_curves(found: Race) -> Picture:
    """Held-out losses over the epochs, with bands over the seeds."""
    curves = {name: one.losses for name, one in found.entrants.items()}
    picture = sinking(curves, ("Epoch", "Held-out loss"), 400)
    picture.layout["showlegend"] = False  # the same names, colours and dashes as in the picture above
    return picture


def peak_curves(found: Race) -> Picture:
    """The final held-out loss of every schedule at each peak rate."""
    curves = {name: 10**one.tuned for name, one in found.entrants.items()}
    picture = sinking(curves, ("Peak learning rate", "Held-out loss at the end"), 430, x=RATES)
    picture.layout["xaxis"] |= {**POWERS}
    for name, one in found.entrants.items():
        style = marker("rgba(0,0,0,0)", 16, STYLES[name][2], rim=INK, width=2)
        best = RATES.index(one.best)
        at = 10 ** one.tuned.mean(axis=0)[best : best + 1]
        said = hover("best peak %{x:.3g}", name)
        picture.traces.append(trace("markers", np.array([one.best]), at, marker=style, showlegend=False, **said))
    bests = ", ".join(f"{name} {one.best:g}" for name, one in found.entrants.items())
    return picture.described(f"{picture.alt} Best peak rates: {bests}.")


def rising(found: RangeTest) -> Picture:
    """The rate of the range test over its epochs, before any loss is shown."""
    epochs = np.arange(1, len(found.rates) + 1)
    alt = f"The learning rate of a range test: from {found.rates[0]:.2g} to {found.rates[-1]:.2g}, even on a log axis."
    return Picture(
        [line(epochs, found.rates, "learning rate", BLUE)], layout("Epoch", "Learning rate", 320, yaxis=POWERS), alt
    )


def range_curve(found: RangeTest) -> Picture:
    """The training loss while the rate rises, averaged, with what the three rules read off it."""
    dots = trace(
        "markers", found.rates, found.losses, marker=marker(GREY, 5, "circle"), name="after each epoch",
        **hover("rate %{x:.3g}: loss %{y:.3g}"),
    )  # fmt: skip
    mean = line(found.rates, found.smooth, "averaged", BLUE)
    marks = [ruled(found, rule, float(np.interp(rate, found.rates, found.smooth)), rate)
             for rule, rate in found.suggested.items()]  # fmt: skip
    read = ", ".join(f"{rule} {number(rate)}" for rule, rate in found.suggested.items())
    alt = (
        f"Training loss while the learning rate rises from {number(found.rates[0])}; lowest averaged loss "
        f"{number(found.smooth.min())}. Rates read off it: {read}."
    )
    top = float(np.log10(max(found.smooth[0] * 3, found.smooth.min() * 10)))
    low = float(np.log10(min(found.losses.min(), found.smooth.min()))) - 0.1
    plan = layout("Learning rate", "Training loss", 360, xaxis=POWERS, yaxis={**POWERS, "range": [low, top]})
    return Picture([dots, mean, *marks], plan, alt)


def ruled(found: RangeTest, rule: str, height: float, rate: float) -> dict:
    """The mark of one rule."""
    color, symbol, size = MARKS[rule]
    style = marker(color, size, symbol, rim=PAPER, width=1)
    x, y = np.array([rate]), np.array([height])
    return trace("markers", x, y, marker=style, name=rule, **hover(f"{rule}: %{{x:.3g}}"))


def fine_curve(found: RangeTest) -> Picture:
    """What trainings at constant rates end with, over the rate; the rates that the rules suggest are marked."""
    rows = 10**found.ends.T
    mean, spread = found.ends.mean(axis=1), found.ends.std(axis=1)
    three = (10 ** (mean - spread), 10**mean, 10 ** (mean + spread))
    traces = banded(np.array(FINE), three, "trained at a constant rate", CONSTANT)
    traces += [
        {**ruled(found, rule, float(10 ** found.tried[rule].mean()), rate), "showlegend": False}
        for rule, rate in found.suggested.items()
    ]
    ends = ", ".join(f"{rule} {number(10 ** found.tried[rule].mean())}" for rule in found.suggested)
    alt = (
        f"Held-out loss after training at constant learning rates, mean of {len(rows)} seeds with a band: lowest "
        f"{number(10 ** mean.min())} at {found.best:g}. At the suggested rates: {ends}."
    )
    axes = {"xaxis": POWERS, "yaxis": POWERS}
    plan = layout("Learning rate", "Held-out loss at the end", 360, **axes)
    plan["annotations"] = [note(float(np.log10(found.best)), 0.98, "best", yref="paper", yanchor="top", xanchor="left",
                               xshift=4)]  # fmt: skip
    plan["shapes"] = [{"type": "line", "x0": found.best, "x1": found.best, "yref": "paper", "y0": 0, "y1": 1,
                       "line": stroke(INK, 1.5, "dot")}]  # fmt: skip
    return Picture(traces, plan, alt)


def logged_rates(found: StepByStep, at: int) -> Picture:
    """The formula's rate over all steps as a line, what torch's optimizer logged as rings; a dot at one step."""
    steps = np.arange(len(found.formula))
    every = max(1, len(steps) // 24)
    color, dash, _ = STYLES[found.name]
    curve = line(steps, found.formula, "by the formula", color, dash)
    rings = marker("rgba(0,0,0,0)", 9, "circle", rim=INK, width=1.5)
    log = trace("markers", steps[::every], found.logged[::every], marker=rings, name="logged by torch's optimizer",
                **hover("step %{x}: %{y:.4g}"))  # fmt: skip
    dot = marker(ORANGE, 12, "diamond", rim=PAPER)
    here = trace("markers", steps[at : at + 1], found.formula[at : at + 1], marker=dot, name=f"step {at}", **SILENT)
    alt = (
        f"Learning rate of the schedule {found.name} over {len(steps)} steps: from {number(found.formula[0])} to "
        f"{number(found.formula[-1])}, highest {number(found.formula.max())}; torch's log differs by at most "
        f"{found.difference:.1g} of the peak."
    )
    return Picture([curve, log, here], layout("Step", "Learning rate", 400, yaxis={"rangemode": "tozero"}), alt)


def bare_axes(steps: int, peak: float) -> Picture:
    """An empty plane of steps and rates, before the schedule is drawn into it."""
    top = line(np.array([0.0, steps]), np.array([peak, peak]), "peak", GREY, "dot")
    alt = f"An empty plane: {steps} steps, and the peak learning rate {number(peak)} as a dotted line."
    return Picture([top], layout("Step", "Learning rate", 320, yaxis={"rangemode": "tozero"}), alt)
