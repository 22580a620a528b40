"""What a learner guesses before it is shown: a question, and how good the guess was."""

from collections.abc import Sequence
from dataclasses import dataclass

BEST = 100  # points for a guess that counts as close
SINGLE = {"boxes": "box", "branches": "branch", "powers of ten": "power of ten", "times": "times"}  # else without its s


@dataclass(frozen=True)
class Scale:
    """The numbers that can be guessed, from ``low`` to ``high`` in steps. ``close`` is how far off is close; if that
    is not said, as many whole steps as make a twentieth of the range, at least one."""

    low: float
    high: float
    step: float = 1
    unit: str = ""
    close: float | None = None

    @property
    def tolerance(self) -> float:
        """How far off a guess may be and still counts as close."""
        steps = max(1, round((self.high - self.low) / 20 / self.step))
        return steps * self.step if self.close is None else self.close

    def score(self, guess: float, truth: float) -> int:
        """100 for a close guess, falling evenly with the distance to 0 at half the range; a truth beyond an end counts
        as that end, which is the best that could be guessed."""
        distance = abs(guess - min(max(truth, self.low), self.high))
        if distance <= self.tolerance:
            return BEST
        half = (self.high - self.low) / 2
        return max(0, round(BEST * (half - distance) / max(half - self.tolerance, 1e-12)))

    def written(self, number: float) -> str:
        """A number with its unit."""
        between = "" if self.unit == "%" else " "
        said = f"{'−' * (number < 0)}{abs(number):,.4g}"
        unit = SINGLE.get(self.unit, self.unit.removesuffix("s")) if said == "1" else self.unit
        return f"{said}{between}{unit}".strip()


@dataclass(frozen=True)
class Question:
    """A guess before the answer shows: ``options`` are some words or a ``Scale``, ``truth`` the measured answer, and
    ``because`` says why in one sentence (Markdown)."""

    text: str
    options: Sequence[str] | Scale
    truth: str | float
    because: str

    def is_right(self, guess: str | float, truth: str | float) -> bool:
        """Whether a guess is what was measured, or close to it."""
        if isinstance(self.options, Scale):
            return self.options.score(float(guess), float(truth)) == BEST
        return guess == truth

    def written(self, answer: str | float) -> str:
        """An answer in words."""
        return self.options.written(float(answer)) if isinstance(self.options, Scale) else str(answer)

    def verdict(self, guess: str | float, truth: str | float) -> str:
        """Guess and truth side by side (Markdown); of a number also how far apart they are and what that scores."""
        said = f"You said **{self.written(guess)}**, measured: **{self.written(truth)}**"
        if not isinstance(self.options, Scale):
            return f"{said}."
        scale, guess, truth = self.options, float(guess), float(truth)
        close = f" (up to {scale.written(scale.tolerance)} counts as close)" if scale.tolerance else ""
        apart = f"{scale.written(abs(guess - truth))} apart"
        return f"{said}; {apart}, score **{scale.score(guess, truth)}** of {BEST}{close}."
