"""A claim is held against its record: the run is trained again."""

import json

from core.figures.curves import number
from core.lessons import Goal, Question, Scale
from core.lessons.controls import choose, pick, scale, slider
from core.lessons.view import Shown, View
from core.programs import program_of_beginning
from core.topics.experiment_tracking.pictures import against_record
from core.topics.experiment_tracking.reproducing import ASSUMED, ENGINE, FIELDS, RERUNS, SEED, Reproduced, reproduce
from core.topics.experiment_tracking.sweep import OPTIMIZERS

LEFT_OUT = choose("Left out of the record", FIELDS, (SEED,))
CONTROLS = (
    LEFT_OUT,
    pick("Optimizer", OPTIMIZERS, "Momentum"),
    scale("Learning rate", (0.003, 0.01, 0.03, 0.1, 0.3), 0.03),
    scale("Batch size", (5, 10, 20, 32, 50), 10),
    slider("Noise", 0.0, 0.5, 0.25, 0.05),
    scale("Epochs", (10, 30, 60, 100), 30),
)
MANY = 3  # fields that the challenge leaves out


def draw(found: Reproduced) -> Shown:
    """The record, five trainings from it, and whether they gave the same number."""
    same = sum(found.same)
    rows = [{"Training": "on record", "Seed": str(found.run.recipe.seed), "Engine": found.run.engine,
             "Held-out loss": repr(found.run.last.test_loss), "Same bits": "–"}]  # fmt: skip
    rows += [
        {"Training": f"rerun {place}", "Seed": str(each.recipe.seed), "Engine": each.engine,
         "Held-out loss": repr(each.last.test_loss), "Same bits": "yes" if is_same else "no"}
        for place, (each, is_same) in enumerate(zip(found.again, found.same, strict=True), 1)
    ]  # fmt: skip
    picture = against_record(found.run.last.test_loss, [each.last.test_loss for each in found.again], found.same)
    said = f"**{same} of {RERUNS} reruns** give the same loss and the same weights to the last bit. {reason(found)}"
    return Shown(((picture,),), f"{said}\n\n{record_of(found)}", (rows,))


def record_of(found: Reproduced) -> str:
    """What is on record, as it would lie in a file."""
    text = json.dumps(found.record, indent=1)
    missing = ", ".join(f"{name.lower()} (assumed: {ASSUMED[name]})" for name in found.left_out if name in ASSUMED)
    return f"The record:\n```json\n{text}\n```" + (f"\nAssumed instead: {missing}." if missing else "")


def reason(found: Reproduced) -> str:
    """Why the reruns agree or do not."""
    apart = f"the furthest is {number(found.apart)} away"
    if all(found.same):
        return "The record is complete: everything it lacks has the value that the program assumes."
    if SEED in found.left_out:
        return f"Without the seed nobody can repeat the run, only runs like it: {apart}."
    if found.left_out == (ENGINE,):
        return f"Another program does the same arithmetic in another order: {apart}, and not zero."
    return f"Every rerun gives one and the same other number, {apart}: what is not on record was assumed."


def before(found: Reproduced) -> Shown:
    """The claim."""
    last = found.run.last
    said = (
        f"Somebody reports a held-out loss of **{last.test_loss:.6f}** and hands over this record. {record_of(found)}"
    )
    return Shown(((against_record(last.test_loss, [last.test_loss], [True]),),), said)


def question(found: Reproduced) -> Question:
    """How many agree?"""
    because = (
        "A run is a function of its record only if the record holds everything: data, network, recipe, seed, and the "
        "program that did the arithmetic."
    )
    left = ", ".join(name.lower() for name in found.left_out) or "nothing"
    asked = f"Left out: {left}. How many of {RERUNS} trainings from this record give the same number to the last bit?"
    return Question(asked, Scale(0, RERUNS, 1, "", 0), sum(found.same), because)


def goal(found: Reproduced) -> Goal:
    """Defaults are settings too."""
    said = (
        f"**What need not be written down?** Leave out at least {MANY} fields and still get the same bits in all "
        f"{RERUNS} reruns; change the settings as you like."
    )
    return Goal(
        said, len(found.left_out) >= MANY and all(found.same),
        f"Now: {len(found.left_out)} left out, {sum(found.same)} of {RERUNS} the same.",
    )  # fmt: skip


REPRODUCE = View(
    CONTROLS, reproduce, draw, before=before, question=question, goal=goal,
    program=lambda found: program_of_beginning(found.run, 20),
)  # fmt: skip
