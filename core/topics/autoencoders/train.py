"""Train and ship the networks of 28 × 28 pixels: ``python -m core.topics.autoencoders.train``.

MNIST and Fashion-MNIST are taken from the folder that the environment variable ROADMAP_LAB_DATA names. The
official test images are measured once for each run, at the end; some of them are shipped to be encoded.
"""

import argparse
import datetime
import json
import time
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save_file

from core.data import FASHION_MNIST, MNIST, fashion_mnist, mnist
from core.data.data import Data
from core.data.held_out import EACH, FOLDER, SIDE
from core.metrics import accuracy
from core.models.autoencoder import autoencoder
from core.models.judge import JUDGE
from core.models.mlp import MLP
from core.models.shipped import halved, rounded
from core.topics.autoencoders.linear import pca_error
from core.topics.autoencoders.records import ACTIVATION, HIDDEN
from core.training import Recipe, train

SETS = {"mnist": (MNIST, mnist), "fashion": (FASHION_MNIST, fashion_mnist)}


def sheet(data: Data) -> Image.Image:
    """``EACH`` test images of every class, a row for each class."""
    rows = [data.x_test[data.y_test == place][:EACH].unflatten(1, (SIDE, SIDE)) for place in range(10)]
    pixels = torch.cat([torch.cat(list(row), dim=1) for row in rows], dim=0)
    return Image.fromarray((pixels * 255).round().byte().numpy())


@torch.no_grad()
def measured(network: MLP, judge: MLP, data: Data) -> dict[str, float]:
    """What the card says, on 10,000 test images."""
    error = (network(data.x_test) - data.x_test).square().mean().item()
    blank = (data.x.mean(dim=0) - data.x_test).square().mean().item()
    return {
        "error": error,
        "error of PCA": pca_error(data.x, data.x_test, 2),
        "error of the mean picture": blank,
        "accuracy of the judge": accuracy(judge(data.x_test), data.y_test),
    }


def trained(name: str, epochs: int, seed: int) -> tuple[MLP, MLP, Data]:
    """The autoencoder, and a classifier that knows nothing of it."""
    data = SETS[name][1](60_000, seed, 10_000, flat=True)
    recipe = Recipe(epochs, 128, learning_rate=0.002, schedule="cosine", seed=seed, frames=2)
    pictures = Data(data.x, data.x, data.x_test[:10], data.x_test[:10], source=data.source)
    network = train(autoencoder(SIDE * SIDE, HIDDEN, 2, ACTIVATION, seed), pictures, recipe, engine="torch").at()
    labels = Data(data.x, data.y, data.x_test[:10], data.y_test[:10], data.classes, data.source)
    judged = Recipe(max(1, epochs // 3), 128, learning_rate=0.002, schedule="cosine", seed=seed + 1, frames=2)
    judge = train(MLP(*JUDGE, activation="GELU", seed=seed + 1), labels, judged, engine="torch").at()
    return rounded(network), rounded(judge), data


def card(records: dict[str, dict], remark: str) -> str:
    """The card of all shipped files, in Markdown."""
    rows = [
        f"| {SETS[name][0].title} | {each['error']:.4f} | {each['error of PCA']:.4f} | "
        f"{each['error of the mean picture']:.4f} | {each['accuracy of the judge']:.1%} |"
        for name, each in records.items()
    ]
    any_record = next(iter(records.values()))
    sets = [
        f"- `{name}.safetensors`, `{name}-judge.safetensors`, `{name}.png`: {SETS[name][0].title} "
        f"({SETS[name][0].credit}; {SETS[name][0].licence}); {each['seconds']:.0f} s of training, {each['date']}."
        for name, each in records.items()
    ]
    widths = "–".join(map(str, (SIDE * SIDE, *HIDDEN, 2, *reversed(HIDDEN), SIDE * SIDE)))
    return "\n".join(
        [
            "# Two planes of pictures",
            "",
            f"Autoencoders of the widths {widths} ({ACTIVATION}, the code linear) that write a picture of "
            f"{SIDE} × {SIDE} pixels as two numbers,",
            f"and for each data set a classifier of the widths {'–'.join(map(str, JUDGE))}, "
            "trained apart. Weights are float16, safetensors.",
            "",
            *sets,
            "",
            f"The PNG files are test images ({EACH} of each class, a row for each), so they were in no training.",
            "",
            f"Code `core/topics/autoencoders/`, made anew by `python -m core.topics.autoencoders.train`; "
            f"PyTorch {torch.__version__}.",
            f"Recipe: {any_record['recipe']}, 60,000 training images.",
            "Licence of code and weights: AGPL-3.0-or-later; the PNG files are under their data sets' licences.",
            "",
            "Mean squared error per pixel and accuracy on the 10,000 official test images, measured at the end. "
            + remark,
            "",
            "| data | autoencoder | PCA, 2 components | mean picture | judge right |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "Limits: two numbers hold little; the pictures are blurred, and classes overlap on the plane.",
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the autoencoders of 28 × 28 pixels.")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--remark", default="", help="a sentence for the card, on what this run did differently")
    parser.add_argument("--out", type=Path, default=FOLDER)
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    records = {}
    for name in SETS:
        began = time.perf_counter()
        network, judge, data = trained(name, wanted.epochs, wanted.seed)
        recipe = f"Adam, {wanted.epochs} epochs, batch 128, step 0.002 along a cosine, seed {wanted.seed}"
        when = {"date": datetime.date.today().isoformat(), "seconds": time.perf_counter() - began, "recipe": recipe}
        records[name] = measured(network, judge, data) | when
        for file, model in ((f"{name}.safetensors", network), (f"{name}-judge.safetensors", judge)):
            save_file(halved(model.state_dict()), wanted.out / file)
            (wanted.out / file).chmod(0o644)
        sheet(data).save(wanted.out / f"{name}.png", optimize=True)
        print(name, records[name], flush=True)
    (wanted.out / "measures.json").write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
    (wanted.out / "card.md").write_text(card(records, wanted.remark), encoding="utf-8")


if __name__ == "__main__":
    main()
