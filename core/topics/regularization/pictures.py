"""Pictures of regularization: boundaries, penalties, doubt, a game of stopping, and invariance."""

from collections.abc import Mapping

import numpy as np

from core.data.planar import EXTENT
from core.figures.curves import bands, line, number
from core.figures.marks import SILENT, heatmap, hover, marker, powers, trace, upright
from core.figures.picture import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PAPER,
    Picture,
    Replay,
    encoded,
    layout,
    sampled,
    square,
    transparent,
)
from core.figures.planes import heat, points, shade
from core.topics.regularization.numbers import (
    Comparison,
    Path,
    around,
    plane,
    unsure,
    used,
    wobble,
)
from core.topics.regularization.stopping import Stop
from core.training.run import Run

SIDE = 40  # resolution of the plane
PLAY = "Press play, then click where you would stop."


def border(run: Run, name: str, height: int = 400) -> Picture:
    """What a network answers over the two relevant inputs at every recorded moment, up to the one that is kept."""
    epochs = tuple(epoch for epoch in run.history if epoch.number <= used(run).number)
    epochs = epochs[:: max(1, len(epochs) // 12)][:12] + epochs[-1:]
    samples = points(run.data, held_out=False)

    def film() -> list[tuple[dict | None, ...]]:
        answers = plane(run, SIDE, EXTENT, epochs)
        return [({"z": encoded(shade(answer, 2))}, *([None] * len(samples))) for answer in answers]

    alt = (
        f"The plane coloured by what the network with {name} answers, with the {len(run.data.x)} points it learned "
        f"from; training accuracy {used(run).train_score:.2f}, validation accuracy {used(run).test_score:.2f}."
    )
    title = {"text": name, "font": {"size": 14}, "x": 0.5, "y": 0.99, "yanchor": "top"}
    plan = square(EXTENT, height, showlegend=False, title=title)
    end, labels = plane(run, SIDE, EXTENT, epochs[-1:])[0], [f"epoch {epoch.number}" for epoch in epochs]
    return Picture([heat(end, 2), *samples], plan, alt, Replay(len(epochs), film), labels)


def standing(values: Mapping[str, np.ndarray], axis: str, digits: str, height: int = 320) -> Picture:
    """One lying bar per technique, the best one blue; whiskers are the seeds' deviation."""
    means, spreads = ([float(part(row)) for row in values.values()] for part in (np.mean, np.std))
    best = (max if "accuracy" in axis else min)(means)
    text = [format(mean, digits) for mean in means]
    whiskers = {"type": "data", "array": spreads, "color": INK, "thickness": 1.5}
    colors = [BLUE if mean == best else GREY for mean in means]
    names = [name.replace(" ", "<br>") for name in values]
    lying = {"orientation": "h", "error_x": whiskers, "hovertext": text, **hover("%{y}: %{hovertext}")}
    bar, ends = upright(means, names, colors, **lying), np.add(means, spreads)
    beside = trace("text", ends, names, text=[f" {each}" for each in text], textposition="middle right", **SILENT)
    alt = f"{axis.capitalize()}: " + ", ".join(f"{name} {one}" for name, one in zip(values, text, strict=True)) + "."
    axes = {"yaxis": {"autorange": "reversed", "showgrid": False}, "xaxis": {"range": [0, 1.4 * float(ends.max())]}}
    plan = layout(axis, "", height, showlegend=False, **axes)
    return Picture([bar, beside], plan, alt)


def race(comparison: Comparison) -> tuple[Picture, Picture]:
    """Accuracy and loss of every technique on fresh points."""
    scores = standing(comparison.accuracies, "accuracy on fresh points", ".1%")
    scores.layout["xaxis"] |= {"tickformat": ".0%", "tickvals": [0, 0.5, 1]}
    return scores, standing(comparison.losses, "loss on fresh points", ".2f")


def doubt(run: Run, height: int = 400) -> Picture:
    """Where networks thinned by dropout disagree."""
    values = unsure(run, SIDE, EXTENT)
    centres = np.linspace(-EXTENT, EXTENT, SIDE, dtype=np.float32)
    ticks = {"tickvals": [0, 127.5, 255], "ticktext": ["0", "0.2", "0.4"]}
    key = {"title": {"text": "spread"}, "thickness": 10, **ticks}
    colors = [[0, transparent(BLUE, 0)], [1, "#17406f"]]
    field = heatmap(centres, centres, sampled(values, 0, 0.4), colors, zsmooth="best", colorbar=key)
    alt = (
        f"How much thirty thinned networks disagree over the plane: standard deviation {number(float(values.mean()))} "
        f"on average, {number(float(values.max()))} at most."
    )
    title = {"text": "where thinned networks disagree", "font": {"size": 14}, "x": 0.5, "y": 0.99, "yanchor": "top"}
    plan = square(EXTENT, height, showlegend=False, title=title)
    return Picture([field, *points(run.data, held_out=False)], plan, alt)


def over_strength(found: Path, axis: str, log: str = "x", height: int = 360) -> Picture:
    """Training and fresh accuracy over the strength of a technique."""
    picture = bands(found.strengths, found.accuracies, (axis, "accuracy"), height, log=log)
    picture.layout["yaxis"] |= {"tickformat": ".0%"}
    if log:
        picture.layout["xaxis"] |= powers(found.strengths)
    return picture


def shrinking(found: Path, name: str, height: int = 360) -> Picture:
    """The regularization path: how large each input's weights are over the strength of a penalty."""
    rows = found.inputs()
    styles = [(BLUE, "solid")] * 2 + [(ORANGE, "dot")] * (rows.shape[1] - 2)
    names = ["relevant inputs", None, "irrelevant inputs", *[None] * rows.shape[1]]
    traces = [
        line(found.strengths, rows[:, place], names[place] or "input", color, dash, showlegend=bool(names[place]))
        for place, (color, dash) in enumerate(styles)
    ]
    ends = f"the relevant inputs keep {number(rows[-1, :2].mean())} of {number(rows[0, :2].mean())}"
    if rows.shape[1] > 2:
        ends += f", the irrelevant ones {number(rows[-1, 2:].mean())} of {number(rows[0, 2:].mean())}"
    alt = f"Size of each input's weights against the {name} penalty, from weak to strong: {ends}."
    plan = layout(f"strength of {name}", "size of the input's weights", height)
    plan["xaxis"] |= powers(found.strengths)
    return Picture(traces, plan, alt)


def survivors(found: Mapping[str, Path], height: int = 360) -> Picture:
    """How many weights each penalty leaves that are not zero."""
    strengths = next(iter(found.values())).strengths
    curves = {name: one.remaining() for name, one in found.items()}
    axes = ("strength", "weights that are not zero")
    return bands(strengths, curves, axes, height, xaxis=powers(strengths), yaxis={"rangemode": "tozero"})


def unstopped(run: Run, height: int = 380) -> Picture:
    """A run that is replayed with its future hidden; the last frame, shown at first, is empty."""
    numbers, training = run.curve("train_loss")
    validation = run.curve("test_loss")[1]
    top = float(np.percentile(validation, 95)) * 1.25
    frames = [
        tuple({"x": numbers[:place], "y": values[:place]} for values in (training, validation))
        for place in range(1, len(numbers) + 1)
    ]
    empty = ({"x": [], "y": []}, {"x": [], "y": []})
    styles = (("training loss", ORANGE, "solid"), ("validation loss", BLUE, "dash"))
    traces = [line(np.zeros(1), np.zeros(1), *style) | {"x": [], "y": []} for style in styles]
    note = {"text": PLAY, "xref": "paper", "yref": "paper", "x": 0.5, "y": 1.0, "showarrow": False, "yanchor": "top"}
    axes = {"xaxis": {"range": [0, numbers[-1]]}, "yaxis": {"range": [0, top]}}
    plan = layout("epoch", "loss", height, annotations=[note], **axes)
    alt = f"A training of {numbers[-1]} epochs whose losses appear as it is replayed. {PLAY}"
    return Picture(traces, plan, alt, [*frames, empty], [f"epoch {at}" for at in numbers] + ["press play"])


def stopped(stop: Stop, height: int = 380) -> Picture:
    """The whole run with the learner's stop and the best epoch."""
    run, here = stop.run, stop.run.recorded(stop.epoch)
    numbers, training = run.curve("train_loss")
    traces = [
        line(np.array(numbers), np.array(training), "training loss", ORANGE),
        line(np.array(numbers), np.array(run.curve("test_loss")[1]), "validation loss", BLUE, "dash"),
        *(
            trace("markers", [epoch.number], [epoch.test_loss], name=name, marker=marker(color, 13, symbol, rim=INK))
            for epoch, name, symbol, color in ((run.best, "best", "star", PAPER), (here, "you", "x", GREY))
        ),
    ]
    return Picture(traces, layout("epoch", "loss", height), stop.sentence().replace("**", ""))


def invariance(runs: Mapping[str, Run], distance: float, height: int = 360) -> Picture:
    """The answer for a point carried around the middle, with and without augmentation."""
    found = {name: around(run, distance) for name, run in runs.items()}
    curves = {name: blue for name, (_, blue) in found.items()}
    angles = next(iter(found.values()))[0]
    axes = ("direction of the point, in degrees", "probability of blue")
    picture = bands(angles, curves, axes, height, yaxis={"range": [-0.03, 1.03]}, xaxis={"dtick": 90})
    spreads = ", ".join(f"{name} {number(wobble(run))}" for name, run in runs.items())
    return picture.described(f"{picture.alt} Spread over all directions, averaged over distances: {spreads}.")
