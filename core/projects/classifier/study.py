"""A training, honestly: part of the pictures is held out, and every number about certainty comes from such pictures."""

import functools
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor

from core.probes.certainty import calibration_error, interval, temperature
from core.projects.classifier import likeness
from core.projects.classifier.features import OURS, features
from core.projects.classifier.gallery import Album, Picture
from core.projects.classifier.head import Head, probabilities, several
from core.provenance import duration

FOLDS = 4  # of what is learned from: each is answered by a head that was trained on the others
COST = 0.05  # share of real pictures that "none of these" may cost, unless the learner says otherwise
TOO_ALIKE = "The pictures of each class are nearly the same: add some that differ, so that a few can be held out."
KEPT = 24  # studies, of all learners together


@dataclass(frozen=True)
class Settings:
    """How an album is studied: pixels of a side, share held out, further looks at each training picture, seed, and the
    network whose features are learned from."""

    side: int = 128
    held_out: float = 0.25
    augmentation: bool = False
    seed: int = 0
    network: str = OURS


@dataclass(frozen=True, eq=False)
class Study:
    """What came of a training. It knows classes by number, so that names can change without one.

    ``features`` (pictures, looks, features) have length 1, the first look is the picture as it is; ``labels``
    (pictures,). ``part`` (pictures,): 0 is held out, the others are folds of what is learned from. ``logits``
    (pictures, classes) are each picture's answers by a head that did not learn from it. ``temperature`` is chosen
    on those of the training pictures, so that the held-out ones stay untouched.
    """

    settings: Settings
    features: Tensor
    labels: Tensor
    classes: int
    duplicates: tuple[tuple[int, int, float], ...]
    part: Tensor
    head: Head
    logits: Tensor
    temperature: float
    seconds: float

    @property
    def held_out(self) -> Tensor:
        """Which pictures nothing was learned from, (pictures,) of bool."""
        return self.part == 0

    @functools.cached_property
    def probabilities(self) -> Tensor:
        """Calibrated, by heads that did not learn from the picture, (pictures, classes)."""
        return probabilities(self.logits, self.temperature)

    @property
    def right(self) -> Tensor:
        """Which pictures are answered right by such a head, (pictures,) of bool."""
        return self.logits.argmax(dim=1) == self.labels

    @property
    def score(self) -> tuple[int, int]:
        """Held-out pictures that are answered right, and all of them."""
        held = self.held_out
        return int(self.right[held].sum()), int(held.sum())

    @property
    def accuracy_interval(self) -> tuple[float, float]:
        """95% interval of the accuracy on pictures like the held-out ones."""
        return interval(*self.score)

    @functools.cached_property
    def calibration(self) -> tuple[float, float]:
        """Expected calibration error of the held-out answers, before and after the temperature."""
        held = self.held_out
        trained, calibrated = self.logits[held].softmax(dim=1), self.probabilities[held]
        return calibration_error(trained, self.labels[held], 5), calibration_error(calibrated, self.labels[held], 5)

    @functools.cached_property
    def references(self) -> Tensor:
        """Features of the pictures that were learned from, (pictures, features)."""
        return self.features[~self.held_out, 0]

    @functools.cached_property
    def familiarity(self) -> Tensor:
        """How familiar each picture is, by pictures of other parts alone, (pictures,): see ``familiar``."""
        rows = torch.empty(len(self.labels))
        for number in self.part.unique().tolist():
            own = self.part == number
            known = ~self.held_out & ~own
            rows[own] = familiar(self.features[own, 0], self.features[known, 0])
        return rows

    def threshold(self, cost: float = COST) -> float:
        """The familiarity below which the answer is "none of these": it refuses a share ``cost`` of the training
        pictures, each held out in its turn."""
        return float(torch.quantile(self.familiarity[~self.held_out], cost))

    @property
    def provenance(self) -> str:
        return f"Trained live · seed {self.settings.seed} · {duration(self.seconds)}"


def familiar(features: Tensor, known: Tensor) -> Tensor:
    """How much pictures (samples, features) look like known ones (pictures, features): the mean cosine to the three
    most alike, (samples,). Distance to neighbours among features finds strangers well (Sun et al. 2022)."""
    cosines = features @ known.T
    return cosines.topk(min(3, len(known)), dim=1).values.mean(dim=1)


def studied(album: Album, settings: Settings) -> Study:
    """Train on an album that lacks nothing; raises ``ValueError``, one sentence, for one that does, or whose
    pictures are all alike."""
    if album.lacks:
        raise ValueError(album.lacks)
    began = time.perf_counter()
    looks = features(album.pictures, settings.side, settings.augmentation, settings.network)
    labels, classes = torch.tensor(album.labels), len(album.names)
    duplicates = tuple(likeness.pairs(album.pictures, looks[:, 0]))
    group = likeness.groups(len(labels), duplicates)
    part = likeness.parts(album.labels, group, settings.held_out, FOLDS, settings.seed)
    if not (part == 0).any() or len(part[part > 0].unique()) < 2:
        raise ValueError(TOO_ALIKE)
    training, folds = part > 0, part[part > 0].unique().tolist()
    x = looks[training].flatten(0, 1)
    y, fold = (each[training].repeat_interleave(looks.shape[1]) for each in (labels, part))  # of every look
    those = torch.stack([fold > 0, *(fold != number for number in folds)])
    head, *others = several(x, y, classes, those)
    logits = head.logits(looks[:, 0])
    for number, other in zip(folds, others, strict=True):
        own = part == number
        logits[own] = other.logits(looks[own, 0])
    heat = temperature(logits[training], labels[training], 1 / (int(training.sum()) + 2))
    seconds = time.perf_counter() - began
    return Study(settings, looks, labels, classes, duplicates, part, head, logits, heat, seconds)


@dataclass(frozen=True, eq=False)
class Trained:
    """A study with the names and pictures that belong to it: what pages, demos and services ask."""

    album: Album
    study: Study

    @property
    def provenance(self) -> str:
        return self.study.provenance

    @property
    def settings(self) -> Settings:
        """How it was trained."""
        return self.study.settings

    @property
    def names(self) -> tuple[str, ...]:
        """The classes' names."""
        return self.album.names

    @property
    def learned_from(self) -> list[Picture]:
        """The pictures that were learned from, in the order of ``study.references``."""
        return [self.album.pictures[place] for place in (~self.study.held_out).nonzero()[:, 0].tolist()]


STUDIES: OrderedDict[tuple[str, Settings], Study] = OrderedDict()
LOCK = threading.Lock()


def trained(album: Album, settings: Settings = Settings()) -> Trained:
    """The study of an album, kept by pictures, labels and settings: a class that is renamed keeps its head."""
    key = (album.key, settings)
    with LOCK:
        study = STUDIES.get(key)
    if study is None:
        study = studied(album, settings)
        with LOCK:
            STUDIES[key] = study
            while len(STUDIES) > KEPT:
                STUDIES.popitem(last=False)
    return Trained(album, study)
