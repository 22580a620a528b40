"""Pictures of instability: the field and the orbit of the Dirac-GAN, five losses over seeds."""

from dataclasses import replace

import numpy as np

from core.figures.adversarial import duel
from core.figures.curves import bands, line, number
from core.figures.marks import powers
from core.figures.picture import BLUE, GREY, INK, ORANGE, PAPER, Picture, Replay, encoded, layout
from core.topics.gan_instability.dirac import START, Game, motion, radii
from core.topics.gan_instability.numbers import Rivalry

EXTENT, SIDE, FRAMES = 2.0, 13, 50


def field(game: Game, height: int = 430) -> Picture:
    """Where both parameters want to go everywhere, and the way that they go, replayed."""
    along = np.linspace(-EXTENT, EXTENT, SIDE)
    theta, psi = (part.ravel() for part in np.meshgrid(along, along))
    ways = np.stack(motion(theta, psi, game.loss, game.gamma), axis=1)
    length = np.linalg.norm(ways, axis=1, keepdims=True)
    ways = 0.26 * ways / np.maximum(length.max(), 1e-12) * (length.max() / np.maximum(length, 1e-12)) ** 0.5
    tails = np.stack([theta, psi], axis=1)
    heads, sides = tails + ways, np.stack([-ways[:, 1], ways[:, 0]], axis=1)
    barbs = [heads - 0.35 * ways + sign * 0.2 * sides for sign in (1, -1)]
    gap = np.full_like(tails, np.nan)
    arrows = np.stack([tails, heads, barbs[0], heads, barbs[1], gap], axis=1).reshape(-1, 2)
    places = game.orbit().clip(-50, 50)
    moments = np.unique(np.linspace(0, game.steps, FRAMES).round().astype(int))

    def film() -> list[tuple[dict | None, ...]]:
        return [(None, None, path(places[: at + 1]), path(places[at : at + 1])) for at in moments]

    style = {"type": "scatter", "hoverinfo": "skip"}
    traces = [
        {**style, "mode": "lines", "name": "pull", "line": {"color": GREY, "width": 1.2}, **path(arrows)},
        {
            **style,
            "mode": "markers",
            "name": "equilibrium",
            "x": [0],
            "y": [0],
            "marker": {"symbol": "star", "size": 13, "color": PAPER, "line": {"width": 1.5, "color": INK}},
        },
        {**style, "mode": "lines", "name": "orbit", "line": {"color": BLUE, "width": 2}, **path(places)},
        {
            **style,
            "mode": "markers",
            "name": "now",
            "marker": {"symbol": "diamond", "size": 11, "color": ORANGE},
            **path(places[-1:]),
        },
    ]
    axis = {"range": [-EXTENT, EXTENT], "showgrid": False}
    plan = layout("θ: where the generator puts its samples", "ψ: slope of the discriminator", height)
    plan["xaxis"] |= axis
    plan["yaxis"] |= {**axis, "scaleanchor": "x", "constrain": "domain"}
    plan["xaxis"] |= {"constrain": "domain"}
    ends = radii(places)
    alt = (
        f"The plane of θ and ψ with arrows for where both want to go, and {game.steps} rounds from {START}: the "
        f"distance to the equilibrium goes from {number(float(ends[0]))} to {number(float(ends[-1]))}."
    )
    return Picture(traces, plan, alt, Replay(len(moments), film), [f"round {at}" for at in moments])


def path(points: np.ndarray) -> dict:
    """Points (points, 2) as a change of a trace."""
    return {"x": encoded(points[:, 0]), "y": encoded(points[:, 1])}


def radius(game: Game, height: int = 430) -> Picture:
    """The distance to the equilibrium, and what theory says of small orbits."""
    rounds, found = np.arange(game.steps + 1), radii(game.orbit())
    theory = found[0] * game.growth**rounds
    traces = [
        line(rounds, found.clip(1e-9, 1e6), "measured", BLUE),
        line(rounds, theory.clip(1e-9, 1e6), "theory, near the middle", ORANGE, "dash"),
    ]
    plan = layout("round", "distance to the equilibrium", height)
    heights = np.log10(np.concatenate([found, theory]).clip(1e-9, 1e6))
    ends = [float(heights.min()) - 0.3, float(heights.max()) + 0.3]  # a circle should not look like a wave
    plan["yaxis"] |= {**powers(10 ** np.array(ends)), "range": ends}
    alt = (
        f"Distance to the equilibrium by round, from {number(float(found[0]))} to {number(float(found[-1]))}; theory "
        f"multiplies a small one by {game.growth:.4f} in each round."
    )
    return Picture(traces, plan, alt)


def side_by_side(rivalry: Rivalry) -> tuple[tuple[Picture, ...], ...]:
    """The five games of the first seed, two in a row."""
    pictures = [duel(runs[0], name, False, 330) for name, runs in rivalry.runs.items()]
    return tuple(pictures[:2]), tuple(pictures[2:4]), tuple(pictures[4:])


def over_seeds(rivalry: Rivalry, name: str, axis: str) -> Picture:
    """A measure of all losses over the rounds, bands over seeds."""
    rounds = [moment.number for moment in next(iter(rivalry.runs.values()))[0].history]
    picture = bands(rounds, rivalry.rows(name), ("round", axis), 400)
    return replace(picture, traces=[slim(trace) for trace in picture.traces])


def slim(trace: dict) -> dict:
    """A curve without its markers."""
    return trace | ({"mode": "lines"} if trace.get("mode") == "lines+markers" else {})
