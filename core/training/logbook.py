"""Runs written down: settings, curves and results of a training without its weights, as a tracker keeps them."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.provenance import fingerprint, name_of
from core.training.run import Run

CURVES = {
    "Training loss": "train_loss", "Held-out loss": "test_loss", "Training score": "train_score",
    "Held-out score": "test_score",
}  # fmt: skip
MOST, DEEP = 400, 4  # entries of a logbook; how far below what is on screen runs are looked for
SEED = "Seed"
LABELS = {"l1": "L1 penalty", "beta2": "Beta 2"}
Value = str | int | float


@dataclass(frozen=True)
class Entry:
    """One run on record: ``settings`` that differ from run to run (by the labels of their controls), ``curves`` as
    (epochs, values) and ``specification``, eight digits: equal digits, equal run. ``where`` is the page that made it.
    """

    name: str
    where: str
    settings: Mapping[str, Value]
    curves: Mapping[str, tuple[tuple[int, ...], tuple[float, ...]]]
    seconds: float
    specification: str

    @property
    def results(self) -> dict[str, float]:
        """What every curve ends with."""
        return {name: values[-1] for name, (_, values) in self.curves.items()}

    @property
    def group(self) -> tuple:
        """All settings but the seed: runs of one group are repetitions of each other."""
        return tuple((name, value) for name, value in self.settings.items() if name != SEED)

    @property
    def text(self) -> str:
        """The whole record in JSON."""
        return json.dumps(dataclasses.asdict(self), indent=1)


def entry(run: Run, name: str = "", where: str = "") -> Entry:
    """A run on record, without its weights."""
    epochs = tuple(run.curve("train_loss")[0])
    read = {label: tuple(map(float, run.curve(quantity)[1])) for label, quantity in CURVES.items()}
    curves = {label: (epochs, values) for label, values in read.items() if values[-1] == values[-1]}  # not without data
    mark = fingerprint(run.specification)
    return Entry(name or f"run {mark}", where, settings_of(run), curves, run.seconds, mark)


def settings_of(run: Run) -> dict[str, Value]:
    """Everything that determines a run, flat, by the labels that controls have."""
    made: Any = getattr(run.data, "made", None)
    own = getattr(made, "settings", None)
    data: dict[str, Any] = {"Data": name_of(made.generator) if own else run.data.source or "own samples"}
    data |= {label_of(name): value for name, value in (own or {}).items() if name != "seed"}
    if own and own.get("seed") != run.recipe.seed:
        data["Seed of the data"] = own["seed"]
    recipe = {label_of(name): value for name, value in vars(run.recipe).items() if name != "frames"}
    forked = {"Forked": f"after epoch {run.parent[1]}"} if run.parent else {}
    every = data | network_of(run) | recipe | forked | {"Engine": run.engine}
    return {name: value if isinstance(value, int | float | str) else str(value) for name, value in every.items()}


def network_of(run: Run) -> dict[str, Any]:
    """A network's own settings; those of a plain perceptron by name."""
    model: Any = run.model
    widths = getattr(model, "widths", None)
    if not widths:
        return {"Network": str(getattr(model, "source", type(model).__name__))}
    seed = {} if model.seed == run.recipe.seed else {"Seed of the weights": model.seed}
    units = list(dict.fromkeys(widths[1:-1]))
    inner = {
        "Hidden layers": len(widths) - 2,
        "Hidden units": units[0] if len(units) == 1 else ", ".join(map(str, units)),
    }
    names = ", ".join(dict.fromkeys(model.activations)) or "none"
    return {**inner, "Activation": names, "Initialization": model.init, **seed}


def label_of(name: str) -> str:
    """A recipe's field as the label of its control."""
    return LABELS.get(name, name.replace("_", " ").capitalize())


def runs_in(shown: object, deep: int = DEEP) -> Iterator[Run]:
    """The runs that something on screen is made of: itself, or in its fields, lists and tables."""
    if isinstance(shown, Run):
        yield shown
    elif deep and isinstance(shown, Mapping):
        for part in shown.values():
            yield from runs_in(part, deep - 1)
    elif deep and isinstance(shown, list | tuple):
        for part in shown:
            yield from runs_in(part, deep - 1)
    elif deep and dataclasses.is_dataclass(shown) and not isinstance(shown, type):
        yield from runs_in(list(vars(shown).values()) if hasattr(shown, "__dict__") else (), deep)


class Logbook:
    """The runs of one visit in the order in which they were seen; the oldest leave when it is full."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.entries: dict[str, Entry] = {}

    def keep(self, shown: object, where: str) -> None:
        """Write down the runs that something on screen is made of."""
        for run in runs_in(shown):
            key = run.specification
            if key not in self.entries:
                self.entries[key] = entry(run, where=where)
        while len(self.entries) > self.most:
            del self.entries[next(iter(self.entries))]

    def clear(self) -> None:
        """For the moment a visit is over."""
        self.entries.clear()
