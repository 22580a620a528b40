"""What small and large batches score on held-out samples, given equal epochs or equal steps."""

from core.figures.curves import bars, number
from core.lessons import Goal, Question
from core.lessons.controls import pick, scale, slider
from core.lessons.view import Shown, View
from core.probes import luck
from core.topics.batch_size.generalisation import (
    ARMS,
    EPOCHS,
    FEW,
    HELD_OUT,
    LONG,
    RATE,
    SAME,
    SAMPLES,
    SEEDS,
    SMALL,
    Compared,
    arms,
    compared,
)

PROBLEM = pick("Data", HELD_OUT)
LARGE = scale("Large batch", (20, 50, 100), 100)
FLIPPED = slider("Flipped labels", 0.0, 0.4, 0.0, 0.1, help="Which share of the training labels is wrong.")
OPTIONS = ("with equal epochs", "with equal steps", "with both", "with neither")


def shown(compared: Compared) -> Shown:
    """Scores, and where the trainings ended."""
    scores = bars(compared.scores, ("", "Held-out accuracy"), 340, yaxis={"range": [0, 1.05], "tickformat": ".0%"})
    losses = bars(compared.losses, ("", "Training loss at the end"), 320)
    curvature = bars(compared.sharpness, ("", "Largest curvature at the end"), 320)
    said = "; ".join(f"{name} **{standing(compared, name)}**" for name in ARMS[1:])
    text = (
        f"Held-out accuracy against batches of {SMALL}, {SEEDS} seeds: {said}. With equal steps the large batch ends "
        f"at a curvature of **{number(compared.sharpness[LONG].mean())}** against "
        f"**{number(compared.sharpness[FEW].mean())}**{sharper(compared)}. {luck.MEANING}"
    )
    return Shown(((scores,), (losses, curvature)), text, (rows_of(compared),))


def sharper(compared: Compared) -> str:
    """What the curvatures of equally many steps say, in words."""
    if not luck.differs(compared.sharpness[LONG], compared.sharpness[FEW]):
        return " (inside seed noise)"
    if compared.sharpness[LONG].mean() < compared.sharpness[FEW].mean() or standing(compared, LONG) == "worse":
        return " (beyond seed noise)"
    return " (beyond seed noise): a sharper minimum, and yet no worse score"


def standing(compared: Compared, name: str) -> str:
    """How a way to train stands against small batches, in words."""
    if not luck.differs(compared.scores[name], compared.scores[FEW], len(ARMS) - 1):
        return "inside seed noise"
    return "better" if compared.scores[name].mean() > compared.scores[FEW].mean() else "worse"


def rows_of(compared: Compared) -> list[dict]:
    """One row per way to train."""
    rows = []
    for name, (size, rate, epochs) in arms(compared.large).items():
        score, steps = compared.scores[name], compared.runs[name][0].last.step
        rows.append(
            {"Trained with": name, "Batch size": str(size), "Learning rate": f"{rate:g}", "Epochs": f"{epochs:,}",
             "Steps": f"{steps:,}", "Held-out accuracy": f"{score.mean():.1%} ± {score.std():.1%}",
             "Against the small batch": "" if name == FEW else standing(compared, name)}
        )  # fmt: skip
    return rows


def before(compared: Compared) -> Shown:
    """What will be compared."""
    losses = bars({name: compared.losses[name] for name in (FEW, SAME)}, ("", "Training loss at the end"), 300)
    text = (
        f"{SAMPLES} samples are learned for {EPOCHS} epochs at a rate of {RATE:g}: in batches of {SMALL} that is "
        f"{compared.runs[FEW][0].last.step:,} steps, in batches of {compared.large} only "
        f"{compared.runs[SAME][0].last.step}."
    )
    return Shown(((losses,),), text)


def asked(compared: Compared) -> Question:
    """When is the large batch worse?"""
    worse = tuple(standing(compared, name) == "worse" for name in (SAME, LONG))
    truth = {(True, False): OPTIONS[0], (False, True): OPTIONS[1], (True, True): OPTIONS[2]}.get(worse, OPTIONS[3])
    text = (
        f"At one learning rate: when do batches of {compared.large} score worse on held-out samples than batches of "
        f"{SMALL}, beyond seed noise?"
    )
    because = "What looks like a bad influence of the large batch is, here, a training that was stopped too early."
    if truth != OPTIONS[0]:
        because = "Fewer steps mean a training that stops earlier; whether that harms depends on the labels."
    return Question(text, OPTIONS, truth, because)


def lazy(compared: Compared) -> Goal:
    """Find where fewer steps are better."""
    text = (
        "**Fewer steps, better score**: find a setting in which the large batch with equal epochs and the same rate "
        "scores *better* than the small one, beyond seed noise. What does it not learn in time?"
    )
    scores = compared.scores
    now = f"Now: {scores[SAME].mean():.1%} against {scores[FEW].mean():.1%} ({standing(compared, SAME)})."
    return Goal(text, standing(compared, SAME) == "better", now)


GENERALISATION = View(
    (PROBLEM, LARGE, FLIPPED),
    compared,
    shown,
    before=before,
    question=asked,
    goal=lazy,
    program=lambda compared: compared.runs[SAME][0],
)
