"""The small problems of the page, and the network that learns them."""

from functools import lru_cache

from core.data import PLANAR, Data
from core.data.outliers import with_flipped_labels
from core.lessons.controls import pick
from core.models import MLP

UNITS, SAMPLES = 16, 512  # of which powers of two make whole batches
EASY = ("circle", "moons", "xor")
PROBLEM, EASY_PROBLEM = pick("Data", (*EASY, "spiral")), pick("Data", EASY)


@lru_cache(maxsize=64)
def problem(name: str, seed: int, flipped: float = 0.0) -> Data:
    """``SAMPLES`` points to learn from, as many held out, and a share of the labels flipped that are learned."""
    plain = PLANAR[name](samples=2 * SAMPLES, seed=seed)
    return with_flipped_labels(plain, flipped, seed) if flipped else plain


def network(data: Data, seed: int) -> MLP:
    """One hidden layer of ``UNITS`` tanh units."""
    return MLP(data.x.shape[1], UNITS, data.outputs, activation="tanh", init="Xavier", seed=seed)
