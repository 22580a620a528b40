"""Pictures of clouds on their way, of the field that moves them, and of distances."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from core.data.planar import EXTENT
from core.figures.adversarial import arrows, coordinates, dots
from core.figures.curves import bands, line, number
from core.figures.marks import SILENT, stroke, trace, vertical
from core.figures.picture import BLUE, COLORS, GREY, INK, ORANGE, SYMBOLS, Picture, layout, square, transparent
from core.topics.diffusion.noising import TIMES, kept
from core.topics.diffusion.numbers import (
    CLOCK,
    GUIDANCES,
    RACED,
    REAL,
    Field,
    Forward,
    Guided,
    Learned,
    Races,
    seen_by,
    start_of,
)
from core.wording import counted

SHOWN = 400  # points of a cloud
GRID = 9  # arrows of a side


def real_points(points: Tensor) -> dict:
    """The target."""
    return dots(points[:SHOWN].numpy(), "target", transparent(BLUE, 0.7), "diamond", 5)


def film(stations: Sequence[Tensor] | Tensor, real: Tensor, labels: list[str], name: str, told: str) -> Picture:
    """A cloud (stations, samples, 2) on its way, before the target."""
    clouds = [cloud[:SHOWN].nan_to_num(9.0).clamp(-9, 9).numpy() for cloud in stations]
    traces = [real_points(real), dots(clouds[-1], name, ORANGE, "circle", 5)]
    frames = [(None, coordinates(cloud)) for cloud in clouds]
    mean = ", ".join(number(value) for value in clouds[-1].mean(axis=0))
    last = f"In the last of {counted(len(clouds), 'moment')} its mean is ({mean})"
    alt = f"{told} {last} and its spread {number(clouds[-1].std())}."
    return Picture(traces, square(EXTENT, 430), alt, frames, labels)


def clouds_of(found: Forward) -> Picture:
    """The target under growing noise."""
    labels = [f"time {at}" for at in found.times]
    return film(found.clouds, found.clouds[0], labels, "noised", "A cloud of points from the target to noise.")


def variances(found: Forward, at: int) -> Picture:
    """Measured variance, the formula, and the share of the signal; a time marked."""
    times = np.array(found.times)
    traces = [
        line(np.arange(TIMES), kept().numpy(), "signal left, ᾱ", BLUE, "dash"),
        line(np.arange(TIMES), (1 - kept()).numpy(), "noise, 1 − ᾱ", ORANGE, "dot"),
        line(times, found.variance.numpy(), "variance, measured", INK, mode="lines+markers"),
    ]
    cursor = trace("lines", [times[-1].item()] * 2, [0, 1], yaxis="y2", line=stroke(INK, 1.5), **SILENT)
    second = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
    frames = [(None, None, None, {"x": [time, time]}) for time in found.times]
    alt = (
        f"Over the times 0 to {TIMES - 1}: the share of the signal falls from 1 to {number(kept()[-1].item())}, the "
        f"measured variance goes from {number(found.variance[0].item())} to {number(found.variance[-1].item())}."
    )
    mark = vertical(at, GREY, 1.5, "dash")
    plan = layout("time", "variance", 430, yaxis2=second, yaxis={"rangemode": "tozero"}, shapes=[mark])
    return Picture([*traces, cursor], plan, alt, frames, [f"time {at}" for at in found.times])


def samples_of(found: Learned) -> Picture:
    """What the network makes of one and the same noise, moment by moment."""
    return film(found.samples, found.real, epochs(found), "generated", "Samples of the network while it learns.")


def epochs(found: Learned) -> list[str]:
    """The names of a run's moments."""
    return [f"epoch {epoch.number}" for epoch in found.run.history]


def over_epochs(found: Learned, values: dict[str, list[float]], level: float, name: str, axis: str) -> Picture:
    """Curves over a training with a level that cannot be beaten, and a cursor."""
    at = [epoch.number for epoch in found.run.history]
    styles = ((ORANGE, "solid"), (BLUE, "dash"))
    traces = [
        line(np.array(at), np.array(row), title, *style)
        for (title, row), style in zip(values.items(), styles, strict=False)
    ]
    traces.append(line(np.array([at[0], at[-1]]), np.array([level, level]), name, INK, "dot"))
    cursor = trace("lines", [at[-1]] * 2, [0, 1], yaxis="y2", line=stroke(INK, 1.5), **SILENT)
    second = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
    frames = [(*([None] * len(traces)), {"x": [place, place]}) for place in at]
    words = "; ".join(f"{title} from {number(row[0])} to {number(row[-1])}" for title, row in values.items())
    plan = layout("epoch", axis, 300, yaxis2=second, yaxis={"rangemode": "tozero"})
    return Picture([*traces, cursor], plan, f"{axis} by epoch: {words}; {name} {number(level)}.", frames, epochs(found))


def fields(found: Field, at: int) -> Picture:
    """The directions towards likelier places, learned and exact, on a grid, with the noised target."""
    setting, places = found.setting, torch.linspace(-2.2, 2.2, GRID)
    grid = torch.cartesian_prod(places, places)
    share = kept()[at]
    cloud = share.sqrt() * setting.real(found.seed, SHOWN)[0] + (1 - share).sqrt() * start_of(found.seed, SHOWN)
    learned, exact = seen_by(found.run.at())(grid, at), setting.exact()(grid, at)
    both = {"exact": exact, "learned": learned}
    ways = {name: coordinates(arrows(grid.numpy(), -noise.numpy())) for name, noise in both.items()}
    style = {"type": "scatter", "mode": "lines", "hoverinfo": "skip"}
    traces = [
        dots(cloud.numpy(), "noised target", transparent(BLUE, 0.6), "diamond", 4),
        {**style, "name": "exact", "line": stroke(INK, 3.5, "dot"), **ways["exact"]},
        {**style, "name": "learned", "line": stroke(ORANGE, 1.8), **ways["learned"]},
    ]
    alike = torch.cosine_similarity(learned, exact).mean().item()
    alt = (
        f"Arrows of the learned and of the exact score at time {at} on a grid of {GRID} by {GRID} places; the cosine "
        f"of the angle between them is {number(alike)} on average."
    )
    return Picture(traces, square(2.6, 460), alt)


def errors(found: Field, at: int) -> Picture:
    """The error over time, the chosen time marked."""
    picture = bands(CLOCK, {"learned against exact": np.array(found.errors)}, ("time", "mean squared error"), 460)
    mark = vertical(at, INK, 1.5)
    return Picture(picture.traces, {**picture.layout, "shapes": [mark]}, picture.alt)


def walk(found: Races, stations: Sequence[Tensor], name: str) -> Picture:
    """The way of a cloud from noise to samples."""
    labels = [f"step {place}" for place in range(len(stations))]
    return film(stations, found.setting.real(found.seed, SHOWN)[0], labels, name, f"A cloud walked by {name}.")


def raced(found: Races) -> Picture:
    """Distance over steps."""
    curves = {name: row.numpy() for name, row in found.distances.items()}
    curves["as many of the target"] = np.full(len(RACED), found.best)
    return bands(RACED, curves, ("steps", "distance (MMD)"), 430, log="x", yaxis={"rangemode": "tozero"},
                 xaxis={"type": "log", "tickvals": RACED, "ticktext": [str(steps) for steps in RACED]})  # fmt: skip


def guided_cloud(found: Guided, stations: Sequence[Tensor], kind: int) -> Picture:
    """Guided samples on their way, before both classes."""
    points, kinds = found.setting.real(found.seed, REAL)
    picture = film(
        stations, points, [f"step {place}" for place in range(len(stations))], "generated", "A guided cloud."
    )
    classes = [
        dots(points[kinds == each][:SHOWN].numpy(), f"class {each + 1}", transparent(COLORS[1 + each], 0.7),
             SYMBOLS[1 + each], 5)
        for each in (0, 1)
    ]  # fmt: skip
    frames = [(None, None, frame[1]) for frame in picture.frames]
    alt = f"{picture.alt} It was asked for class {kind + 1}."
    return Picture([*classes, picture.traces[1]], picture.layout, alt, frames, picture.labels)


def guidances(found: Guided) -> Picture:
    """Share in the own class and spread, by guidance."""
    curves = {"in its own class": np.array(found.own), "spread": np.array(found.spread)}
    return bands(GUIDANCES, curves, ("guidance", "share, and standard deviation"), 430, yaxis={"rangemode": "tozero"})
