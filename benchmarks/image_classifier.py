"""Ten pictures a class: the classifier against logistic regression on raw pixels, on Quick, Draw! and CIFAR-10.

PYTHONPATH=. python benchmarks/image_classifier.py            # writes benchmarks/results/image_classifier.md
PYTHONPATH=. python benchmarks/image_classifier.py --quick    # fewer held-out pictures, prints only

The data are looked for in the folder that ROADMAP_LAB_DATA names: quickdraw-subset/quickdraw8_28px.npz and
cifar10/cifar10_jpeg60k.npz. Ten pictures of each class are drawn anew with each of five seeds; the held-out pictures
are the same for all.
"""

import argparse
import importlib.metadata
import io
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from core.places import folders
from core.probes.luck import differs
from core.projects.classifier import curve
from core.projects.classifier.features import features
from core.projects.classifier.gallery import Picture, picture
from core.projects.classifier.head import DECAY, fitted

RESULTS = Path(__file__).resolve().parent / "results" / "image_classifier.md"
EACH, SEEDS, SIDE = 10, range(5), 128
TARGETS = {"Quick, Draw!, 8 classes": 15, "CIFAR-10, 10 classes": 25}  # points above raw pixels
DECAYS, RAW_DECAYS = (0.01, 0.1, 1.0), (1.0, 10.0, 100.0)


def main() -> None:
    """Measure both sets and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20 held-out pictures a class; print instead of write")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    sets = {"Quick, Draw!, 8 classes": sketches, "CIFAR-10, 10 classes": photographs}
    parts = [measured(name, *load(20 if quick else 100)) for name, load in sets.items()]
    report = "\n".join([
        "# Ten pictures a class\n",
        f"Made by `PYTHONPATH=. python benchmarks/image_classifier.py`. {machine()}\n",
        f"Logistic regression on the features of EfficientNet-Lite0 at {SIDE} pixels, and on {curve.RAW} × {curve.RAW} "
        f"colour pixels. {EACH} pictures of each class are learned from, drawn anew with each of {len(SEEDS)} seeds; "
        "mean ± standard deviation over the seeds. Quick, Draw!: Google, Inc., CC BY 4.0. CIFAR-10: Krizhevsky 2009, "
        "as JPEG.\n",
        *parts,
    ])  # fmt: skip
    print(report)
    if not quick:
        RESULTS.write_text(report + "\n", encoding="utf-8")


def machine() -> str:
    """What the numbers were measured on."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("torch", "pillow", "numpy"))
    return (
        f"One of {os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {versions}; "
        f"{time.strftime('%B %Y')}."
    )


def file(name: str) -> Path:
    """A data file. Raises ``SystemExit`` where it is not on this machine."""
    for folder in folders():
        if (folder / name).is_file():
            return folder / name
    raise SystemExit(f"{name} is not on this machine: set ROADMAP_LAB_DATA to the folder that holds it.")


def sketches(held_out: int) -> tuple[list[Picture], Tensor, int]:
    """Quick, Draw! sketches, dark on light, so many of each class: 10 for each seed, and the held-out ones."""
    with np.load(file("quickdraw-subset/quickdraw8_28px.npz"), allow_pickle=False) as data:
        images, labels = data["images"], data["labels"]
    return chosen(labels, held_out, lambda place: Image.fromarray(255 - images[place]))


def photographs(held_out: int) -> tuple[list[Picture], Tensor, int]:
    """CIFAR-10's photographs, so many of each class."""
    with np.load(file("cifar10/cifar10_jpeg60k.npz"), allow_pickle=False) as data:
        stream, offsets, labels = data["train_jpeg"], data["train_offsets"], data["train_labels"]

    def image(place: int) -> Image.Image:
        return Image.open(io.BytesIO(stream[offsets[place] : offsets[place + 1]].tobytes())).convert("RGB")

    return chosen(labels, held_out, image)


def chosen(labels: np.ndarray, held_out: int, image: Callable) -> tuple[list[Picture], Tensor, int]:
    """Pictures class by class, the held-out ones of each first; their classes; how many of each are held out."""
    draw, pictures, classes = np.random.default_rng(0), [], []
    for label in np.unique(labels):
        places = draw.choice(np.flatnonzero(labels == label), held_out + EACH * len(SEEDS), replace=False)
        pictures += [picture(str(place), image(place)) for place in places]
        classes += [int(label)] * len(places)
    return pictures, torch.tensor(classes), held_out


def measured(name: str, pictures: list[Picture], labels: Tensor, held_out: int) -> str:
    """The table of one set."""
    began = time.perf_counter()
    rows = features(pictures, SIDE)[:, 0]
    pace = 1000 * (time.perf_counter() - began) / len(pictures)
    raw = curve.pixels(tuple(pictures))
    ours = {decay: accuracies(rows, labels, held_out, decay) for decay in DECAYS}
    theirs = {decay: accuracies(raw, labels, held_out, decay) for decay in RAW_DECAYS}
    best = max(theirs, key=lambda decay: theirs[decay][0].mean())
    gap = 100 * (ours[DECAY][0] - theirs[best][0])
    verdict = "met" if gap.mean() >= TARGETS[name] and differs(ours[DECAY][0], theirs[best][0]) else "missed"
    lines = [row("features", decay, *found) for decay, found in ours.items()]
    lines += [row("raw pixels", decay, *found) for decay, found in theirs.items()]
    return "\n".join([
        f"## {name}\n",
        f"{held_out} held-out pictures a class; {pace:.0f} ms a picture for the features.\n",
        "| learned from | weight decay | held-out accuracy | training the head |", "| --- | ---: | ---: | ---: |",
        *lines, "",
        f"**{gap.mean():+.1f} points** over raw pixels at their best weight decay, seed by seed {gap.min():+.1f} to "
        f"{gap.max():+.1f}; the aim of {TARGETS[name]} points is **{verdict}**.\n",
    ])  # fmt: skip


def row(name: str, decay: float, found: np.ndarray, seconds: float) -> str:
    """One line of a table."""
    return f"| {name} | {decay:g} | {found.mean():.1%} ± {100 * found.std():.1f} | {seconds:.2f} s |"


def accuracies(rows: Tensor, labels: Tensor, held_out: int, decay: float) -> tuple[np.ndarray, float]:
    """Held-out accuracy by seed, and the seconds that one training took."""
    classes, each = int(labels.max()) + 1, held_out + EACH * len(SEEDS)
    held = torch.cat([torch.arange(held_out) + label * each for label in range(classes)])
    found, began = [], time.perf_counter()
    for seed in SEEDS:
        first = held_out + EACH * seed
        few = torch.cat([torch.arange(first, first + EACH) + label * each for label in range(classes)])
        head = fitted(rows[few], labels[few], classes, decay)
        found.append((head.logits(rows[held]).argmax(dim=1) == labels[held]).float().mean().item())
    return np.array(found), (time.perf_counter() - began) / len(SEEDS)


if __name__ == "__main__":
    main()
