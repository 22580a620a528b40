"""The trap of every table of runs: its first row was chosen by the number that it is praised for."""

import numpy as np

from core.lessons import Goal, Question, Scale
from core.lessons.controls import scale, slider
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.topics.experiment_tracking.pictures import all_scores, best_of_many
from core.topics.experiment_tracking.programs import SELECTION
from core.topics.experiment_tracking.selecting import FRESH, TRAINING, Selected, expected_best, select

CONTROLS = (
    scale("Runs", (8, 16, 32, 64), 32),
    scale("Validation samples", (20, 50, 100, 200, 500, 1000, 2000), 50),
    slider("Noise", 0.2, 2.0, 0.8, 0.1),
)
CLOSE, ENOUGH = 1.0, 32  # percentage points, and runs, of the challenge


def stands(points: float) -> str:
    """How far ahead of the average, in words."""
    return f"by **{points:z.1f} points**" if round(points, 1) >= 0 else f"is **{-points:.1f} points behind it**"


def draw(found: Selected) -> Shown:
    """How far the best of k leads, chosen and afresh."""
    count, fresh = len(found.validation), 100 * found.fresh[1][-1]
    share = found.validation.mean()
    error = 100 * np.sqrt(share * (1 - share) / found.samples)
    said = (
        f"The best of {count} runs leads the average run by **{found.lead:.1f} points** on the {found.samples} "
        f"validation samples that chose it, and {stands(fresh)} on {FRESH:,} fresh ones. A score on "
        f"{found.samples} samples is known to ± {error:.1f} points (one standard error), and the best of many is "
        "where that error happens to help."
    )
    rows = [
        {"Best of": str(k), "Leads where it was chosen": f"{100 * chosen:z.1f} points",
         "Leads on fresh samples": f"{100 * later:z.1f} points", "Luck": f"{100 * (chosen - later):z.1f} points"}
        for k, chosen, later in zip(found.counts, found.chosen[1], found.fresh[1], strict=True)
    ]  # fmt: skip
    return Shown(((best_of_many(found),),), said, (rows,))


def before(found: Selected) -> Shown:
    """The table's first row."""
    count = len(found.validation)
    said = (
        f"{count} networks were trained on the same {TRAINING} samples with the same settings; they differ in the seed "
        f"alone. The table is sorted, and its first row says **{100 * found.validation.max():.1f}%** right on "
        f"{found.samples} validation samples, {found.lead:.1f} points more than the average row."
    )
    return Shown(((all_scores(found),),), said)


def question(found: Selected) -> Question:
    """How much is left of it?"""
    because = (
        "Each score is the truth plus an error, and the largest score has a lucky error: choosing and judging by the "
        "same samples promises too much. Judge what was chosen by samples that played no part."
    )
    asked = f"The first row leads the average by {found.lead:.1f} points. How many are left on {FRESH:,} fresh samples?"
    return Question(asked, Scale(-5.0, 20.0, 0.5, "points", 1.5), round(found.lead - found.luck, 1), because)


def goal(found: Selected) -> Goal:
    """An honest table."""
    said = (
        f"**An honest first row**: with at least {ENOUGH} runs to choose from, let less than {CLOSE} points of its "
        "lead be luck."
    )
    passed = len(found.validation) >= ENOUGH and abs(found.luck) < CLOSE
    return Goal(
        said, bool(passed), f"Now: {found.luck:z.1f} points of the lead of the best of {len(found.validation)}."
    )


def program(found: Selected) -> Program:
    """The averages over all choices."""
    scores, fresh = ([round(float(each), 6) for each in row] for row in (found.validation, found.fresh_scores))
    best = {
        f"best of {name}, {how}": expected_best(scores, others, k)
        for name, k in (("all", len(scores)), ("four", 4))
        for how, others in (("as chosen", scores), ("on fresh samples", fresh))
    }
    step = Step("All choices of k runs", SELECTION.format(scores=scores, fresh=fresh))
    return Program("The best of many runs", (step,), (expected_best,), best)


SELECT = View(CONTROLS, select, draw, before=before, question=question, goal=goal, program=program)
