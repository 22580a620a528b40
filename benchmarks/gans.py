"""How fast a GAN in the plane is trained: the compiled trainer against a plain torch loop and against TensorFlow.js.

PYTHONPATH=. python benchmarks/gans.py            # writes benchmarks/results/gans.md
PYTHONPATH=. python benchmarks/gans.py --quick    # fewer repetitions, prints only

TensorFlow.js is brought by ``npm`` into a temporary folder, pinned; without Node.js or the registry its row is left
out. All train 2-32-32-2 against 2-32-32-1 with Adam on a ring of eight clouds, one update of each side in a round.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from core.data.targets import gaussian_ring
from core.models import GAN
from core.training import warm
from core.training.adversarial import GanRecipe, train_gan

HERE = Path(__file__).resolve().parent
TFJS = "@tensorflow/tfjs@4.22.0"
ROUNDS = 3000
KINDS: dict[str, tuple[dict, bool]] = {
    "non-saturating": ({}, False),
    "least squares": ({"loss": "least squares"}, False),
    "hinge": ({"loss": "hinge"}, False),
    "WGAN-GP": ({"loss": "Wasserstein", "penalty": "gradient"}, False),
    "non-saturating, R1": ({"penalty": "R1"}, False),
    "non-saturating, spectral norm": ({}, True),
}


def main() -> None:
    """Measure everything and write the report."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="few repetitions, print instead of write")
    quick = options.parse_args().quick
    torch.set_num_threads(1)
    warm()
    report = "\n".join(
        [
            "# GANs in the plane",
            "",
            f"Made by `PYTHONPATH=. python benchmarks/gans.py`. {machine()}",
            "",
            f"{ROUNDS:,} rounds with 60 recorded moments, batches of 64. Medians; torch on one thread.",
            "",
            *kinds(3 if quick else 7),
            "",
            *baselines(1 if quick else 3),
        ]
    )
    print(report)
    if not quick:
        (HERE / "results" / "gans.md").write_text(report + "\n", encoding="utf-8")


def machine() -> str:
    """What this was measured on."""
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, torch {torch.__version__}."
    )


def seconds(work: Callable[[], object], repetitions: int) -> float:
    """The median time of some work."""
    times = []
    for _ in range(repetitions):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def kinds(repetitions: int) -> list[str]:
    """The compiled trainer and the project's torch loop, for each kind of game."""
    rows, data = ["| game | compiled, s | torch loop, s | times |", "| --- | --- | --- | --- |"], gaussian_ring()
    for name, (settings, spectral) in KINDS.items():
        model = GAN(spectral_norm=spectral)
        fast = seconds(lambda: train_gan(model, data, GanRecipe(rounds=ROUNDS, **settings), "compiled"), repetitions)
        part = GanRecipe(rounds=ROUNDS // 10, **settings)
        slow = 10 * seconds(lambda: train_gan(model, data, part, "torch"), max(1, repetitions // 2))
        rows.append(f"| {name} | {fast:.3f} | {slow:.2f} | {slow / fast:.0f} |")
    return [*rows, "", "The torch loop is timed over a tenth of the rounds."]


def baselines(repetitions: int) -> list[str]:
    """The non-saturating game in a plain torch loop and in TensorFlow.js."""
    data = gaussian_ring()
    fast = seconds(lambda: train_gan(GAN(), data, GanRecipe(rounds=ROUNDS), "compiled"), 2 * repetitions + 1)
    found = {
        "compiled trainer": fast,
        "plain torch loop": 10 * seconds(lambda: plain(data.x, ROUNDS // 10), repetitions),
    }
    if answer := tensorflow_js(data.x):
        found[f"TensorFlow.js {answer['version']} on Node, {answer['backend']} backend"] = (
            answer["milliseconds"] / 1000 * ROUNDS / answer["rounds"]
        )
    rows = [f"| {name} | {each:.3f} | {each / fast:.1f} |" for name, each in found.items()]
    return ["| non-saturating game | s | times the compiled trainer |", "| --- | --- | --- |", *rows]


def plain(x: Tensor, rounds: int) -> None:
    """The game as a person writes it in PyTorch, without records."""
    G = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(), nn.Linear(32, 32), nn.LeakyReLU(), nn.Linear(32, 2))
    D = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(), nn.Linear(32, 32), nn.LeakyReLU(), nn.Linear(32, 1))
    first, second = (torch.optim.Adam(net.parameters(), 0.001, betas=(0.5, 0.999)) for net in (G, D))
    softplus = nn.functional.softplus
    for _ in range(rounds):
        fake = G(2 * torch.rand(64, 2) - 1).detach()
        answers = D(torch.cat([x[torch.randint(len(x), (64,))], fake]))
        loss = softplus(-answers[:64]).mean() + softplus(answers[64:]).mean()
        second.zero_grad()
        loss.backward()
        second.step()
        loss = softplus(-D(G(2 * torch.rand(64, 2) - 1))).mean()
        first.zero_grad()
        loss.backward()
        first.step()


def tensorflow_js(x: Tensor) -> dict | None:
    """What benchmarks/gans.js answers; None without Node.js, npm or the registry."""
    if not (shutil.which("node") and shutil.which("npm")):
        return None
    asked = {"rounds": ROUNDS // 3, "batch": 64, "units": 32, "rate": 0.001, "samples": x.tolist()}
    with tempfile.TemporaryDirectory() as folder:
        brought = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, TFJS],
            capture_output=True,
            check=False,
        )
        if brought.returncode:
            return None
        script = Path(shutil.copy(HERE / "gans.js", folder))
        run = subprocess.run(["node", script], input=json.dumps(asked), capture_output=True, text=True, check=True)
    return json.loads(run.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    main()
