"""What the network learned of where patches stand: likeness of position embeddings, their plane, and without them."""

import time
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from core.data.clothes import sheet
from core.figures.marks import hover, marker, stroke, trace
from core.figures.picture import BLUE, GREY, INK, ORANGE, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control, slider
from core.lessons.view import Shown, View
from core.metrics import accuracy
from core.probes.certainty import interval
from core.programs import Program
from core.provenance import Measured, Sourced
from core.topics.vision_transformer import figures
from core.topics.vision_transformer.programs import on_the_sheet
from core.topics.vision_transformer.records import COUNT, ROW, VIT, network
from core.topics.vision_transformer.subjects import words_of

TRAINED, ZEROED, SHIFTED, MIXED = TABLES = ("as trained", "all zero", "one column on", "mixed up")
PATCH_NUMBER = slider("Patch", 1, COUNT, 25)


def table_of(name: str, table: Tensor, seed: int = 0) -> Tensor:
    """Position embeddings (1 + patches, width), changed; that of the class token stays."""
    rows = table[1:].reshape(ROW, ROW, -1)
    if name == ZEROED:
        rows = torch.zeros_like(rows)
    if name == SHIFTED:
        rows = rows.roll(1, dims=1)
    if name == MIXED:
        order = torch.randperm(COUNT, generator=torch.Generator().manual_seed(seed))
        rows = rows.flatten(0, 1)[order].reshape(rows.shape)
    return torch.cat([table[:1], rows.flatten(0, 1)])


def likeness(table: Tensor) -> np.ndarray:
    """Cosine of the angle between the position embeddings of patches, less their mean: (49, 49)."""
    rows = table[1:] - table[1:].mean(dim=0)
    rows = rows / rows.norm(dim=1, keepdim=True)
    return (rows @ rows.T).numpy()


def distances() -> np.ndarray:
    """How many patches lie between two places, in a straight line, (49, 49)."""
    places = np.array([divmod(place, ROW) for place in range(COUNT)], float)
    return np.linalg.norm(places[:, None] - places[None], axis=-1)


def near_and_far(cosines: np.ndarray) -> tuple[float, float]:
    """Mean likeness of patches that touch along an edge, and of those at least four patches apart."""
    apart = distances()
    return float(cosines[apart == 1].mean()), float(cosines[apart >= 4].mean())


@dataclass(frozen=True)
class Positions(Sourced):
    """Likeness of positions (49, 49), their two first principal components (49, 2) with the share of the variance that
    they hold, and how many of the held-out pictures are right with changed positions, by name."""

    cosines: np.ndarray = field(repr=False)
    plane: np.ndarray = field(repr=False)
    held: float
    right: dict[str, int]
    source: Measured


@torch.no_grad()
def measure(seed: int) -> Positions:
    """The shipped network's positions, and what it does without."""
    began, model, (x, y) = time.perf_counter(), network(VIT), sheet()
    table = model.positions
    right = {}
    for name in TABLES:
        logits = model.answers(model.tokens(x, table=table_of(name, table, seed)))
        right[name] = round(float(accuracy(logits, y)) * len(y))
    rows = (table[1:] - table[1:].mean(dim=0)).numpy().astype(float)
    left, sizes, _ = np.linalg.svd(rows, full_matrices=False)
    held = float((sizes[:2] ** 2).sum() / (sizes**2).sum())
    source = Measured((seed,), time.perf_counter() - began, "Shipped network, measured live")
    return Positions(likeness(table), left[:, :2] * sizes[:2], held, right, source)


def draw(found: Positions, patch: int) -> Shown:
    """Likeness to the chosen patch's position, all of them at a glance, their plane, and accuracy without."""
    near, far = near_and_far(found.cosines)
    count = len(sheet()[1])
    values = {name: (right / count, *interval(right, count)) for name, right in found.right.items()}
    note = (
        f"Nobody told the network that patches lie in a square. The embeddings it learned for neighbours are alike "
        f"(mean cosine **{near:+.2f}**), those of patches far apart less (**{far:+.2f}**). Zeroed, of 300 pictures "
        f"**{values[ZEROED][0]:.0%}** are right, as trained {values[TRAINED][0]:.0%}."
    ).replace("-", "−")
    rows = ((near_map(found, patch), at_a_glance(found, patch)), (plane(found, patch), figures.shares(values, "right")))
    return Shown(rows, note, clicked=clicked)


def near_map(found: Positions, patch: int, height: int = 330) -> Picture:
    """How alike the chosen patch's position is to every other."""
    row = found.cosines[patch - 1].reshape(ROW, ROW)
    others = np.where(np.arange(COUNT) == patch - 1, -2, found.cosines[patch - 1])
    told = (
        f"Cosine of the position embedding of {words_of(patch - 1)} with all others: from "
        f"{row.min():.2f} to, but for itself, {others.max():.2f} at {words_of(int(others.argmax()))}."
    )
    return figures.signed_map(row, f"likeness to {words_of(patch - 1)}", told, patch - 1, height)


def at_a_glance(found: Positions, patch: int) -> Picture:
    """The same for every patch, each map at its patch's place (Dosovitskiy et al. 2021, figure 7)."""
    values = found.cosines.reshape(ROW, ROW, ROW, ROW)
    near, far = near_and_far(found.cosines)
    told = (
        f"For each of {COUNT} patches a map of how alike its position is to all: neighbours {near:.2f} on average, "
        f"patches four or more apart {far:.2f}."
    )
    names = [str(at + 1) for at in range(ROW)]
    return figures.maps(np.maximum(values, 0), (names, names), told, divmod(patch - 1, ROW))


def plane(found: Positions, patch: int) -> Picture:
    """Positions on their first two principal components; lines join the patches of a row, dotted ones of a column."""
    places = found.plane.reshape(ROW, ROW, 2)
    lines = [trace("lines", row[:, 0], row[:, 1], line=stroke(BLUE, 1.2), name="row", showlegend=at == 0,
                   hoverinfo="skip") for at, row in enumerate(places)]  # fmt: skip
    lines += [trace("lines", row[:, 0], row[:, 1], line=stroke(ORANGE, 1.2, "dot"), name="column",
                    showlegend=at == 0, hoverinfo="skip") for at, row in enumerate(places.swapaxes(0, 1))]  # fmt: skip
    words = [words_of(place) for place in range(COUNT)]
    dots = trace("markers", found.plane[:, 0], found.plane[:, 1], marker=marker(GREY, 6), text=words,
                 showlegend=False, **hover("%{text}"))  # fmt: skip
    x, y = found.plane[patch - 1].tolist()
    here = trace("markers", [x], [y], marker=marker(INK, 13, "circle-open"), showlegend=False, hoverinfo="skip")
    axis = {"showticklabels": False}
    plan = layout("first component", "second component", 330, xaxis=axis, yaxis=axis)
    told = (
        f"Position embeddings of {COUNT} patches on two principal components, which hold {found.held:.0%} of their "
        "variance; lines join the patches of each row and of each column."
    )
    return Picture([*lines, dots, here], plan, told)


def clicked(spot: dict) -> tuple[tuple[Control, object], ...]:
    """A click in either map chooses a patch."""
    if spot["row"]:
        return ()
    row, column = figures.map_at(spot) if spot["panel"] else (round(spot["y"]), round(spot["x"]))
    inside = 0 <= row < ROW and 0 <= column < ROW
    return ((PATCH_NUMBER, row * ROW + column + 1),) if inside else ()


def before(found: Positions, patch: int) -> Shown:
    """The likeness alone: what is seen before the guess."""
    note = "How alike the learned position of one patch is to those of all others. Click another patch."
    return Shown(((near_map(found, patch),),), note, clicked=clicked)


def question(found: Positions, patch: int) -> Question:
    """What do positions carry?"""
    count = len(sheet()[1])
    words = (
        f"The network gets {found.right[TRAINED] / count:.0%} of 300 held-out pictures right. Now all positions are "
        "set to zero. How many does it get right?"
    )
    because = (
        "It never met patches without positions. A network trained without any does better than one robbed of them: "
        "see “Patches”."
    )
    return Question(words, Scale(0, 100, 5, "%", 10), round(100 * found.right[ZEROED] / count), because)


def mistakable(cosines: np.ndarray) -> np.ndarray:
    """How alike each patch's position is to the most alike other, (49,)."""
    return np.where(np.eye(COUNT) > 0, -2, cosines).max(axis=1)


def goal(found: Positions, patch: int) -> Goal:
    """Find the place that is told apart worst."""
    values = mistakable(found.cosines)
    words = (
        "Find the patch whose position the network **tells apart worst**: the one with the highest likeness to some "
        "other patch."
    )
    own = float(values[patch - 1])
    return Goal(words, bool(own >= values.max() - 1e-6), f"Now: at most {own:.2f} with another.")


LAST = """table = weights["positions"]
rows = table[1:] - table[1:].mean(dim=0)
rows = rows / rows.norm(dim=1, keepdim=True)
without = torch.cat([table[:1], torch.zeros(49, 48)])
with torch.no_grad():
    answers = {{"as trained": vision(x, weights)[0], "all zero": vision(x, weights, without)[0]}}
result = {{"likeness": (rows @ rows[{place}]).tolist()}}
result |= {{name: (logits.argmax(dim=1) == y).float().mean().item() for name, logits in answers.items()}}"""


def code(found: Positions, patch: int) -> Program:
    """The same likeness and accuracies."""
    count = len(sheet()[1])
    shown = {"likeness": found.cosines[patch - 1].tolist()}
    shown |= {name: found.right[name] / count for name in (TRAINED, ZEROED)}
    return on_the_sheet("Learned positions", (VIT,), LAST.format(place=patch - 1), shown)


VIEW = View((), measure, draw, (PATCH_NUMBER,), before, question, goal, code)
