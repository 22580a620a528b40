"""Optimizers race: down surfaces given by a formula, over many nearby starts at once, and down a network's own loss."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.data import PLANAR
from core.models import MLP
from core.probes import luck
from core.probes.landscapes import CEILING, FLOOR, SURFACES, Surface, bowl, slope, start_of
from core.probes.loss_planes import Landscape, loss_plane, plane_through
from core.provenance import Measured, Sourced, duration
from core.training import Recipe, Run, train_many
from core.training.updates import MOMENTS, RULES

NAMES = ("SGD", "Momentum", "Nesterov", "RMSProp", "Adam", "AdamW", "Nadam")
GROUND = ("ravine", "saddle", "plateau", "Rosenbrock", "noisy bowl")
RATES = tuple(float(f"{10 ** (k / 4):.3g}") for k in range(-14, 3))  # 0.000316 … 3.16, four per decade
SEEDS, TUNING = 20, 5  # starts that are compared; other starts, on which the step sizes are chosen
DECAY = 0.01  # AdamW's weight decay, as torch has it
NETWORK_RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


def ground(name: str) -> tuple[Surface, float]:
    """A surface by name, and the gradient noise of one sample that belongs to it."""
    return (replace(bowl(10.0), name=name), 2.0) if name == "noisy bowl" else (SURFACES[name](), 0.0)


def recipe_of(name: str, momentum: float = 0.9, **settings) -> Recipe:
    """The recipe of one racer: all share momentum, AdamW alone decays its weights."""
    return Recipe(optimizer=name, momentum=momentum, weight_decay=DECAY if name == "AdamW" else 0.0, **settings)


def starts(place: tuple[float, float], surface: Surface, seeds: Sequence[int]) -> Tensor:
    """The chosen start for the first seed, and one nearby for every other, (seeds, 2)."""
    shifts = [torch.randn(2, generator=torch.Generator().manual_seed(2 * seed + 1)) for seed in seeds]
    spread = 0.05 * surface.extent * torch.stack([torch.zeros(2), *shifts[1:]])
    return torch.tensor(place) + spread


def noises(steps: int, scale: float, seeds: Sequence[int]) -> Tensor:
    """The gradient noise that each seed meets at each step, the same for every optimizer, (steps, seeds, 2)."""
    drawn = [torch.randn(steps, 2, generator=torch.Generator().manual_seed(2 * seed)) for seed in seeds]
    return scale * torch.stack(drawn, dim=1)


def descents(
    surface: Surface, recipes: Sequence[Recipe], rates: Sequence[float], places: Tensor, noise: Tensor
) -> Tensor:
    """Every optimizer with every step size from every start at once, (steps + 1, recipes, rates, starts, 2).

    ``places`` (starts, 2); ``noise`` (steps, starts, 2) is added to the gradients, as mini-batches would.
    """
    columns = torch.tensor(rates)[:, None]
    points = places.expand(len(recipes), len(rates), *places.shape).clone(memory_format=torch.contiguous_format)
    flat = [point.view(len(rates), -1) for point in points]
    memories = [row.new_zeros(MOMENTS[recipe.optimizer], *row.shape) for recipe, row in zip(recipes, flat, strict=True)]
    ways = points.new_empty(len(noise) + 1, *points.shape)
    ways[0] = points
    for step, shaken in enumerate(noise):
        gradients = (slope(surface, points) + shaken).flatten(2)
        for recipe, row, memory, gradient in zip(recipes, flat, memories, gradients, strict=True):
            RULES[recipe.optimizer](row, gradient, memory, step + 1, columns, recipe)
        ways[step + 1] = points
    return ways


@dataclass(frozen=True)
class Race(Sourced):
    """A race down a surface. Per optimizer: its step size, its ``ways`` (seeds, steps + 1, 2) and its height above
    the minimum on them, ``gaps`` (seeds, steps + 1); ``tuned`` (rates,) is the height that each of ``RATES`` reached
    on other seeds."""

    surface: Surface
    start: tuple[float, float]
    noise: float
    momentum: float
    steps: int
    rates: dict[str, float]
    ways: dict[str, np.ndarray]
    gaps: dict[str, np.ndarray]
    tuned: dict[str, np.ndarray]
    source: Measured

    @property
    def ends(self) -> dict[str, np.ndarray]:
        """Log₁₀ of the height at the end, averaged over the last tenth of the steps, (seeds,) per optimizer."""
        return {name: ended(gaps) for name, gaps in self.gaps.items()}

    @property
    def best(self) -> str:
        """The optimizer that ends lowest on average."""
        ends = self.ends
        return min(ends, key=lambda name: ends[name].mean())

    @property
    def equals(self) -> list[str]:
        """The optimizers that cannot be told from the best, seed by seed."""
        return luck.equals(self.ends, self.best)


def ended(gaps: np.ndarray) -> np.ndarray:
    """Log₁₀ of heights (…, steps + 1), averaged over the last tenth of the steps."""
    return np.log10(gaps[..., -max(1, gaps.shape[-1] // 10) :]).mean(axis=-1)


def heights_above(surface: Surface, ways: Tensor) -> np.ndarray:
    """How high points (…, 2) lie above the minimum, (…), between FLOOR and CEILING."""
    gap = surface.height(ways) - surface.height(torch.tensor(surface.minimum))
    return gap.nan_to_num(CEILING, CEILING, CEILING).clamp(FLOOR, CEILING).numpy()


def race(
    surface: str = "ravine", start: str = "", own_best_step: bool = True, learning_rate: float = 0.01,
    gradient_noise: float = 0.0, optimizers: Sequence[str] = NAMES, momentum: float = 0.9, batch_size: int = 1,
    steps: int = 100, seed: int = 0,
) -> Race:  # fmt: skip
    """All optimizers from the same 20 starts with the same gradient noise, each at its own best step size or all at
    one. A batch of B samples divides the noise by √B. Raises ``ValueError`` for a start that is none."""
    began, names = time.perf_counter(), chosen_names(optimizers)
    form, inborn = ground(surface)
    place = start_of(start, form)
    scale = float(np.hypot(gradient_noise, inborn)) / batch_size**0.5
    seeds = [*range(seed, seed + SEEDS), *range(seed + 10_000, seed + 10_000 + TUNING)]
    recipes, rates = [recipe_of(one, momentum) for one in names], (*RATES, learning_rate)
    found = descents(form, recipes, rates, starts(place, form, seeds), noises(steps, scale, seeds))
    gaps = np.moveaxis(heights_above(form, found), 0, -1)  # (optimizers, rates, seeds, steps + 1)
    tuned = ended(gaps[:, :-1, SEEDS:]).mean(axis=-1)
    faster = 0.01 * np.log10(gaps[:, :-1, SEEDS:]).mean(axis=(-2, -1))  # where several arrive, the earliest is best
    best = (tuned + faster).argmin(axis=1) if own_best_step else np.full(len(names), len(RATES))
    ways, rows = np.moveaxis(found.numpy(), 0, -2), list(enumerate(names))
    return Race(
        form, place, scale, momentum, steps,
        {name: rates[best[k]] for k, name in rows},
        {name: ways[k, best[k], :SEEDS] for k, name in rows},
        {name: gaps[k, best[k], :SEEDS] for k, name in rows},
        {name: 10 ** tuned[k] for k, name in rows},
        Measured(tuple(seeds[:SEEDS]), time.perf_counter() - began),
    )  # fmt: skip


def chosen_names(names: Sequence[str]) -> list[str]:
    """The racers in their usual order. Raises ``ValueError`` if there is none."""
    if not names:
        raise ValueError("Choose at least one optimizer.")
    return [name for name in NAMES if name in names]


def verdict(found: Race) -> str:
    """Who ends lowest, and who cannot be told from it, in words."""
    said = f"Lowest over {SEEDS} starts: **{found.best}**, {10 ** found.ends[found.best].mean():.2g} above the minimum."
    return said if len(found.gaps) == 1 else f"{said} {luck.sentence(found.ends, found.best, 'The others end higher.')}"


@dataclass(frozen=True)
class NetworkRace:
    """One network trained by every optimizer from the same weights with the same batches; ``tried`` maps an
    optimizer to its final training loss for each of NETWORK_RATES, on three other seeds (empty if not swept)."""

    runs: dict[str, Run]
    tried: dict[str, list[float]]
    seconds: float

    @property
    def provenance(self) -> str:
        count = len(self.runs) + 3 * sum(map(len, self.tried.values()))
        first = next(iter(self.runs.values()))
        return f"Live runs · {count} trainings · seed {first.recipe.seed} · {duration(self.seconds)}"

    @property
    def best(self) -> str:
        """The optimizer with the lowest final training loss."""
        return min(self.runs, key=lambda name: final(self.runs[name]))


def final(run: Run) -> float:
    """A run's final training loss; infinite if it broke."""
    return run.last.train_loss if np.isfinite(run.last.train_loss) else np.inf


def network_race(
    data: str = "moons", own_best_step: bool = True, learning_rate: float = 0.01, batch_size: int = 32,
    optimizers: Sequence[str] = NAMES, momentum: float = 0.9, epochs: int = 40, seed: int = 0,
) -> NetworkRace:  # fmt: skip
    """Train a 2-6-6 network with every optimizer; own best step sizes are found on three others."""
    began, tried, names = time.perf_counter(), {}, chosen_names(optimizers)
    if own_best_step:
        pairs = [(name, rate) for name in names for rate in NETWORK_RATES]
        rows = [
            [final(run) for run in trained(data, pairs, batch_size, momentum, epochs, seed + 10_000 + k, 2)]
            for k in range(3)
        ]
        losses = (10 ** np.log10(np.clip(rows, 1e-6, CEILING)).mean(axis=0)).tolist()
        tried = {name: losses[k * len(NETWORK_RATES) : (k + 1) * len(NETWORK_RATES)] for k, name in enumerate(names)}
    rates = {name: NETWORK_RATES[int(np.argmin(tried[name]))] if tried else learning_rate for name in names}
    runs = trained(data, list(rates.items()), batch_size, momentum, epochs, seed, 40)
    return NetworkRace(dict(zip(names, runs, strict=True)), tried, time.perf_counter() - began)


def trained(
    data: str, pairs: list[tuple[str, float]], batch_size: int, momentum: float, epochs: int, seed: int, frames: int
) -> list[Run]:
    """One run per optimizer and step size, from the same weights with the same batches."""
    problem = PLANAR[data](samples=200, seed=seed)
    model = MLP(2, 6, 6, problem.outputs, activation="tanh", init="Xavier", seed=seed)
    shared = {"epochs": epochs, "batch_size": batch_size, "seed": seed, "frames": frames}
    return train_many(model, problem, [recipe_of(name, momentum, learning_rate=rate, **shared) for name, rate in pairs])


def network_plane(found: NetworkRace, ends: tuple[str, str] | None = None) -> Landscape:
    """The network's true training loss around all paths: in the plane closest to all of them, or in the plane through
    the common start and the ends of two, where the surface holds exactly at these three points."""
    runs = list(found.runs.values())
    plane = None
    if ends:
        first, second = (found.runs[name].last.weights for name in ends)
        plane = plane_through(runs[0].history[0].weights, first, second)
    return loss_plane(*runs, plane=plane, resolution=45)


def network_seeds(
    data: str, rates: tuple[tuple[str, float], ...], batch_size: int, momentum: float, epochs: int, seed: int
):
    """Train every optimizer at its step size on 20 seeds; yields progress, returns log₁₀ final losses per optimizer."""
    ends = []
    for place in range(SEEDS):
        ends.append([final(run) for run in trained(data, list(rates), batch_size, momentum, epochs, seed + place, 2)])
        yield (place + 1) / SEEDS, f"seed {place + 1} of {SEEDS}"
    table = np.log10(np.clip(np.array(ends), 1e-6, CEILING))
    return {name: table[:, k] for k, (name, _) in enumerate(rates)}
