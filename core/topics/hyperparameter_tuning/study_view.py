"""What a search on the learner's own problem has found."""

import numpy as np

from core.figures import boundary
from core.figures.picture import Picture
from core.lessons.view import Shown
from core.topics.hyperparameter_tuning.pictures import parallel, so_far
from core.topics.hyperparameter_tuning.study import DECAYS, RATES, UNITS, Study


def coordinates(found: Study) -> Picture:
    """All trials in parallel coordinates, every setting on its logarithmic scale."""
    ranges = {"rate": ("Learning rate", RATES), "decay": ("Weight decay", DECAYS), "units": ("Hidden units", UNITS)}
    columns = []
    for name, (label, (low, high)) in ranges.items():
        values = np.array([getattr(one, name) for one in found.tried], dtype=float)
        columns.append((label, np.log(values / low) / np.log(high / low), f"{low:g}", f"{high:g}"))
    return parallel(columns, np.array([one.loss for one in found.tried]))


def studied(found: Study) -> Shown:
    """How the search went, all its trials, and what the best network has learned."""
    best = found.best
    note = (
        f"Lowest validation loss **{best.loss:.3f}** with learning rate {best.rate:.3g}, weight decay {best.decay:.2g} "
        f"and {best.units} hidden units; that network gets {found.run.last.test_score:.1%} of the validation samples "
        "right. They chose it, so expect a little less from new ones."
    )
    rows = [
        {"Trial": f"{one.number + 1}", "Learning rate": f"{one.rate:.3g}", "Weight decay": f"{one.decay:.2g}",
         "Hidden units": f"{one.units}", "Validation loss": f"{one.loss:.3f}"}
        for one in sorted(found.tried, key=lambda one: one.loss)[:8]
    ]  # fmt: skip
    pictures = ((so_far([one.loss for one in found.tried]),), (coordinates(found),), (boundary(found.run),))
    return Shown(pictures, note, (rows,))
