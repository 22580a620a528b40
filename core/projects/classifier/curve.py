"""Would more pictures help? The same training on fewer pictures of each class, and on raw pixels for features."""

import functools
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.probes.luck import differs
from core.projects.classifier.gallery import Picture
from core.projects.classifier.head import DECAY, fitted
from core.projects.classifier.study import Study, Trained

SIZES = (1, 2, 3, 5, 8, 12, 20, 40, 80)  # pictures of each class
SPLITS = 5  # random choices of the pictures that are learned from
RAW = 32  # pixels of a side, for the rival that sees pixels
RAW_DECAY = 10.0  # the best of 1, 10 and 100 on Quick, Draw! and CIFAR-10 (benchmarks/image_classifier.py)
FEATURES, PIXELS = "network's features", "raw pixels"


@dataclass(frozen=True, eq=False)
class Curve:
    """Accuracy on the held-out pictures, (splits, sizes), by what is learned from."""

    sizes: tuple[int, ...]
    accuracies: dict[str, np.ndarray]

    @property
    def helps(self) -> bool | None:
        """Whether the last step to more pictures did more than chance does; None where there was no step."""
        rows = self.accuracies[FEATURES]
        return differs(rows[:, -1], rows[:, -2]) if len(self.sizes) > 1 else None

    @property
    def rises(self) -> bool:
        """Whether that change was for the better."""
        rows = self.accuracies[FEATURES].mean(axis=0)
        return bool(self.helps) and bool(rows[-1] > rows[-2])

    @property
    def sentence(self) -> str:
        """What to expect of more pictures."""
        if self.helps is None:
            return "One picture of each class can be learned from: there is no curve yet."
        rows, sizes = self.accuracies[FEATURES].mean(axis=0), self.sizes
        step = (
            f"From {sizes[-2]} to {sizes[-1]} pictures a class the accuracy went from {rows[-2]:.0%} to {rows[-1]:.0%}"
        )
        if self.rises:
            return f"{step}: **more pictures would probably help**."
        noise = "**for the worse, beyond seed noise**" if self.helps else "which is **inside seed noise**"
        return f"{step}, {noise}: more pictures like these will hardly help; other kinds may."


@functools.lru_cache(maxsize=4)  # albums
def pixels(pictures: tuple[Picture, ...]) -> Tensor:
    """Pictures as the rival sees them, (pictures, RAW · RAW · 3) from 0 to 1; do not write to it."""
    return torch.stack([torch.from_numpy(one.sized(RAW).copy()).flatten().float() / 255 for one in pictures])


def on_pixels(found: Trained) -> int:
    """How many held-out pictures logistic regression on raw pixels answers right."""
    study = found.study
    rows, held = pixels(found.album.pictures), study.held_out
    head = fitted(rows[~held], study.labels[~held], study.classes, RAW_DECAY)
    return int((head.logits(rows[held]).argmax(dim=1) == study.labels[held]).sum())


def measuring(study: Study, pictures: tuple[Picture, ...]) -> Generator[tuple[float, str], None, Curve]:
    """Heads trained on 1, 2, 3 … pictures of each class, chosen anew in each of ``SPLITS``, on features and on pixels;
    in steps (fraction, message)."""
    counts = torch.bincount(study.labels[~study.held_out], minlength=study.classes)
    sizes = (*(size for size in SIZES if size < int(counts.max())), int(counts.max()))
    inputs = {PIXELS: (pixels(pictures), RAW_DECAY), FEATURES: (study.features[:, 0], DECAY)}
    accuracies = {name: np.zeros((SPLITS, len(sizes))) for name in inputs}
    for split in range(SPLITS):
        order = ordered(study, split)
        for place, size in enumerate(sizes):
            few = torch.cat([own[:size] for own in order])
            for name, (rows, decay) in inputs.items():
                accuracies[name][split, place] = accuracy(study, rows, few, decay)
            yield (split + (place + 1) / len(sizes)) / SPLITS, f"choice {split + 1}: {size} pictures of each class"
    return Curve(sizes, accuracies)


def ordered(study: Study, split: int) -> list[Tensor]:
    """For each class the places of its training pictures, in the order in which a split takes them."""
    draw = torch.Generator().manual_seed(1000 * study.settings.seed + split)
    places = [((study.labels == label) & ~study.held_out).nonzero()[:, 0] for label in range(study.classes)]
    return [own[torch.randperm(len(own), generator=draw)] for own in places]


def accuracy(study: Study, rows: Tensor, few: Tensor, decay: float) -> float:
    """Held-out accuracy of a head trained on a few pictures."""
    head, held = fitted(rows[few], study.labels[few], study.classes, decay), study.held_out
    return (head.logits(rows[held]).argmax(dim=1) == study.labels[held]).float().mean().item()
