"""Train the driver: clone the expert, then let the network drive and the expert answer, round by round.

    python -m core.projects.driving.train --work runs/driving

Every stage leaves its file in the work folder; a second start goes on where the first one stopped. Tracks are told
apart by seed: training from 1,000,000, validation from 500,000; evaluation uses 0 to 99, which nothing here touches.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from core.data.data import Data
from core.projects.driving.collect import lessons
from core.projects.driving.network import WEIGHTS, RoadNetwork, mirrored
from core.training import Recipe, epochs

TRAINING, VALIDATION = 1_000_000, 500_000  # first track seeds
SCALE = (10.0, 1.0, 2.0)  # how much an error of steering, gas and brake weighs


class Imitation:
    """The objective: a Huber loss on the action, over views that are mirrored, recoloured and darkened at random."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        if model.training:
            x, y = self.varied(x, y)
        scale = y.new_tensor(SCALE)
        return functional.smooth_l1_loss(model(x) * scale, y * scale, beta=0.3)

    def varied(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """One half of the batch mirrored, a quarter of it in other colours or another light."""
        half, quarter = len(x) // 2, len(x) // 4
        x = torch.cat([mirrored(x[:half]), x[half:]]).float()
        y = torch.cat([y[:half] * y.new_tensor([-1.0, 1.0, 1.0]), y[half:]])
        picked = torch.randperm(len(x), generator=self.generator)[:quarter]
        x[picked] = self.recoloured(x[picked])
        return x, y

    def recoloured(self, x: Tensor) -> Tensor:
        """Views (batch, 3, 48, 48) with channels exchanged and each made stronger or weaker."""
        exchange = torch.rand(len(x), 3, generator=self.generator).argsort(1)[:, :, None, None].expand_as(x)
        kept = torch.rand(len(x), 1, 1, 1, generator=self.generator) < 0.5
        strength = 0.5 + 0.7 * torch.rand(len(x), 3, 1, 1, generator=self.generator)
        return (torch.where(kept, x, x.gather(1, exchange)) * strength).clamp(max=255)


def collected(folder: Path, number: int, tracks: int, network: RoadNetwork | None, processes: int) -> None:
    """Collect one round's lessons into ``round-N.npz``, with progress; nothing if it is there already."""
    path = folder / f"round-{number}.npz"
    if path.exists():
        return
    first, taken, began = TRAINING + 1000 * number, [], time.perf_counter()
    for lesson in lessons(list(range(first, first + tracks)), network, 60, processes):
        taken.append(lesson)
        frames, seconds = sum(len(one.views) for one in taken), time.perf_counter() - began
        say(f"round {number}: track {len(taken)}/{tracks}, {frames:,} frames, {frames / seconds:.0f}/s, "
            f"score {lesson.score:.0f}, {lesson.takeovers} takeovers")  # fmt: skip
    partial = folder / "partial.npz"
    views, answers = (np.concatenate([getattr(one, name) for one in taken]) for name in ("views", "answers"))
    scores, takeovers = [one.score for one in taken], [one.takeovers for one in taken]
    np.savez(partial, views=views, answers=answers, scores=scores, takeovers=takeovers)
    partial.rename(path)


def gathered(folder: Path, rounds: int) -> Data:
    """All lessons of rounds 0 to ``rounds``: views stay uint8 until a batch needs them. One frame in 50 is held out."""
    parts = [np.load(folder / f"round-{number}.npz") for number in range(rounds + 1)]
    views = torch.from_numpy(np.concatenate([part["views"] for part in parts]))
    answers = torch.from_numpy(np.concatenate([part["answers"] for part in parts]))
    held = torch.zeros(len(views), dtype=torch.bool)
    held.view(-1)[: len(held) // 1000 * 1000].view(-1, 1000)[:, :20] = True  # neighbours are alike: hold out stretches
    return Data(views[~held], answers[~held], views[held], answers[held], source="lessons")


def fitted(folder: Path, name: str, network: RoadNetwork, rounds: int, recipe: Recipe) -> RoadNetwork:
    """Train ``network`` on everything gathered so far, or read the weights that an earlier start left."""
    path = folder / f"{name}.safetensors"
    if path.exists():
        network.load_state_dict(load_file(path))
        return network
    data, began = gathered(folder, rounds), time.perf_counter()
    say(f"{name}: {len(data.x):,} views, {recipe.epochs} epochs")
    for epoch in epochs(network, data, recipe, Imitation(recipe.seed)):
        say(f"{name}: epoch {epoch.number}, loss {epoch.train_loss:.4f}, held out {epoch.test_loss:.4f}, "
            f"{time.perf_counter() - began:.0f} s")  # fmt: skip
    save_file({key: value.clone() for key, value in network.state_dict().items()}, path)
    return network


def validated(folder: Path, name: str, network: RoadNetwork, processes: int, tracks: int) -> None:
    """Drive ``tracks`` validation tracks, alone and undisturbed, and note the scores in ``scores.json``."""
    from core.projects.driving.evaluate import drives, summary

    path = folder / "scores.json"
    scores = json.loads(path.read_text()) if path.exists() else {}
    if tracks and name not in scores:
        results = drives(network, list(range(VALIDATION, VALIDATION + tracks)), processes, fast=True)
        scores[name] = summary(list(results))
        path.write_text(json.dumps(scores, indent=1))
    say(f"{name}: {scores.get(name, 'not validated')}")


def trained(folder: Path, rounds: int = 2, processes: int = 2, validate: int = 10) -> RoadNetwork:
    """The whole course: clone, then ``rounds`` rounds of DAgger. Deterministic by its arguments."""
    folder.mkdir(parents=True, exist_ok=True)
    network = RoadNetwork(seed=1)
    for number in range(rounds + 1):
        collected(folder, number, 60 if number == 0 else 16, network if number else None, processes)
        fitted(folder, f"round-{number}", network, number, course(8 if number == 0 else 2, number))
        validated(folder, f"round-{number}", network, processes, validate)
    return network


def course(passes: int, number: int) -> Recipe:
    """How each round trains: a step size that falls to nothing, so that every round ends on settled weights."""
    return Recipe(passes, 128, "Adam", 1e-3, "cosine", seed=1 + number, frames=2)


def say(text: str) -> None:
    """One line of progress, at once."""
    print(time.strftime("%H:%M:%S"), text, flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Train the self-driving network.")
    parser.add_argument("--work", type=Path, default=Path("runs/driving"), help="where stages are kept")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of DAgger")
    parser.add_argument("--processes", type=int, default=2, help="simulators at the same time")
    parser.add_argument("--validate", type=int, default=10, help="validation tracks after every round, 0 for none")
    parser.add_argument("--ship", action="store_true", help="replace the shipped weights")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    network = trained(chosen.work, chosen.rounds, chosen.processes, chosen.validate)
    if chosen.ship:
        WEIGHTS.parent.mkdir(parents=True, exist_ok=True)
        save_file(network.state_dict(), WEIGHTS)


if __name__ == "__main__":
    main()
