"""What was measured when all networks were trained: curves, official test pictures, deletions, loss surfaces.

``python -m core.topics.resnet.train`` writes it (assets/recorded/resnet.json) beside the shipped networks.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from core.lessons.record import Record
from core.provenance import Recorded
from core.topics.resnet.deletion import without_each
from core.topics.resnet.networks import (
    BATCH,
    DEPTHS,
    EPOCHS,
    KINDS,
    RATE,
    RATES,
    RESIDUAL,
    SAMPLES,
    SEEDS,
    VALIDATION,
    WEIGHTS,
    name_of,
    network,
    pictures,
    standardised,
)

COUNTS = {8: (1, 2, 3), 20: (1, 2, 3, 4, 5, 6, 7), 32: (1, 2, 3, 4, 6, 8, 10), 56: (1, 2, 3, 4, 6, 8, 10, 13)}
DRAWS, POINTS = 4, 17  # random sets of blocks for each number of them; settings along each side of a loss surface


def cheapest() -> tuple[tuple[str | int, ...], float]:
    """The smallest residual network without its first block, judged again on the shipped pictures."""
    x, y = pictures("test")
    return ("sheet", RESIDUAL, 0), without_each(network(RESIDUAL, DEPTHS[0]), standardised(x), y)[0] / len(y)


RECORD = Record(
    "resnet",
    {"data": "fashion_mnist at 14 x 14", "samples": SAMPLES, "validation": VALIDATION, "depths": DEPTHS, "seeds": SEEDS,
     "epochs": EPOCHS, "batch": BATCH, "rate": RATE, "other rates": RATES, "counts": COUNTS, "draws": DRAWS,
     "points": POINTS, "version": 1},
    cheapest,
    WEIGHTS,
)  # fmt: skip


@dataclass(frozen=True)
class Trainings:
    """All recorded trainings; kinds are ``RESIDUAL`` and ``PLAIN``, rows are seeds."""

    contents: dict
    source: Recorded

    @property
    def provenance(self) -> str:
        return f"{self.source.provenance} · {len(SEEDS)} seeds"

    def batches(self, kind: str, depth: int, rate: float = RATE) -> np.ndarray:
        """Mean training loss of each epoch's batches, (seeds, epochs)."""
        return self.each(kind, depth, "batches", rate)

    def each(self, kind: str, depth: int, what: str, rate: float = RATE) -> np.ndarray:
        """Any recorded curve, (seeds, moments)."""
        return np.array([self.contents["curves"][name_of(kind, depth, seed, rate)][what] for seed in SEEDS])

    def final(self, kind: str, depth: int, what: str = "train_loss", rate: float = RATE) -> np.ndarray:
        """A curve's end, (seeds,): "train_loss" and "train_score" of all training pictures, "test_score" of those it is
        watched on, batch norm as it answers later."""
        return self.each(kind, depth, what, rate)[:, -1]

    def ends(self, kind: str, what: str = "train_loss") -> np.ndarray:
        """The ends of a curve at all depths, (seeds, depths)."""
        return np.stack([self.final(kind, depth, what) for depth in DEPTHS], axis=1)

    def official(self, kind: str, depth: int) -> np.ndarray:
        """The share of 10,000 official test pictures that is right, (seeds,)."""
        return np.array(self.contents["official"][kind][str(depth)])

    def without_each(self, kind: str, depth: int) -> np.ndarray:
        """Accuracy on the watched pictures without each block, (seeds, blocks)."""
        return np.array(self.contents["without each"][kind][str(depth)])

    def without_several(self, kind: str, depth: int) -> np.ndarray:
        """Accuracy without so many random blocks, (seeds, draws, ``COUNTS``)."""
        return np.array(self.contents["without several"][kind][str(depth)])

    def surface(self, kind: str, depth: int) -> np.ndarray:
        """Loss around the shipped network, (``POINTS``, ``POINTS``)."""
        return np.array(self.contents["surface"][kind][str(depth)])


@cache
def recorded() -> Trainings:
    """The shipped record."""
    return Trainings(RECORD.contents, RECORD.source)


def sheet_shares() -> dict[str, list[float]]:
    """Each kind's smallest network without its first, second, … block on the shipped pictures: what can be measured
    again without the data set."""
    x, y = pictures("test")
    return {kind: [count / len(y) for count in without_each(network(kind, DEPTHS[0]), standardised(x), y)]
            for kind in KINDS}  # fmt: skip
