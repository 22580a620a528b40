"""Train and ship the networks of this page: ``python -m core.topics.self_supervised.train``.

Fashion-MNIST is taken from the folder that the environment variable ROADMAP_LAB_DATA names. Every training is kept at
once, so that one that was stopped goes on where it was; with ``--share 0/2`` and ``--share 1/2`` two processes share
the work.
"""

import argparse
import datetime
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import torch
from safetensors.torch import load_file, save_file

from core.data import FASHION_MNIST, fashion_mnist
from core.data.data import Data
from core.models.shipped import halved, rounded
from core.probes.linear import linear_probe
from core.topics.self_supervised.judged import (
    effective_rank,
    embeddings_of,
    features_of,
    nearest_labelled,
    spread,
)
from core.topics.self_supervised.learning import SUPERVISED, learned
from core.topics.self_supervised.networks import Network
from core.topics.self_supervised.records import (
    FEW,
    FILES,
    FOLDER,
    LABELLED,
    LABELS,
    MAIN,
    MOMENTS,
    PICTURES,
    PIXELS,
    RECORD,
    ROBBED,
    SEEDS,
    SHIPPED,
    TASKS,
    TESTS,
    UNTRAINED,
    on_the_sheet,
    untrained,
)

DRAWS = 3  # sets of labelled pictures that a linear classifier learns from, where there are few


def pictures() -> Data:
    """What all learn from, and held-out pictures. Raises ``MissingDataError`` where Fashion-MNIST is not there."""
    return fashion_mnist(PICTURES, 0, TESTS)


def judged(model: Network, data: Data) -> dict[str, float]:
    """What a network's features and embeddings are worth now."""
    features, tests = features_of(model, data.x[:LABELLED]), features_of(model, data.x_test)
    embeddings = embeddings_of(model, data.x_test)
    return {
        "nearest": nearest_labelled(features, data.y[:LABELLED], tests, data.y_test, FEW),
        "linear": linear_probe(features, data.y[:LABELLED], tests, data.y_test),
        "spread": spread(embeddings),
        "rank": effective_rank(embeddings),
    }


def by_labels(features: torch.Tensor, tests: torch.Tensor, data: Data) -> list[float]:
    """How much a linear classifier gets right that learns from so few labels (``LABELS``), the mean over some sets."""
    return [
        fmean(
            linear_probe(features[at : at + count], data.y[at : at + count], tests, data.y_test)
            for at in range(0, min(DRAWS * count, LABELLED), count)
        )
        for count in LABELS
    ]


@torch.no_grad()
def said(model: Network, data: Data) -> float:
    """How many held-out pictures a network names rightly that was trained with labels."""
    return (model.eval().labels(features_of(model, data.x_test)).argmax(dim=1) == data.y_test).float().mean().item()


def run(name: str, seed: int, data: Data) -> tuple[dict, Network]:
    """One training: what was measured, and the network, rounded as it is shipped."""
    plan, model, found = replace(TASKS[name], seed=seed), untrained(seed), []
    moments = MOMENTS if name in MAIN | ROBBED else (plan.steps,)
    losses = learned(plan, model, data.x, data.y)
    step, recent = 0, [float("nan")]
    for moment in moments:
        recent = [next(losses) for _ in range(moment - step)] or recent
        step = moment
        if moment == plan.steps:
            rounded(model).train()
        found.append(judged(model, data) | {"loss": fmean(recent[-25:])})
    measured: dict = {key: [each[key] for each in found] for key in found[0]}
    if name in MAIN:
        features, tests = features_of(model, data.x[:LABELLED]), features_of(model, data.x_test)
        measured["by labels"] = by_labels(features, tests, data)
    if plan.method == SUPERVISED:
        measured["said"] = said(model, data)
    return measured, model


def references(data: Data) -> dict[str, list[dict]]:
    """What pixels and untrained networks are worth, measured in the same way."""
    flat, tests = data.x[:LABELLED].flatten(1), data.x_test.flatten(1)
    plain = {
        "nearest": nearest_labelled(flat, data.y[:LABELLED], tests, data.y_test, FEW),
        "by labels": by_labels(flat, tests, data),
    }
    fresh = []
    for model in map(untrained, SEEDS):
        features, others = features_of(model, data.x[:LABELLED]), features_of(model, data.x_test)
        fresh.append(judged(model, data) | {"by labels": by_labels(features, others, data)})
    return {PIXELS: [plain | {"linear": plain["by labels"][-1]}], UNTRAINED: fresh}


def tasks() -> Iterator[tuple[str, int]]:
    """Name and seed of every training, a seed after the other."""
    yield from ((name, seed) for seed in SEEDS for name in TASKS)


def kept(folder: Path, name: str, seed: int) -> Path:
    """Where a training is kept."""
    return folder / f"{name.replace(' ', '-')}-{seed}.json"


def work(folder: Path, part: int, parts: int) -> None:
    """Do what is not there yet of one share of the work."""
    data = pictures()
    for name, seed in list(tasks())[part::parts]:
        if (path := kept(folder, name, seed)).exists():
            continue
        began = time.process_time()
        measured, model = run(name, seed, data)
        if name in SHIPPED and seed == SEEDS[0]:
            save_file(halved(model.state_dict()), path.with_suffix(".safetensors"))
        measured["seconds"] = time.process_time() - began
        path.write_text(json.dumps(measured), encoding="utf-8")
        ends = {key: round(value[-1], 3) for key, value in measured.items() if isinstance(value, list)}
        print(name, seed, ends, f"{measured['seconds']:.0f} s", flush=True)


def ship(folder: Path, remark: str) -> None:
    """The networks of the first seed, the record, and the card."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in SHIPPED:
        path = FOLDER / f"{FILES[name]}.safetensors"
        save_file(load_file(kept(folder, name, SEEDS[0]).with_suffix(".safetensors")), path)
        path.chmod(0o644)
    runs = {
        name: [json.loads(kept(folder, name, seed).read_text(encoding="utf-8")) for seed in SEEDS] for name in TASKS
    }
    seconds = sum(each.pop("seconds") for rows in runs.values() for each in rows)
    found = references(pictures())
    sheet = {name: on_the_sheet(name) for name in (*SHIPPED, UNTRAINED, PIXELS)}
    RECORD.write({"runs": runs, "references": found, "sheet": sheet})
    (FOLDER / "card.md").write_text(card(runs, seconds, remark), encoding="utf-8")


def card(runs: dict[str, list[dict]], seconds: float, remark: str) -> str:
    """The card of all shipped files, in Markdown."""
    lines = [
        f"| `{FILES[name]}.safetensors` | {name} | {runs[name][0]['nearest'][-1]:.1%} "
        f"| {runs[name][0]['linear'][-1]:.1%} |"
        for name in SHIPPED
    ]
    return "\n".join(
        [
            "# Networks trained without labels",
            "",
            "Encoders of 28 × 28 pixels of clothing to 64 features, with the heads that trained them. Weights are",
            "float16, safetensors. Three never saw a label; the fourth was trained with labels, for comparison.",
            "",
            "| file | method | nearest of 100 labelled pictures | linear classifier, 4,000 labels |",
            "|---|---|---|---|",
            *lines,
            "",
            f"- Data: {FASHION_MNIST.title} ({FASHION_MNIST.credit}; {FASHION_MNIST.licence}): {PICTURES:,} training",
            f"  pictures drawn with seed 0, {LABELLED:,} of them labelled for the two measures above, on {TESTS:,}",
            "  of the official test pictures, seed 0.",
            "- Network: three convolutions of stride 2 (16, 32, 32 channels) with batch norm, one linear layer.",
            f"- Recipe: AdamW, {MOMENTS[-1]} steps of 64 pictures, rate 0.003 falling along half a cosine; views by",
            "  crop, mirror, brightness and an erased square.",
            f"- The record holds {len(TASKS)} trainings of {len(SEEDS)} seeds each: {seconds / 60:.0f} minutes",
            f"  of one processor core. {remark}".rstrip(),
            "- Code `core/topics/self_supervised/`, made anew by `python -m core.topics.self_supervised.train`;",
            f"  PyTorch {torch.__version__}, {datetime.date.today().isoformat()}.",
            "- Licence of code and weights: AGPL-3.0-or-later.",
            "- Limits: a tiny network, seconds of training, small grey pictures; nothing here says which of the",
            "  methods is better on photographs.",
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Train networks without labels, and what they are compared with.")
    parser.add_argument("--kept", type=Path, default=Path("runs/self_supervised"), help="where trainings are kept")
    parser.add_argument("--share", default="0/1", help="which share of the work, as 0/2 and 1/2")
    parser.add_argument("--remark", default="", help="a sentence for the card, on what this run did differently")
    wanted = parser.parse_args()
    wanted.kept.mkdir(parents=True, exist_ok=True)
    part, parts = map(int, wanted.share.split("/"))
    torch.set_num_threads(1)
    work(wanted.kept, part, parts)
    if all(kept(wanted.kept, *task).exists() for task in tasks()):
        ship(wanted.kept, wanted.remark)


if __name__ == "__main__":
    main()
