"""One search, now: on the recorded landscape, with the learner's own seed."""

import time
from dataclasses import dataclass

from core.provenance import duration
from core.topics.hyperparameter_tuning.landscape import recorded, trained
from core.topics.hyperparameter_tuning.ray_tune import ray_search
from core.topics.hyperparameter_tuning.searches import Search
from core.topics.hyperparameter_tuning.searches import search as search_for
from core.training import Run


@dataclass(frozen=True)
class LiveSearch:
    """A search that has just been made, with its seed and how long it took."""

    search: Search
    seed: int
    seconds: float

    @property
    def provenance(self) -> str:
        return f"Searched live · seed {self.seed} · {duration(self.seconds)} · {recorded().source.provenance}"

    @property
    def run(self) -> Run:
        """The best training that has ended, trained again; the first cell's where none has."""
        best = self.search.best or self.search.trials[0]
        return trained(best.cell)


def live(search: str, price: int, seed: int) -> LiveSearch:
    """Let a search spend the price of so many whole trainings."""
    began = time.perf_counter()
    found = search_for(search, recorded(), price, seed)
    return LiveSearch(found, seed, time.perf_counter() - began)


def live_ray(price: int, seed: int) -> LiveSearch:
    """The same by Ray Tune. Raises ``ValueError``, one sentence, where ray is missing."""
    began = time.perf_counter()
    found = ray_search(recorded(), price, seed)
    return LiveSearch(found, seed, time.perf_counter() - began)
