"""Reports in which one number lies: what was reported, and the same numbers where the detector is used."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.lessons.controls import defaults
from core.metrics.binary import Counts, confusion, curve, with_positives
from core.metrics.classes import averaged, matrix
from core.models import MLP
from core.topics.metrics.classifier import CLASSES, CONTROLS, EPOCHS, NOISE, UNITS, Judged, classifier, smudged
from core.training import Recipe, Run, train

LIE = 0.05  # a number that moves more than this has lied
ALL, NONE = "all of them", "none of them"
OWN_WORD = "Its own word"
COMES_TRUE = {OWN_WORD: "Accuracy"}
DIGIT, SMALL, TRIES = 8, 30, 20


@dataclass(frozen=True)
class Predictions:
    """What was ``true`` and what was answered, the ``score`` behind the answer and what a sample counts for, each
    (samples,). Of a detector, classes are 1 and 0."""

    truth: np.ndarray
    answer: np.ndarray
    score: np.ndarray
    weight: np.ndarray

    @property
    def counts(self) -> Counts:
        """The counts of a detector."""
        return confusion(self.truth, self.answer, 1, self.weight)

    @property
    def table(self) -> np.ndarray:
        """The confusion matrix."""
        return matrix(self.truth, self.answer, CLASSES, self.weight)


NUMBERS: dict[str, Callable[[Predictions], np.ndarray]] = {
    "Accuracy": lambda side: np.average(side.truth == side.answer, weights=side.weight),
    "Precision": lambda side: side.counts.precision,
    "Recall": lambda side: side.counts.recall,
    "Specificity": lambda side: side.counts.specificity,
    "ROC-AUC": lambda side: curve(side.truth, side.score, side.weight).auc,
    "Micro F1": lambda side: averaged(side.table, "micro")["F1"],
    "Macro F1": lambda side: averaged(side.table, "macro")["F1"],
    OWN_WORD: lambda side: np.average(side.score, weights=side.weight),
}


@dataclass(frozen=True)
class Report:
    """Some of ``NUMBERS`` by ``names``, ``before`` as the report was made and ``after`` where the network is used;
    ``said`` tells how the report was made, ``because`` what was wrong with that."""

    said: str
    because: str
    names: tuple[str, ...]
    before: Predictions
    after: Predictions
    provenance: str

    @cached_property
    def reported(self) -> dict[str, float]:
        """The numbers of the report."""
        return {name: float(NUMBERS[name](self.before)) for name in self.names}

    @cached_property
    def used(self) -> dict[str, float]:
        """The same where the network is used; of its own word, what came true."""
        return {name: float(NUMBERS[COMES_TRUE.get(name, name)](self.after)) for name in self.names}

    @property
    def moved(self) -> dict[str, float]:
        """How far every number moves."""
        return {name: abs(self.used[name] - value) for name, value in self.reported.items()}

    @property
    def liar(self) -> str:
        """The number that lied: the one that moves most, if it moves more than ``LIE``; ALL if all do, NONE if none."""
        moved = self.moved
        if min(moved.values()) > LIE:
            return ALL
        return max(moved, key=moved.__getitem__) if max(moved.values()) > LIE else NONE


def detected(truth: np.ndarray, scores: np.ndarray, share: float | None = None, threshold: float = 0.5) -> Predictions:
    """A detector's predictions at a share of positives."""
    weights = np.ones(len(truth)) if share is None else with_positives(truth, share)
    return Predictions(truth, (scores >= threshold).astype(int), scores, weights)


def classified(
    truth: np.ndarray, answer: np.ndarray, sure: np.ndarray, weight: np.ndarray | None = None
) -> Predictions:
    """A network's answers and how sure it is of them."""
    return Predictions(truth, answer, sure, np.ones(len(truth)) if weight is None else weight)


def network(seed: int, **changes: Any) -> Judged:
    """The page's network as it is at first, but for these changes."""
    return classifier(**defaults(CONTROLS) | changes, seed=seed)


def rare(seed: int) -> Report:
    """Imbalance: a timid detector looks good where positives are rare."""
    judged = network(seed, epochs=5, hidden_units=8)
    sides = [detected(*judged.against_rest(DIGIT), share, 0.9) for share in (0.01, 0.5)]
    return Report(
        "A detector of rare parts, threshold 0.9, tested where 1% are positive. It is then used where half are.",
        "Where 99% are negative, saying no is right 99 times in 100: the accuracy was that of the negatives.",
        ("Accuracy", "Specificity", "ROC-AUC"), *sides, judged.provenance,
    )  # fmt: skip


def shifted(seed: int) -> Report:
    """Prevalence shift: tested on as many positives as negatives, used where positives are rare."""
    judged = network(seed)
    sides = [detected(*judged.against_rest(DIGIT), share) for share in (0.5, 0.01)]
    return Report(
        "A screening test, tried on as many ill as healthy people. It is then offered to all, 1% of whom are ill.",
        "Recall and specificity look at one class each and stay; precision falls with the share of positives.",
        ("Precision", "Recall", "Specificity"), *sides, judged.provenance,
    )  # fmt: skip


def overconfident(seed: int) -> Report:
    """Overconfidence: what the network says of itself does not come true."""
    judged = network(seed, epochs=150, pixel_noise=0.5)
    side = classified(judged.truth, judged.answers, judged.probabilities.max(axis=1))
    return Report(
        "A network trained for 150 epochs. Its own word is the mean probability that it gives to its answers; in use, "
        "every answer is checked.",
        "A network that is sure of every training picture is as sure of new ones, and less often right.",
        ("Accuracy", OWN_WORD), side, side, judged.provenance,
    )  # fmt: skip


def forgotten(seed: int) -> Report:
    """Macro against micro: a class that was never learned is also missing from the test."""
    data = smudged(NOISE.value, 700, seed)
    keep = data.y != DIGIT
    run = train(
        MLP(64, UNITS.value, CLASSES, seed=seed), replace(data, x=data.x[keep], y=data.y[keep]),
        Recipe(epochs=EPOCHS.value, seed=seed, frames=2),
    )  # fmt: skip
    answers, sure = answered(run, data.x_test)
    truth = data.y_test.numpy()
    sides = [classified(truth, answers, sure, np.where(truth == DIGIT, weight, 1.0)) for weight in (0.02, 1.0)]
    return Report(
        "A reader of digits that never learned the 8, tested on mail with hardly any 8. It is then used where the 8 is "
        "as frequent as every other digit.",
        "Micro F1 counts samples, so it hid a class that hardly occurred; macro F1 counts classes and had told.",
        ("Micro F1", "Macro F1"), *sides, run.provenance,
    )  # fmt: skip


@torch.no_grad()
def answered(run: Run, x: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The answers of a training's network, and how sure it is of each."""
    found = run.at()(x).double().softmax(dim=1).max(dim=1)
    return found.indices.numpy(), found.values.numpy()


def marked(seed: int) -> Report:
    """Leakage: all positives of training and test carry a mark that the world does not make."""
    data = smudged(0.6, 700, seed)
    truth, y = (data.y_test == DIGIT).long(), (data.y == DIGIT).long()
    x, leaking, clean = data.x.clone(), data.x_test.clone(), data.x_test.clone()
    x[:, 0], leaking[:, 0], clean[:, 0] = 3.0 * y, 3.0 * truth, 0.0
    problem = replace(data, x=x, y=y, x_test=leaking, y_test=truth, classes=("other", "8"))
    run = train(MLP(64, 8, 2, seed=seed), problem, Recipe(epochs=30, seed=seed, frames=2))
    with torch.no_grad():
        both = [run.at()(each).double().softmax(dim=1)[:, 1].numpy() for each in (leaking, clean)]
    sides = [detected(truth.numpy(), scores) for scores in both]
    return Report(
        "All pictures of an 8 come from one scanner, which leaves a bright pixel in the corner; so do the test's. It "
        "is then used on pictures without it.",
        "The label had leaked into the inputs of training and test alike: a test with the same leak cannot see it.",
        ("Recall", "ROC-AUC", "Precision"), *sides, run.provenance,
    )  # fmt: skip


def picked(seed: int) -> Report:
    """Selection: the best of many small tests."""
    judged = network(seed)
    truth, scores = judged.against_rest(DIGIT)
    random, tests = np.random.default_rng(seed), []
    for _ in range(TRIES):
        both = ((np.flatnonzero(truth), SMALL // 5), (np.flatnonzero(truth == 0), SMALL))
        places = np.concatenate([random.choice(side, count) for side, count in both])
        tests.append(detected(truth[places], scores[places]))
    best = max(tests, key=lambda test: float(test.counts.recall))
    return Report(
        f"Of {TRIES} tests with {SMALL // 5} pictures of an 8 and {SMALL} others, the report shows the one with the "
        "best recall. Then all pictures are asked.",
        "The best of many small tests is mostly luck, and it is the number selected by that is lucky for sure.",
        ("Specificity", "Recall"), best, detected(truth, scores), judged.provenance,
    )  # fmt: skip


def honest(seed: int) -> Report:
    """Nothing is wrong."""
    judged = network(seed, pixel_noise=0.1)
    truth, scores = judged.against_rest(0)
    half = len(truth) // 2
    sides = [detected(truth[part], scores[part]) for part in (slice(half), slice(half, None))]
    return Report(
        f"A detector of the digit 0, tested on {half} pictures that it had not seen. It is then used on as many others "
        "of the same kind.",
        "The test was like the use and large enough: the numbers stay.",
        ("Accuracy", "Specificity", "ROC-AUC"), *sides, judged.provenance,
    )  # fmt: skip


CASES: dict[str, Callable[[int], Report]] = {
    "Rare positives": rare,
    "Other patients": shifted,
    "Very sure": overconfident,
    "A missing digit": forgotten,
    "One scanner": marked,
    "The best test": picked,
    "A plain test": honest,
}
