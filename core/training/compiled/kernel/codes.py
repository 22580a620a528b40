"""The numbers by which the kernel knows activations, losses and optimizers, derived from the tables of their names."""

from collections.abc import Iterable

from core import objectives
from core.adversarial_losses import LOSSES as GAME_TABLE
from core.models.layers import ACTIVATIONS as ACTIVATION_TABLE
from core.models.recurrent import CELLS as CELL_TABLE
from core.objectives import Objective
from core.training.updates import RULES as RULE_TABLE

OBJECTIVES: tuple[Objective, ...] = (
    objectives.mean_squared_error, objectives.mean_absolute_error, objectives.huber, objectives.cross_entropy,
    objectives.binary_cross_entropy, objectives.hinge,
)  # fmt: skip


class Codes:
    """A table's names as numbers. The kernel asks for the number of each name that it has a branch for."""

    def __init__(self, what: str, names: Iterable[str]) -> None:
        self.what, self.numbers, self.branches = what, {name: place for place, name in enumerate(names)}, set()

    def __getitem__(self, name: str) -> int:
        return self.numbers[name]

    def __contains__(self, name: str) -> bool:
        return name in self.numbers

    def branch(self, name: str) -> int:
        """The number of a name that the kernel has a branch for. Raises ``ValueError`` if no table has it."""
        if name not in self.numbers:
            raise ValueError(f"The compiled trainer has a branch for the {self.what} {name!r}, which is in no table.")
        self.branches.add(name)
        return self.numbers[name]

    def check(self) -> None:
        """Raise ``ValueError`` if the kernel, once imported, has no branch for a name of the table."""
        if missing := sorted(set(self.numbers) - self.branches):
            raise ValueError(f"The compiled trainer has no branch for the {self.what} {', '.join(map(repr, missing))}.")


ACTIVATIONS = Codes("activation", ACTIVATION_TABLE)
LOSSES = Codes("loss", [objective.__name__ for objective in OBJECTIVES])
RULES = Codes("optimizer", RULE_TABLE)
CELLS = Codes("cell", CELL_TABLE)
GAMES = Codes("adversarial loss", GAME_TABLE)
TABLES = (ACTIVATIONS, LOSSES, RULES, CELLS, GAMES)
