"""Samples and the normal distribution that explains them best: a lab of the page on probability."""

import math
from functools import partial

import numpy as np

from core.figures.curves import line, number
from core.figures.marks import SILENT, heatmap, hover, marker, stroke, trace
from core.figures.picture import BLUE, GREY, INK, ORANGE, PAPER, Picture, layout, sampled, transparent
from core.lessons import Goal, Question
from core.lessons.controls import Control, slider, text
from core.lessons.view import Shown, View
from core.topics.probability import numbers as lab
from core.topics.probability import programs
from core.topics.probability.numbers import REACH, Likelihood

VALLEY = ((0, 1.0), (0.3, 0.7), (0.75, 0.2), (1, 0.03))  # how much colour: it fades towards the heights


def measure_likelihood(points: str, mean: float, spread: float, seed: int) -> Likelihood:
    """The learner's points and distribution."""
    return lab.likelihood(points, mean, spread)


def bell(mean: float, spread: float, x: np.ndarray) -> np.ndarray:
    """The normal density."""
    return np.exp(-((x - mean) ** 2) / (2 * spread**2)) / (spread * math.sqrt(2 * math.pi))


def density(likelihood: Likelihood, height: int = 380) -> Picture:
    """The points on a line, and the chosen distribution above them, one stem per point."""
    x = np.linspace(-REACH - 1, REACH + 1, 241)
    normal = partial(bell, likelihood.mean, likelihood.spread)
    heights = normal(likelihood.points)
    across = [at for point in likelihood.points.tolist() for at in (point, point, None)]
    up = [at for tall in heights.tolist() for at in (0.0, tall, None)]
    stems = trace("lines", across, up, line=stroke(GREY, 1.2), **SILENT)
    said = {"name": "points", "cliponaxis": False, **hover("%{x:.2f}", "point")}
    style = marker(ORANGE, 13, rim=PAPER, width=1.5)
    dots = trace("markers", likelihood.points, np.zeros(len(likelihood.points)), marker=style, **said)
    curve = line(x, normal(x), "density", BLUE, fill="tozeroy", fillcolor=transparent(BLUE, 0.12))
    alt = (
        f"{len(likelihood.points)} points under a normal density of mean {likelihood.mean:.1f} and "
        f"deviation {likelihood.spread:.1f}; "
        f"mean −log likelihood {number(likelihood.loss)}."
    )
    top = max(0.6, float(normal(np.array(likelihood.mean))) * 1.1)
    axes = {"xaxis": {"range": [-REACH - 0.6, REACH + 0.6]}, "yaxis": {"range": [-0.04, top]}}
    return Picture([curve, stems, dots], layout("x", "density", height, **axes), alt)


def surface(likelihood: Likelihood, revealed: bool = True, height: int = 380) -> Picture:
    """The negative log-likelihood over mean and spread, with the learner's place and, once revealed, the lowest."""
    shown = likelihood.surface[::3, ::3]
    low = float(shown.min())
    heights = np.log(shown - low + 0.02)  # so that the floor of the valley can be seen
    colors = [[at, transparent(BLUE, share)] for at, share in VALLEY]
    shade = sampled(heights, float(heights.min()), 2.0)
    field = heatmap(likelihood.means[::3], likelihood.spreads[::3], shade, colors, showscale=False, zsmooth="best")
    places = [("you", likelihood.mean, likelihood.spread, ORANGE, "diamond")]
    places += [("lowest", *likelihood.best, "#ffffff", "star")] if revealed else []
    marks = [
        trace("markers", [x], [y], name=name, marker=style, **hover("μ %{x:.2f}, σ %{y:.2f}", name))
        for name, x, y, color, symbol in places
        for style in [marker(color, 14, symbol, rim=INK, width=1.5)]
    ]
    alt = f"Mean −log likelihood over mean and deviation; yours is {number(likelihood.loss)}"
    alt += (
        f", the lowest {number(low)} at mean {likelihood.best[0]:.2f}, deviation {likelihood.best[1]:.2f}."
        if revealed
        else "."
    )
    return Picture([field, *marks], layout("mean μ", "standard deviation σ", height), alt)


POINTS = text("Points", lab.POINTS, help="Numbers between −4 and 4, with commas between them.")
MEAN = slider("Mean", -REACH, REACH, -0.8, 0.1)
SPREAD = slider("Spread", *lab.SPREADS, 0.8, 0.1)


def placed(likelihood: Likelihood, at: dict) -> tuple[tuple[Control, object], ...]:
    """A click beside the density moves the nearest point; one on the surface sets mean and spread."""
    if not at.get("panel"):
        return ((POINTS, lab.with_moved(likelihood.points, at["x"])),)
    return (MEAN, round(at["x"], 1)), (SPREAD, round(at["y"], 1))


def likelihood_shown(likelihood: Likelihood, revealed: bool = True) -> Shown:
    """Points, density and surface."""
    note = (
        f"Your distribution finds these points with a mean −log likelihood of **{likelihood.loss:.3f}**. "
        "Click in the first picture to move the nearest point, in the second to choose μ and σ."
    )
    if revealed:
        spans = ", ".join(f"{name} {value:.3f}" for name, value in likelihood.candidates().items())
        note += (
            f" The lowest place: μ = {likelihood.best[0]:.2f} (the points' mean), σ = {likelihood.best[1]:.2f} "
            f"({spans})."
        )
    return Shown(((density(likelihood), surface(likelihood, revealed)),), note, (), lambda at: placed(likelihood, at))


LIKELIHOOD = View(
    (POINTS, MEAN, SPREAD),
    measure_likelihood,
    likelihood_shown,
    before=lambda found: likelihood_shown(found, False),
    question=lambda found: Question(
        "Which σ makes these points most likely?",
        lab.DIVISORS,
        found.answer(),
        "Maximum likelihood divides by n; dividing by n − 1 corrects the bias that this has.",
    ),
    goal=lambda found: Goal(
        "Find μ and σ by hand: within **0.01** of the lowest −log likelihood.",
        found.excess <= 0.01,
        f"Now: {found.excess:.3f} above it.",
    ),
    program=programs.program_of_likelihood,
)
