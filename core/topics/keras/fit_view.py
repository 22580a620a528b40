"""Fit and loop on the page."""

import numpy as np

from core.figures.curves import bands, number
from core.lessons import Goal, Question
from core.lessons.controls import pick, scale
from core.lessons.view import Later, Shown, View
from core.programs.sources import source_of
from core.topics.keras.fitting import EPOCHS, LOOP, MATCHED, OWN, RULES, Fitted, fitted, loop, program_of_fit, with_fit

BOUNDS = ("below 0.001", "0.001 to 0.05", "more than 0.05")


def measure(optimizer: str, learning_rate: float, seed: int) -> Fitted:
    """The loop."""
    return fitted(optimizer, learning_rate, seed)


def pictures(found: Fitted) -> tuple:
    """Training loss and held-out accuracy by epoch."""
    epochs = np.arange(1.0, EPOCHS + 1)
    loss, right = ({name: rows[:, column] for name, rows in found.histories.items()} for column in (0, 2))
    return (
        bands(epochs, loss, ("Epoch", "Training loss"), 360),
        bands(epochs, right, ("Epoch", "Held-out accuracy"), 360, yaxis={"range": [0, 1.02], "tickformat": ".0%"}),
    )


def loop_view(found: Fitted) -> Shown:
    """The loop's curves and code."""
    note = "The loop has trained. `fit` shall begin with the same weights and get the same batches of 20."
    return Shown((pictures(found),), f"{note}\n\n```python\n{source_of(loop)}\n```")


def fit_view(found: Fitted) -> Shown:
    """All curves over each other."""
    matched = ", ".join(f"{name}={value:g}" for name, value in RULES[found.optimizer][4].items()) or "nothing more"
    ratio = found.variances[LOOP] / found.variances[MATCHED]
    note = (
        f"With batch norm's epsilon and momentum set, and for the optimizer {matched}, `fit` is the loop: training "
        f"losses differ by at most **{number(found.apart(MATCHED))}**. With Keras's own defaults: "
        f"**{number(found.apart(OWN))}**, and held-out accuracy after the first epoch is "
        f"{found.histories[OWN][0, 2]:.0%} instead of {found.histories[LOOP][0, 2]:.0%}. PyTorch keeps the unbiased "
        f"variance of a batch, Keras the biased one: the running variances' ratio is **{ratio:.4f}**."
    )
    return Shown((pictures(found),), note, (rows(found),))


def rows(found: Fitted) -> list[dict]:
    """How each ended."""
    titles = ("Training loss", "Held-out loss", "Held-out accuracy")
    return [
        {"": name, **{title: number(float(history[-1, place])) for place, title in enumerate(titles)},
         "Running variance of unit 1": number(found.variances[name])}
        for name, history in found.histories.items()
    ]  # fmt: skip


def asked(found: Fitted) -> Question:
    """Do the defaults matter?"""
    gap = found.apart(OWN)
    truth = BOUNDS[0] if gap < 0.001 else BOUNDS[1] if gap <= 0.05 else BOUNDS[2]
    text = (
        f"Same weights, same batches, {found.optimizer} with step {found.learning_rate:g} in both, all else as Keras "
        "has it. How far apart is an epoch's training loss at most?"
    )
    because = "For SGD batch norm's epsilon is all that differs in training; other optimizers have defaults too."
    return Question(text, BOUNDS, truth, because)


def goal(found: Fitted | None) -> Goal:
    """Find an optimizer whose defaults matter."""
    gap = found.apart(OWN) if found else 0.0
    text = (
        "**Defaults that matter**: find an optimizer and a step for which Keras's own defaults move an epoch's "
        "training loss by more than 0.3, while the matched `fit` stays within 0.02."
    )
    passed = bool(found) and gap > 0.3 and found.apart(MATCHED) < 0.02
    return Goal(text, passed, f"Now: {number(gap)}." if gap else "Now: not run yet.")


RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
FIT = View(
    (pick("Optimizer", RULES, "Adam"), scale("Learning rate", RATES, 0.01)), measure, loop_view,
    program=program_of_fit,
    later=Later("Run Keras's fit, twice", with_fit, lambda found: (found,), fit_view, asked, goal),
)  # fmt: skip
