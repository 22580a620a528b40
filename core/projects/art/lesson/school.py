"""A painter of the learner's own on the page: what it learns from, how it goes, what the alarm says."""

import functools
from dataclasses import replace

import numpy as np

from core.data.images import MissingDataError
from core.diagnosis.finding import Finding
from core.figures.picture import Picture
from core.figures.sheets import rows_of_pictures
from core.lessons import Goal, Question
from core.lessons.controls import Control, pick, scale
from core.lessons.view import Shown
from core.projects.art import own
from core.projects.art.lesson.programs import of_pictures
from core.projects.art.near import learned
from core.projects.art.pictures import SETS, Pictures
from core.projects.art.shipped import GROUPS, measures
from core.provenance import Measured

SHIPPED, OWN = "watercolours", "own pictures"
DATA = pick("Pictures", (SHIPPED, "portraits", "tiles", OWN), help="All at 32 × 32. Portraits and tiles need the data "
            "folder (ROADMAP_LAB_DATA).")  # fmt: skip
PLAN: tuple[Control, ...] = (
    scale("Steps", (300, 600, 1000, 2000, 3000, 5000), 1000, help="About 12 a second on a quiet core."),
    scale("Learning rate", (0.0005, 0.001, 0.002, 0.004, 0.01, 0.03), 0.002, help="Of both networks."),
    scale("R1", (0.0, 0.03, 0.1, 0.3, 1.0, 3.0), 0.1, help="Strength of the penalty on the discriminator's slope."),
)
NAMES = {"rate": "learning_rate", "penalty": "r1"}  # a plan's fields and the controls that set them


def plan(steps: int, learning_rate: float, r1: float, seed: int) -> own.Plan:
    """What the controls say."""
    return own.Plan(int(steps), float(learning_rate), float(r1), seed)


@functools.lru_cache(maxsize=4)
def chosen(name: str) -> Pictures:
    """A set by its name. Raises ``MissingDataError``, one sentence, where it is not on this machine."""
    if name == SHIPPED:
        found = learned()
        return own.at_size(Pictures(SHIPPED, found.pixels, found.labels, GROUPS, measures()["credit"]))
    return own.at_size(SETS[name]())


def available(name: str) -> tuple[Pictures | None, str]:
    """A set, or none and one sentence why."""
    try:
        return chosen(name), ""
    except MissingDataError as missing:
        return None, str(missing)


def sheet(pixels: np.ndarray, alt: str) -> Picture:
    """Pictures in rows of twelve."""
    return rows_of_pictures(list(pixels), (), alt, 12)


def examples(found: Pictures) -> Shown:
    """Some of what is learned from."""
    places = np.linspace(0, len(found) - 1, own.SHOWN).astype(int)
    alt = f"{own.SHOWN} of {len(found):,} pictures to learn from, spread {own.spread(found.pixels):.0f} grey levels."
    return Shown(((sheet(found.pixels[places], alt),),), f"**{len(found):,} pictures** of {found.name}. {found.credit}")


def live(look: own.Look) -> Shown:
    """A moment of a training."""
    alt = (
        f"{own.SHOWN} painted pictures, {look.message}; they differ by {look.variety:.0%} of what real ones do."
    )  # fmt: skip
    return Shown(((sheet(look.pictures, alt),),))


def result(look: own.Look) -> Shown:
    """What came of it."""
    step = look.step
    note = (
        f"**{step.number:,} steps.** The discriminator tells {step.real:.0%} of real and {step.fake:.0%} of painted "
        f"pictures right; painted ones differ by {look.variety:.0%} of what real ones do."
    )
    return Shown(live(look).pictures, note)


def findings(look: own.Look | None) -> list[Finding]:
    """What the alarm says, with changes under the names of the page's controls."""
    if look is None or look.finding is None:
        return []
    changes = {NAMES[name]: value for name, value in look.finding.changes.items()}
    return [replace(look.finding, changes=changes)]


def question(look: own.Look) -> Question:
    """How varied the painted pictures are."""
    words = ("less than half", "half to all", "more than real ones")
    truth = words[0] if look.variety < 0.5 else words[1] if look.variety <= 1 else words[2]
    return Question(
        "How much do your painter's pictures differ from each other, beside real ones?",
        words, truth,
        f"Measured {look.variety:.0%}: a generator that always fools its discriminator with one picture has no reason "
        "to paint another, and too little variety is how collapse begins.",
    )  # fmt: skip


def goal(look: own.Look | None) -> Goal:
    """A training without an alarm."""
    aim = (
        "Train a painter of your own for at least **1,000 steps** to the end, without an alarm, and with at least "
        "**half** of the variety of real pictures."
    )
    if look is None:
        return Goal(aim, False, "Now: nothing is trained yet.")
    fine = look.finding is None and look.variety >= 0.5 and look.step.number >= 1000
    return Goal(aim, fine, f"Now: {look.step.number:,} steps, variety {look.variety:.0%}.")


def program() -> object:
    """The shipped painter's."""
    return of_pictures((0, 1, 2), {GROUPS[0]: 1.0})


HOW = (
    "A small generator and discriminator learn here, at 32 × 32, while you watch: a picture every two seconds. The "
    "alarm of the page on unstable GANs stands beside them and names a collapse."
)


def source(plan: own.Plan) -> Measured:
    """Where the pictures come from."""
    return Measured((plan.seed,), 0.0, "Trained live, or pictures as they are")
