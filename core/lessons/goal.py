"""What a learner tries to reach."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A challenge that the program checks on the learner's own run: what is asked (Markdown), whether it is met, and
    where the run stands. Of ``fewest`` (units, steps: the less, the better) the browser keeps the lowest that passed.
    """

    text: str
    passed: bool
    now: str
    fewest: float | None = None
