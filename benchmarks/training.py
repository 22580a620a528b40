"""How fast networks are trained: the loop against one written by hand, the compiled trainer against plain JavaScript.

PYTHONPATH=. python benchmarks/training.py            # writes benchmarks/results/training.md (needs Node.js)
PYTHONPATH=. python benchmarks/training.py --quick    # fewer repetitions, prints only

What is compared takes turns in one process, and medians are reported, so that other work on the machine hits all
alike. All do the same work: their final weights are compared before anything is timed.
"""

import argparse
import copy
import json
import os
import platform
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from core.data import Data, digits, spiral, wave
from core.models import CNN, MLP
from core.randomness import order
from core.training import Recipe, train, train_many, warm
from core.training.recipe import recorded_epochs

HERE = Path(__file__).resolve().parent
TORCH = {
    "SGD": lambda p, r: torch.optim.SGD(p, r.learning_rate),
    "Adam": lambda p, r: torch.optim.Adam(p, r.learning_rate),
}


def main() -> None:
    """Measure everything and write the report."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="few repetitions, print instead of write")
    quick = options.parse_args().quick
    torch.set_num_threads(1)
    warm()
    parts = [loop_report(3 if quick else 9), playground_report(3 if quick else 11), size_report(1 if quick else 5)]
    report = "\n".join([
        "# Training", "", f"Made by `PYTHONPATH=. python benchmarks/training.py`. {machine()}", "",
        "What is compared takes turns in one process and does the same work: before anything is timed, the final "
        "weights are compared. Medians; torch on one thread.", "", *parts,
    ])  # fmt: skip
    print(report)
    if not quick:
        (HERE / "results").mkdir(exist_ok=True)
        (HERE / "results" / "training.md").write_text(report + "\n", encoding="utf-8")


def machine() -> str:
    """What this was measured on."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return f"Python {platform.python_version()}, torch {torch.__version__}, {os.cpu_count()} cores, load {load}."


def medians(ways: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each way's seconds; the ways take turns."""
    for way in ways.values():
        way()
    times = {name: [] for name in ways}
    for turn in range(rounds):
        for name in list(ways)[:: 1 if turn % 2 else -1]:
            times[name].append(ways[name]())
    return {name: statistics.median(values) for name, values in times.items()}


def seconds(call: Callable[[], object]) -> Callable[[], float]:
    """A call as something that answers how long it took."""

    def timed() -> float:
        began = time.perf_counter()
        call()
        return time.perf_counter() - began

    return timed


def by_hand(model: nn.Module, data: Data, recipe: Recipe, evaluated: set[int]) -> tuple[nn.Module, list]:
    """The loop everybody writes: torch.optim, shuffled batches, losses and accuracy of both sets after some epochs."""
    model = copy.deepcopy(model)
    updater, history = TORCH[recipe.optimizer](model.parameters(), recipe), []
    for epoch in range(1, recipe.epochs + 1):
        model.train()
        for batch in order(len(data.x), recipe.seed, epoch).split(recipe.batch_size):
            updater.zero_grad()
            loss = nn.functional.cross_entropy(model(data.x[batch]), data.y[batch])
            loss.backward()
            updater.step()
        if epoch in evaluated:
            history.append((*assessed(model, data.x, data.y), *assessed(model, data.x_test, data.y_test)))
    return model, history


@torch.no_grad()
def assessed(model: nn.Module, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Loss and accuracy."""
    model.eval()
    outputs = model(x)
    return nn.functional.cross_entropy(outputs, y).item(), (outputs.argmax(dim=1) == y).float().mean().item()


def loop_report(rounds: int) -> str:
    """The torch loop, recording sixty moments, against the loop by hand."""
    rows = []
    image, plane = digits(), spiral(400, seed=1)
    for name, model, data, recipe in (
        ("CNN(10) on digits, batch 32", CNN(10, seed=1), image, Recipe(epochs=6, seed=1)),
        ("CNN(10) on digits, batch 128", CNN(10, seed=1), image, Recipe(epochs=12, batch_size=128, seed=1)),
        ("MLP(64, 64, 10) on digits", MLP(64, 64, 10, seed=1), flattened(image), Recipe(epochs=12, seed=1)),
        ("MLP(2, 16, 16, 2) on spiral", MLP(2, 16, 16, 2, seed=1), plane, Recipe(epochs=60, seed=1)),
        ("MLP(2, 16, 16, 2), SGD", MLP(2, 16, 16, 2, seed=1), plane, Recipe(epochs=60, seed=1, optimizer="SGD")),
    ):
        evaluated = recorded_epochs(recipe, 0, 1)
        ours, (theirs, _) = train(model, data, recipe, engine="torch"), by_hand(model, data, recipe, evaluated)
        agree(ours.last.weights, torch.cat([p.detach().reshape(-1) for p in theirs.parameters()]), 1e-3)
        ways = {
            "loop": seconds(lambda: train(model, data, recipe, engine="torch")),
            "hand": seconds(lambda: by_hand(model, data, recipe, evaluated)),
            "bare": seconds(lambda: by_hand(model, data, recipe, set())),
        }
        found, steps = medians(ways, rounds), ours.last.step
        rows.append(
            f"| {name} | {found['loop'] / steps * 1e6:.0f} | {found['hand'] / steps * 1e6:.0f} | "
            f"{found['bare'] / steps * 1e6:.0f} | {found['loop'] / found['hand']:.2f} | "
            f"{found['loop'] / found['bare']:.2f} |"
        )
    return "\n".join([
        "## The torch loop against one written by hand", "",
        "Microseconds per step, everything included. `train(…, engine=\"torch\")` evaluates both sets and records the "
        "weights and the optimizer's memory after every epoch; the loop by hand (torch.optim, the "
        "same batches) evaluates the same, or nothing (bare).", "",
        "| Network | `train` | by hand | bare | ratio | ratio to bare |", "| --- | ---: | ---: | ---: | ---: | ---: |",
        *rows, "",
    ])  # fmt: skip


def flattened(data: Data) -> Data:
    """Images as rows of numbers."""
    return replace(data, x=data.x.flatten(1), x_test=data.x_test.flatten(1))


def agree(tensor: Tensor, other: Tensor, tolerance: float) -> None:
    """Stop if two trainings did not do the same work."""
    gap = (tensor - other).abs().max().item()
    if not gap < tolerance:
        raise SystemExit(f"These trainings differ: the weights are {gap:.2g} apart.")


class Playground:
    """The JavaScript engine in a Node process of its own, warmed up before it is timed."""

    def __init__(self, model: MLP, data: Data, recipe: Recipe, recorded: set[int], reuse: bool = False) -> None:
        node = shutil.which("node") or shutil.which("nodejs")
        if node is None:
            raise SystemExit("This comparison needs Node.js.")
        command = [node, str(HERE / "playground.js")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        specification = {
            "widths": model.widths, "activation": model.activations[0], "reuse": reuse, "batch": recipe.batch_size,
            "weights": torch.cat([parameter.detach().reshape(-1) for parameter in model.parameters()]).tolist(),
            "x": data.x.tolist(), "y": data.y[:, 0].tolist(), "xTest": data.x_test.tolist(),
            "yTest": data.y_test[:, 0].tolist(), "rate": recipe.learning_rate, "recorded": sorted(recorded - {0}),
            "orders": [order(len(data.x), recipe.seed, epoch).tolist() for epoch in range(1, recipe.epochs + 1)],
        }  # fmt: skip
        self.process.stdin.write(json.dumps(specification) + "\n")

    def run(self) -> dict:
        """One whole training: its milliseconds, by its own clock, and the final weights."""
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def seconds(self) -> float:
        return self.run()["milliseconds"] / 1e3

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def playground_report(rounds: int) -> str:
    """The compiled trainer and the torch loop against JavaScript."""
    rows = []
    for widths in ((2, 4, 2, 1), (2, 8, 8, 8, 8, 8, 8, 1)):
        for activation in ("tanh", "ReLU"):
            rows.append(against_playground(widths, activation, rounds))
    return "\n".join([
        "## Small networks: the compiled trainer against plain JavaScript", "",
        "Milliseconds per epoch of 250 samples, batch 10, SGD with learning rate 0.03, squared error, 300 epochs: the "
        "settings TensorFlow Playground starts with. The baseline, `playground.js` on Node.js, trains sample by sample "
        "through a graph of objects, as the Playground does; it keeps no record, and evaluates nothing in the column "
        "\"JavaScript\". The two trainers of this project are timed with everything: 60 recorded moments, each with "
        "the losses and scores of 250 training and 250 held-out samples, and the `Run` built from them.", "",
        "| Network | compiled | torch loop | JavaScript | with evaluation | reusing outputs | ratio | 16 variants | "
        "16 in JavaScript | ratio |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |", *rows, "",
        "\"With evaluation\" is the baseline with losses of both sets at the same 60 epochs; \"reusing outputs\" "
        "without them, but with derivatives taken from stored outputs, which the Playground computes again. 16 "
        "variants (seeds) are trained by `train_many` on all cores, and one after another by the baseline. Ratios are "
        "to \"JavaScript\".", "",
    ])  # fmt: skip


def against_playground(widths: tuple[int, ...], activation: str, rounds: int) -> str:
    """One line of the table."""
    data, recipe = wave(500, seed=1), Recipe(300, 10, "SGD", 0.03, seed=1)
    models = [MLP(*widths, activation=activation, init="Xavier", seed=seed) for seed in range(1, 17)]
    recipes, model = [replace(recipe, seed=seed) for seed in range(1, 17)], models[0]
    recorded = recorded_epochs(recipe, 0, 1)
    plain = [Playground(*each, set()) for each in zip(models, [data] * 16, recipes, strict=True)]
    evaluating, reusing = Playground(model, data, recipe, recorded), Playground(model, data, recipe, set(), True)
    short = replace(recipe, epochs=20)
    few = replace(recipe, epochs=3)
    check = Playground(model, data, few, set())
    agree(train(model, data, few, engine="compiled").last.weights, torch.tensor(check.run()["weights"]), 1e-4)
    ways = {
        "compiled": seconds(lambda: train(model, data, recipe, engine="compiled")),
        "torch": lambda: 15 * seconds(lambda: train(model, data, short, engine="torch"))(),
        "plain": plain[0].seconds,
        "evaluating": evaluating.seconds,
        "reusing": reusing.seconds,
    }
    many = {
        "many": seconds(lambda: train_many(models, data, recipes, engine="compiled")),
        "plain many": lambda: sum(each.seconds() for each in plain),
    }
    found = medians(ways, rounds) | medians(many, max(1, rounds // 3))
    for each in (*plain, evaluating, reusing, check):
        each.close()
    shown = [f"{found[name] / 300 * 1e3:.3f}" for name in ("compiled", "torch", "plain", "evaluating", "reusing")]
    shown.append(f"{found['plain'] / found['compiled']:.1f}")
    shown += [f"{found[name] / 300 * 1e3:.3f}" for name in ("many", "plain many")]
    shown.append(f"{found['plain many'] / found['many']:.1f}")
    return f"| {'-'.join(map(str, widths))} {activation} | {' | '.join(shown)} |"


def size_report(rounds: int) -> str:
    """Where torch's matrix products catch up with the compiled trainer."""
    generator, rows = torch.Generator().manual_seed(1), []
    for widths, batch in (
        ((2, 16, 16, 2), 32), ((2, 64, 64, 64, 2), 32), ((64, 32, 10), 32), ((64, 128, 128, 10), 32),
        ((64, 128, 128, 10), 128), ((64, 256, 256, 10), 32), ((784, 64, 10), 64), ((784, 256, 10), 64),
        ((64, 512, 512, 10), 32), ((64, 512, 512, 10), 256),
    ):  # fmt: skip
        x = torch.randn(1280, widths[0], generator=generator)
        y = torch.randint(0, widths[-1], (1280,), generator=generator)
        data = Data(x[:1024], y[:1024], x[1024:], y[1024:], tuple(map(str, range(widths[-1]))))
        model, recipe = MLP(*widths, seed=1), Recipe(epochs=2, batch_size=batch, learning_rate=1e-3, frames=2)
        runs = {engine: train(model, data, recipe, engine=engine) for engine in ("compiled", "torch")}
        agree(runs["compiled"].last.weights, runs["torch"].last.weights, 1e-2)
        ways = {name: seconds(lambda name=name: train(model, data, recipe, engine=name)) for name in runs}
        found, steps = medians(ways, rounds), runs["torch"].last.step
        work = sum(parameter.numel() for parameter in model.parameters()) * batch
        rows.append((work, f"| {'-'.join(map(str, widths))} | {batch} | {work / 1e6:.2f} | "
                     f"{found['compiled'] / steps * 1e6:.0f} | {found['torch'] / steps * 1e6:.0f} | "
                     f"{found['torch'] / found['compiled']:.1f} |"))  # fmt: skip
    return "\n".join([
        "## Larger layers: the compiled trainer against the torch loop", "",
        "Microseconds per step (Adam). `train` leaves a network to torch when parameters × batch exceed ten million.",
        "",
        "| Network | Batch | parameters × batch, millions | compiled | torch loop | ratio |",
        "| --- | ---: | ---: | ---: | ---: | ---: |", *(row for _, row in sorted(rows)),
    ])  # fmt: skip


if __name__ == "__main__":
    main()
