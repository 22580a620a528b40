"""Two runs or more side by side: in which settings they differ, and what follows from their results."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.probes import luck
from core.topics.experiment_tracking.sweep import HELD_OUT, short
from core.training.logbook import SEED, Entry, Value
from core.wording import counted

NOBODY = "nobody: inside seed noise"
CANNOT = "cannot be told: no two share three seeds"
FEWEST = 3  # seeds that two settings must share


@dataclass(frozen=True)
class Compared:
    """Chosen runs and, for each, the runs with the same settings and any seed."""

    chosen: tuple[Entry, ...]
    every: tuple[Entry, ...]

    @cached_property
    def groups(self) -> dict[str, list[Entry]]:
        """Each chosen run's setting by the first chosen run that has it: its repetitions, the run itself among them."""
        found: dict[tuple, str] = {}
        for each in self.chosen:
            found.setdefault(each.group, each.name)
        return {name: [each for each in self.every if each.group == group] for group, name in found.items()}

    @cached_property
    def differences(self) -> dict[str, list[Value]]:
        """The settings in which the chosen runs differ, with each run's value ("" for none); the seed too."""
        names = dict.fromkeys(name for each in self.chosen for name in each.settings)
        rows = {name: [each.settings.get(name, "") for each in self.chosen] for name in names}
        return {name: row for name, row in rows.items() if len(set(row)) > 1}

    @cached_property
    def settings(self) -> list[str]:
        """The settings in which they differ, without the seed."""
        return [name for name in self.differences if name != SEED]

    @cached_property
    def shared(self) -> list[Value]:
        """The seeds that all compared settings were trained with."""
        rows = [{each.settings.get(SEED, "") for each in entries} for entries in self.groups.values()]
        return sorted(set.intersection(*rows), key=str) if rows else []

    @cached_property
    def ends(self) -> dict[str, np.ndarray]:
        """Final held-out losses on the shared seeds, (seeds,) per compared setting."""
        found = {}
        for name, entries in self.groups.items():
            by_seed = {each.settings.get(SEED, ""): each.results.get(HELD_OUT, np.nan) for each in entries}
            found[name] = np.array([by_seed[seed] for seed in self.shared], dtype=float)
        return found

    @property
    def best(self) -> str:
        """The setting with the lowest mean."""
        return min(self.ends, key=lambda name: np.nan_to_num(self.ends[name].mean(), nan=1e9))

    @property
    def verdict(self) -> str:
        """Whose held-out loss is lower by more than seed noise."""
        if len(self.groups) < 2:
            return NOBODY
        if len(self.shared) < FEWEST:
            return CANNOT
        return NOBODY if luck.equals(self.ends, self.best) else self.best


def compared(every: Sequence[Entry], names: Sequence[str]) -> Compared:
    """The runs of these names. Raises ``ValueError``, one sentence, for fewer than two or more than six."""
    if not 2 <= len(names) <= 6:
        raise ValueError("Choose at least two runs to compare, and at most six.")
    return Compared(tuple(each for each in every if each.name in names), tuple(every))


def because_of(found: Compared) -> str:
    """What a difference in the results may be put down to, in words."""
    names = found.settings
    if not names:
        return "They differ **in the seed alone**: whatever lies between their results is luck."
    listed = ", ".join(name.lower() for name in names)
    seed = " and the seed" if SEED in found.differences else ""
    if len(names) == 1:
        return (
            f"They differ in **one setting**, the {listed}{seed}: over the same seeds, a difference in their results "
            "is its doing."
        )
    return (
        f"They differ in **{len(names)} settings** ({listed}){seed}, so a difference in their results cannot be put "
        "down to one of them."
    )


def noise_of(found: Compared) -> str:
    """Whether the results differ by more than the luck of seeds, in words."""
    if len(found.groups) < 2:
        return "They repeat one setting; a comparison needs two."
    if len(found.shared) < FEWEST:
        seeds = counted(len(found.shared), "seed")
        return f"Their settings share {seeds}; **{FEWEST} are needed** to tell a difference from luck."
    ends, best = {short(name): row for name, row in found.ends.items()}, short(found.best)
    means = ", ".join(f"{name} {row.mean():.3g}" for name, row in ends.items())
    said = f"Mean held-out loss over {len(found.shared)} shared seeds: {means}; the lowest is **{best}**'s. "
    return said + luck.sentence(ends, best, "It is lower by more than seed noise.")
