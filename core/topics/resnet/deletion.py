"""Trained blocks taken out of a network, or put into another order, and what is still right then."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.models.resnet import ResNet
from core.probes.certainty import interval

AS_TRAINED, SWAPPED, REVERSED = "as trained", "neighbours swapped", "each stage reversed"
ORDERS = (AS_TRAINED, SWAPPED, REVERSED)


@dataclass(frozen=True)
class Share:
    """How many of ``count`` pictures are right."""

    right: int
    count: int

    @property
    def value(self) -> float:
        return self.right / self.count

    @property
    def ends(self) -> tuple[float, float]:
        """The 95% interval of the share (Wilson 1927)."""
        return interval(self.right, self.count)

    @property
    def words(self) -> str:
        """The share and its interval in percent."""
        low, high = self.ends
        return f"{self.value:.1%} ({100 * low:.0f} to {100 * high:.0f})"


def movable(model: ResNet) -> list[list[int]]:
    """The numbers of the blocks that can change places, stage by stage: all that keep the maps' size."""
    each = len(model.blocks) // 3
    stages = [range(stage * each, (stage + 1) * each) for stage in range(3)]
    return [[place for place in stage if model.blocks[place].stride == 1] for stage in stages]


def order_of(model: ResNet, order: str) -> list[int]:
    """Which trained block stands at each place."""
    numbers = list(range(len(model.blocks)))
    for stage in movable(model) if order != AS_TRAINED else []:
        if order == REVERSED:
            moved = stage[::-1]
        else:
            pairs = [stage[at : at + 2][::-1] for at in range(0, len(stage), 2)]
            moved = [number for pair in pairs for number in pair]
        for place, number in zip(stage, moved, strict=True):
            numbers[place] = number
    return numbers


@torch.no_grad()
def answers(model: ResNet, x: Tensor, deleted: Collection[int] = (), order: Sequence[int] = ()) -> Tensor:
    """Scores (count, classes) of a network without some places, its blocks in another order."""
    x = model.start(x)
    for place, number in enumerate(order or range(len(model.blocks))):
        x = model.blocks[place].shortcut(x) if place in deleted else model.blocks[number](x)
    return model.end(x)


def right(scores: Tensor, y: Tensor) -> int:
    """How many answers are right."""
    return int((scores.argmax(dim=1) == y).sum())


@torch.no_grad()
def without_each(model: ResNet, x: Tensor, y: Tensor) -> list[int]:
    """How many pictures are right without the first block, without the second, … (Veit et al. 2016, figure 3)."""
    counts, maps = [], model.start(x)
    for place, block in enumerate(model.blocks):
        counts.append(right(model.end(model.after(block.shortcut(maps), place + 1)), y))
        maps = block(maps)
    return counts


def without_several(model: ResNet, x: Tensor, y: Tensor, counts: Sequence[int], draws: int, seed: int) -> list[list]:
    """How many pictures are right without so many blocks drawn at random: (draws, counts); figure 5 there."""
    generator = torch.Generator().manual_seed(seed)
    table = []
    for _ in range(draws):
        turn = torch.randperm(len(model.blocks), generator=generator).tolist()
        table.append([right(answers(model, x, set(turn[:count])), y) for count in counts])
    return table
