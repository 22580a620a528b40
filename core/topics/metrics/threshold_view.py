"""The view of a threshold: what it catches, what it misses, and what that costs."""

from dataclasses import dataclass

import numpy as np

from core.figures.curves import line
from core.figures.galleries import gallery, table
from core.figures.marks import hover, stroke, upright
from core.figures.picture import BLUE, GREEN, INK, ORANGE, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control, pick, scale, slider
from core.lessons.view import Shown, View
from core.topics.metrics.classifier import CONTROLS, Judged, classifier
from core.topics.metrics.detector import NUMBERS, Detector
from core.topics.metrics.programs import program_of_threshold
from core.wording import article, counted

DIGIT = pick("Positive digit", tuple("0123456789"), "8", help="The detector answers: is it this digit?")
THRESHOLD = slider("Threshold", 0.0, 1.0, 0.5, 0.01, help="From this score on the answer is yes.")
SHARES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 80.0)
SHARE = scale("Share of positives", SHARES, 10.0, help="In per cent. The test's samples then count for more or less.")
MISS = scale("Cost of a miss", (1, 2, 5, 10, 20, 50, 100), 1, help="A false alarm costs 1.")
ENDS = ("yes", "no")
CELLS = tuple(f"{truth} → {answer}" for truth in ENDS for answer in ENDS)
CELL = pick("Cell", CELLS, "yes → no", help="Truth → answer. Or click a cell of the table.")
LOOK = (THRESHOLD, SHARE, MISS, CELL)
EACH, CLOSE = 12, 1.1  # pictures of a cell; how far above the lowest cost still counts as found


@dataclass(frozen=True)
class Looked:
    """A detector, and the pictures (samples, 8, 8) it was asked about; none for scores from a file."""

    detector: Detector
    images: np.ndarray | None = None

    @property
    def provenance(self) -> str:
        """Where the scores come from."""
        return self.detector.provenance


def of_digit(judged: Judged, digit: str) -> Looked:
    """The network as a detector of one digit."""
    truth, scores = judged.against_rest(int(digit))
    return Looked(Detector(truth, scores, article(int(digit)), "another digit", judged.provenance), judged.images)


def measure(positive_digit: str, seed: int, **settings) -> Looked:
    """Train, and ask about one digit."""
    return of_digit(classifier(**settings, seed=seed), positive_digit)


def histogram(detector: Detector, threshold: float) -> Picture:
    """How the scores of both classes are spread, and where they are cut."""
    edges = np.linspace(0, 1, 21)
    low, high = min(0.0, detector.scores.min()), max(1.0, detector.scores.max())
    edges = low + edges * (high - low)
    sides = ((detector.negative, ORANGE, ""), (detector.positive, BLUE, "/"))
    traces, words = [], []
    for place, (name, color, pattern) in enumerate(sides):
        scores = detector.scores[detector.truth == place]
        heights = np.histogram(scores, edges)[0] / len(scores)
        bar = upright(
            (edges[1:] + edges[:-1]) / 2, heights, color, name=name, **hover("score %{x:.2f}: %{y:.1%}", name)
        )
        bar["marker"] = {"color": color, "pattern": {"shape": pattern}}
        traces.append(bar)
        words.append(f"{np.mean(scores >= threshold):.1%} of what is {name}")
    ends = {"x0": threshold, "x1": threshold, "yref": "paper", "y0": 0, "y1": 1}
    cut = {"type": "line", **ends, "line": stroke(INK, 2, "dot")}
    alt = f"Scores of {len(detector.scores)} samples; from the threshold {threshold:.2f} on lie {' and '.join(words)}."
    axes = {"xaxis": {"range": [low - 0.02, high + 0.02]}, "yaxis": {"tickformat": ".0%", "nticks": 5}}
    return Picture(traces, layout("Score", "Share of its class", 320, shapes=[cut], bargap=0.1, **axes), alt)


def costs(detector: Detector, threshold: float, share: float, miss: float) -> Picture:
    """What every threshold costs, the chosen and the best one marked."""
    grid = np.linspace(0, 1, 101)
    values = np.array([1000 * detector.at(each, share).cost(miss) for each in grid])
    now = 1000 * float(detector.at(threshold, share).cost(miss))
    place, lowest = detector.cheapest(miss, share)
    spots = [
        {**dot(threshold, now, INK, "circle"), "name": "chosen"},
        {**dot(place, 1000 * lowest, GREEN, "star"), "name": "lowest"},
    ]
    alt = (
        f"Cost per 1,000 cases against the threshold: {now:.0f} at {threshold:.2f}; "
        f"the lowest is {1000 * lowest:.0f} at {place:.2f}."
    )
    axes = {"xaxis": {"range": [-0.02, 1.02]}, "yaxis": {"rangemode": "tozero"}}
    return Picture(
        [line(grid, values, "cost", BLUE), *spots], layout("Threshold", "Cost per 1,000 cases", 320, **axes), alt
    )


def dot(x: float, y: float, color: str, symbol: str) -> dict:
    """A marked point."""
    style = {"color": color, "size": 12, "symbol": symbol}
    return {"type": "scatter", "mode": "markers", "x": [x], "y": [y], "marker": style, "hoverinfo": "skip"}


def outcomes(detector: Detector, threshold: float, share: float, cell: str) -> Picture:
    """The four counts as a table, per 1,000 cases of the chosen share."""
    counts = detector.at(threshold, share)
    scaled = 1000 / len(detector.truth)
    table_of = np.array([[counts.tp, counts.fn], [counts.fp, counts.tn]]) * scaled
    chosen = (ENDS.index(cell.split(" → ")[0]), ENDS.index(cell.split(" → ")[1]))
    names = (detector.positive, detector.negative)
    return table(table_of.round().astype(int), chosen, 320, names, "Truth")


def opened(looked: Looked, threshold: float, cell: str) -> tuple[Picture, ...]:
    """The pictures of a cell of the table, those nearest the threshold first."""
    detector = looked.detector
    truth, answer = (word == "yes" for word in cell.split(" → "))
    places = np.flatnonzero(((detector.truth > 0) == truth) & ((detector.scores >= threshold) == answer))
    if looked.images is None or not len(places):
        return ()
    places = places[np.argsort(np.abs(detector.scores[places] - threshold), kind="stable")][:EACH]
    captions = [f"{detector.scores[place]:.2f}" for place in places]
    what = f"{detector.positive if truth else detector.negative}, answered {cell.split(' → ')[1]}"
    told = f"{counted(len(captions), 'picture')} of {what}, scores {', '.join(captions)}."
    return (gallery(looked.images[places], captions, told, columns=6, height=320),)


def rows(detector: Detector, threshold: float, share: float) -> list[dict]:
    """Every number with its interval."""
    counts, edges = detector.at(threshold, share), detector.intervals(threshold, share)
    values = {name: float(number(counts)) for name, number in NUMBERS.items()}
    return [
        {"Number": name, "Value": f"{value:.3f}", "95% interval": "{:.3f} to {:.3f}".format(*edges[name])}
        for name, value in values.items()
    ]


def part(share_of_positives: float) -> float:
    """Per cent as a share."""
    return share_of_positives / 100


def draw(looked: Looked, threshold: float, share_of_positives: float, cost_of_a_miss: float, cell: str) -> Shown:
    """Scores, counts, costs, and the pictures behind a count."""
    detector, share = looked.detector, part(share_of_positives)
    counts = detector.at(threshold, share)
    scaled = 1000 / len(detector.truth)
    note = (
        f"Of 1,000 cases {10 * share_of_positives:.0f} {'is' if round(10 * share_of_positives) == 1 else 'are'} "
        f"{detector.positive}. The threshold finds "
        f"**{scaled * counts.tp:.0f}** of them and raises **{scaled * counts.fp:.0f}** false alarms. "
        f"Saying no to everything would be right in {1 - share:.1%}; the detector is right in {counts.accuracy:.1%}."
    )
    pictures = (
        (histogram(detector, threshold), outcomes(detector, threshold, share, cell)),
        (costs(detector, threshold, share, cost_of_a_miss), *opened(looked, threshold, cell)),
    )
    return Shown(pictures, note, (rows(detector, threshold, share),), clicked)


def clicked(spot: dict) -> tuple[tuple[Control, object], ...]:
    """A click in the table, which stands on the right, opens a cell; one on the left sets the threshold."""
    x, y = spot["x"], spot["y"]
    if not spot["panel"]:
        return ((THRESHOLD, round(x, 2)),)
    inside = max(x, y) < 1.5
    return ((CELL, CELLS[2 * min(max(round(y), 0), 1) + min(max(round(x), 0), 1)]),) if inside else ()


def before(looked: Looked, threshold: float, share_of_positives: float, **looks) -> Shown:
    """The scores alone."""
    return Shown(((histogram(looked.detector, threshold),),), "How the scores of both classes are spread.")


def question(looked: Looked, threshold: float, share_of_positives: float, **looks) -> Question:
    """How many alarms are true?"""
    counts = looked.detector.at(threshold, part(share_of_positives))
    words = (
        f"{share_of_positives:g}% of all cases are {looked.detector.positive}. Of 100 times that the detector says "
        "yes, how often is it right?"
    )
    because = (
        "Here it never says yes, so that there is nothing to be right in: its precision is counted as 0."
        if not counts.tp + counts.fp
        else f"That is the precision: at {share_of_positives:g}% positives even a small share of alarms among the many "
        "negatives adds up."
        if share_of_positives < 50
        else f"That is the precision: at {share_of_positives:g}% positives the negatives are no majority whose alarms "
        "add up."
    )
    return Question(words, Scale(0, 100, 1, "of 100", 5), round(100 * float(counts.precision)), because)


def goal(looked: Looked, threshold: float, share_of_positives: float, cost_of_a_miss: float, **looks) -> Goal:
    """Set a threshold for the costs, not for the accuracy."""
    detector, share = looked.detector, part(share_of_positives)
    now, lowest = detector.at(threshold, share).cost(cost_of_a_miss), detector.cheapest(cost_of_a_miss, share)[1]
    passed = cost_of_a_miss >= 20 and share_of_positives <= 5 and now <= CLOSE * lowest
    words = (
        "Let a miss cost **20 or more** and at most **5%** be positives. Find a threshold that costs at most 10% "
        "more than the best one."
    )
    above = f"{now / lowest - 1:.0%} above the lowest" if lowest > 0 else f"{1000 * now:.0f} per 1,000"
    return Goal(words, bool(passed), f"Now: a miss costs {cost_of_a_miss:g}, the cost is {above}.")


THRESHOLD_VIEW = View(
    (DIGIT, *CONTROLS), measure, draw, LOOK, before, question, goal,
    lambda looked, threshold, share_of_positives, **looks: program_of_threshold(
        looked.detector, threshold, part(share_of_positives)
    ),
)  # fmt: skip
