"""Up to sixteen variants of a setting at once, each with several seeds, and whether they differ by more than luck."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.controls import Control, labelled
from core.playground.runs import PATIENCE, parts, seconds
from core.playground.settings import GROUPS, Setting
from core.provenance import duration
from core.training import Run, train_many

MOST = 16
FEW = 8  # values of a slider that are tried
SEEDS = "the seed alone"
FIXED = ("Data", "Inputs", "Layer by layer", "Border")


def sweepable(setting: Setting) -> tuple[str, ...]:
    """The settings that can be varied and matter here, by label; the seed alone comes last."""
    known = labelled(GROUPS).items()
    return (*(label for label, control in known if label not in FIXED and control.when(vars(setting))), SEEDS)


def values_of(control: Control) -> list:
    """The values of a setting that are tried: all of few, an even choice of many."""
    if control.kind == "toggle":
        return [False, True]
    if control.kind == "slider":
        low, high, *step = control.options
        step = step[0] if step else 1
        count = round((high - low) / step) + 1
        tried = count if count <= MOST else FEW
        spots = sorted({round(k * (count - 1) / (tried - 1)) for k in range(tried)})
        return [low + spot * step if isinstance(low, int) else round(low + spot * step, 10) for spot in spots]
    spots = np.unique(np.linspace(0, len(control.options) - 1, min(MOST, len(control.options))).round().astype(int))
    return [control.options[spot] for spot in spots]


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
    control = labelled(GROUPS)[label]
    values = values_of(control)
    drop = {"layer_by_layer": ""} if label in ("Hidden layers", "Units per layer", "Activation") else {}
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


def table(found: Sweep) -> list[dict[str, str]]:
    """One row per value: mean and deviation over the seeds, exactly."""
    rows = []
    for name, runs in zip(found.names, found.runs, strict=True):
        row = {found.label.capitalize(): name}
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


def verdict(found: Sweep) -> str:
    """Which value is best, and which of the others it beats by no more than seeds do, in words."""
    scores = found.scores()
    if found.label == SEEDS:
        flat = scores[:, 0]
        return f"Nothing but the seed differs: held-out scores from **{flat.min():.1%}** to **{flat.max():.1%}**."
    means = scores.mean(axis=1)
    if scores.shape[1] < 2 or not np.isfinite(scores).all() or len(means) < 2:
        return "With one seed per value nobody can tell a difference from luck: ask for more seeds."
    order = np.argsort(-means)
    best = order[0]
    equals = [found.names[k] for k in order[1:] if not differs(scores[best], scores[k])]
    said = f"Best: **{found.names[best]}** with {means[best]:.1%}."
    if len(equals) == len(means) - 1:
        return f"{said} All others are **inside seed noise** of it: other seeds may order them otherwise."
    return f"{said} Inside seed noise of it: {', '.join(equals)}." if equals else said


def differs(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two sets of scores, seed by seed, differ by more than chance usually does: a paired t-test at 5 %."""
    gap = first - second
    count, spread = len(gap), gap.std(ddof=1)
    if spread == 0:
        return bool(gap.mean() != 0)
    return abs(gap.mean()) / (spread / count**0.5) > CRITICAL.get(count, 2.0)


CRITICAL = {2: 12.71, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365}  # Student's t, two-sided, 5 %
