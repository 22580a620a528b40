"""A rare class, drawn as it comes, drawn more often, or weighed more heavily in the loss."""

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import RandomSampler, WeightedRandomSampler

from core.programs import Program, Step, call
from core.provenance import Measured, Sourced
from core.topics.dataloaders.stacked import HIDDEN, Stack, losses, trained

PLAIN, SAMPLER, LOSS = WAYS = ("as it comes", "weighted sampler", "weighted loss")
SAMPLES, HELD_OUT, EPOCHS, SEEDS, BATCH, RATE = 600, 2000, 10, 5, 60, 0.4


@dataclass(frozen=True)
class Rarity(Sourced):
    """Held-out ``recalls`` and ``precisions`` of the rare class, ``accuracies`` and ``losses``, (seeds, epochs + 1) by
    way; ``drawn`` (seeds,): the share of the rare class among the samples drawn."""

    rare_share: float
    drawn_share: float
    overlap: float
    recalls: dict[str, np.ndarray]
    precisions: dict[str, np.ndarray]
    accuracies: dict[str, np.ndarray]
    losses: dict[str, np.ndarray]
    drawn: dict[str, np.ndarray]
    source: Measured

    def last(self, values: dict[str, np.ndarray], way: str) -> float:
        """One way's mean over the seeds in the end."""
        return float(values[way][:, -1].mean())


def clouds(samples: int, rare_share: float, overlap: float, seed: int) -> tuple[Tensor, Tensor]:
    """Two round clouds (samples, 2) whose centres are 2 apart, and whether a sample is of the rare one (samples,)."""
    generator = torch.Generator().manual_seed(seed)
    y = (torch.arange(samples) < max(round(rare_share * samples), 1)).long()
    noise = torch.randn(samples, 2, generator=generator, dtype=torch.float64)
    return (2 * y[:, None] - 1) * 0.5**0.5 + overlap * noise, y


def chances(y: Tensor, drawn_share: float) -> Tensor:
    """How likely each sample (samples,) is to be drawn, so that ``drawn_share`` of those drawn are of class 1."""
    share = y.double().mean()
    return torch.where(y == 1, drawn_share / share, (1 - drawn_share) / (1 - share)) / len(y)


def order(way: str, y: Tensor, drawn_share: float, seed: int) -> Tensor:
    """The samples (epochs, samples) as the sampler draws them."""
    generator = torch.Generator().manual_seed(seed)
    if way == SAMPLER:
        sampler = WeightedRandomSampler(chances(y, drawn_share).tolist(), len(y), generator=generator)
    else:
        sampler = RandomSampler(y, generator=generator)
    return torch.tensor([list(sampler) for _ in range(EPOCHS)])


def importance(way: str, y: Tensor, drawn_share: float) -> Tensor:
    """The weights of both classes in the loss: the same emphasis as the sampler's, or none."""
    if way != LOSS:
        return torch.ones(2, dtype=torch.float64)
    likely = chances(y, drawn_share) * len(y)
    return torch.stack([likely[y == label][0] for label in (0, 1)])


def rarity(rare_share: float, drawn_share: float, overlap: float, seed: int) -> Rarity:
    """Train in all three ways on the same samples, from the same weights, with five seeds."""
    began, seeds = time.perf_counter(), tuple(range(seed, seed + SEEDS))
    sets = [clouds(SAMPLES, rare_share, overlap, each) for each in seeds]
    tests = [clouds(HELD_OUT, rare_share, overlap, each + 500_000) for each in seeds]
    x, y, x_test, y_test = (
        torch.stack([pair[part] for pair in pairs]).repeat(len(WAYS), *[1] * (2 - part))
        for pairs in (sets, tests)
        for part in (0, 1)
    )
    ways = [(way, each) for way in WAYS for each in range(SEEDS)]
    orders = torch.stack([order(way, sets[each][1], drawn_share, seeds[each]) for way, each in ways])
    weights = torch.stack([importance(way, sets[each][1], drawn_share) for way, each in ways])
    logits = torch.from_numpy(trained(Stack(x, y, orders, weights, seeds * len(WAYS)), x_test, BATCH, RATE))
    errors = torch.stack([losses(each, y_test, torch.ones_like(weights)) for each in logits])
    taken = y.gather(1, orders.flatten(1)).double().mean(dim=1)
    values = [*scores(logits.argmax(dim=-1) == 1, y_test == 1), errors.T.numpy(), taken.numpy()]
    parts = {way: slice(place * SEEDS, (place + 1) * SEEDS) for place, way in enumerate(WAYS)}
    rows = [{way: each[part] for way, part in parts.items()} for each in values]
    return Rarity(rare_share, drawn_share, overlap, *rows, Measured(seeds, time.perf_counter() - began))


def scores(said: Tensor, rare: Tensor) -> list[np.ndarray]:
    """Recall, precision (0 where nothing is called rare) and accuracy, (members, epochs + 1) each; ``said`` (epochs +
    1, members, samples) and ``rare`` (members, samples) tell which samples are called rare and which are."""
    hits = (said & rare).sum(dim=-1).double()
    recall, precision = hits / rare.sum(dim=-1), hits / said.sum(dim=-1).clamp_min(1)
    return [each.T.numpy() for each in (recall, precision, (said == rare).double().mean(dim=-1))]


DATA = """x, y = {made}
chance = chances(y, {drawn!r})
data = TensorDataset(x, y)"""
TRAIN = """torch.manual_seed({seed})
model = nn.Sequential(nn.Linear(2, {hidden}), nn.ReLU(), nn.Linear({hidden}, 2)).double()
optimizer = torch.optim.SGD(model.parameters(), lr={rate!r})
sampler = WeightedRandomSampler(chance.tolist(), len(data), generator=torch.Generator().manual_seed({seed}))
loader = DataLoader(data, batch_size={batch}, sampler=sampler)
for _ in range({epochs}):
    for inputs, labels in loader:
        optimizer.zero_grad()
        functional.cross_entropy(model(inputs), labels).backward()
        optimizer.step()"""
TEST = """x_test, y_test = {made}
with torch.no_grad():
    logits = model(x_test)
    said = logits.argmax(dim=1)
    loss = functional.cross_entropy(logits, y_test).item()
recall = (said[y_test == 1] == 1).double().mean().item()
result = {{"held-out loss": loss, "recall of the rare class": recall}}"""
IMPORTS = "from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler\n\n"


def program_of_rarity(found: Rarity) -> Program:
    """The first seed's training with a weighted sampler."""
    seed = found.source.seeds[0]
    made, test = (call(clouds, count, found.rare_share, found.overlap, start) for count, start in
                  ((SAMPLES, seed), (HELD_OUT, seed + 500_000)))  # fmt: skip
    settings = {"hidden": HIDDEN, "rate": RATE, "batch": BATCH, "epochs": EPOCHS, "seed": seed}
    steps = (
        Step("A rare class", IMPORTS + DATA.format(made=made, drawn=found.drawn_share)),
        Step("Draw it more often", TRAIN.format(**settings)),
        Step("What it finds", TEST.format(made=test)),
    )
    shown = {
        "held-out loss": float(found.losses[SAMPLER][0, -1]),
        "recall of the rare class": float(found.recalls[SAMPLER][0, -1]),
    }
    return Program("A weighted sampler", steps, (clouds, chances), shown)
