"""Six studies with one mistake each. In all of them there is little or nothing to be learned, and the report says
otherwise: the score that the mistake gives, the score without it, and the truth on samples that come later.

The mistakes are those of Kapoor and Narayanan (2023), *Leakage and the reproducibility crisis in machine-learning-based
science*; the first is that of Hastie, Tibshirani and Friedman, *The Elements of Statistical Learning*, section 7.10.2.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.provenance import Measured
from core.topics.validation.learning import Samples, Split, runs_of, scores
from core.training import Run

SEEDS, LATER, MEMORY = 8, 600, 0.95  # repetitions; samples that come later; what a day keeps of the one before
Drawn = tuple[Split, Split]  # as reported, and without the mistake; each judged on its test set and on later samples


@dataclass(frozen=True)
class Study:
    """What a report says was done, step by step, which step leaks and why; ``draw`` makes both ways of doing it."""

    steps: tuple[str, ...]
    leak: int
    because: str
    draw: Callable[[int, np.random.Generator], Drawn]


def halves(count: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Which samples are learned from and which are held out, at random."""
    order = draw.permutation(count)
    return order[: count // 2], order[count // 2 :]


def part(samples: Samples, rows: np.ndarray) -> Samples:
    """Some of the samples."""
    return samples[0][rows], samples[1][rows]


def coins(count: int, draw: np.random.Generator) -> np.ndarray:
    """Classes that nothing can predict."""
    return draw.integers(0, 2, count)


def strongest(x: np.ndarray, y: np.ndarray, count: int = 10) -> np.ndarray:
    """The features that go most with the classes."""
    centred = x - x.mean(axis=0)
    return np.argsort(-np.abs(centred.T @ (y - y.mean())) / (centred.std(axis=0) + 1e-9))[:count]


def by_selection(samples: int, draw: np.random.Generator) -> Drawn:
    """Features chosen on all samples, or on those that are learned from."""
    x, y = draw.normal(size=(samples, 500)), coins(samples, draw)
    later = draw.normal(size=(LATER, 500)), coins(LATER, draw)
    train, test = halves(samples, draw)
    both = (strongest(x, y), strongest(x[train], y[train]))
    leaky, honest = (
        Split((x[train][:, best], y[train]), ((x[test][:, best], y[test]), (later[0][:, best], later[1])))
        for best in both
    )
    return leaky, honest


def means_by(levels: np.ndarray, y: np.ndarray, count: int) -> np.ndarray:
    """The mean class of every level; a half where there is none."""
    sums, numbers = np.bincount(levels, y, count), np.bincount(levels, minlength=count)
    return np.where(numbers > 0, sums / np.maximum(numbers, 1), 0.5)


def by_encoding(samples: int, draw: np.random.Generator) -> Drawn:
    """Each postcode replaced by the mean class of all its samples, or of those that are learned from."""
    count = samples // 2
    levels, y = draw.integers(0, count, samples), coins(samples, draw)
    later, classes = draw.integers(0, count, LATER), coins(LATER, draw)
    train, test = halves(samples, draw)
    codes = (means_by(levels, y, count), means_by(levels[train], y[train], count))
    leaky, honest = (
        Split(
            (code[levels[train]][:, None], y[train]),
            ((code[levels[test]][:, None], y[test]), (code[later][:, None], classes)),
        )
        for code in codes
    )
    return leaky, honest


def by_copies(samples: int, draw: np.random.Generator) -> Drawn:
    """Every sample three times with a little noise, split over all of them, or before the copies are made."""
    each = samples // 3
    x, y = draw.normal(size=(each, 8)), coins(each, draw)
    later = draw.normal(size=(LATER, 8)), coins(LATER, draw)
    many = np.concatenate([x + 0.05 * draw.normal(size=x.shape) for _ in range(3)]), np.tile(y, 3)
    train, test = halves(3 * each, draw)
    first, second = halves(each, draw)
    apart = [np.concatenate([rows + each * k for k in range(3)]) for rows in (first, second)]
    return (
        Split(part(many, train), (part(many, test), later)),
        Split(part(many, apart[0]), (part(many, apart[1]), later)),
    )


def by_person(samples: int, draw: np.random.Generator) -> Drawn:
    """Ten recordings of every person, split by recording, or by person."""
    persons = max(4, samples // 10)
    who = np.repeat(np.arange(persons), 10)
    centres, ill = draw.normal(size=(persons, 8)), coins(persons, draw)
    all_of_them = centres[who] + 0.3 * draw.normal(size=(len(who), 8)), ill[who]
    later = draw.normal(size=(LATER, 8)) * 1.09**0.5, coins(LATER, draw)
    train, test = halves(len(who), draw)
    first, second = halves(persons, draw)
    apart = [np.flatnonzero(np.isin(who, rows)) for rows in (first, second)]
    return (
        Split(part(all_of_them, train), (part(all_of_them, test), later)),
        Split(part(all_of_them, apart[0]), (part(all_of_them, apart[1]), later)),
    )


def drift(count: int, width: int, draw: np.random.Generator) -> np.ndarray:
    """A first-order autoregression: every value is near the one before, and the memory fades over some twenty."""
    steps = draw.normal(size=(count, width))
    for place in range(1, count):
        steps[place] += MEMORY * steps[place - 1]
    return steps


def series(samples: int, draw: np.random.Generator) -> tuple[Samples, Samples]:
    """Two things that move on their own, one as inputs, the sign of the other as class; and what comes later."""
    x, other = drift(samples + LATER, 3, draw), drift(samples + LATER, 1, draw)[:, 0]
    y = (other > 0).astype(int)
    return (x[:samples], y[:samples]), (x[samples:], y[samples:])


def by_time(samples: int, draw: np.random.Generator) -> Drawn:
    """Days of a series, split at random, or the earlier from the later."""
    days, later = series(samples, draw)
    train, test = halves(samples, draw)
    early, late = np.arange(samples // 2), np.arange(samples // 2, samples)
    return (
        Split(part(days, train), (part(days, test), later)),
        Split(part(days, early), (part(days, late), later)),
    )


TRIED = 12  # networks that the last study trains


def by_choosing(samples: int, draw: np.random.Generator) -> Drawn:
    """Labels that nothing predicts: the mistake is made after training, see ``measure``."""
    x, y = draw.normal(size=(samples, 8)), coins(samples, draw)
    later = draw.normal(size=(LATER, 8)), coins(LATER, draw)
    train, test = halves(samples, draw)
    choose, judge = test[: len(test) // 2], test[len(test) // 2 :]
    split = Split(part((x, y), train), (part((x, y), choose), part((x, y), judge), later))
    return split, split


STUDIES = {
    "Genes": Study(
        ("Measure 500 genes of every patient", "Keep the ten that go most with the illness, over all patients",
         "Hold out half of the patients", "Train on the others, report the held-out accuracy"),
        1, "The ten genes were chosen with the held-out patients' answers: choose them inside the training half.",
        by_selection,
    ),
    "Postcodes": Study(
        ("Replace each postcode by the share of buyers who live there", "Hold out half of the customers",
         "Train on the others", "Report the held-out accuracy"),
        0, "The share contains the held-out customers' own answers: compute it from the training half.", by_encoding,
    ),
    "More pictures": Study(
        ("Make three slightly changed copies of every picture", "Shuffle, and hold out half of all copies",
         "Train a network on the other half", "Report the held-out accuracy"),
        1, "A copy of almost every held-out picture was learned by heart: split first, then make copies.", by_copies,
    ),
    "Voices": Study(
        ("Record every person ten times", "Standardise with the training recordings' mean and deviation",
         "Hold out half of the recordings at random", "Train on the others, report the held-out accuracy"),
        2, "The network knows the person, not the illness: hold out whole persons.", by_person,
    ),
    "Weather": Study(
        ("Note three measurements every day", "Hold out half of the days at random",
         "Train on the other days", "Report the accuracy on the days held out"),
        1, "Yesterday and tomorrow tell about today: hold out the later days, as in use.", by_time,
    ),
    "Twelve tries": Study(
        ("Hold out half of the samples", "Train twelve networks from different seeds on the others",
         "Keep the one with the highest held-out accuracy", "Report that accuracy"),
        3, "The winner's score was what it was chosen by: judge it on samples that chose nothing.", by_choosing,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Report:
    """One study repeated with ``SEEDS`` seeds: accuracies (seeds,) as reported, without the mistake, and on later
    samples by the network of the report."""

    name: str
    reported: np.ndarray
    honest: np.ndarray
    later: np.ndarray
    run: Run  # the first training
    seed: int
    seconds: float

    @property
    def study(self) -> Study:
        """What was done."""
        return STUDIES[self.name]

    @property
    def provenance(self) -> str:
        return Measured(tuple(range(self.seed, self.seed + SEEDS)), self.seconds, "Live runs").provenance


def report(name: str, samples: int, seed: int) -> Report:
    """Do a study with its mistake and without it."""
    began, draws = time.perf_counter(), [np.random.default_rng([seed + k, samples]) for k in range(SEEDS)]
    pairs = [STUDIES[name].draw(samples, draw) for draw in draws]
    is_choice = name == "Twelve tries"
    splits = [one for pair in pairs for one in (pair[:1] * TRIED if is_choice else pair)]
    runs = runs_of(splits, seed, 20 if is_choice else 60)
    table = scores(runs, splits)
    found = chosen(table) if is_choice else (table[::2, 0], table[1::2, 0], table[::2, 1])
    return Report(name, *found, runs[0], seed, time.perf_counter() - began)


def chosen(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best of ``TRIED`` networks by its score on one set: that score, its score on another, and on later ones."""
    tries = table.reshape(-1, TRIED, 3)
    rows = tries[np.arange(len(tries)), tries[:, :, 0].argmax(axis=1)]
    return rows[:, 0], rows[:, 1], rows[:, 2]
