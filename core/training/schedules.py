"""How the learning rate changes over a training: by name or by breakpoints of one's own."""

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np

Breakpoints = tuple[tuple[float, float], ...]  # (share of the training done, factor), joined by straight lines
MOST = 40  # breakpoints of a schedule
LOWEST = 1e-6  # where a range test begins, as a factor


def one_cycle(step: np.ndarray, steps: int) -> np.ndarray:
    """The one-cycle schedule's factor (Smith 2018) as torch's ``OneCycleLR`` has it: from 1/25 up to 1 over 30% of the
    steps, then down to 1/250,000, along half cosines."""
    top = max(0.3 * steps - 1, 1e-9)
    risen, fallen = np.minimum(step / top, 1.0), np.maximum(step - top, 0.0) / max(steps - 1 - top, 1e-9)
    falling = 4e-6 + (1 - 4e-6) * 0.5 * (1 + np.cos(np.pi * np.minimum(fallen, 1.0)))
    return np.where(step <= top, 1.0 + (1 / 25 - 1.0) * 0.5 * (1 + np.cos(np.pi * risen)), falling)


def warm_up_steps(steps: int) -> int:
    """How many steps the schedule "warm-up + linear" rises: a tenth of them, at least one."""
    return max(1, round(0.1 * steps))


def warm_up_linear(step: np.ndarray, steps: int) -> np.ndarray:
    """Linear up over the first tenth of the steps, then linear down to 0, as transformers are trained."""
    rise = warm_up_steps(steps)
    return np.minimum((step + 1) / rise, (steps - step) / max(steps - rise, 1))


FACTORS: dict[str, Callable[[np.ndarray, np.ndarray, int], np.ndarray]] = {  # of the share done, the step, all steps
    "constant": lambda done, step, steps: np.ones_like(done),
    "step": lambda done, step, steps: 0.5 ** np.floor(4 * done),
    "exponential": lambda done, step, steps: 0.01**done,
    "cosine": lambda done, step, steps: 0.5 * (1 + np.cos(np.pi * done)),
    "one-cycle": lambda done, step, steps: one_cycle(step, steps),
    "warm-up": lambda done, step, steps: np.minimum(1.0, (step + 1) / max(0.1 * steps, 1)),
    "warm-up + linear": lambda done, step, steps: warm_up_linear(step, steps),
    "range test": lambda done, step, steps: LOWEST ** (1 - (step + 1) / max(steps, 1)),
}
SCHEDULES = tuple(FACTORS)


def factors(schedule: str | Breakpoints, step: np.ndarray, steps: int) -> np.ndarray:
    """By what the learning rate is multiplied at each of some steps (from 0) of ``steps``, float64."""
    done = step / max(steps, 1)
    if isinstance(schedule, str):
        return FACTORS[schedule](done, step, steps)
    places, heights = zip(*schedule, strict=True)
    return np.interp(done, places, heights)  # of two breakpoints at one place the later holds from there on


def check(schedule: str | Breakpoints) -> None:
    """Raise ``ValueError``, one sentence, for what is no schedule."""
    if isinstance(schedule, str):
        if schedule not in FACTORS:
            raise ValueError(f"There is no schedule {schedule!r}; choose one of {', '.join(SCHEDULES)}.")
        return
    if not 2 <= len(schedule) <= MOST:
        raise ValueError(f"A drawn schedule has 2 to {MOST} breakpoints, not {len(schedule)}.")
    places = [place for place, _ in schedule]
    if places[0] != 0 or places[-1] != 1 or any(not before <= behind for before, behind in pairwise(places)):
        raise ValueError("The breakpoints of a drawn schedule go from the start of the training, 0, to its end, 1.")
    if not all(math.isfinite(factor) and 0 <= factor <= 1 for _, factor in schedule):
        raise ValueError("The factors of a drawn schedule lie between 0 and 1.")
