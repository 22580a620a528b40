"""The view of all thresholds at once: the ROC curve and the precision-recall curve."""

import numpy as np

from core.figures.curves import line
from core.figures.marks import stroke, trace
from core.figures.picture import BLUE, GREY, INK, ORANGE, Picture, encoded, layout, transparent
from core.lessons import Goal, Question
from core.lessons.controls import slider
from core.lessons.view import Shown, View
from core.metrics.binary import curve, pair_share
from core.topics.metrics.classifier import CONTROLS
from core.topics.metrics.detector import Detector
from core.topics.metrics.programs import program_of_curves
from core.topics.metrics.threshold_view import DIGIT, SHARE, THRESHOLD, Looked, dot, measure, part

PAIRS = slider("Pairs drawn", 100, 20_000, 2000, 100, help="Of a positive and a negative each.")
LOOK = (THRESHOLD, SHARE, PAIRS)
GRID = np.linspace(0, 1, 101)
BOTH, ROC, PRECISION, NEITHER = ANSWERS = ("both", "only the area under ROC", "only average precision", "neither")
MOVED = 0.02
SQUARE = {"xaxis": {"range": [-0.02, 1.02]}, "yaxis": {"range": [-0.02, 1.04]}}


def band(x: np.ndarray, values: np.ndarray, color: str) -> dict:
    """The 95% band of resampled curves (draws, len(x))."""
    low, high = np.quantile(values, [0.025, 0.975], axis=0)
    edge = {"x": encoded(np.r_[x, x[::-1]]), "y": encoded(np.r_[low, high[::-1]])}
    fill = {"mode": "lines", "fill": "toself", "fillcolor": transparent(color, 0.18), "line": {"width": 0}}
    return {"type": "scatter", **edge, **fill, "hoverinfo": "skip", "name": "95% band"}


def roc_picture(detector: Detector, threshold: float) -> Picture:
    """What every threshold finds, against its false alarms."""
    found, counts = detector.curve(), detector.at(threshold)
    resampled = curve(detector.truth, detector.scores, detector.drawn[:100]).counts
    both = zip(1 - resampled.specificity, resampled.recall, strict=True)
    spread = np.array([np.interp(GRID, alarms, recall) for alarms, recall in both])
    x, y = 1 - float(counts.specificity), float(counts.recall)
    traces = [
        band(GRID, spread, BLUE),
        trace("lines", [0, 1], [0, 1], line=stroke(GREY, 1.5, "dash"), hoverinfo="skip", name="guessing"),
        line(1 - found.counts.specificity, found.counts.recall, "ROC", BLUE),
        {**dot(x, y, INK, "circle"), "name": f"threshold {threshold:.2f}"},
    ]
    alt = (
        f"ROC curve: area {float(found.auc):.3f}; at the threshold {threshold:.2f} recall {y:.3f} for a false positive "
        f"rate of {x:.3f}."
    )
    return Picture(traces, layout("False positive rate", "Recall", 400, **SQUARE), alt)


def precision_picture(detector: Detector, threshold: float, share: float) -> Picture:
    """What every threshold finds, against how often it is right."""
    found, counts = detector.curve(share), detector.at(threshold, share)
    x, y = float(counts.recall), float(counts.precision)
    precision = np.r_[found.counts.precision[1], found.counts.precision[1:]]
    traces = [
        trace("lines", [0, 1], [share, share], line=stroke(GREY, 1.5, "dash"), hoverinfo="skip", name="guessing"),
        line(found.counts.recall, precision, "precision", ORANGE),
        {**dot(x, y, INK, "circle"), "name": f"threshold {threshold:.2f}"},
    ]
    alt = (
        f"Precision-recall curve at {share:.1%} positives: average precision {float(found.average_precision):.3f}; at "
        f"the threshold {threshold:.2f} precision {y:.3f} and recall {x:.3f}."
    )
    return Picture(traces, layout("Recall", "Precision", 400, **SQUARE), alt)


def draw(looked: Looked, threshold: float, share_of_positives: float, pairs_drawn: int) -> Shown:
    """Both curves and what sums them up."""
    detector, share = looked.detector, part(share_of_positives)
    found, (auc, average) = detector.curve(share), detector.curve_intervals(share)
    pairs = pair_share(detector.truth, detector.scores, pairs_drawn, 0)
    note = (
        f"In **{pairs:.3f}** of {pairs_drawn:,} random pairs the positive has the higher score; the area under the ROC "
        f"curve is **{float(found.auc):.3f}** (95% interval {auc[0]:.3f} to {auc[1]:.3f}). Average precision at "
        f"{share_of_positives:g}% positives is **{float(found.average_precision):.3f}** ({average[0]:.3f} to "
        f"{average[1]:.3f}); guessing would have {share:.3f}."
    )
    return Shown(((roc_picture(detector, threshold), precision_picture(detector, threshold, share)),), note)


def before(looked: Looked, threshold: float, **looks) -> Shown:
    """The ROC curve alone."""
    return Shown(((roc_picture(looked.detector, threshold),),), "Every threshold is a point of this curve.")


def areas(detector: Detector, share: float) -> tuple[float, float]:
    """The area under ROC and average precision at a share of positives."""
    found = detector.curve(share)
    return float(found.auc), float(found.average_precision)


def question(looked: Looked, share_of_positives: float, **looks) -> Question:
    """What does the share of positives change?"""
    sides = zip(areas(looked.detector, 0.5), areas(looked.detector, 0.01), strict=True)
    roc, precision = (abs(one - other) > MOVED for one, other in sides)
    truth = (BOTH if precision else ROC) if roc else (PRECISION if precision else NEITHER)
    words = f"Positives fall from 50% to 1% of all cases, the scores stay. Which changes by more than {MOVED}?"
    because = (
        "ROC looks at positives and at negatives separately, each as a share of its own kind; precision mixes them, so "
        "it depends on how many there are of each."
    )
    return Question(words, ANSWERS, truth, because)


def goal(looked: Looked, share_of_positives: float, **looks) -> Goal:
    """A good area, and alarms that are mostly false."""
    auc, average = areas(looked.detector, part(share_of_positives))
    words = (
        "Find a detector and a share of positives with an **area under ROC of 0.95 or more** and an **average "
        "precision of 0.5 or less**."
    )
    return Goal(words, auc >= 0.95 and average <= 0.5, f"Now: area {auc:.3f}, average precision {average:.3f}.")


CURVES_VIEW = View(
    (DIGIT, *CONTROLS), measure, draw, LOOK, before, question, goal,
    lambda looked, share_of_positives, **looks: program_of_curves(looked.detector, part(share_of_positives)),
)  # fmt: skip
