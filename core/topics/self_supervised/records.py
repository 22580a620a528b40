"""The recorded trainings on Fashion-MNIST: which there are, the shipped networks, and what was measured of all."""

import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.data.clothes import sheet
from core.lessons.record import Record
from core.models.shipped import loaded
from core.topics.self_supervised.augmentations import BRIGHTNESS, CROP, ERASE, FLIP, KINDS
from core.topics.self_supervised.judged import features_of, nearest_labelled
from core.topics.self_supervised.learning import (
    BYOL,
    METHODS,
    OTHERS,
    PART_OF,
    PREDICTOR,
    QUEUE,
    SIMCLR,
    STOP,
    SUPERVISED,
    Plan,
)
from core.topics.self_supervised.networks import CLOTHES, Network

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "self_supervised"
UNTRAINED, PIXELS = "untrained", "pixels"
SHIPPED = (*METHODS, SUPERVISED)
SEEDS = (0, 1, 2)
PICTURES, LABELLED, TESTS = 10_000, 4_000, 2_000  # learned from, those of them with labels at the end, held out
FEW = 100  # labelled pictures of which the nearest is asked
MOMENTS = (0, 25, 50, 100, 200, 400)
SHORT = 150  # steps of the trainings that compare settings
USUAL = (CROP, FLIP, BRIGHTNESS, ERASE)
TEMPERATURES = (0.05, 0.1, 0.2, 0.5, 1.0)
LABELS = (50, 100, 200, 500, 1000, 4000)
BASE = Plan(SIMCLR, USUAL, steps=MOMENTS[-1], batch=64, falling=True)


def without(kind: str) -> tuple[str, ...]:
    """All kinds of augmentation but one."""
    return tuple(each for each in KINDS if each != kind)


MAIN = {method: replace(BASE, method=method) for method in SHIPPED}
ROBBED = {f"without {part}": replace(MAIN[PART_OF[part]], missing=part) for part in (PREDICTOR, STOP, OTHERS, QUEUE)}
SETS = {
    "none": (), **{kind: (kind,) for kind in KINDS}, "all": KINDS,
    **{f"all but {kind}": without(kind) for kind in KINDS},
}  # fmt: skip
AUGMENTED = {name: replace(BASE, kinds=kinds, steps=SHORT) for name, kinds in SETS.items()}
WARMED = {f"temperature {value:g}": replace(BASE, temperature=value, steps=SHORT) for value in TEMPERATURES}
TAUGHT = {f"{count} labels": replace(MAIN[SUPERVISED], labels=count) for count in LABELS}
TASKS: dict[str, Plan] = MAIN | ROBBED | AUGMENTED | WARMED | TAUGHT
FILES = {SIMCLR: "simclr", "MoCo": "moco", BYOL: "byol", SUPERVISED: "supervised"}


def untrained(seed: int = 0) -> Network:
    """A network before its first step."""
    return Network(CLOTHES, seed=seed)


@functools.lru_cache(maxsize=len(SHIPPED) + 1)
def network(name: str) -> Network:
    """A shipped network of seed 0 (``SHIPPED``), or the untrained one; nothing in its file is executed."""
    if name == UNTRAINED:
        return untrained().eval().requires_grad_(False)
    return loaded(untrained(), FOLDER / f"{FILES[name]}.safetensors")


@functools.lru_cache(maxsize=8)
def described(name: str) -> Tensor:
    """The shipped pictures in a space, (300, width): the features of a network, or their own pixels."""
    x = sheet()[0]
    return x.flatten(1) if name == PIXELS else features_of(network(name), x)


def on_the_sheet(name: str) -> float:
    """How many of the shipped pictures have the nearest of 100 others of their class, measured now."""
    rows, y = described(name), sheet()[1]
    learned = torch.arange(len(y)) % 30 < 10
    return nearest_labelled(rows[learned], y[learned], rows[~learned], y[~learned], FEW)


def cheapest() -> tuple[tuple[str | int, ...], float]:
    """The number that a test measures again."""
    return ("sheet", SIMCLR), on_the_sheet(SIMCLR)


RECORD = Record(
    "self_supervised",
    {
        "data": "fashion_mnist", "pictures": PICTURES, "labelled": LABELLED, "tests": TESTS, "few": FEW,
        "moments": MOMENTS, "seeds": SEEDS, "labels": LABELS,
        "plans": {name: vars(plan) for name, plan in TASKS.items()}, "version": 1,
    },
    cheapest,
    FOLDER / f"{FILES[SIMCLR]}.safetensors",
)  # fmt: skip


def curve(name: str, what: str) -> np.ndarray:
    """A recorded curve of a training, (seeds, ``MOMENTS``): "nearest", "linear", "spread", "rank" or "loss"."""
    return np.array([each[what] for each in RECORD.contents["runs"][name]])


def ends(name: str, what: str) -> np.ndarray:
    """Where a recorded curve ended, (seeds,)."""
    return curve(name, what)[:, -1]


def reference(name: str, what: str) -> np.ndarray:
    """What pixels or untrained networks are worth, (1,) or (seeds,): "nearest" or "linear"."""
    return np.array([each[what] for each in RECORD.contents["references"][name]])


def by_labels(name: str) -> np.ndarray:
    """How much a linear classifier on a network's features (or on pixels) gets right with so few labels,
    (seeds or 1, ``LABELS``)."""
    contents = RECORD.contents
    rows = contents["references" if name in (PIXELS, UNTRAINED) else "runs"][name]
    return np.array([each["by labels"] for each in rows])


def said() -> np.ndarray:
    """How much a network gets right that was trained with so few labels and nothing else, (seeds, ``LABELS``)."""
    runs = RECORD.contents["runs"]
    return np.array([[runs[name][seed]["said"] for name in TAUGHT] for seed in SEEDS])
