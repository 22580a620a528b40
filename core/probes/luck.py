"""Whether a difference between trainings is more than the luck of their seeds: the one meaning of "inside seed noise".

Two settings are trained with the same seeds and compared seed by seed: a paired t-test, two-sided, at 5%. Where the
best of several is compared with all others, the 5% are shared among these comparisons (Bonferroni), so that one in
twenty such verdicts, not one in twenty comparisons, is a false alarm.
"""

from collections.abc import Mapping, Sequence

import numpy as np

Row = Sequence[float] | np.ndarray  # one result per seed
LEVEL = 0.05
MEANING = (
    "*Inside seed noise*: seed by seed, the difference is no larger than chance often makes it (paired t-test at 5%, "
    "shared among the comparisons)."
)


def differs(first: Row, second: Row, comparisons: int = 1) -> bool:
    """Whether two rows of results, one per seed and in the same order, differ by more than seed noise.

    ``comparisons`` is how many such questions are asked together. One seed, or a result that is no finite number, can
    tell nothing: False.
    """
    gap = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    if len(gap) < 2 or not np.isfinite(gap).all():
        return False
    error = gap.std(ddof=1) / len(gap) ** 0.5
    return bool(abs(gap.mean()) > max(critical(len(gap), comparisons) * error, 1e-12))


def critical(seeds: int, comparisons: int = 1) -> float:
    """How many standard errors a mean difference must exceed (Student's t, ``seeds`` − 1 degrees of freedom)."""
    from scipy.special import stdtrit

    return float(stdtrit(seeds - 1, 1 - LEVEL / (2 * comparisons)))


def equals(results: Mapping[str, Row], best: str) -> list[str]:
    """The names whose results, one per seed, cannot be told from those of ``best``."""
    others = [name for name in results if name != best]
    return [name for name in others if not differs(results[name], results[best], len(others))]


def sentence(results: Mapping[str, Row], best: str, otherwise: str) -> str:
    """Who cannot be told from the best, in words, and what that means; ``otherwise`` if everybody can."""
    same = equals(results, best)
    if not same:
        return otherwise
    who = "all others" if 1 < len(same) == len(results) - 1 else ", ".join(same)
    return f"**Inside seed noise** of it: {who}. {MEANING}"
