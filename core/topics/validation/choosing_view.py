"""The winner's own score, and a test set that wears out."""

import numpy as np

from core.figures.curves import bands, bars
from core.figures.marks import horizontal, vertical
from core.figures.picture import INK
from core.lessons import Goal, Question, Scale
from core.lessons.controls import scale, slider
from core.lessons.view import Shown, View
from core.probes import luck
from core.topics.validation.choosing import ENTRIES, MOST, REPEATS, Reuse, Search, bound, reuse, search
from core.topics.validation.programs import program_of_reuse, program_of_search
from core.wording import counted

SAMPLES = scale("Samples", (20, 40, 80, 160), 40)
TRIED = scale("Settings tried", (1, 2, 4, 8, 16, 32, MOST), 16)
SIGNAL = slider("Signal", 0.0, 1.0, 0.0, 0.1, help="How far apart the classes lie in one of the forty features.")

# Nested --------------------------------------------------------------------------------------------------------------


def measure(samples: int, settings_tried: int, signal: float, seed: int) -> Search:
    """Search and judge."""
    return search(samples, settings_tried, signal, seed)


def shown(found: Search) -> Shown:
    """The three scores."""
    rows = {"the winner's own score": found.best, "nested": found.nested, "truth": found.truth}
    picture = bars(rows, ("", "Accuracy"), 320, yaxis={"range": [0, 1.05], "tickformat": ".0%"})
    lie = "beyond" if luck.differs(found.best, found.truth, 2) else "inside"
    fair = "beyond" if luck.differs(found.nested, found.truth, 2) else "inside"
    note = (
        f"Mean of {REPEATS} searches among {counted(found.tried, 'setting')}: the winner scored "
        f"**{found.best.mean():.0%}** in the folds that chose it, a search inside outer folds "
        f"**{found.nested.mean():.0%}**, and on fresh samples it gets **{found.truth.mean():.0%}** right. From the "
        f"truth, its own score is {lie} seed noise, the nested one {fair}. {luck.MEANING}"
    )
    return Shown(((picture,),), note)


def before(found: Search) -> Shown:
    """What is done."""
    text = (
        f"A search tries **{counted(found.tried, 'choice')}** of four features out of forty for a linear network, and "
        f"keeps the one with the best mean over four folds. Its score: **{found.best.mean():.0%}**, mean of "
        f"{REPEATS} searches."
    )
    return Shown((), text)


def how_much(found: Search) -> Question:
    """How much is left?"""
    because = "The folds that chose the winner also flatter it; an outer fold has seen nothing of the search."
    if found.tried == 1:
        because = "A single choice was not selected by its score, so that nothing flatters it."
    elif not luck.differs(found.best, found.truth, 2):
        because = "Folds that choose a winner also flatter it; here by no more than seed noise."
    text = f"The winner scored {found.best.mean():.0%}. What share does it get right of fresh samples?"
    return Question(text, Scale(30, 100, 1, "%", 4), round(100 * float(found.truth.mean())), because)


def earned(found: Search) -> Goal:
    """A search that found something."""
    gap = found.best.mean() - found.truth.mean()
    text = (
        "**A score that was earned**: among 16 settings or more, find a problem whose winner really gets 75% right "
        "and whose own score is at most 5 points too high."
    )
    passed = found.tried >= 16 and found.truth.mean() >= 0.75 and gap <= 0.05
    points, side = round(100 * float(gap)), "high" if gap >= 0 else "low"
    now = f"Now: {found.truth.mean():.0%} right, own score {counted(abs(points), 'point')} too {side}."
    return Goal(text, bool(passed), now)


NESTED = View(
    (SAMPLES, TRIED, SIGNAL), measure, shown, before=before, question=how_much, goal=earned, program=program_of_search
)

# Reuse ---------------------------------------------------------------------------------------------------------------

SIZE = scale("Test samples", (50, 100, 200, 500, 1000, 5000), 100)
ENTRY = slider("Entries", 1, ENTRIES, 100)


def measure_reuse(test_samples: int, seed: int) -> Reuse:
    """Ask again and again."""
    return reuse(test_samples, seed)


def shown_reuse(found: Reuse, entries: int) -> Shown:
    """The best score so far, and its bound."""
    asked = np.unique(np.geomspace(1, ENTRIES, 40).astype(int))
    curves = {"best so far": found.best[:, asked - 1], "bound on the mean": bound(asked, found.samples)}
    picture = bands(asked, curves, ("Entries", "Best accuracy so far"), 360, log="x")
    picture.layout["yaxis"] |= {"tickformat": ".0%"}
    picture.layout["shapes"] = [
        vertical(entries, INK, 1.5),
        horizontal(0.5, INK, 1.5, "dot"),
    ]
    best = found.best[:, entries - 1].mean()
    note = (
        f"All entries guess. After **{counted(entries, 'entry', 'entries')}** the best one gets **{best:.1%}** of "
        f"{found.samples:,} test samples right, mean of 30 simulations; of any other samples it gets half. The bound "
        f"on that mean is $1/2 + \\sqrt{{\\ln m / 2n}}$ = {float(bound(entries, found.samples)):.1%}."
    )
    return Shown(((picture,),), note)


def before_reuse(found: Reuse, entries: int) -> Shown:
    """What is done."""
    text = (
        f"A competition has one test set of **{found.samples:,}** samples and shows every entry its score. "
        f"**{counted(entries, 'entry', 'entries')}** came in; every entry is a guess."
    )
    return Shown((), text)


def winner(found: Reuse, entries: int) -> Question:
    """How good does the best guess look?"""
    because = (
        "The largest of many chances grows like the root of $\\ln m / 2n$: slowly with entries, quickly with few "
        "samples."
    )
    score = 100 * float(found.best[:, entries - 1].mean())
    return Question(
        "What does the best of them score, on average?", Scale(50, 100, 1, "%", 2), round(score, 1), because
    )


def large_enough(found: Reuse, entries: int) -> Goal:
    """A test set that lasts."""
    best = found.best[:, entries - 1].mean()
    text = (
        "**A test set that lasts**: let 500 entries or more be made, and keep the best guess within 3 points of a half "
        "with as few test samples as that takes."
    )
    passed = entries >= 500 and best <= 0.53
    now = f"Now: {counted(entries, 'entry', 'entries')}, {best:.1%}."
    return Goal(text, bool(passed), now, float(found.samples) if passed else None)


REUSE = View(
    (SIZE,), measure_reuse, shown_reuse, look=(ENTRY,), before=before_reuse, question=winner, goal=large_enough,
    program=program_of_reuse,
)  # fmt: skip
