"""Runs side by side: curves with the bands of their seeds, settings that differ, and what may be concluded."""

from core.lessons import Goal, Question
from core.lessons.controls import Control, choose, pick
from core.lessons.view import Shown, View
from core.topics.experiment_tracking.columns import written
from core.topics.experiment_tracking.comparing import CANNOT, NOBODY, Compared, because_of, compared, noise_of
from core.topics.experiment_tracking.pictures import overlaid
from core.topics.experiment_tracking.seen import Seen
from core.topics.experiment_tracking.sweep import HELD_OUT, short
from core.training.logbook import CURVES, SEED
from core.wording import counted

CURVE = pick("Curve", CURVES, HELD_OUT)


def looks(found: Seen) -> tuple[Control, ...]:
    """Which runs; at first the first and the last of the sweep."""
    names = [each.name for each in found.all.entries]
    return (choose("Compare", names, tuple(dict.fromkeys((names[0], names[len(found.sweep.runs) - 1])))), CURVE)


def of(found: Seen, compare: tuple[str, ...]) -> Compared:
    """The runs that are compared."""
    return compared(found.all.entries, compare)


def draw(found: Seen, compare: tuple[str, ...], curve: str) -> Shown:
    """Curves, the settings that differ, results."""
    two = of(found, compare)
    shown = {name: entries for name, entries in two.groups.items() if curve in entries[0].curves}
    rows = [
        {"Differs in": name, **{short(each.name): written(value) for each, value in zip(two.chosen, row, strict=True)}}
        for name, row in two.differences.items()
    ]  # fmt: skip
    ends = {short(each.name): written(each.results.get(curve, "")) for each in two.chosen}
    pictures = ((overlaid(shown, curve),),) if shown else ()
    note = f"{because_of(two)} {noise_of(two)}"
    return Shown(pictures, note, ([*rows, {"Differs in": f"{curve} at the end", **ends}],))


def before(found: Seen, compare: tuple[str, ...], curve: str) -> Shown:
    """The first third of the curves."""
    two = of(found, compare)
    shown = {name: entries for name, entries in two.groups.items() if curve in entries[0].curves}
    return Shown(((overlaid(shown, curve, 1 / 3),),) if shown else (), f"{because_of(two)} The first third:")


def question(found: Seen, compare: tuple[str, ...], curve: str) -> Question:
    """Who is better?"""
    two = of(found, compare)
    options = {name: short(name) for name in two.groups} | {NOBODY: NOBODY, CANNOT: CANNOT}
    because = (
        "Each setting is trained with several seeds; what counts is the difference seed by seed, held against how much "
        "it varies. One run against one run says nothing about their settings."
    )
    asked = "Whose settings give the lower held-out loss at the end, over the seeds that they share?"
    return Question(asked, list(options.values()), options[two.verdict], because)


def goal(found: Seen, compare: tuple[str, ...], curve: str) -> Goal:
    """A comparison that proves something."""
    said = (
        "**A fair comparison**: choose exactly two runs with the same seed that differ in one setting, whose results "
        "differ by more than seed noise. Train what you lack."
    )
    two = of(found, compare)
    fair = len(two.chosen) == 2 and len(two.settings) == 1 and SEED not in two.differences
    noise = two.verdict if two.verdict in (NOBODY, CANNOT) else f"{short(two.verdict)} is lower"
    apart = counted(len(two.differences), "setting")
    now = f"Now: {len(two.chosen)} runs that differ in {apart}, the seed counted; {noise}."
    return Goal(said, fair and two.verdict not in (NOBODY, CANNOT), now)


COMPARE = View(
    draw=draw, look=looks, before=before, question=question, goal=goal,
    program=lambda found, **looked: found.sweep.runs[0],
)  # fmt: skip
