"""Pictures of searches: what they have seen of the landscape, how good they are by when, and all their trials."""

from collections.abc import Sequence

import numpy as np

from core.figures.curves import line, number
from core.figures.descents import banded
from core.figures.marks import SILENT, hover, marker, powers, stroke, trace
from core.figures.parallel import Axis, Lines, parallel_coordinates
from core.figures.picture import BLUE, GREY, INK, ORANGE, PAPER, Picture, layout, transparent
from core.topics.hyperparameter_tuning.landscape import DECAYS, MOMENTS, RATES, WIDTHS
from core.topics.hyperparameter_tuning.races import PAID, WORST, Race
from core.topics.hyperparameter_tuning.ray_tune import RAY
from core.topics.hyperparameter_tuning.searches import ASHA, GRID, MEDIAN, RANDOM, TPE, Search, Trial

LOW, HIGH = 0.15, 0.75  # of the colours: the lowest loss there is, and a network that has learned nothing
COLOURS = [[0, BLUE], [0.45, "#c9d2dc"], [1, ORANGE]]
STYLES = {GRID: "SGD", RANDOM: "Momentum", TPE: "Adam", ASHA: "Nesterov", MEDIAN: "RMSProp", RAY: "Nadam"}
BEST, GOOD, OTHER = "the best", "the best quarter", "the others"
POWERS = {"type": "log", "exponentformat": "power"}


def ticks(values: Sequence[float], every: int = 1, first: int = 0) -> dict:
    """An axis of places with the values that stand there."""
    places = list(range(first, len(values), every))
    return {"tickvals": places, "ticktext": [f"{values[place]:g}" for place in places], "fixedrange": True}


def plane(trials: Sequence[Trial], width: int | None, height: int = 400) -> Picture:
    """What whole trainings ended with, over learning rate and weight decay: those of one width with their losses
    written, or of all widths where ``width`` is None; what nobody has asked for stays empty."""
    seen = [trial for trial in trials if trial.is_whole and width in (None, trial.cell[2])]
    losses = np.array([trial.losses[-1] for trial in seen])
    x, y = (np.array([trial.cell[k] for trial in seen], dtype=float) for k in (0, 1))
    style = marker(losses.clip(LOW, HIGH).tolist(), 26 if width is not None else 14, "square", rim=PAPER, width=1)
    bar = {"title": {"text": "Validation loss", "side": "right"}, "thickness": 12}
    colours = {"colorscale": COLOURS, "cmin": LOW, "cmax": HIGH, "showscale": True, "colorbar": bar}
    words = {"text": [f"{loss:.2f}" for loss in losses], "textfont": {"size": 10, "color": "#14181f"}}
    mode = "markers+text" if width is not None else "markers"
    said = hover("%{text}")
    dots = trace(mode, x, y, marker={**style, **colours}, **words, **said)
    every = np.stack(np.meshgrid(np.arange(len(RATES)), np.arange(len(DECAYS))), axis=-1).reshape(-1, 2)
    cells = trace("markers", every[:, 0], every[:, 1], marker=marker(transparent(GREY, 0.4), 3, "circle"), **SILENT)
    ranges = {"xaxis": {**ticks(RATES, 5), "range": [-0.7, len(RATES) - 0.3]},
              "yaxis": {**ticks(DECAYS, 2, 1), "range": [-0.7, len(DECAYS) - 0.3]}}  # fmt: skip
    where = "all widths" if width is None else f"{WIDTHS[width]} hidden units"
    lowest = f"; the lowest validation loss is {number(losses.min())}" if len(seen) else ""
    alt = (
        f"{len(seen)} whole trainings over learning rate and weight decay, {where}{lowest}. The rest was not looked at."
    )
    return Picture([cells, dots], layout("Learning rate", "Weight decay", height, showlegend=False, **ranges), alt)


def anytime(found: Race, trainings: int) -> Picture:
    """The lowest validation loss found by the time that so many trainings were paid for: the median of all seeds with
    the middle half as a band, from where all seeds have one."""
    traces, words = [], []
    for name, rows in found.found.items():
        ready = (rows < WORST).all(axis=0)
        x, kept = PAID[ready], rows[:, ready]
        low, middle, high = np.quantile(kept, (0.25, 0.5, 0.75), axis=0)
        traces += banded(x, (low, middle, high), name, STYLES[name])
        words.append(f"{name} {number(middle[-1])}")
    alt = (
        f"Lowest validation loss found against whole trainings paid for, median and middle half of "
        f"{len(next(iter(found.found.values())))} seeds; after {PAID[-1]}: {', '.join(words)}."
    )
    plan = layout("Whole trainings paid for", "Lowest validation loss so far", 420, yaxis=POWERS)
    plan["shapes"] = [{"type": "line", "x0": trainings, "x1": trainings, "yref": "paper", "y0": 0, "y1": 1,
                       "line": stroke(INK, 1.5, "dot")}]  # fmt: skip
    return Picture(traces, plan, alt)


def groups(losses: np.ndarray) -> dict[str, list[int]]:
    """The places of trials by how good they are: others, the best quarter, the best."""
    order = np.argsort(losses, kind="stable").tolist()
    quarter = max(1, len(order) // 4)
    return {OTHER: order[quarter:], GOOD: order[1:quarter], BEST: order[:1]}


GROUP_STYLES = {OTHER: (transparent(GREY, 0.45), 1.2, "dot"), GOOD: (BLUE, 1.8, "solid"), BEST: (ORANGE, 4, "solid")}


def parallel(columns: Sequence[tuple[str, np.ndarray, str, str]], losses: np.ndarray, height: int = 340) -> Picture:
    """Parallel coordinates: every trial is a line over its settings and its loss.

    ``columns``: name, heights between 0 and 1 (trials,), and what stands at the foot and the top of its axis.
    """
    span = np.log(losses.max() / losses.min()) or 1.0
    foot, top = f"{losses.min():.2g}", f"{losses.max():.2g}"
    columns = [*columns, ("Validation loss", np.log(losses / losses.min()) / span, foot, top)]
    axes = [Axis(name, heights, ((0, low), (1, high))) for name, heights, low, high in columns]
    lines = [Lines(name, places, *GROUP_STYLES[name]) for name, places in groups(losses).items()]
    best = groups(losses)[BEST][0]
    settings = ", ".join(f"{column[0]} at {column[1][best]:.0%} of its axis" for column in columns[:-1])
    alt = f"Parallel coordinates of {len(losses)} trials; the best, with a loss of {losses[best]:.3g}: {settings}."
    return parallel_coordinates(axes, lines, alt, height)


def cells_in_parallel(trials: Sequence[Trial]) -> Picture:
    """Parallel coordinates of a search on the landscape; a trial that was stopped stands with its last loss."""
    seen = [trial for trial in trials if trial.losses]
    places = np.array([trial.cell for trial in seen], dtype=float)
    columns = [
        (name, places[:, k] / (len(axis) - 1), f"{axis[0]:g}", f"{axis[-1]:g}")
        for k, (name, axis) in enumerate(
            zip(("Learning rate", "Weight decay", "Hidden units"), (RATES, DECAYS, WIDTHS), strict=True)
        )
    ]
    return parallel(columns, np.array([trial.losses[-1] for trial in seen]))


def curves(found: Search, height: int = 360) -> Picture:
    """The validation curve of every trial as far as it was trained: what was stopped early, what went to its end."""
    stopped = [trial for trial in found.trials if trial.losses and not trial.is_whole]
    traces = []
    for name, trials, color, dash in (
        ("stopped early", stopped, transparent(GREY, 0.45), "dot"), ("trained to the end", found.wholes, BLUE, "solid"),
    ):  # fmt: skip
        x = np.array([moment for trial in trials for moment in (*MOMENTS[: len(trial.losses)], np.nan)], dtype=float)
        y = np.array([loss for trial in trials for loss in (*np.clip(trial.losses, 0, 2), np.nan)])
        traces.append(
            trace("lines", x, y, name=f"{len(trials)} {name}", line=stroke(color, 1.2, dash), hoverinfo="skip")
        )
    ends = np.array([[MOMENTS[len(trial.losses) - 1], min(trial.losses[-1], 2.0)] for trial in stopped]).reshape(-1, 2)
    style = marker(transparent(GREY, 0.8), 6, "x")
    traces.append(trace("markers", ends[:, 0], ends[:, 1], marker=style, **SILENT))
    if best := found.best:
        traces.append(line(np.array(MOMENTS), np.array(best.losses), BEST, ORANGE))
    alt = (
        f"Validation loss against epochs of {len(found.trials)} trials: {len(stopped)} were stopped early, "
        f"{len(found.wholes)} trained to the end of {MOMENTS[-1]} epochs."
    )
    axis = {"type": "log", "tickvals": list(MOMENTS), "ticktext": [str(moment) for moment in MOMENTS]}
    return Picture(traces, layout("Epoch", "Validation loss", height, xaxis=axis, yaxis={"range": [0, 1.4]}), alt)


def so_far(losses: Sequence[float], height: int = 300) -> Picture:
    """Every trial's loss and the lowest so far."""
    x, y = np.arange(1, len(losses) + 1), np.array(losses)
    dots = trace("markers", x, y, marker=marker(GREY, 7, "circle"), name="each trial", **hover("trial %{x}: %{y:.3g}"))
    low = line(x, np.minimum.accumulate(y), "lowest so far", ORANGE, "solid")
    low["line"] |= {"shape": "hv"}
    alt = f"Validation losses of {len(y)} trials in order; the lowest, {number(y.min())}, is trial {y.argmin() + 1}'s."
    return Picture([dots, low], layout("Trial", "Validation loss", height, yaxis=powers(y)), alt)
