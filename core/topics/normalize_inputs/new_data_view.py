"""New samples, prepared with the wrong numbers."""

from core.figures.curves import bands
from core.lessons import Goal, Question, Scale
from core.lessons.controls import scale
from core.lessons.view import Shown, View
from core.probes import luck
from core.topics.normalize_inputs.new_data import OWN, SHARES, TRAINING, Shift, shift
from core.topics.normalize_inputs.settings import FACTOR


def shifted(found: Shift, share_of_class_1: float) -> Shown:
    """Accuracy by the share of class 1."""
    curves = bands(SHARES, found.scores, ("Share of class 1 among the new samples", "Accuracy"), 380)
    curves.layout["yaxis"] |= {"tickformat": ".0%", "range": [0.4, 1.02]}
    place, gap = SHARES.index(share_of_class_1), found.gap(share_of_class_1)
    rows = {name: values[:, place] for name, values in found.scores.items()}
    clear = luck.differs(rows[TRAINING], rows[OWN])
    words = (
        f"With {share_of_class_1:.0%} of class 1 the new samples' own mean lies {found.moved[:, place].mean():.2f} "
        f"deviations from the training's. Prepared with {OWN} they {'cost' if gap.mean() >= 0 else 'gain'} "
        f"**{100 * abs(gap.mean()):.1f} points** of accuracy"
        f"{'' if clear else ' (inside seed noise)'}."
    )
    return Shown(((curves,),), words)


def own_numbers(found: Shift, share_of_class_1: float) -> Question:
    """What does it cost?"""
    text = (
        f"200 new samples, {share_of_class_1:.0%} of them of class 1, are standardised with their *own* mean and "
        "deviation. How many points of accuracy does that cost?"
    )
    because = "The network knows the training's units; other numbers put every sample somewhere else."
    cost = round(100 * float(found.gap(share_of_class_1).mean()))
    place = SHARES.index(share_of_class_1)
    first, second = (values[:, place] for values in found.scores.values())
    if not luck.differs(first, second):
        because = "Beyond seed noise it costs nothing here: their own numbers are near enough to the training's."
    return Question(text, Scale(-5, 50, 1, "points", 4), cost, because)


def unshifted(found: Shift, share_of_class_1: float) -> Shown:
    """What will be done."""
    words = "Five networks, trained on standardised inputs with half of each class, meet 200 new samples with "
    return Shown((), f"{words}{share_of_class_1:.0%} of class 1.")


def harmless(found: Shift, share_of_class_1: float) -> Goal:
    """Find where it hurts."""
    gap = float(found.gap(share_of_class_1).mean())
    text = (
        "**The silent bug**: find new samples with at least 20% of either class whose own numbers cost 10 points or "
        "more."
    )
    return Goal(
        text, 0.2 <= share_of_class_1 <= 0.8 and gap >= 0.1, f"Now: {share_of_class_1:.0%}, {100 * gap:z.1f} points."
    )


def measure_shift(unit_of_x: float, learning_rate: float, seed: int) -> Shift:
    """New samples with all shares."""
    return shift(unit_of_x, learning_rate, seed)


NEW = View(
    (FACTOR, scale("Learning rate", (0.003, 0.01, 0.03, 0.1), 0.03)),
    measure_shift,
    shifted,
    look=(scale("Share of class 1", SHARES, 0.4),),
    before=unshifted,
    question=own_numbers,
    goal=harmless,
    program=lambda found, share_of_class_1: found.run,
)
