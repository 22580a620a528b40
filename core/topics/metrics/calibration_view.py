"""The view of calibration: does what is said to be 90% sure come true nine times in ten, and what mends it."""

import numpy as np

from core.figures.curves import line
from core.figures.marks import hover, stroke, trace, upright
from core.figures.picture import BLUE, GREEN, GREY, INK, ORANGE, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import slider
from core.lessons.view import Shown, View
from core.metrics.calibration import (
    Reliability,
    best_temperature,
    log_softmax,
    negative_log_likelihood,
    reliability,
)
from core.topics.metrics.classes_view import measure
from core.topics.metrics.classifier import CONTROLS, Judged
from core.topics.metrics.programs import program_of_calibration
from core.topics.metrics.threshold_view import dot

TEMPERATURE = slider("Temperature", 0.25, 8.0, 1.0, 0.05, help="All outputs are divided by it before the softmax.")
BINS = slider("Bins", 4, 20, 10)
LOOK = (TEMPERATURE, BINS)
GRID = np.geomspace(0.25, 8, 61)
LEAST = 0.1  # the error that the challenge begins with


def sure(judged: Judged, temperature: float) -> np.ndarray:
    """The probability of each answer, (samples,)."""
    return np.exp(log_softmax(judged.logits, temperature)).max(axis=1)


def reliable(judged: Judged, temperature: float, bins: int) -> Reliability:
    """Confidence against truth on pictures that were used for nothing else."""
    return reliability(sure(judged, temperature), judged.answers == judged.truth, bins)


def diagram(found: Reliability) -> Picture:
    """The reliability diagram: a bar for each bin, and the diagonal on which all would lie."""
    middle, width = (found.edges[1:] + found.edges[:-1]) / 2, float(found.edges[1])
    filled = found.count > 0
    told = hover("%{customdata:.0f} pictures<br>right: %{y:.1%}")
    bar = upright(middle[filled], found.accuracy[filled], BLUE, name="right", **told)
    bar |= {"width": 0.92 * width, "customdata": found.count[filled].tolist()}
    spots = trace(
        "markers", found.confidence[filled], found.accuracy[filled], name="mean confidence", hoverinfo="skip",
        marker={"color": ORANGE, "symbol": "diamond", "size": 9, "line": {"color": INK, "width": 1}},
    )  # fmt: skip
    ideal = trace("lines", [0, 1], [0, 1], line=stroke(GREY, 1.5, "dash"), name="as sure as right", hoverinfo="skip")
    words = ", ".join(
        f"{found.confidence[place]:.0%} sure and {found.accuracy[place]:.0%} right" for place in np.flatnonzero(filled)
    )
    axes = {"range": [0, 1.02], "tickformat": ".0%"}
    alt = f"Reliability diagram; bins from left to right: {words}. Calibration error {found.error:.3f}."
    return Picture([bar, ideal, spots], layout("Confidence", "Share right", 400, xaxis=axes, yaxis=axes), alt)


def sweep(judged: Judged, temperature: float, bins: int) -> Picture:
    """Calibration error and cross-entropy at every temperature."""
    errors = [reliable(judged, each, bins).error for each in GRID]
    losses = [negative_log_likelihood(judged.logits, judged.truth, each) for each in GRID]
    now, fitted = reliable(judged, temperature, bins).error, best_temperature(*judged.known)
    best = reliable(judged, fitted, bins).error
    traces = [
        line(GRID, np.array(errors), "calibration error", ORANGE),
        line(GRID, np.array(losses), "cross-entropy", BLUE, "dash"),
        {**dot(temperature, now, INK, "circle"), "name": "chosen"},
        {**dot(fitted, best, GREEN, "star"), "name": "fitted on other pictures"},
    ]
    axes = {"xaxis": {"type": "log", "tickvals": [0.25, 0.5, 1, 2, 4, 8]}, "yaxis": {"rangemode": "tozero"}}
    alt = (
        f"Calibration error against temperature: {now:.3f} at {temperature:.2f}; {best:.3f} at the fitted "
        f"{fitted:.2f}. Cross-entropy is lowest at {GRID[int(np.argmin(losses))]:.2f}."
    )
    return Picture(traces, layout("Temperature", "", 400, **axes), alt)


def draw(judged: Judged, temperature: float, bins: int) -> Shown:
    """The diagram, the temperatures, and what the fitted one would do."""
    found, fitted = reliable(judged, temperature, bins), best_temperature(*judged.known)
    right = float((judged.answers == judged.truth).mean())
    note = (
        f"On average the network is **{sure(judged, temperature).mean():.1%}** sure and **{right:.1%}** of its answers "
        f"are right. Expected calibration error: **{found.error:.3f}**. A temperature of **{fitted:.2f}**, fitted on "
        f"{len(judged.known[1])} other pictures, brings it to "
        f"{reliable(judged, fitted, bins).error:.3f}; no answer changes."
    )
    return Shown(((diagram(found), sweep(judged, temperature, bins)),), note, (rows(judged, temperature, bins),))


def rows(judged: Judged, temperature: float, bins: int) -> list[dict]:
    """As trained, as set, as fitted."""
    result = []
    for name, each in (("as trained", 1.0), ("as set", temperature), ("fitted", best_temperature(*judged.known))):
        loss = negative_log_likelihood(judged.logits, judged.truth, each)
        result.append({
            "Temperature": f"{each:.2f}, {name}", "Mean confidence": f"{sure(judged, each).mean():.1%}",
            "Calibration error": f"{reliable(judged, each, bins).error:.3f}", "Cross-entropy": f"{loss:.3f}",
        })  # fmt: skip
    return result


def before(judged: Judged, **looks) -> Shown:
    """How sure the network is."""
    counts, edges = np.histogram(sure(judged, 1.0), np.linspace(0, 1, 11))
    bar = upright((edges[1:] + edges[:-1]) / 2, counts, BLUE, **hover("%{y} pictures"))
    alt = f"How sure the network is of {len(judged.truth)} answers; {counts[-1]} of them are at least 90% sure."
    axes = {"xaxis": {"range": [0, 1.02], "tickformat": ".0%"}}
    return Shown(((Picture([bar], layout("Confidence", "Pictures", 320, **axes), alt),),), "How sure the network is.")


def question(judged: Judged, **looks) -> Question:
    """Sure and wrong."""
    surest = sure(judged, 1.0) >= 0.9
    words = f"Of {int(surest.sum())} answers the network says that it is at least 90% sure. How many of 100 are right?"
    right = float((judged.answers == judged.truth)[surest].mean()) if surest.any() else 0.0
    because = (
        "There are none: it is never that sure."
        if not surest.any()
        else "Training rewards confidence on pictures it has learned by heart; on new ones it keeps the confidence."
        if right < sure(judged, 1.0)[surest].mean() - 0.01
        else "Where it is that sure it is right about as often as it says, or more often: it is not too sure of itself."
    )
    return Question(words, Scale(0, 100, 1, "of 100", 4), round(100 * right), because)


def goal(judged: Judged, temperature: float, bins: int) -> Goal:
    """Mend an overconfident network by hand."""
    start, now = reliable(judged, 1.0, bins).error, reliable(judged, temperature, bins).error
    words = (
        f"Train a network whose calibration error is **{LEAST} or more** as trained, and bring it to a **third** of "
        "that or less with the temperature alone."
    )
    return Goal(words, start >= LEAST and now <= start / 3, f"Now: {start:.3f} as trained, {now:.3f} as set.")


def program(judged: Judged, temperature: float, bins: int):
    """Calibration once more, in PyTorch."""
    shown = {
        "cross-entropy": negative_log_likelihood(judged.logits, judged.truth, temperature),
        "calibration error": reliable(judged, temperature, bins).error,
        "confidence": float(sure(judged, temperature).mean()),
    }
    settings = f"temperature, bins = {temperature!r}, {bins!r}"
    return program_of_calibration(judged.truth, judged.logits, settings, shown)


CALIBRATION_VIEW = View(CONTROLS, measure, draw, LOOK, before, question, goal, program)
