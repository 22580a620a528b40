"""The shipped EfficientNet-Lite0 opened: what it says of a picture, and what each of its parts answers and costs."""

import functools
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.models.efficientnet import EfficientNetLite0
from core.models.imagenet import MissingWeightsError, efficientnet_lite0
from core.probes.ledger import ledger
from core.provenance import Measured
from core.topics.efficient_cnns.costs import COUNTED, Cost
from core.topics.efficient_cnns.pictures import Square

TOP, MAPS, TURNS = 5, 24, 3  # classes shown; maps shown; how often each part is timed


@dataclass(frozen=True)
class Part:
    """A part of the network: what it is in words, its cost, its milliseconds (turns,) and its answer's shape."""

    name: str
    kind: str
    cost: Cost
    milliseconds: tuple[float, ...]
    shape: tuple[int, ...]

    @property
    def median(self) -> float:
        """Its time."""
        return float(np.median(self.milliseconds))


@dataclass(frozen=True, eq=False)
class Opened:
    """A picture, seen at ``side`` × ``side``: the likeliest classes with their probabilities, all parts of the network,
    and ``answers``, the maps (channels, height, width) of each part before the output layer."""

    picture: Square
    side: int
    classes: tuple[tuple[str, float], ...]
    parts: tuple[Part, ...]
    answers: tuple[Tensor, ...]
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        what = "EfficientNet-Lite0's shipped weights, run here, processor time of one thread"
        return Measured((0,), self.seconds, what).provenance

    @property
    def total(self) -> Cost:
        """The whole network's cost."""
        return Cost(sum(each.cost.parameters for each in self.parts), sum(each.cost.flops for each in self.parts))

    def strongest(self, place: int, most: int = MAPS) -> tuple[list[int], np.ndarray]:
        """Which maps of a part answer most strongly on average, and these maps (maps, height, width)."""
        maps = self.answers[place]
        order = maps.abs().mean(dim=(1, 2)).argsort(descending=True)[:most]
        return order.tolist(), maps[order].numpy()


def network() -> EfficientNetLite0:
    """The network with its weights. Raises ``ValueError``, one sentence for the learner, where they are not there."""
    try:
        return efficientnet_lite0()
    except MissingWeightsError as error:
        raise ValueError(f"{error} The other views work without it.") from None


def names(model: EfficientNetLite0) -> dict[str, str]:
    """The parts by the beginning of their layers' names, each in words."""
    found = {"stem": "first convolution"}
    found |= {f"blocks.{place}": f"block {place + 1}" for place in range(len(model.blocks))}
    return found | {"top": "last convolution", "output": "output layer"}


def kind_of(part: nn.Module) -> str:
    """What a part is made of."""
    depthwise = getattr(part, "depthwise", None)
    if depthwise is None:
        return "linear" if isinstance(part, nn.Linear) else f"{part.kernel} × {part.kernel}"
    stride = f", stride {depthwise.stride}" if depthwise.stride > 1 else ""
    return f"{depthwise.kernel} × {depthwise.kernel} depthwise{stride}"


@functools.lru_cache(maxsize=8)
def costs(side: int) -> dict[str, Cost]:
    """Each part's cost for a picture of a side, counted by hooks."""
    model = network()
    found = dict.fromkeys(names(model), Cost(0, 0))
    for entry in ledger(model, (3, side, side)):
        part = next(each for each in found if entry.name == each or entry.name.startswith(f"{each}."))
        flops = entry.flops if entry.kind in COUNTED else 0
        before = found[part]
        found[part] = Cost(before.parameters + entry.weights + entry.biases, before.flops + flops)
    return found


@torch.no_grad()
def opened(picture: Square, side: int) -> Opened:
    """Classify a picture part by part; every part is timed in turns."""
    began, model = time.perf_counter(), network()
    x = model.normalised(torch.tensor(picture.sized(side))[None])
    parts = {name: model.get_submodule(name) for name in names(model)}
    clock: dict[str, list[float]] = {name: [] for name in parts}
    answers: list[Tensor] = []
    for _ in range(TURNS):
        answers = []
        passed = x
        for name, part in parts.items():
            given = passed.mean(dim=(2, 3)) if name == "output" else passed
            start = time.thread_time()
            passed = part(given)
            clock[name].append(1000 * (time.thread_time() - start))
            answers.append(passed[0])
    chances = answers[-1].softmax(dim=0)
    found = tuple(
        Part(words, kind_of(parts[name]), costs(side)[name], tuple(clock[name]), tuple(answer.shape))
        for (name, words), answer in zip(names(model).items(), answers, strict=True)
    )
    return Opened(picture, side, likeliest(chances), found, tuple(answers[:-1]), time.perf_counter() - began)


def likeliest(chances: Tensor) -> tuple[tuple[str, float], ...]:
    """The likeliest of ImageNet's thousand classes, by name."""
    from torchvision.models._meta import _IMAGENET_CATEGORIES as categories

    best = chances.topk(TOP)
    return tuple((categories[place], value) for value, place in zip(best.values.tolist(), best.indices.tolist(),
                                                                  strict=True))  # fmt: skip
