"""How often to write a checkpoint."""

import numpy as np

from core.figures.curves import line, number
from core.figures.marks import marker, trace, vertical
from core.figures.picture import BLUE, INK, ORANGE, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import scale, slider
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.topics.checkpoints.intervals import Intervals, best_interval, expected, intervals
from core.wording import counted

COST = scale("Seconds to write", (1, 5, 15, 30, 60, 120, 300), 60)
FAILURES = scale("Hours between failures", (1, 3, 6, 12, 24, 72, 168), 6, help="On average; they come at random.")
WORK = slider("Hours of training", 6, 96, 24, 6)
MINUTES = slider("Minutes between checkpoints", 1, 300, 120)


def chart(found: Intervals, minutes: int | None) -> Picture:
    """Hours by interval: the formula, simulated trainings, the choice and Young's interval."""
    seen = found.formula <= 4 * found.work
    traces = [line(60 * found.intervals[seen], found.formula[seen], "expected", BLUE)]
    dots = found.measured.mean(axis=0)
    error = found.measured.std(axis=0) / len(found.measured) ** 0.5
    near = dots <= 4 * found.work
    places = 60 * found.intervals[::5][: len(dots)]
    traces.append(
        trace("markers", places[near], dots[near], name="simulated", marker=marker(ORANGE, 9, "diamond"),
              error_y={"type": "data", "array": (2 * error[near]).tolist(), "color": ORANGE, "thickness": 1.5})
    )  # fmt: skip
    ticks = [minutes for minutes in (1, 3, 10, 30, 100, 300, 1000) if minutes <= 60 * found.intervals[seen].max()]
    axis = {"type": "log", "tickvals": ticks, "ticktext": [str(tick) for tick in ticks]}
    plan = layout("Minutes between checkpoints", "Hours until the training is done", 380, xaxis=axis)
    marks = [(60 * found.best, "√(2CM)", "dot")] + ([(minutes, "yours", "solid")] if minutes else [])
    plan["shapes"] = [vertical(x, INK, 1.5, dash) for x, _, dash in marks]
    plan["annotations"] = [
        {
            "x": float(np.log10(x)),
            "y": 1 - 0.08 * k,
            "yref": "paper",
            "text": text,
            "showarrow": False,
            "xanchor": "left",
            "xshift": 4,
        }
        for k, (x, text, _) in enumerate(marks)
    ]
    low = found.intervals[found.formula.argmin()] * 60
    alt = (
        f"Hours by minutes between checkpoints: lowest, {number(found.formula.min())} hours, at {number(low)} minutes."
    )
    return Picture(traces, plan, alt)


def shown(found: Intervals, minutes_between_checkpoints: int) -> Shown:
    """The curve and the learner's choice."""
    yours, best = found.overhead(minutes_between_checkpoints / 60), found.overhead(found.best)
    note = (
        f"With {counted(minutes_between_checkpoints, 'minute')} between checkpoints, {found.work:g} hours of training "
        f"take **{found.work * (1 + yours):.1f} hours**. Young's interval, √(2 · cost · time between failures), is "
        f"**{60 * found.best:.0f} minutes** and gives **{found.work * (1 + best):.1f} hours**."
    )
    return Shown(((chart(found, minutes_between_checkpoints),),), note)


def before(found: Intervals, minutes_between_checkpoints: int) -> Shown:
    """What is asked."""
    text = (
        f"A training of {found.work:g} hours; writing a checkpoint takes "
        f"{counted(round(3600 * found.cost), 'second')}, a failure comes every "
        f"{counted(found.between, 'hour')} on average and loses what was done since the last checkpoint."
    )
    return Shown((), text)


def how_often(found: Intervals, minutes_between_checkpoints: int) -> Question:
    """Which interval is best?"""
    low = float(60 * found.intervals[found.formula.argmin()])
    because = "Too often pays for writing, too rarely for work done again; the two are equal near √(2CM)."
    return Question(
        "After how many minutes each is a checkpoint best written?", Scale(0, 240, 5, "minutes"), round(low), because
    )


def cheap(found: Intervals, minutes_between_checkpoints: int) -> Goal:
    """Near the lowest."""
    yours, low = found.overhead(minutes_between_checkpoints / 60), found.formula.min() / found.work - 1
    text = (
        "**Cheap insurance**: with failures every 6 hours or more often, choose an interval whose extra time is within "
        "5% of the least."
    )
    passed = found.between <= 6 and yours <= 1.05 * low
    return Goal(text, bool(passed), f"Now: {yours:.1%} extra time; the least is {low:.1%}.")


def program(found: Intervals, minutes_between_checkpoints: int) -> Program:
    """Young's interval and Daly's time."""
    given = f"{found.cost!r}, {found.between!r}"
    text = (
        f"best = best_interval({given})\n"
        f"result = {{'best': best, 'hours': expected(best, {given}, {found.work!r}),\n"
        f"          'yours': expected({minutes_between_checkpoints / 60!r}, {given}, {found.work!r})}}"
    )
    hours = {"best": found.best, "hours": found.work * (1 + found.overhead(found.best))}
    shown = {**hours, "yours": found.work * (1 + found.overhead(minutes_between_checkpoints / 60))}
    return Program("How often to write a checkpoint", (Step("Hours", text),), (best_interval, expected), shown)


def measure(seconds_to_write: int, hours_between_failures: int, hours_of_training: int, seed: int) -> Intervals:
    """The curve."""
    return intervals(seconds_to_write, hours_between_failures, hours_of_training, seed)


INTERVALS = View(
    (COST, FAILURES, WORK),
    measure,
    shown,
    look=(MINUTES,),
    before=before,
    question=how_often,
    goal=cheap,
    program=program,
)
