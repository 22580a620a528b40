"""The view of small tests: how far a number moves from one test to the next, and whether its interval says so."""

from dataclasses import dataclass

import numpy as np

from core.figures.marks import hover, stroke, trace
from core.figures.picture import BLUE, INK, ORANGE, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, slider
from core.lessons.view import Shown, View
from core.metrics.binary import Counts, confusion, curve, resamples
from core.topics.metrics.classifier import CONTROLS
from core.topics.metrics.detector import NUMBERS, Detector
from core.topics.metrics.programs import program_of_interval
from core.topics.metrics.threshold_view import DIGIT, Looked
from core.topics.metrics.threshold_view import measure as detect

AREA = "ROC-AUC"
METRIC = pick("Number", (*NUMBERS, AREA), "Recall")
SIZE = slider("Pictures in a test", 20, 700, 100, 20)
TESTS, DRAWS, AT = 40, 200, 0.5  # small tests, resamples of each, threshold


@dataclass(frozen=True)
class Tests:
    """One number of a ``detector`` measured on 40 small tests: ``values`` (tests,), its intervals ``edges``
    (tests, 2), and its ``truth`` on all pictures."""

    detector: Detector
    number: str
    size: int
    values: np.ndarray
    edges: np.ndarray
    truth: float

    @property
    def provenance(self) -> str:
        """Where the scores come from."""
        return self.detector.provenance

    @property
    def holding(self) -> np.ndarray:
        """Whether each interval contains the truth, (tests,)."""
        return (self.edges[:, 0] <= self.truth) & (self.truth <= self.edges[:, 1])

    @property
    def width(self) -> float:
        """The intervals' mean width."""
        return float((self.edges[:, 1] - self.edges[:, 0]).mean())


def numbers(truth: np.ndarray, scores: np.ndarray, number: str, weights: np.ndarray) -> np.ndarray:
    """One number for every row of weights."""
    if number == AREA:
        return np.asarray(curve(truth, scores, weights).auc)
    counts: Counts = confusion(truth, scores, AT, weights)
    return np.asarray(NUMBERS[number](counts))


def small_tests(looked: Looked, number: str, pictures_in_a_test: int, seed: int) -> Tests:
    """Draw small tests from all pictures, each with a bootstrap of its own."""
    detector, random = looked.detector, np.random.default_rng(seed)
    values, edges = [], []
    for test in range(TESTS):
        places = random.integers(0, len(detector.truth), pictures_in_a_test)
        truth, scores = detector.truth[places], detector.scores[places]
        weights = np.vstack([np.ones(len(truth)), resamples(len(truth), DRAWS, seed * TESTS + test)])
        measured = np.nan_to_num(numbers(truth, scores, number, weights), nan=0.5)  # a test without any positive
        values.append(measured[0])
        edges.append(np.quantile(measured[1:], [0.025, 0.975]))
    whole = numbers(detector.truth, detector.scores, number, np.ones(len(detector.truth)))
    return Tests(detector, number, pictures_in_a_test, np.array(values), np.array(edges), float(whole))


def measure(positive_digit: str, number: str, pictures_in_a_test: int, seed: int, **settings) -> Tests:
    """Train, detect one digit, and test many times."""
    return small_tests(detect(positive_digit, seed, **settings), number, pictures_in_a_test, seed)


def picture(found: Tests, with_intervals: bool = True) -> Picture:
    """Every test's number with its interval; those that miss the truth stand out."""
    traces, places = [], np.arange(1, TESTS + 1)
    for holds, name, color, symbol in ((True, "holds it", BLUE, "circle"), (False, "misses it", ORANGE, "x")):
        chosen = found.holding == holds
        values = found.values[chosen]
        if not len(values):
            continue
        bars = {
            "type": "data", "symmetric": False, "thickness": 1.5, "width": 0, "color": color,
            "array": np.maximum(found.edges[chosen, 1] - values, 0).tolist(),
            "arrayminus": np.maximum(values - found.edges[chosen, 0], 0).tolist(), "visible": with_intervals,
        }  # fmt: skip
        style = {"color": color if with_intervals else INK, "size": 8, "symbol": symbol if with_intervals else "circle"}
        named = {"name": name, "showlegend": with_intervals, **hover("test %{x}: %{y:.3f}")}
        traces.append(trace("markers", places[chosen], values, marker=style, error_y=bars, **named))
    ends = {"xref": "paper", "x0": 0, "x1": 1, "y0": found.truth, "y1": found.truth}
    ruler = {"type": "line", **ends, "line": stroke(INK, 1.5, "dash")}
    alt = (
        f"{found.number} on {TESTS} tests of {found.size} pictures: from {found.values.min():.3f} to "
        f"{found.values.max():.3f}; on all pictures {found.truth:.3f}"
    ) + (f"; {int(found.holding.sum())} intervals hold that." if with_intervals else ".")
    axes = {"yaxis": {"range": [-0.03, 1.05]}, "xaxis": {"showgrid": False}}
    return Picture(traces, layout("Test", found.number, 380, shapes=[ruler], **axes), alt)


def draw(found: Tests) -> Shown:
    """The tests and their intervals."""
    note = (
        f"{TESTS} tests of **{found.size}** pictures each, of the same network: its {found.number} comes out anywhere "
        f"from **{found.values.min():.3f}** to **{found.values.max():.3f}**. On all {len(found.detector.truth)} "
        f"pictures it is {found.truth:.3f} (dashed). The 95% bootstrap interval is {found.width:.3f} wide on average "
        f"and holds that value in **{int(found.holding.sum())} of {TESTS}** tests."
    )
    if blind := int((found.edges[:, 0] == found.edges[:, 1]).sum()):
        note += f" In {blind} of them all resamples agree: such a test cannot see its own error."
    return Shown(((picture(found),),), note)


def before(found: Tests) -> Shown:
    """The numbers without intervals."""
    note = f"The same network on {TESTS} tests of {found.size} pictures."
    return Shown(((picture(found, with_intervals=False),),), note)


def question(found: Tests) -> Question:
    """How much is chance?"""
    words = f"One test of {found.size} pictures: how wide is the 95% interval of its {found.number} on average?"
    because = (
        "The width shrinks with the root of the number of samples that count: for recall that is the positives alone, "
        "a tenth of the pictures."
        if found.width
        else "Here all resamples agree in every test, however few pictures it has: the bootstrap sees no error at all."
    )
    return Question(words, Scale(0.0, 1.0, 0.01, "", 0.05), found.width, because)


def goal(found: Tests) -> Goal:
    """How many pictures does a claim need?"""
    words = "Find the smallest test whose **recall** has an interval **0.2 wide or less** on average."
    passed = found.number == "Recall" and found.width <= 0.2
    return Goal(words, passed, f"Now: {found.number}, {found.size} pictures, {found.width:.3f} wide.", found.size)


INTERVALS_VIEW = View(
    (METRIC, SIZE, DIGIT, *CONTROLS), measure, draw, before=before, question=question, goal=goal,
    program=lambda found: program_of_interval(found.detector, AT),
)  # fmt: skip
