"""The view of ten classes: the confusion matrix, and three averages that disagree once a class is rare."""

import numpy as np

from core.figures.galleries import gallery, table
from core.figures.marks import hover, upright
from core.figures.picture import BLUE, GREEN, ORANGE, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import pick, scale
from core.lessons.view import Shown, View
from core.metrics.binary import interval, resamples
from core.metrics.classes import AVERAGES, averaged, matrix, one_against_rest
from core.topics.metrics.classifier import CLASSES, CONTROLS, Judged, classifier
from core.topics.metrics.programs import program_of_classes
from core.wording import article, counted

NAMES = tuple("0123456789")
RARE = pick("Rare digit", ("none", *NAMES), help="Its pictures count for less, as if there were fewer of them.")
KEPT = scale("What is left of it", (1, 2, 5, 10, 20, 50, 100), 5, help="In per cent.")
PAIRS = tuple(f"{digit} → {answer}" for digit in NAMES for answer in NAMES)
PAIR = pick("Opened cell", PAIRS, "8 → 1", help="Digit → answer. Or click a cell of the table.")
LOOK = (RARE, KEPT, PAIR)
EACH, DRAWS = 12, 200


def measure(seed: int, **settings) -> Judged:
    """Train and test."""
    return classifier(**settings, seed=seed)


def weights(judged: Judged, rare_digit: str, what_is_left_of_it: float) -> np.ndarray:
    """What every picture counts for, (samples,)."""
    rare = judged.truth == NAMES.index(rare_digit) if rare_digit in NAMES else np.zeros(len(judged.truth), bool)
    return np.where(rare, what_is_left_of_it / 100, 1.0)


def confusion(judged: Judged, rare_digit: str = "none", what_is_left_of_it: float = 100) -> np.ndarray:
    """The weighted matrix, (10, 10)."""
    return matrix(judged.truth, judged.answers, CLASSES, weights(judged, rare_digit, what_is_left_of_it))


def by_class(counts: np.ndarray) -> Picture:
    """Precision, recall and F1 of every digit."""
    found = one_against_rest(counts)
    sides = (
        ("Precision", found.precision, ORANGE, "/"),
        ("Recall", found.recall, BLUE, "."),
        ("F1", found.f1, GREEN, ""),
    )
    traces = []
    for name, values, color, pattern in sides:
        bar = upright(list(NAMES), values, color, name=name, **hover("%{x}: %{y:.3f}", name))
        traces.append(bar | {"marker": {"color": color, "pattern": {"shape": pattern}}})
    low, high = int(found.f1.argmin()), int(found.f1.argmax())
    alt = (
        "Precision, recall and F1 of every digit: F1 is lowest for "
        f"{low} ({found.f1[low]:.3f}) and highest for {high} ({found.f1[high]:.3f})."
    )
    axes = {"yaxis": {"range": [0, 1.05]}, "xaxis": {"type": "category", "showgrid": False}}
    return Picture(traces, layout("Digit", "", 320, **axes), alt)


def cell(pair: str) -> tuple[int, int]:
    """The digit and the answer of a cell."""
    digit, answer = pair.split(" → ")
    return int(digit), int(answer)


def opened(judged: Judged, pair: str) -> tuple[Picture, ...]:
    """The pictures of a cell, the surest answers first."""
    digit, answer = cell(pair)
    places = np.flatnonzero((judged.truth == digit) & (judged.answers == answer))
    if not len(places):
        return ()
    sure = judged.probabilities[places, answer]
    order = np.argsort(-sure, kind="stable")[:EACH]
    captions = [f"{sure[place]:.0%}" for place in order]
    sureness = ", ".join(captions)
    told = f"{counted(len(order), 'picture')} of {article(digit)} answered {answer}, sure to {sureness}."
    return (gallery(judged.images[places[order]], captions, told, columns=4, height=420),)


def rows(judged: Judged, rare_digit: str, left: float) -> list[dict]:
    """Every average with its bootstrap interval."""
    weighed = weights(judged, rare_digit, left)
    drawn = matrix(judged.truth, judged.answers, CLASSES, resamples(len(weighed), DRAWS, 0) * weighed)
    counts = confusion(judged, rare_digit, left)
    result = []
    for average in AVERAGES:
        values, spread = averaged(counts, average), averaged(drawn, average)
        shown = {name[:1].upper() + name[1:]: f"{float(value):.3f}" for name, value in values.items()}
        result.append(
            {"Average": average, **shown, "95% interval of F1": "{:.3f} to {:.3f}".format(*interval(spread["F1"]))}
        )
    return result


def draw(judged: Judged, rare_digit: str, what_is_left_of_it: float, opened_cell: str) -> Shown:
    """The matrix, the pictures behind a cell, the classes one by one, the averages."""
    counts = confusion(judged, rare_digit, what_is_left_of_it)
    micro, macro = (float(averaged(counts, name)["F1"]) for name in ("micro", "macro"))
    digit, answer = cell(opened_cell)
    whole = int(((judged.truth == digit) & (judged.answers == answer)).sum())
    note = (
        f"Micro F1, which for single answers is the accuracy, is **{micro:.3f}**; macro F1, the plain mean over the "
        f"ten digits, is **{macro:.3f}**. Opened: {counted(whole, 'picture')} of {article(digit)} answered {answer}."
    )
    pictures = (
        (table(counts.round().astype(int), (digit, answer), 420), *opened(judged, opened_cell)),
        (by_class(counts),),
    )

    def clicked(spot: dict) -> tuple[tuple, ...]:
        place = [min(max(round(spot[axis]), 0), CLASSES - 1) for axis in "yx"]
        return () if spot["panel"] else ((PAIR, PAIRS[CLASSES * place[0] + place[1]]),)

    return Shown(pictures, note, (rows(judged, rare_digit, what_is_left_of_it),), clicked)


def before(judged: Judged, opened_cell: str, **looks) -> Shown:
    """The matrix of the test as it is."""
    return Shown(
        ((table(confusion(judged).astype(int), cell(opened_cell), 420),),), "All digits are about as frequent."
    )


def moves(judged: Judged, digit: str) -> dict[str, float]:
    """How far micro and macro F1 move when only 1% of a digit's pictures are left."""
    plain, rare = confusion(judged), confusion(judged, digit, 1)
    return {name: abs(float(averaged(rare, name)["F1"] - averaged(plain, name)["F1"])) for name in ("micro", "macro")}


def alarming(judged: Judged) -> str:
    """The digit with the lowest precision."""
    return NAMES[int(one_against_rest(confusion(judged)).precision.argmin())]


def question(judged: Judged, **looks) -> Question:
    """Which average still tells?"""
    digit = alarming(judged)
    gaps, plain, few = moves(judged, digit), confusion(judged), confusion(judged, digit, 1)
    better = averaged(few, "micro")["F1"] > averaged(plain, "micro")["F1"]
    words = (
        f"When the network says {digit} it is wrong most often. Only 1% of the pictures of {article(int(digit))} "
        "stay in the test. Which average of F1 moves further?"
    )
    now, truth = "better" if better else "worse", max(gaps, key=gaps.__getitem__)
    because = (
        "Macro counts every class alike, and the alarms for a rare class are now nearly all false, which ruins its "
        f"precision. Micro hardly counts it: it is now {now} although the network is the same."
        if truth == "macro"
        else "The alarms for a rare class are now nearly all false, which costs macro F1; but what was right and wrong "
        f"about the pictures that are gone weighs more here: micro is {now} although the network is the same."
    )
    return Question(words, tuple(gaps), truth, because)


def goal(judged: Judged, rare_digit: str, what_is_left_of_it: float, **looks) -> Goal:
    """Make two averages disagree."""
    counts = confusion(judged, rare_digit, what_is_left_of_it)
    micro, macro = (float(averaged(counts, name)["F1"]) for name in ("micro", "macro"))
    words = "Make one digit so rare that **micro F1 is 0.05 or more above macro F1**, with a micro F1 of 0.8 or more."
    return Goal(words, micro - macro >= 0.05 and micro >= 0.8, f"Now: micro {micro:.3f}, macro {macro:.3f}.")


def program(judged: Judged, rare_digit: str, what_is_left_of_it: float, **looks):
    """The averages by scikit-learn."""
    counts = confusion(judged, rare_digit, what_is_left_of_it)
    shown = {f"{name} F1": float(averaged(counts, name)["F1"]) for name in AVERAGES}
    rare = NAMES.index(rare_digit) if rare_digit in NAMES else -1
    return program_of_classes(judged.truth, judged.logits, rare, what_is_left_of_it / 100, shown)


CLASSES_VIEW = View(CONTROLS, measure, draw, LOOK, before, question, goal, program)
