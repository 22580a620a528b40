"""What the detection page shows of a picture: the views that take one, and the figures beside the detector."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.figures.marks import stroke, trace
from core.figures.picture import COLORS, DASHES, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control
from core.programs import Program
from core.projects.detection.lesson import browser, grid, regression, scored, ssd, suppressed
from core.projects.detection.lesson.choice import chosen
from core.projects.detection.lesson.judged import matched
from core.projects.detection.lesson.seen import CONFIDENCE, IOU, Seen

ON_A_PICTURE = {"Grid": grid.GRID, "Suppression": suppressed.STEPPED, "Average precision": scored.SCORED}
WITHOUT_A_PICTURE = {"IoU losses": regression.REGRESSION, "SSD": ssd.SSD}
LENIENT = 0.95  # the threshold of the question


def with_truth(seen: Seen, message: object) -> Seen:
    """A picture with the true boxes that the learner drew (as a browser sent them)."""
    drawn = browser.received(message, seen.picture.size, len(seen.names))
    return replace(seen, drawn=drawn)


for_browser = browser.for_browser


def looked_at(seen: Seen) -> Callable[[int], tuple[tuple[Control, object], ...]]:
    """What the view of the grid is set to once a box is looked at: the cell that made it."""

    def settings(place: int) -> tuple[tuple[Control, object], ...]:
        if not 0 <= place < len(seen.order):
            return ()
        stride, row, column = (int(each) for each in seen.cells[seen.order[place]])
        if not stride:
            return ()
        which, down, across = grid.controls(seen)
        return ((which, f"stride {stride}"), (down, row + 1), (across, column + 1))

    return settings


def sentence(seen: Seen) -> str:
    """What the network proposed, and what was done to the picture."""
    cells = len(seen.boxes)
    grids = " + ".join(f"{rows}×{columns}" for rows, columns in (grid.size(seen, one) for one in grid.strides(seen)))
    each = f", one for each cell of the grids ({grids})" if grids else ""
    told = f"**{cells:,} boxes** are proposed at once{each}"
    ask = "The sliders choose among them in your browser: the network is not asked again."
    return " ".join((*seen.notes, f"{told}.", ask))


def exports(seen: Seen, message: object) -> tuple[tuple[str, str, str], ...]:
    """What is found at the sliders' places (as the browser sent them), as files: label, name, content."""
    from core.projects.detection.average_precision import Found
    from core.projects.detection.exports import FORMATS, WRITERS

    kept = chosen(seen, *browser.settings(message)).kept
    found = Found(seen.boxes[kept], seen.best[kept], seen.labels[kept])
    return tuple(
        (kind, f"detections-{kind.lower()}.{ending}", WRITERS[kind](found, seen.names, seen.picture.size))
        for kind, ending in FORMATS.items()
    )


def confidences(seen: Seen) -> Picture:
    """How many raw boxes score above each confidence, grid by grid."""
    places = np.round(np.arange(0.01, 0.96, 0.01), 2)
    traces, told = [], []
    for number, stride in enumerate(grid.strides(seen)):
        own = seen.best[seen.cells[:, 0] == stride]
        counts = (own[None] > places[:, None]).sum(axis=1)
        style = stroke(COLORS[number], 2.5, DASHES[number])
        traces.append(trace("lines", places, counts, name=f"stride {stride}", line=style))
        told.append(f"stride {stride}: {int((own > CONFIDENCE).sum())} of {len(own):,}")
    most = int((seen.best > 0.01).sum())
    axis = {"type": "log", "dtick": 1} if most > 60 else {"rangemode": "tozero"}
    alt = f"Raw boxes that score above {CONFIDENCE}, before suppression, by grid: {', '.join(told)}."
    return Picture(traces, layout("Confidence", "Raw boxes", 300, yaxis=axis), alt)


def question(seen: Seen) -> Question:
    """What a lenient threshold leaves."""
    usual, lenient = (len(chosen(seen, CONFIDENCE, iou).kept) for iou in (IOU, LENIENT))
    looked = int((seen.best > CONFIDENCE).sum())
    return Question(
        f"{looked} raw boxes score above {CONFIDENCE}; suppression at an IoU threshold of {IOU} keeps {usual} of them. "
        f"How many does a threshold of {LENIENT} keep?",
        Scale(0, max(looked, 10), 1, "boxes"),
        lenient,
        "A box goes only if a surer one of its class overlaps it by more than the threshold: what stays in a heap are "
        "those boxes that agree less closely than that.",
    )


def sweep(seen: Seen) -> Picture:
    """Boxes kept at every IoU threshold."""
    return suppressed.sweep(seen, CONFIDENCE, IOU)


def program(seen: Seen) -> Program:
    """What the detector shows at first."""
    return suppressed.program(seen, CONFIDENCE, IOU)


def goal(seen: Seen) -> Goal:
    """True boxes of the learner's own that the detections meet well."""
    aim = (
        "Choose **Draw true boxes** and draw at least **three** by hand so well that detections hit **three** of them "
        "with an IoU of **0.85** or more."
    )
    own = () if set(seen.drawn) <= set(seen.given) else seen.drawn
    ious = sorted((one.iou for one in matched(seen, chosen(seen, CONFIDENCE, IOU).kept, own, 0.85)), reverse=True)
    best = ", ".join(f"{iou:.2f}" for iou in ious[:3] if iou) or "none"
    return Goal(aim, len([iou for iou in ious if iou >= 0.85]) >= 3, f"Now: {len(own)} drawn; best overlaps: {best}.")
