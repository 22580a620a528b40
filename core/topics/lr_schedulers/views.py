"""What the page on learning-rate schedules shows."""

from dataclasses import replace

import numpy as np

from core.figures.curves import number
from core.lessons import Goal, Question
from core.lessons.controls import folded, pick, scale, slider
from core.lessons.question import Scale
from core.lessons.view import Shown, View
from core.probes import luck
from core.programs import program_of, program_of_beginning
from core.topics.lr_schedulers import races
from core.topics.lr_schedulers.controls import (
    BATCH,
    DRAWING,
    EPOCHS,
    OPTIMIZER,
    OWN_BEST,
    PROBLEM,
    RATE,
    SCHEDULES,
    redrawn,
)
from core.topics.lr_schedulers.noise_view import FLOOR
from core.topics.lr_schedulers.pictures import (
    bare_axes,
    fine_curve,
    logged_rates,
    peak_curves,
    race_curves,
    range_curve,
    rising,
    schedule_lines,
)
from core.topics.lr_schedulers.plateaus import FACTOR, PATIENCE
from core.topics.lr_schedulers.races import CONSTANT, DRAWN, NAMES, RATES, Race
from core.topics.lr_schedulers.range_tests import AT_LOWEST, RULES, SEEDS, RangeTest, range_test
from core.topics.lr_schedulers.steps import CLASSES, StepByStep, step_by_step

NOBODY, NOISE = "nobody: inside seed noise", "inside seed noise"


# Race ----------------------------------------------------------------------------------------------------------------


def raced(found: Race) -> Shown:
    """All schedules, what the network's held-out loss does under each, and each one's peak rate."""
    rows = ((schedule_lines(found.schedules, found.drawing),), (race_curves(found),))
    return Shown(rows, races.verdict(found), (race_rows(found),), lambda at: redrawn(found.drawing, at))


def bare(found: Race) -> Shown:
    """The schedules before anybody has trained."""
    note = "**Draw yours**: a click sets a breakpoint, moves the one above or below it, or removes the one it hits."
    return Shown(((schedule_lines(found.schedules, found.drawing),),), note, (), lambda at: redrawn(found.drawing, at))


def race_rows(found: Race) -> list[dict]:
    """One row per schedule."""
    ends, best, equals = found.ends, found.best, found.equals
    stands = {name: "lowest" if name == best else "inside seed noise" if name in equals else "higher" for name in ends}
    return [
        {"Schedule": name, "Peak rate": f"{found.entrants[name].rate:g}",
         f"Held-out loss, {races.SEEDS} seeds": f"{10 ** ends[name].mean():.3g}",
         "One deviation": " – ".join(f"{10 ** (ends[name].mean() + k * ends[name].std()):.2g}" for k in (-1, 1)),
         "Against the lowest": stands[name]}
        for name in sorted(ends, key=lambda name: ends[name].mean())
    ]  # fmt: skip


def favourite(found: Race) -> Question:
    """Who will be lowest?"""
    truth = NOBODY if found.equals else found.best
    because = (
        "A falling rate quiets the gradient noise in the end. Among those that fall, the seeds often make a larger "
        "difference than the shape."
        if CONSTANT not in (found.best, *found.equals)
        else "A falling rate quiets the gradient noise in the end, but its steps are shorter too: here no schedule is "
        "ahead of the constant rate by more than seed noise."
    )
    return Question(
        f"Who has the lowest held-out loss over {races.SEEDS} seeds?", [*found.entrants, NOBODY], truth, because
    )


def draw_better(found: Race) -> Goal:
    """Draw a schedule that beats the constant rate and that nobody beats."""
    goal = (
        "**Draw a schedule that beats the constant rate** by more than seed noise, each at its own best peak, and that "
        "no other schedule beats by more than seed noise."
    )
    if not {DRAWN, CONSTANT} <= set(found.entrants):
        return Goal(goal, False, "Let both yours and constant race.")
    ends = found.ends
    lower = ends[DRAWN].mean() < ends[CONSTANT].mean() and luck.differs(ends[DRAWN], ends[CONSTANT])
    unbeaten = found.best == DRAWN or DRAWN in found.equals
    losses = " and ".join(f"{name} at {10 ** ends[name].mean():.3g}" for name in (DRAWN, CONSTANT))
    stands = "nobody beats yours" if unbeaten else f"{found.best} beats yours"
    return Goal(goal, bool(found.tuned and lower and unbeaten), f"Now: {losses}; {stands}.")


def beginning(found: Race):
    """The program of the learner's own training, or of the first schedule's."""
    return program_of_beginning(next(iter(found.entrants.values())).run, 8)


RACING = (
    DRAWING,
    PROBLEM,
    OPTIMIZER,
    OWN_BEST,
    RATE,
    folded(SCHEDULES, EPOCHS, BATCH),
)
RACE = View(RACING, races.race, raced, before=bare, question=favourite, goal=draw_better, program=beginning)


# Peak rates ----------------------------------------------------------------------------------------------------------


def peaks(found: Race) -> Shown:
    """What every schedule ends with at each peak rate."""
    higher, others = above_constant(found), len(found.entrants) - 1
    note = (
        f"Mean of {races.TUNING} seeds that take no part in the race; the ring is each schedule's best. **{higher} of "
        f"{others}** schedules {'has' if higher == 1 else 'have'} a higher best peak than the constant rate: "
        f"{bold(found)}."
    )
    return Shown(((peak_curves(found),),), note, (peak_rows(found),))


def bold(found: Race) -> str:
    """Whether schedules that fall mostly begin with a higher rate than the constant one, in words."""
    return "what falls in the end may begin boldly" if mostly(found) else "the best constant rate is bold already"


def mostly(found: Race) -> bool:
    """Whether more than half of the other schedules have a best peak rate above the constant one's."""
    return above_constant(found) > (len(found.entrants) - 1) / 2


def above_constant(found: Race) -> int:
    """How many schedules have a best peak rate above that of the constant schedule."""
    constant = found.entrants[CONSTANT].best
    return sum(one.best > constant for one in found.entrants.values())


def peak_rows(found: Race) -> list[dict]:
    """One row per schedule: its best peak, and what three and ten times as much costs."""
    return [
        {"Schedule": name, "Best peak rate": f"{one.best:g}", "Loss there": f"{10 ** one.tuned.mean(axis=0).min():.3g}",
         "At three times that": beyond(one, 1), "At ten times": beyond(one, 2)}
        for name, one in found.entrants.items()
    ]  # fmt: skip


def beyond(one: races.Entrant, further: int) -> str:
    """The loss so many half decades above the best peak rate, in words."""
    place = RATES.index(one.best) + further
    return f"{10 ** one.tuned.mean(axis=0)[place]:.3g}" if place < len(RATES) else "not tried"


def bolder(found: Race) -> Question:
    """How many may begin with a higher rate?"""
    because = (
        "A rate that falls pays for a bold beginning with a calm end; a constant rate has to suit both."
        if mostly(found)
        else "Here the best constant rate is bold already: most of what falls begins no higher, of the rates tried."
    )
    asked = f"Of the {len(found.entrants) - 1} other schedules: how many have a higher best peak rate than constant?"
    return Question(asked, Scale(0, len(NAMES) - 1), above_constant(found), because)


def measure_peaks(drawn_schedule: str, data: str, optimizer: str, epochs: int, batch_size: int, seed: int) -> Race:
    """The race whose peak rates are looked at."""
    return races.race(drawn_schedule, data, optimizer, epochs=epochs, batch_size=batch_size, seed=seed)


def peaks_before(found: Race) -> Shown:
    """The schedules, of which the peaks are asked."""
    return Shown(
        ((schedule_lines(found.schedules, found.drawing),),),
        "Every schedule is trained at six peak rates, from 0.01 to 3.",
    )


PEAKS = View(
    (DRAWING, PROBLEM, OPTIMIZER, folded(EPOCHS, BATCH)), measure_peaks, peaks, before=peaks_before, question=bolder,
    program=beginning,
)  # fmt: skip


# Range test ----------------------------------------------------------------------------------------------------------


def tested(found: RangeTest, rule: str) -> Shown:
    """The range test, and what trainings at constant rates really end with."""
    rate, off = found.suggested[rule], found.off(rule)
    factor = max(off, 1 / off)
    place = f"lies a factor of {factor:.2g} {'above' if off > 1 else 'below'} it" if factor >= 1.05 else "is the same"
    stands = against_best(found, rule)
    stands = f"{stands} of the best" if stands == NOISE else f"{stands} than the best by more than seed noise"
    note = (
        f"**Suggested rate: {rate:.2g}** ({rule}). Trained at a constant {rate:.2g}, the held-out loss ends at "
        f"{10 ** found.tried[rule].mean():.3g}: **{stands}** over {SEEDS} seeds. The best constant rate tried is "
        f"{found.best:g}; the suggestion {place}."
    )
    return Shown(((range_curve(found),), (fine_curve(found),)), note, (rule_rows(found),))


def against_best(found: RangeTest, rule: str) -> str:
    """How what a suggested rate ends with stands to the best constant rate tried, in words."""
    best, tried = found.ends[int(found.ends.mean(axis=1).argmin())], found.tried[rule]
    if not luck.differs(tried, best):
        return NOISE
    return "worse" if tried.mean() > best.mean() else "better"


def rule_rows(found: RangeTest) -> list[dict]:
    """One row per rule."""
    return [
        {"Read off": rule, "Rate": f"{rate:.3g}", "Times the best rate": f"{found.off(rule):.2g}",
         "Held-out loss": f"{10 ** found.tried[rule].mean():.3g}",
         "Against the best": against_best(found, rule)}
        for rule, rate in found.suggested.items()
    ]  # fmt: skip


def before_test(found: RangeTest) -> Shown:
    """The rate, before the loss is shown."""
    note = (
        f"One training of {len(found.rates)} epochs while the rate rises from {found.rates[0]:.1g} to "
        f"{found.rates[-1]:.2g}. Its loss first stands still, then falls, then turns up."
    )
    return Shown(((rising(found),),), note)


def turning(found: RangeTest, rule: str) -> Question:
    """Where does the loss turn up?"""
    truth = round(4 * float(np.log10(found.suggested[AT_LOWEST]))) / 4
    because = "Below that rate the test had no time to learn; above it a step overshoots the valley it is in."
    asked = "At which power of ten is the loss lowest? −1 means a learning rate of 0.1, −2 means 0.01."
    return Question(asked, Scale(-4.0, 1.0, 0.25), truth, because)


def misled(found: RangeTest, rule: str) -> Goal:
    """Find ground on which the test misleads."""
    off, low = found.off(AT_LOWEST), found.suggested[AT_LOWEST]
    factor = max(off, 1 / off)
    goal = (
        "**Mislead the test**: find settings whose lowest loss lies a factor of 8 or more from the best constant rate."
    )
    return Goal(goal, factor >= 8, f"Now: {low:.2g} against {found.best:g}, a factor of {factor:.2g}.")


RANGE = View(
    (PROBLEM, OPTIMIZER, scale("Batch size", (8, 16, 32), 8), scale("Epochs of the test", (20, 40, 60, 100), 60)),
    range_test,
    tested,
    look=(pick("Rule", RULES),),
    before=lambda found, rule: before_test(found),
    question=turning,
    goal=misled,
    program=lambda found, rule: program_of_beginning(found.run, 30),
)


# Step by step --------------------------------------------------------------------------------------------------------


def stepped(found: StepByStep, steps_done: int) -> Shown:
    """A formula's rates and torch's, and how far the trained weights are apart."""
    at = round(steps_done / 100 * (len(found.formula) - 1))
    rows = [
        {"Step": f"{step}", "By the formula": f"{found.formula[step]:.6g}",
         "Logged by torch's optimizer": f"{found.logged[step]:.6g}"}
        for step in sorted({0, 1, at, len(found.formula) - 1})
    ]  # fmt: skip
    note = (
        f"`torch.optim.lr_scheduler.{CLASSES[found.name]}`: over {len(found.formula)} steps rates differ by at most "
        f"**{found.difference:.1g}** of the peak, the trained weights by {found.apart:.1g}"
        f"{': so high a rate lets roundings grow' if found.apart > 0.01 else ''}.{reduced(found)}"
    )
    return Shown(((logged_rates(found, at),),), note, (rows,))


def reduced(found: StepByStep) -> str:
    """What the plateau schedule did, in words."""
    if found.name != races.PLATEAU:
        return ""
    count = int((np.diff(found.formula) < 0).sum())
    rule = f"It multiplies the rate by {FACTOR:g} when the training loss has set no new low for {PATIENCE + 1} epochs"
    return f" {rule}: here {f'**{count}** times' if count != 1 else '**once**'}."


def half_way(found: StepByStep, steps_done: int) -> Question:
    """What is the rate half-way?"""
    because = f"At step {len(found.formula) // 2} the formula gives {number(found.percent(0.5))}% of the peak."
    asked = f"Half of the steps are done. What is the rate of **{found.name}** then, in percent of its peak?"
    return Question(asked, Scale(0, 100, 1, "%"), round(found.percent(0.5), 1), because)


def before_steps(found: StepByStep, steps_done: int) -> Shown:
    """The empty plane."""
    note = f"{len(found.formula)} steps with a peak of {found.run.recipe.learning_rate:g}: picture the schedule first."
    return Shown(((bare_axes(len(found.formula), found.run.recipe.learning_rate),),), note)


STEPS = View(
    (
        pick("Schedule", NAMES, "one-cycle"),
        replace(DRAWING, when=lambda values: values["schedule"] == DRAWN),
        scale("Learning rate", RATES, 0.1, help="The highest rate of the schedule."),
        OPTIMIZER,
        scale("Epochs", (4, 8, 16, 24, 40), 16),
    ),
    step_by_step,
    stepped,
    look=(slider("Steps done", 0, 100, 50, 1, format="%d %%"),),
    before=before_steps,
    question=half_way,
    program=lambda found, steps_done: program_of(found.run),
)

VIEWS: dict[str, View] = {
    "Race": RACE,
    "Peak rates": PEAKS,
    "Range test": RANGE,
    "Why it helps": FLOOR,
    "Step by step": STEPS,
}
