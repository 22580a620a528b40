"""Train the last block too: the features themselves move towards the learner's pictures."""

import copy
import math
import time
from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.probes.luck import differs
from core.projects.classifier.augmentation import VARIANTS, varied
from core.projects.classifier.features import network, network_input
from core.projects.classifier.gallery import Album, Picture
from core.projects.classifier.study import Settings, Study, Trained, trained
from core.provenance import duration
from core.randomness import order

SPLITS = 3  # other choices of the held-out pictures, so that luck can be told from gain
EPOCHS, BATCH, RATE = 12, 16, 0.0005


class LastBlock(nn.Module):
    """What is trained: the network's last block, its last convolution, and the head; (batch, channels, height, width),
    the answers of the block before, → (batch, classes). Batch norm keeps what it learned from ImageNet: a few pictures
    would spoil its averages."""

    def __init__(self, study: Study) -> None:
        super().__init__()
        whole = network(study.settings.network)
        self.block, self.top = (copy.deepcopy(part).requires_grad_(True) for part in (whole.blocks[-1], whole.top))
        self.weights = nn.Parameter(study.head.weights.clone())
        self.offsets = nn.Parameter(study.head.offsets.clone())
        self.eval()

    def forward(self, maps: Tensor) -> Tensor:
        features = functional.normalize(self.top(self.block(maps)).mean(dim=(2, 3)), dim=1)
        return features @ self.weights.T + self.offsets


@dataclass(frozen=True, eq=False)
class Tuned:
    """Accuracies by epoch, the untuned network's first, on what is learned from and on what is held out, both (splits,
    epochs + 1); the tuned weights of the first split."""

    learned: np.ndarray
    held_out: np.ndarray
    weights: dict[str, Tensor]
    seconds: float

    @property
    def helps(self) -> bool:
        """Whether the held-out accuracy changed by more than chance, split by split."""
        return differs(self.held_out[:, -1], self.held_out[:, 0])

    @property
    def sentence(self) -> str:
        """What it brought."""
        before, after = self.held_out[:, 0].mean(), self.held_out[:, -1].mean()
        told = f"Held-out accuracy went from {before:.1%} with fixed features to {after:.1%} once they may move"
        if self.helps:
            return f"{told}, more than the luck of {SPLITS} splits."
        return f"{told}: **inside seed noise** of {SPLITS} splits."

    @property
    def provenance(self) -> str:
        return f"Trained live · {SPLITS} splits · {duration(self.seconds)}"


Tuning = Generator[tuple[float, str], None, Tuned]


def tuned(album: Album, settings: Settings) -> Tuning:
    """Fine-tune the last block on several splits, in steps (fraction, message)."""
    began = time.perf_counter()
    learned, held_out, weights = [], [], {}
    for split in range(SPLITS):
        seed = settings.seed + split
        found = trained(album, replace(settings, seed=seed))
        done = yield from one_split(found, split)
        learned.append(done[0])
        held_out.append(done[1])
        weights = weights or done[2]
    return Tuned(np.array(learned), np.array(held_out), weights, time.perf_counter() - began)


def one_split(found: Trained, split: int) -> Generator[tuple[float, str], None, tuple[list, list, dict]]:
    """The same on one split: accuracies on both sides by epoch, and the weights."""
    study = found.study
    x, y = yield from before_last(found, ~study.held_out, split)
    x_test, y_test = yield from before_last(found, study.held_out, split)
    model = LastBlock(study)
    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=0.01)
    rows = [(accuracy(model, x, y), accuracy(model, x_test, y_test))]
    for epoch in range(1, EPOCHS + 1):
        optimizer.param_groups[0]["lr"] = RATE * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / EPOCHS))
        for batch in order(len(x), study.settings.seed, epoch).split(BATCH):
            optimizer.zero_grad()
            functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
            yield (split + 0.4 + 0.6 * (epoch - 1) / EPOCHS) / SPLITS, f"split {split + 1}, epoch {epoch} of {EPOCHS}"
        rows.append((accuracy(model, x, y), accuracy(model, x_test, y_test)))
    weights = {name: tensor.detach().clone() for name, tensor in model.state_dict().items() if "tracked" not in name}
    learned, held_out = zip(*rows, strict=True)
    return list(learned), list(held_out), weights


def before_last(found: Trained, those: Tensor, split: int) -> Generator[tuple[float, str], None, tuple[Tensor, Tensor]]:
    """What leaves the block before the last, for some of the pictures, (looks, channels, height, width), and their
    classes; it does not change in the training, so it is computed once."""
    study, rows, labels = found.study, [], []
    looks = range(VARIANTS + 1) if study.settings.augmentation and not those[study.held_out].any() else (0,)
    places = those.nonzero()[:, 0].tolist()
    for number, place in enumerate(places):
        for look in looks:
            rows.append(answers_before(found.album.pictures[place], study.settings, look))
            labels.append(int(study.labels[place]))
        yield (split + 0.4 * number / len(places)) / SPLITS, f"split {split + 1}: looking at picture {number + 1}"
    return torch.cat(rows), torch.tensor(labels)


@torch.no_grad()
def answers_before(one: Picture, settings: Settings, look: int) -> Tensor:
    """What leaves the block before the last, (1, channels, height, width)."""
    whole = network(settings.network)
    shown = varied(one, look) if look else one
    return whole.through(network_input(shown.sized(settings.side), settings.network), len(whole.blocks) - 1)


@torch.no_grad()
def accuracy(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """Share answered right."""
    answers = torch.cat([model(part).argmax(dim=1) for part in x.split(64)])
    return (answers == y).float().mean().item()
