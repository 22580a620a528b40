"""Train on digits without labels: method, temperature, momentum, queue and augmentations are the learner's."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from core.figures.curves import bands
from core.figures.galleries import gallery
from core.lessons import Goal, Question, Scale
from core.lessons.controls import choose, folded, pick, scale, slider, toggle
from core.lessons.view import Later, Shown, View
from core.programs import Program
from core.topics.self_supervised.augmentations import CROP, KINDS, view_of
from core.topics.self_supervised.learning import BYOL, COLDNESS, METHODS, MOCO, SUPERVISED, Plan
from core.topics.self_supervised.live import (
    EVERY,
    FEW,
    Lived,
    Moment,
    askew,
    beginning,
    by_pixels,
    trained,
    untrained,
)
from core.topics.self_supervised.programs import on_digits

METHOD = pick("Method", METHODS)
TEMPERATURE = scale(
    "Temperature", COLDNESS, 0.2, help="What cosines are divided by.",
    when=lambda values: values["method"] != BYOL,
)  # fmt: skip
MOMENTUM = scale(
    "Momentum", (0.0, 0.9, 0.97, 0.99, 0.999), 0.97, help="How much of the slow copy stays in each step.",
    when=lambda values: values["method"] in (MOCO, BYOL),
)  # fmt: skip
QUEUE = scale(
    "Queue", (64, 256, 512, 1024), 512, help="Embeddings of earlier batches to tell one's own from.",
    when=lambda values: values["method"] == MOCO,
)  # fmt: skip
AUGMENTATIONS = choose("Augmentations", KINDS, (CROP,))
NORM = toggle("Batch norm", True, help="In the network for digits.")
STEPS = slider("Steps", 100, 600, 300, 100, help="Of the training on digits.")
BATCH = scale("Batch size", (16, 32, 64, 128, 256), 128)
RATE = scale("Learning rate", (0.0003, 0.001, 0.003, 0.01), 0.003)
SHOWN = 8
ANSWERS = ("lower by more than 3 points", "within 3 points", "higher by more than 3 points")
AHEAD = 0.08  # how far ahead of the pixels the challenge asks a network to be


@dataclass(frozen=True)
class Start:
    """What is to be trained, and what there is before."""

    plan: Plan
    before: Moment
    pixels: float

    provenance = "Untrained network and pixels, measured live"

    @property
    def plans(self) -> tuple[tuple[str, Plan], ...]:
        """The training without labels, and one with labels for comparison."""
        taught = replace(self.plan, method=SUPERVISED)
        return (self.plan.method, self.plan), (SUPERVISED, taught)


def measure(
    method: str, temperature: float, momentum: float, queue: int, augmentations: tuple[str, ...], steps: int,
    batch_size: int, learning_rate: float, batch_norm: bool, seed: int,
) -> Start:  # fmt: skip
    """What is to be trained."""
    kinds = tuple(kind for kind in KINDS if kind in augmentations)
    plan = Plan(
        method, kinds, temperature, momentum, queue, batch_norm=batch_norm, steps=steps, batch=batch_size,
        rate=learning_rate, seed=seed,
    )  # fmt: skip
    return Start(plan, untrained(plan), by_pixels(seed))


def draw(start: Start) -> Shown:
    """Some digits and two views of each."""
    plan = start.plan
    x, chance = askew(plan.seed).x[:SHOWN], torch.Generator().manual_seed(plan.seed)
    views = [view_of(x, plan.kinds, chance) for _ in range(2)]
    captions = [words for name in ("digits", "view 1", "view 2") for words in (name, *[""] * (SHOWN - 1))]
    told = f"{SHOWN} digits and two random views of each by {', '.join(plan.kinds) or 'no augmentation'}."
    note = (
        f"Digits that nobody straightened: each was turned and cut at random, once. {plan.method} will see two views "
        f"of each and **no label**. Before training, the nearest of {FEW} labelled digits names "
        f"**{start.before.nearest:.0%}** of unseen digits rightly in the network's features, {start.pixels:.0%} in "
        "the pixels."
    )
    return Shown(((gallery(torch.cat([x, *views])[:, 0], captions, told, SHOWN, 290),),), note)


def before(start: Start) -> Shown:
    """The same pictures, the number kept back."""
    shown = draw(start)
    return Shown(shown.pictures, "Digits that nobody straightened, and two views of each as a network will see them.")


def question(start: Start) -> Question:
    """What are random features worth?"""
    words = (
        f"{FEW} digits have labels. Named after the nearest of them by its pixels, {start.pixels:.0%} of unseen digits "
        "are right. How many by the features of a network with random weights?"
    )
    mixed = start.before.nearest
    because = (
        f"Random features mix the pixels and {'lose some' if mixed < start.pixels else 'keep most'} of what they say. "
        "A method is worth what it gains over this, "
        "not over guessing (10%)."
    )
    return Question(words, Scale(0, 100, 5, "%"), round(100 * mixed), because)


def drawn_runs(lived: Lived) -> Shown:
    """What was learned, beside labels and pixels."""
    own, steps, pixels = lived.first, lived.steps, by_pixels(lived.source.seeds[0])
    nearest = {name: lived.curve(name, "nearest") for name in lived.runs}
    picture = bands(steps, nearest | {"pixels": np.full(len(steps), pixels)}, ("step", f"nearest of {FEW} right"), 330)
    picture.layout["yaxis"] |= {"tickformat": ".0%"}
    wide = bands(steps, {own: lived.curve(own, "spread")}, ("step", "spread of the embeddings"), 330)
    wide.layout["yaxis"] |= {"range": [0, 1.05]}
    last = lived.runs[own][-1]
    note = (
        f"After {last.step} steps **{own}** gets **{last.nearest:.0%}** right; the same network trained with all "
        f"labels {lived.runs[SUPERVISED][-1].nearest:.0%}, pixels {pixels:.0%}. Its loss went from "
        f"{lived.runs[own][1].loss:.2f} to {last.loss:.2f} (means of {EVERY} steps). {lived.rings(own)}"
    )
    return Shown(((picture, wide),), note)


def asked_gain(lived: Lived) -> Question:
    """Did it help?"""
    first, last = (lived.runs[lived.first][place].nearest for place in (0, -1))
    truth = ANSWERS[1 if abs(last - first) <= 0.03 else 2 if last > first else 0]
    words = f"{lived.first} is trained. Its features began at {first:.0%} right. Where are they now?"
    because = (
        "A loss without labels only says which pictures are to be alike: the augmentations decide whether what it "
        "learns to ignore is what does not matter."
    )
    return Question(words, ANSWERS, truth, because)


def goal(lived: Lived | None) -> Goal:
    """Beat the pixels."""
    words = (
        "Find settings with which a network trained **without labels** gets "
        f"**{100 * AHEAD:.0f} points more** of the digits right than the pixels do."
    )
    if lived is None:
        return Goal(words, False, "Not trained yet.")
    gain = lived.runs[lived.first][-1].nearest - by_pixels(lived.source.seeds[0])
    return Goal(
        words,
        gain >= AHEAD,
        f"Now: {abs(100 * gain):.1f} points {'more' if gain >= 0 else 'fewer'} with {lived.first}.",
    )


def program(start: Start) -> Program:
    """The first steps."""
    return on_digits(start.plan, len(askew(start.plan.seed).x), list(beginning(start.plan)))


LATER = Later("Train it", trained, lambda start: (start.plans,), drawn_runs, asked_gain, goal)
VIEW = View(
    (METHOD, TEMPERATURE, MOMENTUM, QUEUE, AUGMENTATIONS, folded(STEPS, BATCH, RATE, NORM)), measure, draw,
    before=before, question=question, program=program, later=LATER,
)  # fmt: skip
