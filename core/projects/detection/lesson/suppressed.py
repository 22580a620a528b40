"""Non-maximum suppression box by box, as a replay."""

import io
from collections.abc import Sequence

import numpy as np

from core.figures.marks import marker, stroke, trace
from core.figures.picture import BLUE, GREY, INK, ORANGE, Picture, Replay, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import slider
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.projects.detection.boxes import area, intersection, iou
from core.projects.detection.lesson.choice import Choice, chosen, overlap
from core.projects.detection.lesson.drawn import boxes, listed, named, outlines, over
from core.projects.detection.lesson.judged import matched
from core.projects.detection.lesson.seen import CONFIDENCE, IOU, Seen
from core.projects.detection.suppression import Suppressed, suppressed
from core.wording import counted

MOST_STEPS = 60
FUNCTIONS = (area, intersection, iou, Suppressed, suppressed)
THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 21))
LOOK = (
    slider("Confidence", 0.01, 0.95, CONFIDENCE, 0.01, help="Boxes that score less are not looked at."),
    slider("IoU threshold", 0.05, 1.0, IOU, 0.01, help="Boxes of one class that overlap more are taken for one."),
)


def draw(seen: Seen, confidence: float, iou_threshold: float) -> Shown:
    """The steps of suppression, and what another threshold would keep."""
    choice = chosen(seen, confidence, iou_threshold)
    looked = choice.looked
    note = (
        f"**{looked}** {score(looked)} above {confidence:g}. The best one is kept; boxes of its class that overlap it "
        f"by more than {iou_threshold:g} are suppressed; then comes the best of those left. "
        f"**{len(choice.kept)}** {'is' if len(choice.kept) == 1 else 'are'} kept."
    )
    return Shown(((steps(seen, choice, iou_threshold),), (sweep(seen, confidence, iou_threshold),)), note)


def score(count: int) -> str:
    """Noun and verb behind a number of boxes."""
    return "box scores" if count == 1 else "boxes score"


def before(seen: Seen, confidence: float, iou_threshold: float) -> Shown:
    """All boxes above the confidence, none chosen yet."""
    places = seen.order[seen.best[seen.order] > confidence]
    alt = f"The picture under all {len(places)} boxes that score above {confidence:g}."
    return Shown(((Picture([boxes(seen.boxes[places], GREY, 1, name="to be looked at")], over(seen.picture), alt),),))


def steps(seen: Seen, choice: Choice, iou: float) -> Picture:
    """The picture with a moment for each box that is kept: the box, those it suppresses, those still waiting."""
    kept = choice.kept[:MOST_STEPS]
    victims = [choice.victims(at) for at in kept]
    looked = np.flatnonzero(choice.by > -2)

    def moment(number: int) -> tuple[dict, ...]:
        done = kept[:number]
        gone = np.concatenate([done, *victims[:number]]) if number else np.zeros(0, int)
        waiting = np.setdiff1d(looked, gone)
        now = victims[number - 1] if number else np.zeros(0, int)
        return (
            corners(seen, waiting), corners(seen, now), corners(seen, done), corners(seen, done[-1:]),
            {"x": [float(seen.boxes[at, 0]) for at in done], "y": heights(seen, done),
             "text": [named(seen, at) for at in done]},
        )  # fmt: skip

    traces = [
        boxes([], GREY, 1, name="waiting"), boxes([], ORANGE, 1.5, "dash", name="suppressed now"),
        boxes([], BLUE, 2.5, name="kept"), boxes([], INK, 4, name="kept now"),
        trace("text", [], [], textposition="bottom right", textfont={"size": 13, "color": INK}, hoverinfo="skip",
              showlegend=False),
    ]  # fmt: skip
    end = moment(len(kept))
    traces = [{**one, **last} for one, last in zip(traces, end, strict=True)]
    captions = ["Nothing is chosen yet.", *(told(seen, at, own, iou) for at, own in zip(kept, victims, strict=True))]
    alt = (
        f"Suppression in {counted(len(kept), 'step')}; kept: {listed([named(seen, at) for at in kept])}. "
        f"Suppressed: {counted(len(looked) - len(choice.kept), 'box', 'boxes')}."
    )
    frames = Replay(len(kept) + 1, lambda: [moment(number) for number in range(len(kept) + 1)])
    labels = [f"step {number}" for number in range(len(kept) + 1)]
    return Picture(traces, over(seen.picture), alt, frames, labels, captions)


def heights(seen: Seen, places: Sequence[int] | np.ndarray) -> list[float]:
    """Where the names of boxes stand, in pixels from the top: at their upper edges, or as near as no two names meet."""
    wide, high = seen.picture.size
    spots: list[tuple[float, float]] = []
    for x, y in seen.boxes[np.asarray(places, dtype=int), :2].tolist():
        lines = (y + 0.055 * high * step for step in sorted(range(-9, 10), key=abs))
        clear = (
            y for y in lines if all(abs(x - left) > 0.3 * wide or abs(y - top) > 0.05 * high for left, top in spots)
        )
        spots.append((x, next(clear, y)))
    return [y for _, y in spots]


def corners(seen: Seen, places: np.ndarray) -> dict:
    """The outlines of some raw boxes, as a frame changes them."""
    x, y = outlines(seen.boxes[places])
    return {"x": x, "y": y}


def told(seen: Seen, at: int, victims: np.ndarray, iou: float) -> str:
    """One step in words."""
    if not len(victims):
        return f"{named(seen, at)} is the best box left: kept. No box of its class overlaps it by more than {iou:g}."
    most = overlap(seen.boxes[at], seen.boxes[victims])
    reach = f"{most.min():.2f}" if len(victims) == 1 else f"{most.min():.2f} to {most.max():.2f}"
    return (
        f"{named(seen, at)} is the best box left: kept. It suppresses {len(victims)} of its class, whose IoU with it "
        f"is {reach}."
    )


def at_thresholds(seen: Seen, confidence: float) -> tuple[list[int], list[int]]:
    """Boxes kept at every threshold, and how many objects that are really there they find."""
    choices = [chosen(seen, confidence, iou) for iou in THRESHOLDS]
    return [len(choice.kept) for choice in choices], [found(seen, choice) for choice in choices]


def found(seen: Seen, choice: Choice) -> int:
    """How many true objects the kept boxes find."""
    return sum(one.truth >= 0 for one in matched(seen, choice.kept, seen.truth))


def sweep(seen: Seen, confidence: float, iou: float) -> Picture:
    """How many boxes each threshold keeps, and how many true objects they find."""
    kept, hit = at_thresholds(seen, confidence)
    traces = [trace("lines+markers", list(THRESHOLDS), kept, name="boxes kept", line=stroke(ORANGE, 2.5, "dash"),
                    marker=marker(ORANGE, 7, "diamond"))]  # fmt: skip
    told = f"At IoU threshold {THRESHOLDS[0]:g} {kept[0]} boxes are kept, at {IOU:g} {kept[THRESHOLDS.index(IOU)]}"
    told += f", at {THRESHOLDS[-1]:g} all {kept[-1]}."
    if seen.truth:
        traces.append(trace("lines+markers", list(THRESHOLDS), hit, name="true objects found", line=stroke(BLUE, 2.5),
                            marker=marker(BLUE, 7)))  # fmt: skip
        told += f" Of {len(seen.truth)} true objects they find {hit[0]}, {hit[THRESHOLDS.index(IOU)]} and {hit[-1]}."
    line = {"color": INK, "width": 1, "dash": "dot"}
    now = {"type": "line", "x0": iou, "x1": iou, "yref": "paper", "y0": 0, "y1": 1, "line": line}
    axis = {"type": "log", "dtick": 1} if kept[-1] > 60 else {"rangemode": "tozero"}
    place = layout("IoU threshold", "Boxes", 320, shapes=[now], yaxis=axis)
    return Picture(traces, place, told)


def question(seen: Seen, confidence: float, iou_threshold: float) -> Question:
    """How many boxes are left."""
    choice = chosen(seen, confidence, iou_threshold)
    looked = choice.looked
    because = "Many neighbouring cells see the same object; suppression keeps one box of each such heap."
    if len(choice.kept) == looked:
        because = "A box goes only if a surer one of its class overlaps it by more than the threshold; here none does."
    return Question(
        f"{looked} {score(looked)} above {confidence:g}. Boxes of one class whose IoU is above {iou_threshold:g} are "
        "taken for the same object. How many boxes will be kept?",
        Scale(0, max(looked, 10), 1, "boxes"),
        len(choice.kept),
        because,
    )


def goal(seen: Seen, confidence: float, iou_threshold: float) -> Goal:
    """A threshold at which a real object is lost, or two boxes stay for one."""
    usual = found(seen, chosen(seen, confidence, IOU))
    choice = chosen(seen, confidence, iou_threshold)
    now, kept = found(seen, choice), len(choice.kept)
    aim = (
        "Find an IoU threshold that keeps at least **twice as many boxes as there are objects**: too lenient a "
        "threshold leaves several boxes on one object."
    )
    passed = bool(seen.truth) and kept >= 2 * len(seen.truth)
    boxes_kept = counted(kept, "box", "boxes")
    reached = f"Now: {boxes_kept}, {now} of {len(seen.truth)} true objects found ({usual} at {IOU:g})."
    return Goal(aim, passed, reached)


SUPPRESSION = """rows = np.loadtxt("raw.csv", delimiter=",", ndmin=2)  # left, top, right, bottom, score, class
kept = suppressed(rows[:, :4], rows[:, 4], rows[:, 5], {confidence!r}, {iou!r}).kept
result = {{"kept": len(kept), "scores": rows[kept, 4].tolist()}}"""


def program(seen: Seen, confidence: float, iou_threshold: float) -> Program:
    """Suppression of the raw boxes, which lie beside it in a file."""
    choice = chosen(seen, confidence, iou_threshold)
    text = SUPPRESSION.format(confidence=confidence, iou=iou_threshold)
    shown = {"kept": len(choice.kept), "scores": seen.best[choice.kept].astype(float).tolist()}
    return Program("Non-maximum suppression", (Step("Suppression", text),), FUNCTIONS, shown,
                   files={"raw.csv": csv(seen)})  # fmt: skip


def csv(seen: Seen) -> str:
    """The raw boxes worth showing: left, top, right, bottom, score and class in each line."""
    rows = np.column_stack([seen.boxes[seen.order], seen.best[seen.order], seen.labels[seen.order]])
    file = io.StringIO()
    np.savetxt(file, rows, delimiter=",", fmt="%.9g")
    return file.getvalue()


STEPPED = View(draw=draw, look=LOOK, before=before, question=question, goal=goal, program=program)
