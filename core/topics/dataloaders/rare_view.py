"""The view of a rare class."""

from typing import Any

from core.figures.curves import bands
from core.lessons import Goal, Question, Scale
from core.lessons.controls import scale, slider
from core.lessons.view import Shown, View
from core.probes import luck
from core.topics.dataloaders.rare import EPOCHS, PLAIN, SAMPLER, WAYS, Rarity, program_of_rarity, rarity

CONTROLS = (
    scale("Rare share", (0.01, 0.02, 0.05, 0.1, 0.2), 0.05, help="The share of the rare class among all samples."),
    slider("Drawn share", 0.1, 0.9, 0.5, 0.1, help="Its share among the samples that the sampler draws."),
    slider("Overlap", 0.4, 1.2, 0.8, 0.1, help="The clouds' deviation; their centres are 2 apart."),
)
RECALL, PRECISION, OVERLAP = 0.8, 0.5, 0.6
PERCENT: dict[str, Any] = {"yaxis": {"range": [0, 1.02], "tickformat": ".0%"}}


def draw(found: Rarity) -> Shown:
    """Recall and precision of the rare class over the epochs."""
    last = {way: values[:, -1] for way, values in found.recalls.items()}
    best = max(WAYS, key=lambda way: last[way].mean())
    said = luck.sentence(last, best, "The others find fewer, by more than seed noise.")
    note = (
        f"Of the rare class, most are found by: **{best}**, {last[best].mean():.0%}. {said} The price is precision: "
        f"the sampler calls rare what is rare **{found.last(found.precisions, SAMPLER):.0%}** of the time, the plain "
        f"network {found.last(found.precisions, PLAIN):.0%}."
    )
    epochs = range(EPOCHS + 1)
    pictures = tuple(
        bands(epochs, values, ("Epoch", label), 320, **PERCENT)
        for label, values in (("Recall of the rare class", found.recalls), ("Precision", found.precisions))
    )
    rows = [
        {"Way": way, "Drawn of the rare class": f"{found.drawn[way].mean():.1%}",
         "Recall": f"{found.last(found.recalls, way):.1%}", "Precision": f"{found.last(found.precisions, way):.1%}",
         "Accuracy": f"{found.last(found.accuracies, way):.1%}"}
        for way in WAYS
    ]  # fmt: skip
    return Shown((pictures,), note, (rows,))


def before(found: Rarity) -> Shown:
    """Accuracy of the plain network: it looks fine."""
    curve = {PLAIN: found.accuracies[PLAIN]}
    return Shown(((bands(range(EPOCHS + 1), curve, ("Epoch", "Held-out accuracy"), 320, **PERCENT),),))


def question(found: Rarity) -> Question:
    """How many does the plain network find?"""
    text = (
        f"{found.rare_share:.0%} of the samples are of the rare class. Trained as they come, a network is right on "
        f"{found.last(found.accuracies, PLAIN):.1%} of all held-out samples. How many of the rare ones does it find?"
    )
    because = "Where the clouds overlap, calling everything common is right most often: accuracy does not see the rare."
    return Question(text, Scale(0, 100, 1, "%"), round(100 * found.last(found.recalls, PLAIN)), because)


def goal(found: Rarity) -> Goal:
    """Recall without losing all precision."""
    recall, precision = (found.last(values, SAMPLER) for values in (found.recalls, found.precisions))
    text = (
        f"With the sampler, find **{RECALL:.0%}** of the rare class at a precision of **{PRECISION:.0%}**, with a rare "
        f"share of 5% at most and an overlap of at least {OVERLAP}."
    )
    passed = (
        recall >= RECALL and precision >= PRECISION and found.rare_share <= 0.05 and found.overlap >= OVERLAP - 1e-9
    )
    return Goal(text, passed, f"Now: recall {recall:.0%}, precision {precision:.0%}.")


RARE = View(CONTROLS, rarity, draw, (), before, question, goal, program_of_rarity)
