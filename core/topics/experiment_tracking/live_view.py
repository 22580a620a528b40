"""TensorBoard itself on this machine, and what its smoothing does to a curve."""

from collections.abc import Mapping

import numpy as np

from core.figures.curves import line, number
from core.figures.picture import BLUE, ORANGE, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import slider
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.topics.experiment_tracking.events import Packed
from core.topics.experiment_tracking.sweep import HELD_OUT, short
from core.topics.experiment_tracking.take_away_view import chosen, curve_of, which
from core.wording import counted

SMOOTH = """values = np.array({values!r})
soft = smoothed(values, {weight!r})
result = {{"true end": values[-1].item(), "smoothed end": soft[-1].item()}}"""
SMOOTHING = slider("Smoothing", 0.0, 0.99, 0.9, 0.01)


def smoothed(values: np.ndarray, weight: float) -> np.ndarray:
    """A curve as TensorBoard smooths it: an exponential moving average, divided by what its zero start still weighs
    (Kingma and Ba 2015, section 3). Values and result (points,)."""
    last, result = 0.0, []
    for count, value in enumerate(values, 1):
        last = last * weight + (1 - weight) * value
        result.append(last / (1 - weight**count))
    return np.array(result)


def ends(found: Packed, weight: float) -> Mapping[str, tuple[float, float]]:
    """The held-out loss of every run of the sweep at the end, as it is and as it is drawn."""
    rows = {each.name: np.array(each.curves[HELD_OUT][1]) for each in found.sweep.entries if HELD_OUT in each.curves}
    return {name: (float(row[-1]), float(smoothed(row, weight)[-1])) for name, row in rows.items()}


def drawn_curves(found: Packed, run: str, smoothing: float) -> Shown:
    """One run raw and smoothed."""
    one = chosen(found, run)
    name, epochs, values = curve_of(one)
    soft = smoothed(values, smoothing)
    faint = line(epochs, values, "as recorded", ORANGE, "dot")
    alt = (
        f"{name} of {one.name} ends at {number(values[-1])}; smoothed with {smoothing:g} the curve ends at "
        f"{number(soft[-1])}."
    )
    picture = Picture([faint, line(epochs, soft, f"smoothed {smoothing:g}", BLUE)], layout("Epoch", name, 360), alt)
    said = (
        "TensorBoard draws curves smoothed. With 0 it leaves them as they are."
        if not smoothing
        else f"TensorBoard draws curves smoothed. With {smoothing:g} this one **ends at {soft[-1]:.3g}, while the run "
        f"ended at {values[-1]:.3g}**: a smoothed curve remembers about {counted(round(1 / (1 - smoothing)), 'point')} "
        "and lags behind what it shows. Read results from the table."
    )
    return Shown(((picture,),), said)


def raw_curve(found: Packed, run: str, smoothing: float) -> Shown:
    """The run alone."""
    one = chosen(found, run)
    name, epochs, values = curve_of(one)
    alt = f"{name} of {one.name} from {number(values[0])} to {number(values[-1])}."
    picture = Picture([line(epochs, values, "as recorded", ORANGE)], layout("Epoch", name, 360), alt)
    return Shown(((picture,),), "One run as it is on record. TensorBoard will draw it smoothed.")


def lag_asked(found: Packed, run: str, smoothing: float) -> Question:
    """How far does smoothing mislead?"""
    _, _, values = curve_of(chosen(found, run))
    drop = float(values[0] - values[-1]) or 1.0
    soft = smoothed(values, smoothing)[-1]
    left = float(100 * (soft - values[-1]) / drop)
    because = (
        "Nothing is smoothed: it ends where the run ends."
        if not smoothing
        else "The average still remembers the high values of the beginning: it lags, and the more the smoother it is."
        if soft > values[-1]
        else "The run has risen of late, and the average still remembers the lower values before that: it lags."
    )
    asked = (
        f"Smoothed with {smoothing:g}, how far above its true end does the curve end, in percent of the whole descent?"
    )
    return Question(asked, Scale(-20, 100, 1, "%", 5), round(min(max(left, -20), 100)), because)


def misled(found: Packed, run: str, smoothing: float) -> Goal:
    """Let smoothing name the wrong winner."""
    said = (
        "**The wrong winner**: find a smoothing of at most 0.95 with which another run of the sweep seems to end "
        "lowest than the one that does. Another sweep may help."
    )
    pairs = ends(found, min(smoothing, 0.95))
    true, seen = (min(pairs, key=lambda name: pairs[name][place], default="") for place in (0, 1))
    now = f"Now: {short(true)} ends lowest, {short(seen)} seems to."
    return Goal(said, bool(true != seen and smoothing <= 0.95), now)


def program(found: Packed, run: str, smoothing: float) -> Program:
    """The smoothed curve of one run."""
    _, _, values = curve_of(chosen(found, run))
    text = SMOOTH.format(values=[float(each) for each in values], weight=float(smoothing))
    shown = {"true end": float(values[-1]), "smoothed end": float(smoothed(values, smoothing)[-1])}
    return Program("A curve as TensorBoard smooths it", (Step("Smooth it", text),), (smoothed,), shown)


LIVE = View(
    draw=drawn_curves, look=lambda found: (which(found), SMOOTHING), before=raw_curve, question=lag_asked, goal=misled,
    program=program,
)  # fmt: skip
