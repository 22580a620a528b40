"""A game: stop a training that nothing holds back, as near as possible to its best epoch."""

from dataclasses import dataclass

from core.topics.regularization.numbers import PLAIN, Problem, Strength, variant
from core.training import Run, train_many

FORGIVEN = 0.05  # a stop counts as good if its loss lies within this share of the best


def game(problem: Problem, seed: int) -> Run:
    """One training without any regularization, recorded at every epoch or every second one."""
    model, data, recipe = variant(problem, Strength(), PLAIN, seed, 101)
    return train_many([model], [data], [recipe])[0]


def place_of(run: Run, spot: dict) -> int:
    """The epoch that a click in the picture of a run means."""
    return int(min(max(round(spot["x"]), 1), run.last.number))


@dataclass(frozen=True)
class Stop:
    """Where a learner stopped a run."""

    run: Run
    epoch: int

    @property
    def excess(self) -> float:
        """By which share the validation loss there lies above the best recorded one."""
        return self.run.recorded(self.epoch).test_loss / self.run.best.test_loss - 1

    @property
    def is_good(self) -> bool:
        """Whether a learner stopped, and close enough to the best."""
        return self.epoch > 0 and self.excess <= FORGIVEN

    @property
    def state(self) -> str:
        """Where the learner stands."""
        return f"Now: {100 * self.excess:.1f}% above the best." if self.epoch else "Now: not stopped yet."

    def sentence(self) -> str:
        """The learner's stop against the best epoch and the end."""
        best, last = self.run.best, self.run.last
        return (
            f"You stopped at epoch **{self.run.recorded(self.epoch).number}**: validation loss "
            f"{100 * self.excess:.{int(self.excess < 0.1)}f}% above the best, which was epoch **{best.number}** "
            f"({best.test_loss:.3f}). "
            f"Trained to the end, it is {100 * (last.test_loss / best.test_loss - 1):.0f}% above. To play again, set "
            "the slider to 0 and take another seed."
        )
