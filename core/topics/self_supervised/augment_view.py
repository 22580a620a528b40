"""The augmentations one by one: views of a picture, how alike a network finds them, and what each is worth."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.data.clothes import CLASSES, NAMES, sheet
from core.figures.galleries import gallery
from core.figures.marks import hover, marker, stroke, trace
from core.figures.picture import BLUE, GREY, INK, ORANGE, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import choose, pick
from core.lessons.view import Shown, View
from core.probes import luck
from core.programs import Program
from core.topics.self_supervised.augmentations import KINDS, view_of
from core.topics.self_supervised.learning import SIMCLR
from core.topics.self_supervised.programs import on_the_sheet
from core.topics.self_supervised.records import (
    AUGMENTED,
    RECORD,
    SETS,
    SHORT,
    UNTRAINED,
    USUAL,
    ends,
    network,
    reference,
)

SHOWN_KINDS = choose("Shown augmentations", KINDS, USUAL)
ARTICLE = pick("Article", NAMES)
VIEWS = 7
FOUR, SAME = "usual four", "temperature 0.2"  # the recorded training with the four that are shown at first


@dataclass(frozen=True)
class Seen:
    """A picture (1, 1, 28, 28), seven views of it, and the cosine of each with it in the shipped network (7,)."""

    name: str
    kinds: tuple[str, ...]
    seed: int
    x: Tensor = field(repr=False)
    views: Tensor = field(repr=False)
    cosines: np.ndarray = field(repr=False)
    strangers: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return f"{RECORD.source.provenance} · views computed live, seed {self.seed}"


def alike(x: Tensor, views: Tensor) -> np.ndarray:
    """The cosines of a picture's embedding with those of others (count, 1, 28, 28), in the shipped SimCLR network."""
    with torch.no_grad():
        embeddings = network(SIMCLR).embedded(torch.cat([x, views]))
    return functional.cosine_similarity(embeddings[:1], embeddings[1:]).numpy()


def views_of(x: Tensor, kinds: tuple[str, ...], seed: int, count: int = VIEWS) -> Tensor:
    """So many random views of one picture, (count, 1, 28, 28)."""
    return view_of(x.expand(count, -1, -1, -1), kinds, torch.Generator().manual_seed(seed))


def measure(shown_augmentations: tuple[str, ...], article: str, seed: int) -> Seen:
    """Views of the first shipped picture of a class, by the seed."""
    kinds = tuple(kind for kind in KINDS if kind in shown_augmentations)
    pictures, y = sheet()
    own = y == CLASSES.index(article)
    x = pictures[own][:1]
    views = views_of(x, kinds, seed)
    return Seen(article, kinds, seed, x, views, alike(x, views), float(alike(x, pictures[~own]).mean()))


def strip(seen: Seen) -> Picture:
    """The picture and its views."""
    captions = ["picture", *(f"{value:.2f}".replace("-", "−") for value in seen.cosines)]
    told = (
        f"{seen.name} and {VIEWS} random views of it by {', '.join(seen.kinds) or 'no augmentation'}; cosines with it "
        f"{seen.cosines.min():.2f} to {seen.cosines.max():.2f}."
    )
    return gallery(torch.cat([seen.x, seen.views])[:, 0], captions, told, 4, 260)


def worth(seen: Seen) -> Picture:
    """What features trained with each set were worth: a dot per seed and the mean; untrained networks as a line."""
    rows = {name: ends(name, "nearest") for name in AUGMENTED} | {FOUR: ends(SAME, "nearest")}
    names = list(rows)
    sets = SETS | {FOUR: USUAL}
    chosen = next((name for name in names if set(sets[name]) == set(seen.kinds)), None)
    level = float(reference(UNTRAINED, "nearest").mean())
    dots = trace(
        "markers", [float(value) for row in rows.values() for value in row],
        [place for place, row in enumerate(rows.values()) for _ in row], marker=marker(BLUE, 7), name="one seed",
        **hover("%{x:.1%}"),
    )  # fmt: skip
    means = trace(
        "markers", [float(row.mean()) for row in rows.values()], list(range(len(names))), name="mean",
        marker=marker(ORANGE, 13, "line-ns-open", ORANGE, 3), text=names, **hover("%{text}: %{x:.1%}"),
    )  # fmt: skip
    line = {"type": "line", "x0": level, "x1": level, "y0": 0, "y1": 1, "yref": "paper", "line": stroke(GREY, 2, "dot")}
    words = [f"<b>{name}</b>" if name == chosen else name for name in names]
    plan = layout(
        "nearest of 100 right", "", 480, shapes=[line], xaxis={"tickformat": ".0%"},
        yaxis={"tickvals": list(range(len(names))), "ticktext": words, "range": [len(names) - 0.4, -0.6],
               "showgrid": False},
        annotations=[{"x": level, "y": 1, "yref": "paper", "yanchor": "bottom", "text": "untrained", "showarrow": False,
                      "font": {"size": 11, "color": INK}}],
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
    )  # fmt: skip
    listed = ", ".join(f"{name} {row.mean():.1%}" for name, row in rows.items())
    return Picture([dots, means], plan, f"Right by the nearest of 100, mean of three seeds: {listed}.")


def missed_most() -> str:
    """The augmentation without which the other five are worth least."""
    return min(KINDS, key=lambda kind: ends(f"all but {kind}", "nearest").mean())


def draw(seen: Seen) -> Shown:
    """Views, and what every set was worth."""
    none, everything, level = (
        float(row.mean()) for row in (ends("none", "nearest"), ends("all", "nearest"), reference(UNTRAINED, "nearest"))
    )
    missed, kinds = missed_most(), ", ".join(seen.kinds) or "no augmentation"
    rows = {kind: ends(f"all but {kind}", "nearest") for kind in KINDS}
    note = (
        f"Views by {kinds}: their embeddings have a mean cosine of **{seen.cosines.mean():.2f}** with the picture’s in "
        f"the shipped network (other classes: {seen.strangers:.2f}). Below, SimCLR trained for {SHORT} steps with each "
        f"set: **without any augmentation {none:.1%}**, less than the {level:.1%} before training; with all six "
        f"{everything:.1%}. Of these six **{missed}** is missed most ({rows[missed].mean():.1%} without it). "
        f"{luck.sentence(rows, missed, 'That is more than seed noise.')}"
    ).replace("-0", "−0")
    return Shown(((strip(seen),), (worth(seen),)), note)


def before(seen: Seen) -> Shown:
    """The views alone."""
    note = (
        "A picture and random views of it. SimCLR asks that they get the same embedding, and no other picture’s. The "
        "numbers are cosines with the picture’s embedding in the shipped network."
    )
    return Shown(((strip(seen),),), note)


def question(seen: Seen) -> Question:
    """What is learned from equal views?"""
    none, level = float(ends("none", "nearest").mean()), float(reference(UNTRAINED, "nearest").mean())
    words = (
        f"Take all augmentations away: both views are the picture itself. An untrained network's features get "
        f"{level:.0%} right by the nearest of 100 labelled pictures. And SimCLR's after {SHORT} such steps?"
    )
    because = (
        "A picture equals itself whatever the network does, so all that is left to learn is to push apart what is "
        "alike: pictures of one class."
    )
    return Question(words, Scale(0, 100, 1, "%", 3), round(100 * none), because)


def goal(seen: Seen) -> Goal:
    """What the network has not learned to overlook."""
    own = {kind: float(alike(seen.x, views_of(seen.x, (kind,), seen.seed)).mean()) for kind in KINDS}
    words = (
        "Choose **exactly one** augmentation: the one whose views the shipped network finds **least like** this "
        "picture."
    )
    passed = len(seen.kinds) == 1 and seen.kinds[0] == min(own, key=lambda kind: own[kind])
    return Goal(words, passed, f"Now: {len(seen.kinds)} chosen, mean cosine {seen.cosines.mean():.2f}.")


LAST = """picture = x[{place}:{place} + 1]
views = view_of(picture.expand({count}, -1, -1, -1), {kinds!r}, torch.Generator().manual_seed({seed}))
with torch.no_grad():
    embeddings = projector(encoder(torch.cat([picture, views])))
result = {{"cosines": functional.cosine_similarity(embeddings[:1], embeddings[1:]).tolist()}}"""


def program(seen: Seen) -> Program:
    """The same views and cosines."""
    last = LAST.format(place=30 * CLASSES.index(seen.name), count=VIEWS, kinds=seen.kinds, seed=seen.seed)
    return on_the_sheet("Views of a picture", SIMCLR, last, {"cosines": seen.cosines.tolist()}, (view_of,))


VIEW = View((SHOWN_KINDS, ARTICLE), measure, draw, (), before, question, goal, program)
