"""Why a copy of a perfect driver fails: its small errors lead it to places that its teacher never showed.

    python -m core.projects.driving.drift

runs ``cloning``, the program that the page shows, and writes what it measures to
``assets/recorded/self_driving.json``.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.lessons.record import Record, fingerprint_of
from core.provenance import Recorded

PROGRAM = Path(__file__).with_name("cloning.py")
QUESTION = (
    "A clone of six seconds of an expert's driving sits beside the expert on new tracks, then drives them alone. "
    "Its error …"
)
ANSWERS = ("stays the same", "doubles or so", "grows more than fivefold")


@dataclass(frozen=True)
class Drift:
    """What was measured. ``beside`` and ``alone`` (tracks, seconds) are the clone's mean errors of steering, radians,
    second by second, on frames the expert drove into and on frames it drove into itself; ``distance`` and ``error``
    (bins,) say how the error grows with the distance from the lessons, 1 being how far apart those lie."""

    beside: np.ndarray
    alone: np.ndarray
    distance: np.ndarray
    error: np.ndarray
    source: Recorded

    @property
    def answer(self) -> str:
        """What becomes of the error when the clone drives, as one of ``ANSWERS``."""
        return ANSWERS[0] if self.growth < 1.5 else ANSWERS[1] if self.growth < 5 else ANSWERS[2]

    @property
    def because(self) -> str:
        """The measured errors in one sentence."""
        return (
            f"Beside the expert its steering is off by {self.beside.mean():.3f} radians, alone by "
            f"{self.alone.mean():.3f}: each error leads to frames a little further from those it was taught."
        )

    @property
    def growth(self) -> float:
        """How many times larger the error is when the clone drives than when it sits beside the expert."""
        return float(self.alone.mean() / self.beside.mean())


def cheapest() -> tuple[tuple[str | int, ...], float]:
    """The clone's first error beside the expert, measured again with everything before it."""
    from core.projects.driving.cloning import measured

    return ("beside", 0, 0), float(measured()["beside"][0][0])


RECORD = Record(  # the program reads no file, so its own text says everything
    "self_driving", {"program": fingerprint_of(PROGRAM)}, cheapest, takes_minutes=True, tolerance=0.2
)


@lru_cache(maxsize=1)
def recorded() -> Drift:
    """The shipped measurement; ``StaleError`` if another program made it."""
    arrays = {name: np.array(RECORD.contents[name]) for name in ("beside", "alone", "distance", "error")}
    return Drift(**arrays, source=RECORD.source)


def main() -> None:
    """Measure and write the file."""
    import torch

    from core.projects.driving.cloning import measured

    torch.set_num_threads(1)
    RECORD.write(measured())
    print(f"{RECORD.path.name} is written.")


if __name__ == "__main__":
    main()
