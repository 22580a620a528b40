"""How well "none of these" works: on classes that were not learned, and on pictures of other things."""

import functools
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.projects.classifier import sketches
from core.projects.classifier.features import OURS, features
from core.projects.classifier.gallery import Picture
from core.projects.classifier.study import Study, Trained, familiar

EACH = 5  # shipped strangers of each kind


@dataclass(frozen=True, eq=False)
class Refusals:
    """How familiar pictures are: ``own`` held out in their turn, each class as a stranger to the ``others``, and
    shipped ``strangers``; and the threshold below which the answer is "none of these"."""

    own: np.ndarray
    others: np.ndarray
    strangers: np.ndarray
    threshold: float

    def share(self, rows: np.ndarray) -> float:
        """Share of some pictures that is refused."""
        return float((rows < self.threshold).mean()) if len(rows) else float("nan")

    @property
    def separation(self) -> float:
        """The chance that a real picture is more familiar than one of an unlearned class (area under the ROC)."""
        wins = self.own[:, None] > self.others[None]
        return float((wins + 0.5 * (self.own[:, None] == self.others[None])).mean())


def measured(found: Trained, cost: float) -> Refusals:
    """Real pictures cost the share ``cost``; what does that refuse of what is none of the classes?"""
    study = found.study
    held = study.held_out if study.held_out.any() else torch.ones_like(study.held_out)
    known = shipped(study.settings.side, study.settings.network)
    return Refusals(
        study.familiarity[held].numpy(), as_strangers(study).numpy(), familiar(known, study.references).numpy(),
        study.threshold(cost),
    )  # fmt: skip


def as_strangers(study: Study) -> Tensor:
    """How familiar the pictures of each class would be, had that class not been learned, (pictures,)."""
    rows = torch.empty(len(study.labels))
    for label in range(study.classes):
        own = study.labels == label
        rows[own] = familiar(study.features[own, 0], study.features[~study.held_out & ~own, 0])
    return rows


@functools.lru_cache(maxsize=4)
def shipped(side: int, network: str = OURS) -> Tensor:
    """Features of the shipped strangers, (pictures, features)."""
    return features(pictures(), side, name=network)[:, 0]


def pictures() -> list[Picture]:
    """Sketches that are none of the shipped classes."""
    return [sketches.sketch(name, 600 + number) for name in sketches.STRANGERS for number in range(EACH)]
