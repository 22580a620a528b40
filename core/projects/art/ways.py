"""Directions in which pictures change: found by principal components of styles, and by what is measured of pictures."""

import functools
import json
from dataclasses import dataclass

import torch
from safetensors.torch import load_file
from torch import Tensor

from core.projects.art.network import one_hot
from core.projects.art.painter import FOLDER, TRAITS, Effect, Painter, effect, principal, traits

COMPONENTS = 6
STEERED = ("redness", "lightness", "size", "tallness")
SAMPLES, TRIED = 400, 24  # pictures that traits are learned from, and that a name is measured on
DAMPING = 0.1  # of the regression, in variances


@dataclass(frozen=True)
class Way:
    """A direction: where it comes from, its step (style,), one standard deviation long, what a step does, and the share
    of the styles' variance that lies along it."""

    origin: str
    step: Tensor
    effect: Effect
    share: float


def within_groups(painter: Painter, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Styles (count, style) of groups as they come, and the mean style of each one's group."""
    draw = torch.Generator().manual_seed(seed)
    labels = torch.multinomial(torch.tensor(painter.shares), count, replacement=True, generator=draw)
    seeds = torch.randint(0, 2**31 - 1, (count,), generator=draw).tolist()
    found = []
    for start in range(0, count, 500):
        part = slice(start, start + 500)
        found.append(painter.styles(seeds[part], one_hot(labels[part], painter.classes)))
    return torch.cat(found), painter.means[labels]


def steered(painter: Painter) -> dict[str, Tensor]:
    """For some traits the direction, of length one, in which styles predict them best (ridge regression)."""
    styles, means = within_groups(painter, SAMPLES, seed=1)
    x = (styles - means).double()
    measured = traits(painter.painted(styles))
    square = x.T @ x
    damped = square + DAMPING * square.diagonal().mean() * torch.eye(len(square))
    found = {}
    for name in STEERED:
        y = torch.from_numpy(measured[name]).double()
        for label in means.unique(dim=0):
            own = (means == label).all(dim=1)
            y[own] -= y[own].mean()
        found[name] = torch.nn.functional.normalize(torch.linalg.solve(damped, x.T @ y), dim=0).float()
    return found


def ways(painter: Painter) -> list[Way]:
    """All of them, each named by what it measurably changes."""
    styles, means = within_groups(painter, 2000, seed=0)
    centred = styles - means
    parts = principal(centred, COMPONENTS)
    rows = [(f"component {place + 1}", row) for place, row in enumerate(parts.rows)]
    rows += [(f"steered by {name}", row) for name, row in steered(painter).items()]
    tried, whole, found = within_groups(painter, TRIED, seed=2)[0], float(centred.var(dim=0).sum()), []
    for origin, row in rows:
        deviation = float((centred @ row).std())
        found.append(Way(origin, row * deviation, effect(painter, tried, row * deviation), deviation**2 / whole))
    return found


def told(found: list[Way]) -> list[dict]:
    """What is kept of them beside their steps."""
    return [
        {"origin": one.origin, "trait": one.effect.trait, "change": one.effect.change,
         "agreement": one.effect.agreement, "share": one.share}
        for one in found
    ]  # fmt: skip


@functools.lru_cache(maxsize=1)
def shipped() -> list[Way]:
    """Those of the shipped painter, measured when it was released."""
    steps = load_file(FOLDER / "near.safetensors")["ways"].float()
    rows = json.loads((FOLDER / "measures.json").read_text(encoding="utf-8"))["ways"]
    return [
        Way(row["origin"], step, Effect(row["trait"], row["change"], row["agreement"]), row["share"])
        for row, step in zip(rows, steps, strict=True)
    ]


def words(way: Way) -> tuple[str, str]:
    """What more and less of a direction makes of a picture."""
    more, less = TRAITS[way.effect.trait]
    return (more, less) if way.effect.change > 0 else (less, more)
