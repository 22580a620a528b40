"""Train and ship the networks of the page: ``python -m core.topics.resnet.train``, half an hour of one core.

Fashion-MNIST is taken from the folder that the environment variable ROADMAP_LAB_DATA names. What is trained already is
not trained again. The official test pictures are measured once, at the end; some of them are shipped.
"""

import argparse
import datetime
import functools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from core.data.data import Data
from core.data.images import FASHION_MNIST
from core.lessons.record import finished
from core.models.resnet import ResNet
from core.places import folders
from core.topics.resnet.deletion import answers, right, without_each, without_several
from core.topics.resnet.networks import (
    CASES,
    DEPTHS,
    EACH,
    FOLDER,
    KINDS,
    SAMPLES,
    SEEDS,
    SIDE,
    VALIDATION,
    WEIGHTS,
    halved,
    name_of,
    pictures,
    problem,
    recipe,
    sheet_of,
    standardised,
    untrained,
    whole,
)
from core.topics.resnet.record import COUNTS, DRAWS, POINTS, RECORD, sheet_shares
from core.topics.resnet.surface import surface
from core.training.loop import epochs

VALUES = ("number", "train_loss", "train_score", "test_loss", "test_score")


class Noted:
    """Cross-entropy that keeps the loss of every batch that was trained on."""

    def __init__(self) -> None:
        self.losses: list[float] = []

    def __call__(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        loss = functional.cross_entropy(model(x), y)
        if model.training:
            self.losses.append(loss.item())
        return loss


def trained(kind: str, depth: int, seed: int, rate: float, data: Data) -> tuple[nn.Module, dict]:
    """One network, and the curves of its training."""
    began, noted, moments = time.process_time(), Noted(), []
    model = untrained(kind, depth, seed)
    for moment in epochs(model, data, recipe(seed, rate), noted):
        moments.append([getattr(moment, name) for name in VALUES])
    steps = len(noted.losses) // recipe(seed).epochs
    batches = [sum(noted.losses[at : at + steps]) / steps for at in range(0, len(noted.losses), steps)]
    curves = dict(zip(VALUES, zip(*moments, strict=True), strict=True))
    return model.eval(), {"batches": batches, **curves, "seconds": time.process_time() - began}


def train_all(data: Data, kept: Path) -> None:
    """Train what is not kept yet."""
    for case in CASES:
        path = kept / f"{name_of(*case)}.json"
        if path.exists():
            continue
        model, curves = trained(*case, data)
        weights = {name: value.contiguous() for name, value in model.state_dict().items()}
        save_file(weights, path.with_suffix(".safetensors"))
        path.write_text(json.dumps(curves), encoding="utf-8")
        print(name_of(*case), f"{curves['seconds']:.0f} s, training loss {curves['train_loss'][-1]:.3f}", flush=True)


def kept_network(kept: Path, kind: str, depth: int, seed: int) -> ResNet:
    """A trained network with its weights rounded as they are shipped: this is what is measured."""
    model = untrained(kind, depth, seed)
    weights = load_file(kept / f"{name_of(kind, depth, seed)}.safetensors")
    model.load_state_dict({name: whole(halved(value)) for name, value in weights.items()})
    return model.eval().requires_grad_(False)


def shipped(kept: Path, data: Data, official: Data) -> None:
    """Write the first seed's networks, and sheets of pictures."""
    tensors = {
        f"{kind}-{depth}/{name}": halved(value)
        for kind in KINDS
        for depth in DEPTHS
        for name, value in load_file(kept / f"{name_of(kind, depth, SEEDS[0])}.safetensors").items()
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    save_file(tensors, WEIGHTS)
    WEIGHTS.chmod(0o644)
    sheet_of(data.x, data.y).save(FOLDER / "training.png", optimize=True)
    sheet_of(official.x_test, official.y_test).save(FOLDER / "test.png", optimize=True)


def once(path: Path, work: Callable[[], Any]) -> Any:
    """What a file holds, or else what the work returns, which is kept there."""
    if not path.exists():
        path.write_text(json.dumps(work()), encoding="utf-8")
        print(path.stem, flush=True)
    return json.loads(path.read_text(encoding="utf-8"))


def asked(kept: Path, kind: str, depth: int, watched: Data, official: Data) -> dict[str, list]:
    """Everything that is asked of the networks of a kind and a depth, a row for each seed."""
    models = [kept_network(kept, kind, depth, seed) for seed in SEEDS]
    x, y, count = watched.x_test, watched.y_test, len(watched.x_test)
    scores = [torch.cat([answers(model, part) for part in official.x_test.split(500)]) for model in models]
    several = [
        without_several(model, x, y, COUNTS[depth], DRAWS, seed) for model, seed in zip(models, SEEDS, strict=True)
    ]
    return {
        "official": [right(each, official.y_test) / len(official.y_test) for each in scores],
        "without each": [[one / count for one in without_each(model, x, y)] for model in models],
        "without several": [[[one / count for one in row] for row in table] for table in several],
    }


def measured(kept: Path, watched: Data, official: Data) -> dict[str, dict]:
    """Everything that is asked of the networks once: by question, kind and depth."""
    found: dict[str, dict] = {}
    for kind in KINDS:
        for depth in DEPTHS:
            model, name = kept_network(kept, kind, depth, SEEDS[0]), f"{kind}-{depth}"
            around = once(kept / f"surface-{name}.json", functools.partial(surface_of, model))
            parts = once(kept / f"asked-{name}.json", functools.partial(asked, kept, kind, depth, watched, official))
            for part, value in {**parts, "surface": around}.items():
                found.setdefault(part, {}).setdefault(kind, {})[depth] = value
    return found


def surface_of(model: ResNet) -> list[list[float]]:
    """The loss surface around one network, on every second of the shipped training pictures."""
    x, y = pictures("training")
    return finished(surface(model, standardised(x)[::2], y[::2], POINTS, 0)).loss.tolist()


def card(curves: dict[str, dict], official: dict[str, dict]) -> str:
    """The card of the shipped files, in Markdown."""
    rows = [
        f"| {kind} | {depth} | {curves[name_of(kind, depth, SEEDS[0])]['train_loss'][-1]:.3f} | "
        f"{official[kind][depth][0]:.1%} | {min(official[kind][depth]):.1%} to {max(official[kind][depth]):.1%} |"
        for kind in KINDS
        for depth in DEPTHS
    ]
    minutes = sum(each["seconds"] for each in curves.values()) / 60
    plan = recipe(SEEDS[0])
    return "\n".join(
        [
            "# Plain and residual networks of 8 to 56 layers",
            "",
            f"`networks.safetensors` holds eight classifiers of Fashion-MNIST at {SIDE} × {SIDE} pixels, the first of "
            f"{len(SEEDS)} seeds each:",
            "residual and plain networks of 6n + 2 layers with 8, 16 and 32 channels (`core/models/resnet.py`). "
            "Kernels are float16, batch norm float32.",
            f"`training.png` and `test.png` are {EACH} pictures of each class, a row for each, of the training and of "
            "the official test set,",
            f"at half their side ({FASHION_MNIST.credit}; {FASHION_MNIST.licence}).",
            "",
            f"Recipe, the same for all: {SAMPLES} training pictures, {plan.epochs} epochs in batches of "
            f"{plan.batch_size}, SGD with momentum {plan.momentum}, step {plan.learning_rate} along a cosine, weight "
            f"decay {plan.weight_decay}.",
            f"All {len(curves)} trainings, the other seeds and step sizes included, took {minutes:.0f} minutes of one "
            f"core; PyTorch {torch.__version__}, {datetime.date.today().isoformat()}.",
            "Made anew by `python -m core.topics.resnet.train`. Licence of code and weights: AGPL-3.0-or-later; the "
            "PNG files are under their data set's licence.",
            "",
            "Accuracy on the 10,000 official test pictures, which no training or choice has seen, measured once at "
            f"the end; {VALIDATION} other pictures were watched.",
            "",
            "| kind | layers | training loss | test accuracy | all seeds |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "Limits: trained briefly on few small pictures, to be compared with each other, not to be used. The deep "
            "plain networks are bad on purpose.",
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Train plain and residual networks of several depths.")
    parser.add_argument("--kept", type=Path, default=folders()[-1] / "resnet", help="where finished trainings lie")
    wanted = parser.parse_args()
    wanted.kept.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    small, official = (
        Data(standardised(each.x), each.y, standardised(each.x_test), each.y_test, each.classes, each.source)
        for each in problem()
    )
    train_all(small, wanted.kept)
    shipped(wanted.kept, *problem())
    curves = {name_of(*case): json.loads((wanted.kept / f"{name_of(*case)}.json").read_text()) for case in CASES}
    found = measured(wanted.kept, small, official)
    RECORD.write({"curves": curves, **found, "sheet": sheet_shares()})
    (FOLDER / "card.md").write_text(card(curves, found["official"]), encoding="utf-8")


if __name__ == "__main__":
    main()
