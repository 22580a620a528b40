"""The view of the learner's own scores: the same questions as of the network's."""

from core.lessons import Goal, Question
from core.lessons.controls import Control, scale
from core.lessons.view import Shown, View
from core.topics.metrics import curves_view, threshold_view
from core.topics.metrics.own import example_file
from core.topics.metrics.programs import program_of_threshold
from core.topics.metrics.threshold_view import CELL, CLOSE, MISS, SHARES, THRESHOLD, Looked, part

HOW_TO = "These are the network's scores for the digit 8: download them to see such a file, and bring your own. "


def looks(looked: Looked) -> tuple[Control, ...]:
    """The threshold, the costs, and a share of positives that begins with that of the file."""
    actual = round(100 * looked.detector.prevalence, 2)
    share = scale("Positives in use", sorted({*SHARES, actual}), actual, help="In per cent; at first as in the file.")
    return THRESHOLD, share, MISS, CELL


def is_own(looked: Looked) -> bool:
    """Whether the scores are the learner's."""
    return looked.images is None


def draw(looked: Looked, threshold: float, positives_in_use: float, cost_of_a_miss: float, cell: str) -> Shown:
    """Scores, counts, costs, both curves."""
    shown = threshold_view.draw(looked, threshold, positives_in_use, cost_of_a_miss, cell)
    detector, share = looked.detector, part(positives_in_use)
    (auc, average), (interval, _) = curves_view.areas(detector, share), detector.curve_intervals(share)
    curves = (curves_view.roc_picture(detector, threshold), curves_view.precision_picture(detector, threshold, share))
    note = (
        f"{'' if is_own(looked) else HOW_TO}{shown.note} The area under the ROC curve is **{auc:.3f}** (95% interval "
        f"{interval[0]:.3f} to {interval[1]:.3f}), average precision {average:.3f}."
    )
    return Shown((*shown.pictures, curves), note, shown.tables, shown.clicked)


def before(looked: Looked, threshold: float, **rest) -> Shown:
    """The scores alone."""
    return threshold_view.before(looked, threshold, 50.0)


def question(looked: Looked, threshold: float, positives_in_use: float, **rest) -> Question:
    """How many alarms are true?"""
    return threshold_view.question(looked, threshold, positives_in_use)


def goal(looked: Looked, threshold: float, positives_in_use: float, cost_of_a_miss: float, **rest) -> Goal:
    """Choose a threshold for scores of your own."""
    detector, share = looked.detector, part(positives_in_use)
    now, half = (detector.at(each, share).cost(cost_of_a_miss) for each in (threshold, 0.5))
    lowest = detector.cheapest(cost_of_a_miss, share)[1]
    words = "Bring scores of your own, let a miss cost 5 or more, and find a threshold within 10% of the lowest cost."
    passed = is_own(looked) and cost_of_a_miss >= 5 and now <= CLOSE * lowest
    whose = "your scores" if is_own(looked) else "the network's scores"
    return Goal(words, bool(passed), f"Now: {whose}, cost {1000 * now:.0f} per 1,000 cases; at 0.5 {1000 * half:.0f}.")


OWN_VIEW = View(
    draw=draw, look=looks, before=before, question=question, goal=goal,
    program=lambda looked, threshold, positives_in_use, **rest: program_of_threshold(
        looked.detector, threshold, part(positives_in_use)
    ),
    files=lambda looked, **rest: (example_file(looked),),
)  # fmt: skip
