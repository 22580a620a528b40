"""Average precision, detection by detection: hit or miss, precision and recall, the area in the end."""

from collections import Counter

import numpy as np

from core.figures.marks import marker, stroke, trace
from core.figures.picture import BLUE, GREEN, GREY, INK, ORANGE, PAPER, Picture, layout, transparent
from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control, pick, slider
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.projects.detection.average_precision import Curve, curve, enveloped
from core.projects.detection.lesson.choice import chosen
from core.projects.detection.lesson.drawn import boxes, named, outlines, over, real
from core.projects.detection.lesson.judged import Match, average_precision, curve_of, matched
from core.projects.detection.lesson.seen import IOU, Seen, Truth
from core.wording import counted

ALL = "all classes"
MOST_STEPS = 60
NOTHING = (
    "Nothing is known to be really there: open **Detect**, choose **Draw true boxes** and draw a box around each "
    "object."
)


def controls(seen: Seen) -> tuple[Control, ...]:
    """Which detections are judged, and how strictly."""
    found = {seen.names[label] for label in seen.labels[seen.best > IOU]}
    counts = Counter(seen.names[one.label] for one in seen.truth)
    names = sorted(counts, key=lambda name: (name not in found, -counts[name], name)) or [ALL]
    return (
        pick("Class", names, help="Each class is ranked by itself."),
        slider("Confidence", 0.01, 0.95, 0.05, 0.01, help="Detections that score less do not take part."),
        slider("IoU that counts", 0.5, 0.95, 0.5, 0.05, help="A detection that overlaps less is a miss."),
    )


def ranking(seen: Seen, name: str, confidence: float, least: float) -> tuple[list[Match], list[Truth]]:
    """The detections of one class against its true objects."""
    own = [one for one in seen.truth if seen.names[one.label] == name]
    kept = chosen(seen, confidence, IOU).kept
    kept = kept[np.array([seen.names[label] == name for label in seen.labels[kept]], bool)]
    return matched(seen, kept, own, least)[:MOST_STEPS], own


def area(matches: list[Match], own: list[Truth]) -> float:
    """Average precision of a ranking."""
    return average_precision(matches, len(own))


def draw(seen: Seen, **look: object) -> Shown:
    """The picture and the curve, step by step, and the steps as a table."""
    matches, own = ranking(seen, *values(look))
    if not seen.truth:
        return Shown(((scene(seen, [], []), precisions([], 0)),), NOTHING)
    note = (
        f"**AP {average_precision(matches, len(own)):.3f}** for {look['class']}: {len(own)} really there, "
        f"{counted(len(matches), 'detection')}, the highest score first. "
        f"{mean(seen, look)}{ceiling(area(matches, own))}"
    )
    table = [row(seen, place, one) for place, one in enumerate(matches, start=1)]
    return Shown(((scene(seen, matches, own), precisions(matches, len(own))),), note, (table,) if table else ())


def ceiling(value: float) -> str:
    """Why a perfect ranking does not reach 1."""
    return " 0.995 is perfect: of 101 recalls the last one counts as 0." if value > 0.994 else ""


def values(look: dict) -> tuple:
    """Class, confidence and IoU as the controls have them."""
    return look["class"], look["confidence"], look["iou_that_counts"]


def mean(seen: Seen, look: dict) -> str:
    """Mean average precision of the picture in a sentence."""
    names = sorted({seen.names[one.label] for one in seen.truth})
    _, confidence, least = values(look)
    each = [area(*ranking(seen, name, confidence, least)) for name in names]
    classes = f"{len(names)} classes" if len(names) > 1 else "the one class"
    return f"The mean over {classes} with true objects, mAP, is **{np.mean(each):.3f}**."


def row(seen: Seen, place: int, one: Match) -> dict:
    """One step as a row of the table."""
    return {
        "Detection": f"{place}", "Score": f"{seen.best[one.at]:.2f}", "IoU": f"{one.iou:.2f}",
        "Verdict": "hit" if one.truth >= 0 else "miss", "Precision": f"{one.precision:.3f}",
        "Recall": f"{one.recall:.3f}",
    }  # fmt: skip


def scene(seen: Seen, matches: list[Match], own: list[Truth]) -> Picture:
    """The picture with the true objects of a class, and the detections so far."""
    ground, dashes = real(own)

    def moment(number: int) -> tuple[dict, ...]:
        done = matches[:number]
        good = [seen.boxes[one.at] for one in done if one.truth >= 0]
        bad = [seen.boxes[one.at] for one in done if one.truth < 0]
        last = [seen.boxes[one.at] for one in done[-1:]]
        return tuple(dict(zip("xy", outlines(each), strict=True)) for each in (good, bad, last))

    style = (("hit", BLUE, 2.5, ""), ("miss", ORANGE, 2.5, "dot"), ("looked at now", INK, 4, ""))
    end = moment(len(matches))
    traces = [ground, dashes] + [
        {**boxes([], color, width, dash, name=name), **last}
        for (name, color, width, dash), last in zip(style, end, strict=True)
    ]
    frames = [(None, None, *moment(number)) for number in range(len(matches) + 1)] if matches else ()
    captions = [told(seen, matches, number, len(own)) for number in range(len(matches) + 1)] if matches else []
    labels = [f"detection {number}" for number in range(len(matches) + 1)] if matches else []
    hits = sum(one.truth >= 0 for one in matches)
    alt = f"The picture with {len(own)} true objects; of {len(matches)} detections {hits} hit one of them."
    return Picture(traces, over(seen.picture, 380), alt, frames, labels, captions)


def told(seen: Seen, matches: list[Match], number: int, real: int) -> str:
    """One step in words."""
    if not number:
        return f"{real} really there. No detection looked at yet."
    one = matches[number - 1]
    hits = sum(each.truth >= 0 for each in matches[:number])
    verdict = "hit" if one.truth >= 0 else "miss"
    return (
        f"{named(seen, one.at)}: IoU {one.iou:.2f} with the best true object still free, a {verdict}.\n"
        f"Precision {hits} of {counted(number, 'detection')}, recall {hits} of {counted(real, 'object')}."
    )


def precisions(matches: list[Match], real: int) -> Picture:
    """Precision over recall; at the end the falling staircase whose area is the average precision."""
    whole = curve_of(matches, real)
    recall, precision = whole.recalls, whole.envelope
    area = trace("lines", recall, precision, line=stroke(GREEN, 1.5), fill="tozeroy", name="area: AP",
                 fillcolor=transparent(GREEN, 0.2), hoverinfo="skip")  # fmt: skip
    nothing = {"x": [], "y": []}

    def moment(number: int) -> tuple[dict, ...]:
        done = matches[:number]
        path = {"x": [one.recall for one in done], "y": [one.precision for one in done]}
        kinds = [[one for one in done if (one.truth >= 0) is hit] for hit in (True, False)]
        dots = [{"x": [o.recall for o in kind], "y": [o.precision for o in kind]} for kind in kinds]
        stairs = {"x": recall.tolist(), "y": precision.tolist()}
        return (stairs if number == len(matches) else nothing, path, *dots)

    traces = [
        area, trace("lines", [], [], line=stroke(GREY, 2), name="so far", hoverinfo="skip"),
        trace("markers", [], [], marker=marker(BLUE, 9, "circle", PAPER), name="hit"),
        trace("markers", [], [], marker=marker(ORANGE, 9, "x"), name="miss"),
    ]  # fmt: skip
    traces = [{**one, **last} for one, last in zip(traces, moment(len(matches)), strict=True)]
    frames = [moment(number) for number in range(len(matches) + 1)] if matches else ()
    labels = [f"detection {number}" for number in range(len(matches) + 1)] if matches else []
    place = layout("Recall", "Precision", 380, xaxis={"range": [-0.02, 1.05]}, yaxis={"range": [-0.02, 1.08]})
    last = (
        f"it ends at precision {matches[-1].precision:.2f} and recall {matches[-1].recall:.2f}"
        if matches
        else "it is empty"
    )
    alt = f"Precision over recall of {len(matches)} detections of {real} objects: {last}; area {whole.average:.3f}."
    return Picture(traces, place, alt, frames, labels)


def before(seen: Seen, **look: object) -> Shown:
    """The picture and what is really there, no detection yet."""
    _, own = ranking(seen, *values(look))
    return Shown(((scene(seen, [], own),),), "" if seen.truth else NOTHING)


def question(seen: Seen, **look: object) -> Question:
    """How good the detections of a class are."""
    matches, own = ranking(seen, *values(look))
    return Question(
        f"{counted(len(matches), 'detection')}, {len(own)} really there. What is the average precision of "
        f"“{look['class']}” in this picture?",
        Scale(0.0, 1.0, 0.05),
        area(matches, own),
        "Precision is the share of detections that hit, recall the share of objects that are hit; AP is the area under "
        "precision over recall, taken from the surest detection down.",
    )


def goal(seen: Seen, **look: object) -> Goal:
    """A stricter overlap that costs precision."""
    name, confidence, least = values(look)
    usual, strict = (area(*ranking(seen, name, confidence, each)) for each in (0.5, least))
    aim = (
        "Find a class and an **IoU that counts** at which AP has fallen to **half** of what it is at 0.5: found, but "
        "not found well."
    )
    now = f"Now: AP {strict:.3f} at {least:g}, {usual:.3f} at 0.5."
    return Goal(aim, usual > 0 and strict <= usual / 2, now)


AREA = """GRID = np.linspace(0, 1, 101)  # recalls
hits = np.array({hits!r}, dtype=bool)  # the surest detection first
found = curve(-np.arange(len(hits)), hits, {objects})  # objects that are really there
result = {{"average precision": found.average, "precision": found.precision.tolist()}}"""


def program(seen: Seen, **look: object) -> Program:
    """Average precision from hits and misses."""
    matches, own = ranking(seen, *values(look))
    shown = {"average precision": area(matches, own), "precision": [one.precision for one in matches]}
    text = AREA.format(hits=[one.truth >= 0 for one in matches], objects=len(own))
    return Program("Average precision", (Step("The area", text),), (Curve, enveloped, curve), shown)


SCORED = View(draw=draw, look=controls, before=before, question=question, goal=goal, program=program)
