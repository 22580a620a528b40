"""Find the leak: six reports, and what is left of them."""

from core.figures.curves import bars
from core.figures.marks import horizontal
from core.figures.picture import INK
from core.lessons import Goal, Question
from core.lessons.controls import pick, scale
from core.lessons.view import Shown, View
from core.probes import luck
from core.topics.validation.leaks import SEEDS, STUDIES, Report, report

STUDY = pick("Study", STUDIES)
SAMPLES = scale("Samples", (40, 60, 100, 200, 400), 100)
WORST = 0.45  # how far above the truth a report has to be


def measure(study: str, samples: int, seed: int) -> Report:
    """Do the study in both ways."""
    return report(study, samples, seed)


def steps(found: Report) -> str:
    """The report's method, as a list."""
    return "\n".join(f"{number}. {words}" for number, words in enumerate(found.study.steps, 1))


def before(found: Report) -> Shown:
    """What the report says."""
    picture = bars(
        {"as reported": found.reported}, ("", "Accuracy"), 260, yaxis={"range": [0, 1.05], "tickformat": ".0%"}
    )
    note = f"The report says: **{found.reported.mean():.0%}** right on samples held out. This is what was done:\n\n"
    return Shown(((picture,),), note + steps(found))


def shown(found: Report) -> Shown:
    """The report, the same without its mistake, and what comes later."""
    rows = {"as reported": found.reported, "without the mistake": found.honest, "later samples": found.later}
    picture = bars(rows, ("", "Accuracy"), 320, yaxis={"range": [0, 1.05], "tickformat": ".0%"})
    picture.layout["shapes"] = [horizontal(0.5, INK, 1.5, "dot")]
    gap = found.reported - found.honest
    beyond = "beyond seed noise" if luck.differs(found.reported, found.honest) else "inside seed noise"
    note = (
        f"Reported **{found.reported.mean():.0%}**, without the mistake **{found.honest.mean():.0%}**, and "
        f"**{found.later.mean():.0%}** on samples that came later (dotted: guessing). Mean of {SEEDS} repetitions; the "
        f"mistake is worth **{100 * gap.mean():.0f} points**, {beyond}.\n\n"
    )
    return Shown(((picture,),), note + steps(found))


def which(found: Report) -> Question:
    """Name the step."""
    study = found.study
    return Question("Which step lets the answers leak?", list(study.steps), study.steps[study.leak], study.because)


def worst(found: Report) -> Goal:
    """The greatest lie."""
    gap = (found.reported - found.later).mean()
    text = (
        f"**The greatest lie**: find a study and a number of samples whose report is at least {100 * WORST:.0f} points "
        "above what comes later."
    )
    return Goal(text, bool(gap >= WORST), f"Now: {found.name}, {100 * gap:.0f} points.")


LEAKS = View(
    (STUDY, SAMPLES), measure, shown, before=before, question=which, goal=worst, program=lambda found: found.run
)
