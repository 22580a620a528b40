"""Samples and the normal distribution that explains them best: a lab of the page on probability."""

import math
from functools import partial

import numpy as np

from core.controls import Control
from core.experiments import probability as lab
from core.experiments.probability import REACH, Likelihood
from core.figures.curves import line, number
from core.figures.labs import Lab
from core.figures.picture import BLUE, GREY, INK, ORANGE, PAPER, Picture, encoded, layout, sampled, transparent
from core.figures.playground import Shown
from core.script import experiment

VALLEY = ((0, 1.0), (0.3, 0.7), (0.75, 0.2), (1, 0.03))  # how much colour: it fades towards the heights


def measure_likelihood(points: str, mean: float, spread: float, seed: int) -> Likelihood:
    """The learner's points and distribution."""
    return lab.likelihood(points, mean, spread)


def bell(mean: float, spread: float, x: np.ndarray) -> np.ndarray:
    """The normal density."""
    return np.exp(-((x - mean) ** 2) / (2 * spread**2)) / (spread * math.sqrt(2 * math.pi))


def density(found: Likelihood, height: int = 380) -> Picture:
    """The points on a line, and the chosen distribution above them, one stem per point."""
    x = np.linspace(-REACH - 1, REACH + 1, 241)
    normal = partial(bell, found.mean, found.spread)
    heights = normal(found.points)
    stems = {
        "type": "scatter", "mode": "lines", "hoverinfo": "skip", "showlegend": False,
        "line": {"color": GREY, "width": 1.2},
        "x": [at for point in found.points.tolist() for at in (point, point, None)],
        "y": [at for tall in heights.tolist() for at in (0.0, tall, None)],
    }  # fmt: skip
    dots = {
        "type": "scatter", "mode": "markers", "x": encoded(found.points), "y": encoded(np.zeros(len(found.points))),
        "marker": {"size": 13, "color": ORANGE, "line": {"color": PAPER, "width": 1.5}}, "name": "points",
        "hovertemplate": "%{x:.2f}<extra>point</extra>", "cliponaxis": False,
    }  # fmt: skip
    curve = line(x, normal(x), "density", BLUE, fill="tozeroy", fillcolor=transparent(BLUE, 0.12))
    alt = (
        f"{len(found.points)} points under a normal density of mean {found.mean:.1f} and deviation {found.spread:.1f}; "
        f"mean −log likelihood {number(found.loss)}."
    )
    top = max(0.6, float(normal(np.array(found.mean))) * 1.1)
    axes = {"xaxis": {"range": [-REACH - 0.6, REACH + 0.6]}, "yaxis": {"range": [-0.04, top]}}
    return Picture([curve, stems, dots], layout("x", "density", height, **axes), alt)


def surface(found: Likelihood, revealed: bool = True, height: int = 380) -> Picture:
    """The negative log-likelihood over mean and spread, with the learner's place and, once revealed, the lowest."""
    shown = found.surface[::3, ::3]
    low = float(shown.min())
    heights = np.log(shown - low + 0.02)  # so that the floor of the valley can be seen
    field = {
        "type": "heatmap", "x": encoded(found.means[::3]), "y": encoded(found.spreads[::3]), "zmin": 0, "zmax": 255,
        "z": encoded(sampled(heights, float(heights.min()), 2.0)), "showscale": False, "hoverinfo": "skip",
        "colorscale": [[at, transparent(BLUE, share)] for at, share in VALLEY], "zsmooth": "best",
    }  # fmt: skip
    places = [("you", found.mean, found.spread, ORANGE, "diamond")]
    places += [("lowest", *found.best, "#ffffff", "star")] if revealed else []
    marks = [
        {
            "type": "scatter", "mode": "markers", "x": [x], "y": [y], "name": name,
            "marker": {"size": 14, "color": color, "symbol": symbol, "line": {"color": INK, "width": 1.5}},
            "hovertemplate": "μ %{x:.2f}, σ %{y:.2f}<extra>" + name + "</extra>",
        }
        for name, x, y, color, symbol in places
    ]  # fmt: skip
    alt = f"Mean −log likelihood over mean and deviation; yours is {number(found.loss)}"
    alt += (
        f", the lowest {number(low)} at mean {found.best[0]:.2f}, deviation {found.best[1]:.2f}." if revealed else "."
    )
    return Picture([field, *marks], layout("mean μ", "standard deviation σ", height), alt)


def placed(found: Likelihood, at: dict) -> tuple:
    """A click beside the density moves the nearest point; one on the surface sets mean and spread."""
    if not at.get("panel"):
        return "Points", lab.with_moved(found.points, at["x"])
    low, high = lab.SPREADS
    return "Mean", round(min(max(at["x"], -REACH), REACH), 1), "Spread", round(min(max(at["y"], low), high), 1)


def likelihood_shown(found: Likelihood, revealed: bool = True) -> Shown:
    """Points, density and surface."""
    note = (
        f"Your distribution finds these points with a mean −log likelihood of **{found.loss:.3f}**. Click in the left "
        "picture to move the nearest point, in the right one to choose μ and σ."
    )
    if revealed:
        spans = ", ".join(f"{name} {value:.3f}" for name, value in found.candidates().items())
        note += f" The lowest place: μ = {found.best[0]:.2f} (the points' mean), σ = {found.best[1]:.2f} ({spans})."
    return Shown(((density(found), surface(found, revealed)),), note, (), lambda at: placed(found, at))


LIKELIHOOD = Lab(
    measure_likelihood,
    likelihood_shown,
    (
        Control("Points", "text", lab.POINTS, help="Numbers between −4 and 4, with commas between them."),
        Control("Mean", "slider", -0.8, (-REACH, REACH, 0.1)), Control("Spread", "slider", 0.8, (*lab.SPREADS, 0.1)),
    ),
    before=lambda found: likelihood_shown(found, False),
    question=lambda found: (
        "Which σ makes these points most likely?", lab.DIVISORS, found.answer(),
        "Maximum likelihood divides by n; dividing by n − 1 corrects the bias that this has.",
    ),
    goal=lambda found: (
        "Find μ and σ by hand: within **0.01** of the lowest −log likelihood.", found.excess <= 0.01,
        f"Now: {found.excess:.3f} above it.",
    ),
    program=lambda found: experiment(lab.gaussian_nll, found.points.tolist(), found.mean, found.spread),
)  # fmt: skip
