"""Pictures that are nearly the same: two shots of one moment must not be learned from and tested on."""

import functools
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from core.projects.classifier.gallery import Picture

GRID = 16  # differences in a row, and rows of them
DIFFERENT = 0.12  # share of a print's bits in which near-duplicates may differ
ALIKE = 0.92  # cosine of the features of near-duplicates, at least
SAME = 0.985  # from here on the features alone say so: the same scene, shifted or mirrored


@functools.lru_cache(maxsize=4000)
def print_of(picture: Picture) -> np.ndarray:
    """A perceptual hash: whether each cell of a coarse grey picture is brighter than its right neighbour, (256,) bits
    (difference hash, Krawetz 2013). Where nothing changes the bits are 0."""
    grey = Image.fromarray(picture.pixels).convert("L").resize((GRID + 1, GRID), Image.Resampling.BOX)
    values = np.asarray(grey, np.int16)
    return (values[:, 1:] - values[:, :-1] > 2).ravel()


@functools.lru_cache(maxsize=4000)
def sharpness(picture: Picture) -> float:
    """The variance of a picture's Laplacian (Pech-Pacheco et al. 2000), of greys from 0 to 255."""
    grey = np.asarray(Image.fromarray(picture.pixels).convert("L"), np.float32)
    laplacian = 4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    return float(laplacian.var())


def pairs(pictures: Sequence[Picture], features: Tensor) -> list[tuple[int, int, float]]:
    """Near-duplicates as (first place, second place, cosine of their features); those (pictures, width) have length 1.

    Both must say so, the coarse greys and the features; or the features alone, beyond doubt.
    """
    if len(pictures) < 2:
        return []
    prints = np.stack([print_of(one) for one in pictures]).astype(np.float32)
    cosines = (features @ features.T).numpy()
    ones = prints.sum(axis=1)
    differing = ones[:, None] + ones[None] - 2 * prints @ prints.T  # of two bit strings, by counting
    close = (differing <= DIFFERENT * prints.shape[1]) & (cosines >= ALIKE) | (cosines >= SAME)
    first, second = np.nonzero(np.triu(close, 1))
    return [(int(a), int(b), float(cosines[a, b])) for a, b in zip(first, second, strict=True)]


def groups(count: int, duplicates: Sequence[tuple[int, int, float]]) -> list[int]:
    """The number of its group for each picture: the lowest place among all that are linked to it by near-duplicates."""
    group = list(range(count))

    def root(place: int) -> int:
        while group[place] != place:
            place = group[place]
        return place

    for first, second, _ in duplicates:
        one, other = sorted((root(first), root(second)))
        group[other] = one
    return [root(place) for place in range(count)]


def parts(labels: Sequence[int], group: Sequence[int], share: float, folds: int, seed: int) -> Tensor:
    """Which part each picture belongs to, (pictures,): 0 is held out, 1 … ``folds`` are learned from.

    Of every class about ``share`` is held out, at least one picture; a group stays together, and one is always left
    to learn from. The folds are as even as groups allow.
    """
    draw = np.random.default_rng(seed)
    members = {one: [place for place, own in enumerate(group) if own == one] for one in dict.fromkeys(group)}
    part = torch.ones(len(labels), dtype=torch.long)
    total = dict.fromkeys(range(1, folds + 1), 0)
    for label in sorted(set(labels)):
        own = [one for one in members if labels[one] == label]
        order = [own[place] for place in draw.permutation(len(own))]
        sizes = {one: len(members[one]) for one in order}
        held = chosen(order, sizes, max(1, round(share * sum(sizes.values()))))
        loads = dict.fromkeys(range(1, folds + 1), 0)
        for one in order:
            place = 0 if one in held else min(loads, key=lambda fold: (loads[fold], total[fold]))
            if place:
                loads[place] += sizes[one]
                total[place] += sizes[one]
            part[members[one]] = place
    return part


def chosen(order: Sequence[int], sizes: dict[int, int], wanted: int) -> set[int]:
    """Groups, in this order, that have about so many pictures together; never the last one."""
    held: set[int] = set()
    for one in order[:-1]:
        if sum(sizes[each] for each in held) + sizes[one] <= wanted:
            held.add(one)
    return held or set(order[:-1][:1])
