"""Train and ship the networks of this page: ``python -m core.topics.vision_transformer.train``.

Fashion-MNIST is taken from the folder that the environment variable ROADMAP_LAB_DATA names. Every trained network is
kept at once, so a training that was stopped goes on where it was; with ``--share 0/2`` and ``--share 1/2`` two
processes share the work. The official test pictures are measured once for each network, at its end.
"""

import argparse
import datetime
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from core.data import FASHION_MNIST, fashion_mnist
from core.metrics import accuracy
from core.models.shipped import halved, rounded
from core.topics.vision_transformer.patches_view import measured_curves
from core.topics.vision_transformer.records import (
    BATCH,
    BLIND,
    CHANNELS,
    CONVOLUTIONAL,
    DECAY,
    EPOCHS,
    FILES,
    FOLDER,
    KINDS,
    RECORD,
    SEEDS,
    SHUFFLED,
    SIZES,
    STEP,
    VIT,
    fresh,
    on_the_sheet,
    seen_by,
)  # fmt: skip
from core.training import Recipe, train


def half_precise(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy of logits that were computed with bfloat16 products, which takes two thirds of the time."""
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(x)
    return functional.cross_entropy(logits.float(), y)


def trained(kind: str, size: int, seed: int) -> nn.Module:
    """A network trained on so many pictures, its weights rounded as they are shipped."""
    data = fashion_mnist(size, seed, 10)
    data = replace(data, x=seen_by(kind, data.x), x_test=seen_by(kind, data.x_test))
    recipe = Recipe(
        EPOCHS[size], BATCH, "AdamW", STEP, "warm-up + linear", weight_decay=DECAY, clip=1.0, seed=seed, frames=2
    )
    return rounded(train(fresh(kind, seed), data, recipe, half_precise, engine="torch").at())


@torch.no_grad()
def tested(kind: str, model: nn.Module) -> float:
    """Accuracy on the 10,000 official test pictures."""
    data = fashion_mnist(10, 0, 10_000)
    answers = torch.cat([model(seen_by(kind, part)) for part in data.x_test.split(500)])
    return float(accuracy(answers, data.y_test))


def tasks() -> Iterator[tuple[str, int, int]]:
    """Kind, size, seed: what the page needs most comes first."""
    for seed in SEEDS:
        for kind in (VIT, CONVOLUTIONAL, BLIND, SHUFFLED):
            if seed in seeds_of(kind):
                yield from ((kind, size, seed) for size in sizes_of(kind))


def sizes_of(kind: str) -> tuple[int, ...]:
    """How many pictures a kind is trained on, the most first; the network without positions only on the most."""
    return SIZES[-1:] if kind == BLIND else SIZES[::-1]


def seeds_of(kind: str) -> tuple[int, ...]:
    """The seeds of a kind: all of those that race, one of the others."""
    return SEEDS if kind in (VIT, CONVOLUTIONAL) else SEEDS[:1]


def kept(folder: Path, task: tuple[str, int, int]) -> Path:
    """Where a trained network is kept."""
    kind, size, seed = task
    return folder / f"{FILES[kind]}-{size}-{seed}.safetensors"


def work(folder: Path, part: int, parts: int, only: list[str]) -> None:
    """Train what is not there yet of one share of the work."""
    for task in [task for task in tasks() if FILES[task[0]] in only][part::parts]:
        if (path := kept(folder, task)).exists():
            continue
        began = time.process_time()
        model = trained(*task)
        measured = {"accuracy": tested(task[0], model), "seconds": time.process_time() - began}
        path.with_suffix(".json").write_text(json.dumps(measured), encoding="utf-8")
        save_file(halved(model.state_dict()), path)
        print(*task, measured, flush=True)


def measured(folder: Path, kind: str) -> list[list[dict]]:
    """What was measured of a kind: a row for each seed, an entry for each size, the smallest first."""
    paths = [
        [kept(folder, (kind, size, seed)).with_suffix(".json") for size in reversed(sizes_of(kind))]
        for seed in seeds_of(kind)
    ]
    return [[json.loads(path.read_text(encoding="utf-8")) for path in row] for row in paths]


def ship(folder: Path, remark: str) -> None:
    """The networks of the first seed and the largest size, the record, and the card."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        path = FOLDER / f"{FILES[kind]}.safetensors"
        save_file(load_file(kept(folder, (kind, SIZES[-1], SEEDS[0]))), path)
        path.chmod(0o644)
    found = {kind: measured(folder, kind) for kind in KINDS}
    correct = {kind: [[each["accuracy"] for each in row] for row in rows] for kind, rows in found.items()}
    sheet = {kind: on_the_sheet(kind) for kind in KINDS}
    RECORD.write({"accuracy": correct, "sheet": sheet, "patches": measured_curves()})
    seconds = sum(each["seconds"] for rows in found.values() for row in rows for each in row)
    (FOLDER / "card.md").write_text(card(correct, seconds, remark), encoding="utf-8")


def card(correct: dict[str, list[list[float]]], seconds: float, remark: str) -> str:
    """The card of all shipped files, in Markdown."""
    first = {kind: rows[0][-1] for kind, rows in correct.items()}
    lines = [
        f"| `{FILES[kind]}.safetensors` | {kind} | {sum(part.numel() for part in fresh(kind).parameters()):,} "
        f"| {first[kind]:.1%} |"
        for kind in KINDS
    ]
    return "\n".join(
        [
            "# Vision transformers and CNNs of equal size",
            "",
            "Classifiers of 28 × 28 pixels in ten classes of clothing. Weights are float16, safetensors.",
            "",
            "| file | network | weights | test pictures right |",
            "|---|---|---|---|",
            *lines,
            "",
            f"- Data: {FASHION_MNIST.title} ({FASHION_MNIST.credit}; {FASHION_MNIST.licence}): 8,000 training pictures",
            "  drawn with seed 0; accuracy on all 10,000 official test pictures, measured once at the end.",
            "- ViT: patches of 4 × 4, 49 tokens and a class token, width 48, 4 layers of 4 heads, learned positions",
            f"  (or none). CNN: 3 × 3 convolutions of {CHANNELS} channels with batch norm and pooling.",
            "- The shuffled CNN saw all pictures with their patches in one other order, and the pixels of all patches",
            "  in another, always the same. To a ViT that changes nothing but the names of places and of pixels.",
            f"- Recipe: AdamW, {EPOCHS[SIZES[-1]]} epochs, batch {BATCH}, step {STEP} (warm-up, then linear to 0),",
            f"  weight decay {DECAY}, gradients clipped at norm 1, bfloat16 products, seed 0; no augmentation.",
            f"- The record holds three seeds of ViT and CNN at {', '.join(f'{size:,}' for size in SIZES)} pictures,",
            "  one of the shuffled CNN at all of them and of the ViT without positions at the largest; all of it took",
            f"  {seconds / 60:.0f} minutes of one processor core. {remark}",
            "- Code `core/topics/vision_transformer/`, made anew by `python -m core.topics.vision_transformer.train`;",
            f"  PyTorch {torch.__version__}, {datetime.date.today().isoformat()}.",
            "- Licence of code and weights: AGPL-3.0-or-later.",
            "- Limits: small networks, short trainings, small grey pictures; nothing here says which kind is better on",
            "  millions of photographs.",
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the vision transformers and the CNNs.")
    parser.add_argument("--kept", type=Path, default=Path("runs/vision_transformer"), help="where networks are kept")
    parser.add_argument("--share", default="0/1", help="which share of the work, as 0/2 and 1/2")
    parser.add_argument("--only", nargs="*", default=list(FILES.values()), choices=list(FILES.values()))
    parser.add_argument("--remark", default="", help="a sentence for the card, on what this run did differently")
    wanted = parser.parse_args()
    wanted.kept.mkdir(parents=True, exist_ok=True)
    part, parts = map(int, wanted.share.split("/"))
    work(wanted.kept, part, parts, wanted.only)
    if all(kept(wanted.kept, task).exists() for task in tasks()):
        ship(wanted.kept, wanted.remark)


if __name__ == "__main__":
    main()
