"""The views of the page on the training loop: name the bug from its curve, and one loop in three styles."""

import difflib

import numpy as np

from core.figures.curves import bands, number
from core.figures.picture import Picture
from core.lessons import Goal, Question
from core.lessons.controls import pick, slider
from core.lessons.view import Later, Shown, View
from core.topics.training_loop import styles
from core.topics.training_loop.loops import BUGS, EPOCHS, LOOP, Case, case, code_of, program_of_loop
from core.topics.training_loop.styles import ALIGNED, KERAS, LIGHTNING, PLAIN, Compared, compared, with_keras
from core.wording import code, counted

ORDER = (0, 3, 6, 1, 7, 4, 2, 5)  # so that the letters do not give the names away
LOOPS = {f"loop {letter}": list(BUGS)[place] for letter, place in zip("ABCDEFGH", ORDER, strict=True)}
TOP, WANTED = 8.0, 0.8
QUANTITIES = ("Training loss", "Held-out loss", "Held-out accuracy")


def measure(loop: str, mend_after_epoch: int, seed: int) -> Case:
    """The broken loop, and the same mended."""
    return case(LOOPS[loop], mend_after_epoch, seed)


def curves(found: Case, both: bool) -> tuple[Picture, ...]:
    """Losses in one picture and accuracy in another; the mended future beside the broken one."""
    epochs = np.arange(1, EPOCHS + 1)
    ways = {"broken": found.broken, **({"mended": found.fixed} if both else {})}
    shown = {name: np.clip(np.nan_to_num(values, nan=TOP, posinf=TOP), 0, TOP) for name, values in ways.items()}
    losses = {f"{QUANTITIES[place]}, {name}": values[..., place] for name, values in shown.items() for place in (0, 1)}
    rights = {f"{QUANTITIES[2]}, {name}": values[..., 2] for name, values in shown.items()}
    high = min(TOP, 1.1 * max(float(values.mean(axis=0).max()) for values in losses.values()))
    return (
        bands(epochs, losses, ("Epoch", f"Loss (at most {TOP:g})"), 380, yaxis={"range": [0, max(high, 2.5)]}),
        bands(epochs, rights, ("Epoch", "Held-out accuracy"), 380, yaxis={"range": [0, 1.02], "tickformat": ".0%"}),
    )


def difference(name: str) -> str:
    """The lines that differ from the sound loop."""
    lines = difflib.unified_diff(code_of(name).split("\n"), LOOP.split("\n"), n=1, lineterm="")
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def draw(found: Case) -> Shown:
    """Both futures, the line, and what it does."""
    bug, ends = found.bug, (found.broken[:, -1, 2].mean(), found.fixed[:, -1, 2].mean())
    note = (
        f"**{bug.name.capitalize()}**: {bug.trace}. {bug.why}\n\n```diff\n{difference(bug.name)}\n```\n\n"
        f"Mended after epoch {found.mended}, it ends at **{ends[1]:.0%}** held-out accuracy instead of {ends[0]:.0%}, "
        f"mean of {len(found.seeds)} seeds."
    )
    return Shown((curves(found, both=True),), note, (rows(found),))


def rows(found: Case) -> list[dict]:
    """What both loops print in the end."""
    ends = {"broken": found.broken[:, -1].mean(axis=0), "mended": found.fixed[:, -1].mean(axis=0)}
    return [
        {"Loop": name, **dict(zip(QUANTITIES, (number(train), number(held_out), f"{right:.1%}"), strict=True))}
        for name, (train, held_out, right) in ends.items()
    ]


def before(found: Case) -> Shown:
    """The curves alone."""
    note = f"A network of 32 hidden units learns 400 digits. One line of its loop is broken ({len(found.seeds)} seeds)."
    return Shown((curves(found, both=False),), note)


def question(found: Case) -> Question:
    """Which line is broken?"""
    return Question("Name the bug.", list(BUGS), found.bug.name, found.bug.why)


def goal(found: Case) -> Goal:
    """Mend as late as possible."""
    score = float(found.fixed[:, -1, 2].mean())
    late = EPOCHS - found.mended
    text = (
        f"Find a bug whose loop, mended only **after epoch 5 or later**, still ends at {WANTED:.0%} held-out accuracy."
    )
    honest = found.mended >= 5 and score >= WANTED
    return Goal(
        text, honest, f"Now: mended after epoch {found.mended}, {score:.0%} with {counted(late, 'epoch')} left."
    )


def compare(seed: int) -> Compared:
    """The loop and Lightning's style."""
    return compared(seed)


def draw_styles(found: Compared) -> Shown:
    """Curves, the aligned lines and the code."""
    losses = {name: np.array(values) for name, values in found.losses.items()}
    picture = bands(np.arange(1, styles.EPOCHS + 1), losses, ("Epoch", "Training loss"), 320)
    gap = np.abs(losses[PLAIN] - losses[LIGHTNING]).max()
    sources = "\n\n".join(f"**{name}**\n\n```python\n{text}\n```" for name, text in styles.sources().items())
    note = (
        f"Loop and Lightning style differ by at most **{number(float(gap))}**: the trainer is the same loop, put away."
    )
    aligned = [
        {"What": what, PLAIN: code(first), LIGHTNING: code(second) or "in Trainer.fit", KERAS: code(third) or "in fit"}
        for what, first, second, third in ALIGNED
    ]
    return Shown(((picture,),), f"{note}\n\n{sources}", (aligned,))


def draw_keras(found: Compared) -> Shown:
    """The third curve beside the loop's, and how far apart they are."""
    losses = {name: np.array(found.losses[name]) for name in (PLAIN, KERAS)}
    picture = bands(np.arange(1, styles.EPOCHS + 1), losses, ("Epoch", "Training loss"), 320)
    gap = np.abs(losses[PLAIN] - losses[KERAS]).max()
    note = (
        f"Keras fit and the loop differ by at most **{number(float(gap))}**: the first weights are the same, but "
        "Keras shuffles the batches in an order of its own."
    )
    return Shown(((picture,),), note)


def styles_before(found: Compared) -> Shown:
    """The loop alone."""
    picture = bands(
        np.arange(1, styles.EPOCHS + 1), {PLAIN: np.array(found.losses[PLAIN])}, ("Epoch", "Training loss"), 320
    )
    return Shown(((picture,),), f"```python\n{styles.sources()[PLAIN]}\n```")


def styles_question(found: Compared) -> Question:
    """How many of the loop's lines does a learner still write?"""
    written = sum(bool(line[2]) for line in ALIGNED)
    text = f"Of these {len(ALIGNED)} parts of a loop, how many does a learner still write in Lightning's style?"
    options = [str(count) for count in range(1, len(ALIGNED) + 1, 1)]
    return Question(text, options, str(written), "Loss, optimizer and number of epochs; the trainer does the rest.")


def keras_arguments(found: Compared) -> tuple:
    """What the job is given."""
    return (found,)


BROKEN = View(
    (pick("Loop", LOOPS), slider("Mend after epoch", 0, EPOCHS - 1, 4)), measure, draw, before=before,
    question=question, goal=goal, program=program_of_loop,
)  # fmt: skip
THREE = View(
    (), compare, draw_styles, before=styles_before, question=styles_question, program=styles.program_of_styles,
    later=Later("Train with Keras's fit too", with_keras, keras_arguments, draw_keras),
)  # fmt: skip
VIEWS = {"Broken loops": BROKEN, "Three styles": THREE}
