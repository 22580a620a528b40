"""Train the record's classifiers and count torchvision's networks: ``python -m core.topics.efficient_cnns.train``.

What has been trained is kept in a file beside the record while the work is not done, so that it can be interrupted.
"""

import argparse
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import torch

from core.topics.efficient_cnns.costs import KINDS, counted
from core.topics.efficient_cnns.marks import FAMILY, published_accuracy, torchvisions
from core.topics.efficient_cnns.scaling import LITE, lite
from core.topics.efficient_cnns.trade import BUDGETS, RECORD, SEEDS, accuracy, fitted, key


def kept(path: Path) -> dict[str, float]:
    """The trainings that an interrupted run has done, by name, if it was a run of this code."""
    if not path.exists():
        return {}
    text = json.loads(path.read_text(encoding="utf-8"))
    return text["done"] if text["made_by"] == RECORD.made_by else {}


def trainings() -> Iterator[tuple[str, str, int, int]]:
    """All that the record holds, the seeds outermost: (name, block, budget, seed)."""
    for seed in SEEDS:
        for kind in KINDS:
            for budget in BUDGETS:
                yield f"{kind}, {budget:,} FLOPs, seed {seed}", kind, budget, seed


def trained(path: Path) -> dict[str, float]:
    """Every training's accuracy, each kept as soon as it is known."""
    done = kept(path)
    for name, kind, budget, seed in trainings():
        if name not in done:
            done[name] = accuracy(kind, fitted(kind, budget), seed)
            path.write_text(json.dumps({"made_by": RECORD.made_by, "done": done}), encoding="utf-8")
            print(f"{len(done)} of {len(KINDS) * len(BUDGETS) * len(SEEDS)}: {name}: {done[name]:.4f}", flush=True)
    return done


def families() -> dict[str, dict[str, dict[str, int]]]:
    """What torchvision's networks and those of the Lite family cost."""
    costs = {
        "EfficientNet": {name: torchvisions(name) for name in FAMILY},
        "Lite": {name: counted(lite(depth, width), (3, side, side)) for name, (depth, width, side) in LITE.items()},
    }
    return {family: {name: dataclasses.asdict(cost) for name, cost in members.items()}
            for family, members in costs.items()}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the classifiers of the page on efficient networks.")
    parser.add_argument("--partial", type=Path, default=RECORD.path.with_suffix(".partial"))
    wanted = parser.parse_args()
    torch.set_num_threads(1)
    done = trained(wanted.partial)
    rows = {kind: {key(budget): [] for budget in BUDGETS} for kind in KINDS}
    for name, kind, budget, _ in trainings():
        rows[kind][key(budget)].append(done[name])
    published = {name: published_accuracy(name) for name in FAMILY}
    RECORD.write({"accuracies": rows, "families": families(), "published": published})
    wanted.partial.unlink()


if __name__ == "__main__":
    main()
