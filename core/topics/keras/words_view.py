"""TensorFlow's words on the page."""

import numpy as np

from core.figures.curves import bands, number
from core.jobs.extras import missing
from core.lessons import Goal, Question, Scale
from core.lessons.controls import scale, slider
from core.lessons.view import Later, Shown, View
from core.topics.keras.words import (
    PACKAGE,
    WORDS,
    Translated,
    program_of_words,
    translated,
    with_tensorflow,
)
from core.wording import code


def measure(learning_rate: float, steps: int, seed: int) -> Translated:
    """The training in PyTorch."""
    return translated(learning_rate, steps, seed)


def curves(found: Translated) -> tuple:
    """Losses by step."""
    values = {name: np.array(losses) for name, losses in found.losses.items()}
    return (bands(np.arange(1.0, found.steps + 1), values, ("Step", "Training loss"), 340),)


def view(found: Translated) -> Shown:
    """Curve, words and TensorFlow's program."""
    if "TensorFlow" in found.losses:
        ours, theirs = map(np.array, found.losses.values())
        gap = float(np.abs(ours - theirs).max())
        note = f"TensorFlow has run it: its losses are at most **{number(gap)}** from PyTorch's."
    else:
        note = missing(PACKAGE) or "TensorFlow is installed here: the button below runs its program."
    table = [dict(zip(("What", "PyTorch", "Keras 3", "TensorFlow"), map(coded, row), strict=True)) for row in WORDS]
    return Shown((curves(found),), f"{note}\n\n```python\n{found.text}```", (table,))


def coded(cell: str) -> str:
    """A name of code set as code, words as they are."""
    return code(cell) if "." in cell or "@" in cell or "=" in cell or cell == "DataLoader" else cell


def before(found: Translated) -> Shown:
    """The beginning of the curve alone."""
    first = Translated(found.learning_rate, 2, found.seed, {"PyTorch": found.losses["PyTorch"][:2]}, found.seconds)
    return Shown((curves(first),), "The first two steps of the training, in PyTorch.")


def asked(found: Translated) -> Question:
    """Where does it end?"""
    text = f"Gradient descent on 400 digits as one batch. What is the loss in step {found.steps}?"
    because = "The program is the same in PyTorch and in TensorFlow, and so is the loss: only the words differ."
    return Question(text, Scale(0.0, 2.5, 0.05, "", 0.25), found.losses["PyTorch"][-1], because)


def goal(found: Translated) -> Goal:
    """A low loss in few steps."""
    loss = found.losses["PyTorch"][-1]
    text = "**Few steps**: bring the loss below 0.5 within at most 40 steps."
    return Goal(text, loss < 0.5 and found.steps <= 40, f"Now: {number(loss)} in step {found.steps}.")


WORDS_VIEW = View(
    (scale("Learning rate", (0.003, 0.01, 0.03, 0.1, 0.3, 1.0), 0.1), slider("Steps", 10, 100, 40, 10)), measure, view,
    before=before, question=asked, goal=goal, program=program_of_words,
    files=lambda found: [("TensorFlow's program", "digits_tensorflow.py", found.text.encode())],
    later=Later("Run it in TensorFlow", with_tensorflow, lambda found: (found,), view),
)  # fmt: skip
