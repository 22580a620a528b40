"""The paths through a residual network: their number, what each carries, and how short those are that matter."""

import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.data.images import FASHION_MNIST
from core.figures.curves import line
from core.figures.marks import hover, trace, upright, vertical
from core.figures.picture import BLUE, GREEN, GREY, INK, ORANGE, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control, pick, scale, slider
from core.lessons.view import Shown, View
from core.models.resnet import ResNet
from core.programs import Program, Step
from core.provenance import Measured, Sourced
from core.topics.resnet.gradients_view import decades
from core.topics.resnet.networks import DEPTHS, EACH, RESIDUAL, network, pictures, standardised, untrained
from core.topics.resnet.paths import Carried, carried, with_statistics
from core.topics.resnet.programs import LOADED_STEP, NETWORK_STEP, call_loaded, pictures_step, sheet_file, weights_file
from core.wording import counted

DEPTH = scale("Depth", DEPTHS, 56)
START, TRAINED = "before training", "after training"
MOMENT = pick("Moment", (TRAINED, START))
CLASS = pick("Class of pictures", FASHION_MNIST.classes, FASHION_MNIST.classes[0])
DRAWS, EVERY = 3, 6  # random paths of each length; every sixth picture of a class, five in all
NEAR = 0.9  # cosine


@dataclass(frozen=True)
class Paths(Sourced):
    """A residual network's gradient on some pictures of one class, taken apart."""

    depth: int
    moment: str
    name: str
    found: Carried
    source: Measured

    @property
    def shortest(self) -> int:
        """The smallest length up to which the paths together point within ``NEAR`` of the gradient."""
        lengths = range(self.found.blocks + 1)
        return next((each for each in lengths if self.found.up_to(each) >= NEAR), self.found.blocks)


def some(name: str):
    """Five shipped test pictures of a class, and their classes."""
    x, y = pictures("test")
    first = FASHION_MNIST.classes.index(name) * EACH
    return standardised(x[first : first + EACH : EVERY]), y[first : first + EACH : EVERY]


def model_of(depth: int, moment: str, seed: int) -> ResNet:
    """The shipped network, or one that has learned nothing; its batch norm knows the training pictures' statistics."""
    if moment == TRAINED:
        return network(RESIDUAL, depth)
    return with_statistics(untrained(RESIDUAL, depth, seed), standardised(pictures("training")[0])[::2])


@lru_cache(maxsize=16)
def taken_apart(depth: int, moment: str, name: str, seed: int) -> Paths:
    """Measure once."""
    began = time.perf_counter()
    parts = carried(model_of(depth, moment, seed), *some(name), DRAWS, seed)
    return Paths(depth, moment, name, parts, Measured((seed,), time.perf_counter() - began))


def measure(depth: int, moment: str, class_of_pictures: str, seed: int) -> Paths:
    """The gradient of one class's pictures."""
    return taken_apart(depth, moment, class_of_pictures, seed)


def looks(found: Paths) -> tuple[Control, ...]:
    """Up to which length paths are kept."""
    return (slider("Longest path", 0, found.found.blocks, found.found.blocks // 3),)


def whole(lengths: np.ndarray) -> dict:
    """An axis of whole numbers."""
    return {"dtick": max(1, len(lengths) // 7), "range": [-0.6, len(lengths) - 0.4]}


def by_length(found: Paths, longest: int, height: int = 290) -> Picture:
    """How many paths there are of each length."""
    counts = found.found.counts
    lengths = np.arange(len(counts))
    colors = [BLUE if length <= longest else GREY for length in lengths]
    bar = upright(lengths, counts / counts.sum(), colors, **hover("%{y:.2%} of all paths pass %{x} branches"))
    alt = (
        f"Of {counts.sum():,.0f} paths most pass {int(counts.argmax())} of {found.found.blocks} branches: a binomial "
        f"distribution; {counts[: longest + 1].sum() / counts.sum():.1%} pass at most {longest}."
    )
    plan = layout("Branches passed", "Share of the paths", height, yaxis={"tickformat": ".0%"}, xaxis=whole(lengths),
                  showlegend=False)  # fmt: skip
    return Picture([bar], plan, alt)


def single(found: Paths, height: int = 290) -> Picture:
    """What one path carries, by its length."""
    each = np.maximum(found.found.single, 1e-30)
    lengths = np.arange(len(each))
    dots = trace("markers", np.repeat(lengths, each.shape[1]), each.ravel(), name="one path drawn at random",
                 marker={"color": ORANGE, "size": 6, "opacity": 0.7}, **hover("%{y:.2g}, %{x} branches"))  # fmt: skip
    mean = line(lengths, each.mean(axis=1), "mean", INK, "dot")
    alt = (
        f"The gradient that one path carries: on average {each[0].mean():.2g} past all branches, {each[-1].mean():.2g} "
        "through all of them."
    )
    plan = layout("Branches passed", "Gradient norm", height, yaxis=decades(each), xaxis=whole(lengths))
    return Picture([dots, mean], plan, alt)


def together(found: Paths, longest: int, height: int = 290) -> Picture:
    """What all paths of a length carry together."""
    norms = found.found.norms
    lengths = np.arange(len(norms))
    colors = [GREEN if length <= longest else GREY for length in lengths]
    bar = upright(lengths, norms, colors, **hover("%{y:.3g} through all paths of %{x} branches"))
    alt = (
        f"The gradient that all paths of a length carry together is largest at {int(norms.argmax())} branches of "
        f"{found.found.blocks}; the mean length is {found.found.mean_length:.1f}."
    )
    middle = found.found.mean_length
    mark = vertical(middle, INK, 1.5, "dot")
    axes = ("Branches passed", "Gradient norm, all together")
    return Picture([bar], layout(*axes, height, showlegend=False, xaxis=whole(lengths), shapes=[mark]), alt)


def at_most(length: int) -> str:
    """A length of paths in words."""
    return counted(length, "branch", "branches")


def draw(found: Paths, longest_path: int) -> Shown:
    """Number, single, all together."""
    parts = found.found
    share = parts.counts[: longest_path + 1].sum() / parts.counts.sum()
    part = f"{share:.1%}" if share >= 0.001 else "less than 0.1%"
    note = (
        f"{parts.blocks} blocks make $2^{{{parts.blocks}}}$ = **{parts.counts.sum():,.0f} paths**, of "
        f"{parts.blocks / 2:g} branches on average. Weighted by the gradient that they carry, the mean length is "
        f"**{parts.mean_length:.1f}** (dotted). The paths with at most {at_most(longest_path)}, {part} of all, give "
        f"a gradient whose cosine with the whole one is **{parts.up_to(longest_path):z.2f}**."
    ).replace("-", "−")
    return Shown(((by_length(found, longest_path), single(found), together(found, longest_path)),), note)


def before(found: Paths, longest_path: int) -> Shown:
    """How many there are."""
    note = (
        f"At each of {found.found.blocks} blocks the gradient goes back through the branch or past it: so many paths."
    )
    return Shown(((by_length(found, found.found.blocks),),), note)


def question(found: Paths, longest_path: int) -> Question:
    """How long are those that matter?"""
    blocks = found.found.blocks
    text = (
        f"Half of the paths pass {blocks / 2:g} of {blocks} branches or more. Weighted by the gradient that they "
        "carry, how many branches do the paths pass on average?"
    )
    because = (
        "A branch shrinks what goes back through it, so a long path carries far less than a short one; there are "
        "more long ones, but not enough to make up for that."
        if found.found.mean_length < 0.45 * blocks
        else "Here a branch does not shrink what goes back through it enough to outweigh how many long paths there are."
    )
    return Question(
        text, Scale(0.0, float(blocks), 0.5, "branches", max(1.0, blocks / 12)), found.found.mean_length, because
    )


def goal(found: Paths, longest_path: int) -> Goal:
    """The shortest that will do."""
    cosine = found.found.up_to(longest_path)
    text = (
        "**Short enough**: in a network of 32 layers or more set the smallest length of path at which the cosine "
        f"with the whole gradient is at least **{NEAR}**."
    )
    passed = found.depth >= 32 and longest_path == found.shortest
    return Goal(text, passed, f"Now: {cosine:z.2f} with at most {at_most(longest_path)}.".replace("-", "−"))


APART = """x, y = x[{first}:{last}:{every}], y[{first}:{last}:{every}]
maps = [functional.relu(network.stem_norm(network.stem(x))).detach()]
for block in network.blocks:
    maps.append(block(maps[-1]).detach())
last = maps[-1].requires_grad_()
loss = functional.cross_entropy(network.output(last.mean(dim=(2, 3))), y, reduction="sum")
parts = list(torch.autograd.grad(loss, last))  # by how many branches were passed
for block, before, behind in zip(reversed(network.blocks), reversed(maps[:-1]), reversed(maps[1:])):
    gated = [part * (behind > 0) for part in parts]  # the ReLU behind the sum
    before.requires_grad_()
    around, through = block.shortcut(before), block.branch(before)
    around = [torch.autograd.grad(around, before, part, retain_graph=True)[0] for part in gated]
    through = [torch.autograd.grad(through, before, part, retain_graph=True)[0] for part in gated]
    none = [torch.zeros_like(before)]
    parts = [one + other for one, other in zip(around + none, none + through)]
norms = torch.stack([part.flatten(1).norm(dim=1).mean() for part in parts]).detach()
mean_length = (norms * torch.arange(len(norms))).sum() / norms.sum()
result = {{"norms": norms.tolist(), "mean length": mean_length.item()}}"""


def program(found: Paths, longest_path: int) -> Program:
    """The trained network's gradient, taken apart."""
    first = FASHION_MNIST.classes.index(found.name) * EACH
    shown = taken_apart(found.depth, TRAINED, found.name, found.source.seeds[0]).found
    text = APART.format(first=first, last=first + EACH, every=EVERY)
    ready = Step("The trained network", f"network = {call_loaded(RESIDUAL, found.depth)}.requires_grad_(False)")
    steps = (NETWORK_STEP, LOADED_STEP, pictures_step("test"), ready, Step("Its gradient, by length of path", text))
    numbers = {"norms": shown.norms.tolist(), "mean length": shown.mean_length}
    return Program("A gradient taken apart by the paths that carry it", steps, (), numbers,
                   files=sheet_file("test") | weights_file(RESIDUAL, found.depth))  # fmt: skip


PATHS_VIEW = View((DEPTH, MOMENT, CLASS), measure, draw, looks, before, question, goal, program)
