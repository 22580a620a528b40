"""Up to sixteen variants of a setting at once, each with several seeds, and whether they differ by more than luck."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.lessons.controls import MOST, flat
from core.probes import luck
from core.provenance import duration
from core.topics.mlp.runs import PATIENCE, parts, seconds
from core.topics.mlp.settings import (
    ACTIVATION,
    BORDER_TEXT,
    CONTROLS,
    DEPTH,
    INPUTS,
    LAYERS,
    PROBLEM,
    UNITS,
    Setting,
)
from core.training import Run, train_many

SEEDS = "the seed alone"
VARIED = tuple(control for control in flat(CONTROLS) if control not in (PROBLEM, INPUTS, LAYERS, BORDER_TEXT))


def sweepable(setting: Setting) -> tuple[str, ...]:
    """The settings that can be varied and matter here, by label; the seed alone comes last."""
    return (*(control.label for control in VARIED if control.when(vars(setting))), SEEDS)


@dataclass(frozen=True)
class Sweep:
    """Runs of a setting's variants: ``names`` of the values tried, ``runs`` per value, one for each seed; ``refused``
    names the values that make no training, with the reason of the first."""

    label: str
    setting: Setting
    names: tuple[str, ...]
    values: tuple
    runs: tuple[tuple[Run, ...], ...]
    taken: float
    refused: str

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        count = sum(map(len, self.runs))
        return f"Live runs · {count} trainings · seeds from {self.setting.seed} · {duration(self.taken)}"

    def scores(self) -> np.ndarray:
        """Final held-out scores, (values, seeds)."""
        return np.array([[run.last.test_score for run in row] for row in self.runs])


def variants(setting: Setting, label: str, seeds: int) -> tuple[tuple[str, ...], tuple, list[list[Setting]]]:
    """Names, values and settings (values × seeds) of a sweep."""
    if label == SEEDS:
        rows = [[replace(setting, seed=setting.seed + k)] for k in range(MOST)]
        return tuple(f"seed {row[0].seed}" for row in rows), tuple(row[0].seed for row in rows), rows
    control = next(control for control in VARIED if control.label == label)
    values = control.tried()
    drop = {LAYERS.name: ""} if control in (DEPTH, UNITS, ACTIVATION) else {}
    rows = [
        [replace(setting, **{control.name: value}, **drop, seed=setting.seed + k) for k in range(seeds)]
        for value in values
    ]
    return tuple(f"{value:g}" if isinstance(value, float) else str(value) for value in values), tuple(values), rows


def cost(setting: Setting, label: str, seeds: int) -> float:
    """About how many seconds a sweep takes."""
    _, _, rows = variants(setting, label, seeds)
    return sum(seconds(one) for row in rows for one in row)


def is_quick(setting: Setting, label: str, seeds: int) -> bool:
    """Whether a sweep is trained while the learner waits."""
    return cost(setting, label, seeds) <= PATIENCE


def sweep(setting: Setting, label: str, seeds: int) -> Sweep:
    """Train all variants at once. Raises ``ValueError`` if none of them makes a training."""
    began = time.perf_counter()
    names, values, rows = variants(setting, label, seeds)
    kept, ready, why = [], [], ""
    for place, row in enumerate(rows):
        try:
            ready.append([parts(one) for one in row])
            kept.append(place)
        except ValueError as error:
            why = why or f"{names[place]}: {error}"
    if not ready:
        raise ValueError(why)
    flat = [variant for row in ready for variant in row]
    runs = trained_at_once(flat)
    count = len(ready[0])
    grouped = tuple(tuple(runs[start : start + count]) for start in range(0, len(runs), count))
    return Sweep(
        label, setting, tuple(names[k] for k in kept), tuple(values[k] for k in kept), grouped,
        time.perf_counter() - began, why,
    )  # fmt: skip


def trained_at_once(variants: list[tuple]) -> list[Run]:
    """Runs of (model, data, recipe, objective), one ``train_many`` per objective, in the order given."""
    runs: dict[int, Run] = {}
    for objective in {variant[3]: None for variant in variants}:
        places = [place for place, variant in enumerate(variants) if variant[3] is objective]
        models, data, recipes, _ = zip(*(variants[place] for place in places), strict=True)
        runs.update(zip(places, train_many(models, data, recipes, objective), strict=True))
    return [runs[place] for place in range(len(variants))]


def table(sweep: Sweep) -> list[dict[str, str]]:
    """One row per value: mean and deviation over the seeds, exactly."""
    rows = []
    for name, runs in zip(sweep.names, sweep.runs, strict=True):
        row = {sweep.label.capitalize(): name}
        for label, pick in COLUMNS.items():
            numbers = np.array([pick(run) for run in runs], dtype=float)
            spread = f" ± {numbers.std(ddof=1):.4f}" if len(numbers) > 1 and np.isfinite(numbers).all() else ""
            row[label] = f"{numbers.mean():.4f}{spread}"
        rows.append(row)
    return rows


COLUMNS: dict[str, Callable[[Run], float]] = {
    "Held-out score": lambda run: run.last.test_score, "Training score": lambda run: run.last.train_score,
    "Held-out loss": lambda run: run.last.test_loss, "Training loss": lambda run: run.last.train_loss,
}  # fmt: skip


def verdict(sweep: Sweep) -> str:
    """Which value is best, and which of the others it beats by no more than seeds do, in words."""
    scores = sweep.scores()
    if sweep.label == SEEDS:
        flat = scores[:, 0]
        return f"Nothing but the seed differs: held-out scores from **{flat.min():.1%}** to **{flat.max():.1%}**."
    means = scores.mean(axis=1)
    if scores.shape[1] < 2 or not np.isfinite(scores).all() or len(means) < 2:
        return "With one seed per value nobody can tell a difference from luck: ask for more seeds."
    best = int(means.argmax())
    name = sweep.names[best]
    others = luck.sentence(
        dict(zip(sweep.names, scores, strict=True)), name, "The others are worse by more than seed noise."
    )
    return f"Best: **{name}** with {means[best]:.1%}. {others}"
