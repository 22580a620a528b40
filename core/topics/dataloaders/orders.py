"""Digits visited sorted by class, in one random order, and in a new one every epoch."""

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import RandomSampler, SequentialSampler

from core.data.digits import digits, mixed_digits, shipped
from core.programs import Program, Step, call
from core.provenance import Measured, Sourced
from core.topics.dataloaders.stacked import HIDDEN, Stack, losses, trained

SORTED, ONCE, ALWAYS = ORDERS = ("sorted by class", "shuffled once", "shuffled every epoch")
SAMPLES, HELD_OUT, EPOCHS, SEEDS = 400, 200, 10, 5


@dataclass(frozen=True)
class Race(Sourced):
    """Held-out ``accuracies`` and ``losses`` (seeds, epochs + 1) by order; ``answers`` (seeds, 10): the share of
    held-out digits that the network trained in that order takes for each class in the end."""

    batch_size: int
    learning_rate: float
    accuracies: dict[str, np.ndarray]
    losses: dict[str, np.ndarray]
    answers: dict[str, np.ndarray]
    source: Measured

    @property
    def gap(self) -> float:
        """How much accuracy sorting costs, against a new order every epoch."""
        return float(self.accuracies[ALWAYS][:, -1].mean() - self.accuracies[SORTED][:, -1].mean())


def order(name: str, y: torch.Tensor, seed: int) -> torch.Tensor:
    """The places of the samples (epochs, samples) as DataLoader visits them, the samples being sorted by class."""
    if name == SORTED:
        return torch.tensor([list(SequentialSampler(y))] * EPOCHS)
    sampler = RandomSampler(y, generator=torch.Generator().manual_seed(seed))
    if name == ONCE:
        return torch.tensor([list(sampler)] * EPOCHS)
    return torch.tensor([list(sampler) for _ in range(EPOCHS)])


def race(batch_size: int, learning_rate: float, seed: int) -> Race:
    """Train with each order on the same digits, from the same weights, with five seeds."""
    began, seeds = time.perf_counter(), tuple(range(seed, seed + SEEDS))
    count = SAMPLES + HELD_OUT
    sets = [digits(count, each, HELD_OUT / count, flat=True) for each in seeds]
    places = [data.y.argsort(stable=True) for data in sets]
    x = torch.stack([data.x[place] for data, place in zip(sets, places, strict=True)]).double()
    y = torch.stack([data.y[place] for data, place in zip(sets, places, strict=True)])
    visited = torch.stack([order(name, y[0], each) for name in ORDERS for each in seeds])
    times = len(ORDERS)
    stack = Stack(x.repeat(times, 1, 1), y.repeat(times, 1), visited, torch.ones(times * SEEDS, 10).double(),
                  seeds * times)  # fmt: skip
    x_test = torch.stack([data.x_test for data in sets]).double().repeat(times, 1, 1)
    y_test = torch.stack([data.y_test for data in sets]).repeat(times, 1)
    logits = torch.from_numpy(trained(stack, x_test, batch_size, learning_rate))
    found = logits.argmax(dim=-1)
    right = (found == y_test).double().mean(dim=-1).numpy().T
    errors = torch.stack([losses(each, y_test, stack.weights) for each in logits]).numpy().T
    shares = np.stack([np.bincount(row, minlength=10) / HELD_OUT for row in found[-1].numpy()])
    parts = {name: slice(place * SEEDS, (place + 1) * SEEDS) for place, name in enumerate(ORDERS)}
    rows = [{name: values[part] for name, part in parts.items()} for values in (right, errors, shares)]
    return Race(batch_size, learning_rate, *rows, Measured(seeds, time.perf_counter() - began))


DATA = """x, y = {mixed}
x_test, y_test = x[{samples}:{count}].double(), y[{samples}:{count}]
place = y[:{samples}].argsort(stable=True)  # sorted by class, as files often lie in their folders
data = TensorDataset(x[place].double(), y[place])"""
TRAIN = """result = {{}}
for name, shuffle in (("sorted by class", False), ("shuffled every epoch", True)):
    torch.manual_seed({seed})
    model = nn.Sequential(nn.Linear(64, {hidden}), nn.ReLU(), nn.Linear({hidden}, 10)).double()
    optimizer = torch.optim.SGD(model.parameters(), lr={rate!r})
    order = torch.Generator().manual_seed({seed})
    sampler = RandomSampler(data, generator=order) if shuffle else SequentialSampler(data)
    loader = DataLoader(data, batch_size={batch}, sampler=sampler)  # shuffle=True makes such a sampler
    for _ in range({epochs}):
        for inputs, labels in loader:
            optimizer.zero_grad()
            functional.cross_entropy(model(inputs), labels).backward()
            optimizer.step()
    with torch.no_grad():
        result[name] = functional.cross_entropy(model(x_test), y_test).item()"""
IMPORTS = "from torch.utils.data import DataLoader, RandomSampler, SequentialSampler, TensorDataset\n\n"


def program_of_race(found: Race) -> Program:
    """The first seed's training, sorted and shuffled, with a DataLoader."""
    seed = found.source.seeds[0]
    mixed = call(mixed_digits, seed=seed, flat=True)
    data = IMPORTS + DATA.format(mixed=mixed, samples=SAMPLES, count=SAMPLES + HELD_OUT)
    settings = {"rate": found.learning_rate, "batch": found.batch_size}
    steps = (
        Step("Digits, sorted", data),
        Step("Train twice", TRAIN.format(seed=seed, hidden=HIDDEN, epochs=EPOCHS, **settings)),
    )
    shown = {name: float(found.losses[name][0, -1]) for name in (SORTED, ALWAYS)}
    return Program("Sorted or shuffled", steps, (shipped, mixed_digits), shown)
