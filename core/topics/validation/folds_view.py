"""Held out once or in folds; at random or in time."""

import numpy as np

from core.figures.curves import bars, number
from core.figures.marks import horizontal, hover, marker, trace
from core.figures.picture import BLUE, GREY, INK, ORANGE, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import scale, slider
from core.lessons.view import Shown, View
from core.probes import luck
from core.topics.validation.folds import REPEATS, Estimates, Timed, estimates, in_time, timed

SAMPLES = scale("Samples", (20, 40, 80, 160), 40)
K = slider("Folds", 2, 10, 5)
NOISE = slider("Noise", 0.1, 0.5, 0.3, 0.05)
ONCE, FOLDED = "one fifth held out", "all folds"
GOOD = 0.06  # how far an estimate may be off

# Held out once, or in folds ------------------------------------------------------------------------------------------


def measure(samples: int, folds: int, noise: float, seed: int) -> Estimates:
    """Judge in both ways."""
    return estimates(samples, folds, noise, seed)


def dots(found: Estimates) -> Picture:
    """Every repetition's two scores beside the truth."""
    rows = ((ONCE, found.once, ORANGE, "circle"), (FOLDED, found.folded, BLUE, "diamond"))
    places = np.arange(1, REPEATS + 1)
    traces = [
        trace("markers", places + shift, values - found.truth, name=name, marker=marker(color, 11, symbol),
              **hover("%{y:+.1%} from the truth", name))
        for shift, (name, values, color, symbol) in zip((-0.12, 0.12), rows, strict=True)
    ]  # fmt: skip
    zero = horizontal(0, INK, 1.5)
    plan = layout(
        "Repetition", "Score minus truth", 360, shapes=[zero], yaxis={"tickformat": "+.0%"}, xaxis={"dtick": 1}
    )
    alt = (
        f"{REPEATS} repetitions: one held-out fifth is off by {found.off('once'):.1%}, {found.k} folds by "
        f"{found.off('folded'):.1%} (root mean square)."
    )
    return Picture(traces, plan, alt)


def shown(found: Estimates) -> Shown:
    """How far each is off."""
    errors = {ONCE: abs(found.once - found.truth), FOLDED: abs(found.folded - found.truth)}
    beyond = "beyond" if luck.differs(*errors.values()) else "inside"
    note = (
        f"{REPEATS} sets of {found.samples} samples. Distance from the truth (accuracy on 1,000 fresh samples of the "
        f"network trained on all), root mean square: one held-out fifth **{found.off('once'):.1%}** for 1 training, "
        f"{found.k} folds **{found.off('folded'):.1%}** for {found.k}. Mean distances differ {beyond} seed noise. "
        f"{luck.MEANING}"
    )
    return Shown(((dots(found),),), note)


def before(found: Estimates) -> Shown:
    """One estimate's guesses."""
    values = found.once
    text = (
        f"{REPEATS} times, a network learned from four fifths of {found.samples} samples and was judged on the rest: "
        f"scores from **{values.min():.0%}** to **{values.max():.0%}**, of problems that are all equally hard."
    )
    return Shown((), text)


def nearer(found: Estimates) -> Question:
    """Which is nearer to the truth?"""
    names = [ONCE, FOLDED, "about equal (within a tenth)"]
    one, all_of_them = found.off("once"), found.off("folded")
    equal = abs(one - all_of_them) <= 0.1 * max(one, all_of_them)
    because = (
        "Folds judge on every sample once, so that chance averages out; with few folds each network learns from less "
        "than all."
    )
    return Question(
        f"Which is nearer to the truth: one held-out fifth, or {found.k} folds?",
        names, names[2] if equal else names[0] if one < all_of_them else names[1], because,
    )  # fmt: skip


def well_judged(found: Estimates) -> Goal:
    """A good estimate from few samples."""
    text = (
        "**Few samples, well judged**: with at most 40 samples and noise of at least 0.3, bring the folds' distance "
        f"from the truth to {GOOD:.0%} or less."
    )
    noisy, off = found.truth.mean(), found.off("folded")
    passed = found.samples <= 40 and found.noise >= 0.3 and off <= GOOD
    return Goal(text, passed, f"Now: {found.samples} samples, {off:.1%} off; the truth is {noisy:.0%} on average.")


FOLDS = View(
    (SAMPLES, K, NOISE),
    measure,
    shown,
    before=before,
    question=nearer,
    goal=well_judged,
    program=lambda found: found.run,
)

# In time -------------------------------------------------------------------------------------------------------------

DAYS = scale("Days", (60, 120, 240), 120)
PIECES = slider("Folds", 2, 6, 4)
GAP = slider(
    "Days left out between", 0, 8, 0, help="So that the first day judged does not resemble the last one learned."
)


def measure_time(days: int, folds: int, days_left_out_between: int, seed: int) -> Timed:
    """Judge in both ways."""
    return timed(days, folds, days_left_out_between, seed)


def plan_of_folds(found: Timed) -> Picture:
    """Which days are learned from and which judge, fold by fold."""
    traces = []
    for row, (past, coming) in enumerate(in_time(found.days, found.k, found.gap)):
        for days, color, pattern, name in ((past, GREY, "", "learned from"), (coming, BLUE, "/", "judged on")):
            traces.append(
                {"type": "bar", "orientation": "h", "y": [row + 1], "base": [int(days[0])], "x": [len(days)],
                 "marker": {"color": color, "pattern": {"shape": pattern}}, "name": name, "showlegend": row == 0,
                 **hover(f"days {days[0]} to {days[-1]}", name)}
            )  # fmt: skip
    plan = layout("Day", "Fold", 90 + 34 * found.k, barmode="overlay", yaxis={"dtick": 1, "autorange": "reversed"})
    last = in_time(found.days, found.k, found.gap)[-1]
    return Picture(
        traces,
        plan,
        f"{found.k} folds in time; the last learns from {len(last[0])} days and is judged on {len(last[1])}.",
    )


def shown_time(found: Timed) -> Shown:
    """Both scores beside what came later."""
    rows = {"shuffled folds": found.shuffled, "folds in time": found.timed, "what came later": found.later}
    picture = bars(rows, ("", "Accuracy"), 300, yaxis={"range": [0, 1.05], "tickformat": ".0%"})
    words = ", ".join(f"{name} **{values.mean():.0%}**" for name, values in rows.items())
    lie = "beyond" if luck.differs(found.shuffled, found.later) else "inside"
    fair = "beyond" if luck.differs(found.timed, found.later) else "inside"
    note = (
        f"Mean of {REPEATS} series: {words}. Shuffled folds are {lie} seed noise of what came later, folds in time "
        f"{fair} it."
    )
    return Shown(((plan_of_folds(found),), (picture,)), note)


def before_time(found: Timed) -> Shown:
    """The folds alone."""
    text = (
        f"{found.days} days of three measurements that drift, and a class that drifts on its own. Folds in time learn "
        "from the past and are judged on what follows."
    )
    return Shown(((plan_of_folds(found),),), text)


def promised(found: Timed) -> Question:
    """What do shuffled folds promise?"""
    options = ["about 50%, as it should be", "60 to 70%", "more than 70%"]
    score = found.shuffled.mean()
    truth = options[0] if score < 0.6 else options[1] if score <= 0.7 else options[2]
    because = "A held-out day lies between two days that were learned, and they had nearly the same numbers and class."
    return Question(
        "The class has nothing to do with the measurements. What do shuffled folds report?", options, truth, because
    )


def longest(found: Timed) -> Goal:
    """An honest estimate that uses much of the series."""
    share = len(in_time(found.days, found.k, found.gap)[0][0]) / found.days
    off = abs(found.timed.mean() - found.later.mean())
    text = (
        "**Honest from the first fold**: choose folds in time whose first one already learns from a third of the days "
        "or more, and whose mean is within 5 points of what came later."
    )
    return Goal(
        text,
        bool(share >= 1 / 3 and off <= 0.05),
        f"Now: first fold {share:.0%} of the days, {number(100 * off)} points off.",
    )


TIME = View(
    (DAYS, PIECES, GAP),
    measure_time,
    shown_time,
    before=before_time,
    question=promised,
    goal=longest,
    program=lambda found: found.run,
)
