"""Fifty searches of every kind on the recorded landscape: how good is the best training found by any time?

``python -m core.topics.hyperparameter_tuning.races`` lets them all search again, into
assets/recorded/hyperparameter_race.json.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from core.lessons.record import Record, fingerprint_of, finished
from core.probes import luck
from core.provenance import Recorded
from core.topics.hyperparameter_tuning import landscape
from core.topics.hyperparameter_tuning.ray_tune import AT_ONCE, RAY, cluster, ray_search
from core.topics.hyperparameter_tuning.searches import ASHA, BUDGET, RANDOM, SEARCHES, Search, search

SEEDS = range(50)
RACERS = (*SEARCHES, RAY)
PAID = np.arange(1, BUDGET + 1)  # whole trainings
WORST = landscape.WORST / 1000


def found_by_then(one: Search) -> np.ndarray:
    """The lowest final loss after 1, 2, … ``BUDGET`` whole trainings' worth of epochs, in thousandths."""
    return np.rint(1000 * one.anytime(PAID, WORST)).astype(int)


def measured() -> Generator[tuple[float, str], None, dict[str, list]]:
    """All searches with all seeds, (seeds, budgets) each; yields (fraction, message) on the way. Needs ray."""
    ground, rows = landscape.recorded(), {}
    for place, name in enumerate(RACERS):
        rows[name] = []
        for seed in SEEDS:
            yield (place + seed / len(SEEDS)) / len(RACERS), f"{name}, seed {seed}"
            one = ray_search(ground, BUDGET, seed) if name == RAY else search(name, ground, BUDGET, seed)
            rows[name].append(found_by_then(one).tolist())
    return rows


def cheapest() -> tuple[tuple[str | int, ...], float]:
    """One random search's loss in the end, found again."""
    return (RANDOM, 0, BUDGET - 1), int(found_by_then(search(RANDOM, landscape.recorded()))[-1])


RECORD = Record(
    "hyperparameter_race",
    {"landscape": fingerprint_of(landscape.RECORD.path), "searches": RACERS, "seeds": len(SEEDS), "trainings": BUDGET,
     "Ray Tune": f"OptunaSearch, {AT_ONCE} at a time", "version": 1},
    cheapest,
)  # fmt: skip


@dataclass(frozen=True)
class Race:
    """The lowest validation loss found by the time that so many trainings were paid for, (seeds, budgets) per search;
    not a number while none has ended."""

    found: Mapping[str, np.ndarray]
    source: Recorded

    @property
    def provenance(self) -> str:
        return f"{self.source.provenance} · {len(SEEDS)} searches of each kind"

    def at(self, trainings: int) -> dict[str, np.ndarray]:
        """Losses after so many trainings, (seeds,) per search."""
        return {name: rows[:, trainings - 1] for name, rows in self.found.items()}

    def best(self, trainings: int) -> str:
        """The search with the lowest mean loss by then."""
        losses = self.at(trainings)
        return min(losses, key=lambda name: losses[name].mean())

    def equals(self, trainings: int) -> list[str]:
        """The searches that cannot be told from the best."""
        return luck.equals(self.at(trainings), self.best(trainings))

    def whole(self, trainings: int, name: str = ASHA) -> float:
        """The share of a search's seeds that had trained a network to its end by then."""
        return float((self.at(trainings)[name] < WORST).mean())


@cache
def recorded() -> Race:
    """The shipped race."""
    return Race({name: np.array(RECORD.contents[name]) / 1000 for name in RACERS}, RECORD.source)


def main() -> None:
    """Let them all search again."""
    with cluster():
        RECORD.write(finished(measured()))
    print(f"{RECORD.path.name}: {RECORD.path.stat().st_size:,} bytes.")


if __name__ == "__main__":
    main()
