"""What is wrong with an album, in sentences that name the pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.projects.classifier.gallery import Album
from core.projects.classifier.likeness import sharpness
from core.projects.classifier.study import Study, Trained

FEW = 6  # pictures of a class, below which a number about it means little
UNEVEN = 2.5  # times as many pictures in the largest class as in the smallest
UNSHARP = 0.08  # of the usual sharpness in its class
UNSURE, CONVINCED = 0.2, 0.6  # probability of the own class at most, of another at least, for a suspect
MISTAKEN = 0.2  # share of a class that is answered as one other, for the two to be alike
NAMED = 6  # pictures that one sentence names


@dataclass(frozen=True)
class Doubt:
    """Something to look at: what it is, a sentence that names pictures, and their places in the album."""

    name: str
    sentence: str
    places: tuple[int, ...] = ()


def doubts(found: Trained) -> list[Doubt]:
    """All of them, the ones that spoil a number first."""
    album, study = found.album, found.study
    kinds = (copies, suspects, few, uneven, unsharp, resembling)
    return [doubt for kind in kinds for doubt in kind(album, study)]


def few(album: Album, study: Study) -> Iterator[Doubt]:
    """Classes with hardly any pictures."""
    thin = [f"{name} ({count})" for name, count in zip(album.names, album.counts, strict=True) if count < FEW]
    if thin:
        yield Doubt("Few pictures", f"Fewer than {FEW} pictures of: {', '.join(thin)}. Add some before you trust it.")


def uneven(album: Album, study: Study) -> Iterator[Doubt]:
    """Classes of very different sizes."""
    most, least = max(album.counts), min(album.counts)
    if most >= UNEVEN * least:
        large, small = (album.names[album.counts.index(count)] for count in (most, least))
        yield Doubt(
            "Imbalance",
            f"{most} pictures of {large}, {least} of {small}: the answer leans towards what it has seen more often.",
        )


def copies(album: Album, study: Study) -> Iterator[Doubt]:
    """Near-duplicates, within a class and between two."""
    within = [pair for pair in study.duplicates if album.labels[pair[0]] == album.labels[pair[1]]]
    between = [pair for pair in study.duplicates if album.labels[pair[0]] != album.labels[pair[1]]]
    if between:
        yield Doubt(
            "One picture in two classes",
            f"Nearly the same picture, filed twice: {paired(album, between)}. One of them is filed wrongly.",
            flat(between),
        )
    if within:
        yield Doubt(
            "Near-duplicates",
            f"Nearly the same: {paired(album, within)}. They count as one picture's worth, and stay on one side of the "
            "held-out split.",
            flat(within),
        )


def suspects(album: Album, study: Study) -> Iterator[Doubt]:
    """Pictures that the others of their class would file elsewhere (confident learning, Northcutt et al. 2021)."""
    own = study.probabilities[torch.arange(len(album.labels)), study.labels]
    best, other = study.probabilities.max(dim=1)
    places = ((own <= UNSURE) & (best >= CONVINCED)).nonzero()[:, 0].tolist()
    places.sort(key=lambda place: -float(best[place]))
    if places:
        said = [
            f"{album.called(place)} looks like {album.names[int(other[place])]} ({best[place]:.0%})" for place in places
        ]
        yield Doubt(
            "Perhaps filed wrongly",
            f"Judged by pictures other than itself: {listed(said)}.",
            tuple(places),
        )


def unsharp(album: Album, study: Study) -> Iterator[Doubt]:
    """Pictures far less sharp than the others of their class."""
    sharp = np.array([sharpness(one) for one in album.pictures])
    labels = np.array(album.labels)
    usual = np.array([np.median(sharp[labels == label]) for label in labels])
    places = [int(place) for place in np.flatnonzero(sharp < UNSHARP * usual)]
    if places:
        sentence = (
            f"Out of focus beside the others of their class: {listed([album.called(place) for place in places])}."
        )
        yield Doubt("Blur", sentence, tuple(places))


def resembling(album: Album, study: Study) -> Iterator[Doubt]:
    """Pairs of classes that are taken for each other."""
    table = confusion(study)
    for first in range(study.classes):
        for second in range(first + 1, study.classes):
            wrong, count = table[first, second] + table[second, first], table[first].sum() + table[second].sum()
            if wrong >= 2 and wrong >= MISTAKEN * count:
                places = mistaken(study, first, second)
                yield Doubt(
                    "Two classes look alike",
                    f"{album.names[first]} and {album.names[second]}: {int(wrong)} of their {int(count)} pictures are "
                    f"taken for the other: {listed([album.called(place) for place in places])}.",
                    places,
                )


def mistaken(study: Study, first: int, second: int) -> tuple[int, ...]:
    """The pictures of either class that are taken for the other."""
    pairs = list(zip(study.labels.tolist(), study.logits.argmax(dim=1).tolist(), strict=True))
    return tuple(place for place, pair in enumerate(pairs) if pair in ((first, second), (second, first)))


def confusion(study: Study) -> np.ndarray:
    """Pictures by class (rows) and answer (columns), each answered by a head that did not learn from it."""
    table = np.zeros((study.classes, study.classes), int)
    np.add.at(table, (study.labels.numpy(), study.logits.argmax(dim=1).numpy()), 1)
    return table


def paired(album: Album, pairs: Sequence[tuple[int, int, float]]) -> str:
    """Pairs of pictures in words."""
    return listed([f"{album.called(first)} and {album.called(second)}" for first, second, _ in pairs], "; ")


def listed(words: Sequence[str], between: str = ", ") -> str:
    """The first ``NAMED`` of some words, and how many there are more."""
    more = len(words) - NAMED
    return between.join(words[:NAMED]) + (f"{between}and {more} more" if more > 0 else "")


def flat(pairs: Sequence[tuple[int, int, float]]) -> tuple[int, ...]:
    """The places in some pairs, each once."""
    return tuple(dict.fromkeys(place for pair in pairs for place in pair[:2]))
