"""How a network learns from pictures without labels, by each of the three methods, whole or with a part taken away."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.topics.self_supervised.augmentations import view_of
from core.topics.self_supervised.losses import against_queue, nt_xent, unlike
from core.topics.self_supervised.networks import EMBEDDING, Network

SIMCLR, MOCO, BYOL = METHODS = ("SimCLR", "MoCo", "BYOL")
SUPERVISED = "supervised"
OTHERS, QUEUE, PREDICTOR, STOP = PARTS = ("other pictures", "queue", "predictor", "stop-gradient")
PART_OF = {OTHERS: SIMCLR, QUEUE: MOCO, PREDICTOR: BYOL, STOP: BYOL}
DECAY = 1e-4
COLDNESS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # temperatures to choose from


@dataclass(frozen=True)
class Plan:
    """What is trained and how; ``missing`` is the part that is taken away, ``labels`` how many pictures have one (only
    for supervised training). The rate falls along half a cosine where it is ``falling``."""

    method: str
    kinds: tuple[str, ...]
    temperature: float = 0.2
    momentum: float = 0.97
    queue: int = 512
    missing: str = ""
    batch_norm: bool = True
    steps: int = 300
    batch: int = 128
    rate: float = 0.003
    falling: bool = False
    labels: int = 0
    seed: int = 0


@dataclass
class Scene:
    """One step: the network and its slow copy, two views (batch, 1, side, side) of some pictures, keys of earlier
    batches (queue, 32), and the labels (batch,) that only supervised training looks at."""

    model: Network
    slow: Network
    views: tuple[Tensor, Tensor]
    queue: Tensor
    labels: Tensor | None = None


def simclr(scene: Scene, plan: Plan) -> Tensor:
    """Pick the other view of one's own picture among all views of the batch."""
    first, second = scene.model.embedded(torch.cat(scene.views)).chunk(2)
    return unlike(first, second) if plan.missing == OTHERS else nt_xent(first, second, plan.temperature)


def moco(scene: Scene, plan: Plan) -> Tensor:
    """Pick the slow copy's embedding of the other view among those of earlier batches, which are then moved up."""
    query, key = scene.model.embedded(scene.views[0]), scene.slow.embedded(scene.views[1])
    earlier, scene.queue = scene.queue, torch.cat([key, scene.queue])[: plan.queue]
    return unlike(query, key) if plan.missing == QUEUE else against_queue(query, key, earlier, plan.temperature)


def byol(scene: Scene, plan: Plan) -> Tensor:
    """Predict the slow copy's embedding of the other view."""
    both = torch.cat(scene.views)
    embedding = scene.model.embedded(both)
    target = embedding if plan.missing == STOP else scene.slow.embedded(both)
    prediction = embedding if plan.missing == PREDICTOR else scene.model.predictor(embedding)
    return unlike(prediction, target.roll(plan.batch, 0))


def supervised(scene: Scene, plan: Plan) -> Tensor:
    """Say the label, for comparison: the only loss here that looks at one."""
    return functional.cross_entropy(scene.model.labels(scene.model.encoder(scene.views[0])), scene.labels)


LOSSES: dict[str, Callable[[Scene, Plan], Tensor]] = {
    SIMCLR: simclr, MOCO: moco, BYOL: byol, SUPERVISED: supervised,
}  # fmt: skip


def learned(plan: Plan, model: Network, x: Tensor, y: Tensor | None = None) -> Iterator[float]:
    """Train a network in place on pictures (count, 1, side, side), yielding the loss of every step.

    Labels ``y`` (count,) are for supervised training alone: the others never hand them on.
    """
    generator = torch.Generator().manual_seed(plan.seed)
    slow = slow_copy(model)
    scene = Scene(model, slow, (x[:0], x[:0]), torch.randn(plan.queue, EMBEDDING, generator=generator))
    optimizer = torch.optim.AdamW(model.parameters(), plan.rate, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, plan.steps) if plan.falling else None
    model.train()
    for _ in range(plan.steps):
        chosen = torch.randint(plan.labels or len(x), (plan.batch,), generator=generator)
        scene.views = view_of(x[chosen], plan.kinds, generator), view_of(x[chosen], plan.kinds, generator)
        scene.labels = y[chosen] if y is not None and plan.method == SUPERVISED else None
        loss = LOSSES[plan.method](scene, plan)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if schedule:
            schedule.step()
        follow(slow, model, plan.momentum)
        yield loss.item()


def slow_copy(model: nn.Module):
    """The same network again; no gradient reaches it."""
    return copy.deepcopy(model).requires_grad_(False)


@torch.no_grad()
def follow(slow: nn.Module, model: nn.Module, momentum: float) -> None:
    """Move the slow copy's weights towards the network's: ``momentum`` of them stays."""
    for old, new in zip(slow.parameters(), model.parameters(), strict=True):
        old.lerp_(new, 1 - momentum)
