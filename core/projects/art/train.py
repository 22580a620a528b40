"""Train the painter: ``python -m core.projects.art.train``; ``--resume`` goes on where a run was stopped.

A run's folder keeps the last checkpoint, a log with the time that was spent, and at growing distances a moment: the
averaged generator in float16 and a sheet of pictures of the same seeds.
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from core.projects.art.game import Game, Settings, Step
from core.projects.art.network import Shape, numbered, one_hot, saved
from core.projects.art.pictures import SETS, Pictures
from core.projects.art.projected_game import ProjectedGame

GROWTH = 1.15  # steps at a moment, as a multiple of those at the moment before
FIRST = 100  # steps
ROWS, ACROSS = 6, 12  # of a sheet


def widths(side: int, widest: int, narrowest: int) -> tuple[int, ...]:
    """Channels at sides 4, 8, … ``side``: from 32 on they halve down to the narrowest, before that they are widest."""
    sides = [2**power for power in range(2, side.bit_length())]
    found = [narrowest * side // each for each in sides]
    return tuple(min(widest, each if each < 96 else 96 if each < widest else widest) for each in found)


@dataclass
class Diary:
    """What a run writes down: mean measures of the last steps, moments, checkpoints."""

    folder: Path
    spent: float = 0.0  # seconds of processor time before this process
    walked: float = 0.0  # seconds on the clock before this process

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = self.lines()
        if lines:
            self.spent, self.walked = lines[-1]["processor"], lines[-1]["clock"]
        self.began = time.process_time(), time.perf_counter()
        self.recent: list[Step] = []

    def lines(self) -> list[dict]:
        """The log."""
        path = self.folder / "log.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []

    def rewound(self, number: int) -> None:
        """Forget what was logged after a step: it is done again."""
        kept = [line for line in self.lines() if line["step"] <= number]
        (self.folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in kept))

    def note(self, step: Step, every: int) -> None:
        """Keep a step; every so many of them write their means."""
        self.recent.append(step)
        if step.number % every:
            return
        names = ("discriminator", "generator", "real", "fake")
        means = {name: round(float(np.mean([getattr(one, name) for one in self.recent])), 4) for name in names}
        self.recent = []
        line = {
            "step": step.number, **means,
            "processor": round(self.spent + time.process_time() - self.began[0], 1),
            "clock": round(self.walked + time.perf_counter() - self.began[1], 1),
        }  # fmt: skip
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(line, flush=True)


def moments(last: int) -> list[int]:
    """The steps at which a moment is kept."""
    found = [FIRST]
    while found[-1] < last:
        found.append(max(round(found[-1] * GROWTH), found[-1] + 1))
    return [*[each for each in found if each < last], last]


def seeds_of(pictures: Pictures) -> tuple[list[int], list[int]]:
    """Seeds and classes of a sheet: every class comes, the large ones more often."""
    count = ROWS * ACROSS
    shares = np.bincount(pictures.labels, minlength=len(pictures.names)) ** 0.5
    ends = np.cumsum(shares) / shares.sum() * count
    return list(range(count)), [int(np.searchsorted(ends, place + 0.5)) for place in range(count)]


def kept(game: Game, folder: Path) -> None:
    """A moment: the averaged generator and its sheet."""
    seeds, labels = seeds_of(game.pictures)
    painted = game.sheet(numbered(game.average, seeds), one_hot(labels, game.shape.classes))
    tiled(painted, ACROSS).save(folder / f"sheet-{game.number:06d}.png")
    about = {"step": game.number, "set": game.pictures.name, "names": game.pictures.names}
    saved(game.average, folder / f"moment-{game.number:06d}.safetensors", about)


def tiled(pixels: np.ndarray, across: int) -> Image.Image:
    """Pictures (count, side, side, 3) on one sheet, row by row; a row that is not full ends in white."""
    side, missing = pixels.shape[1], -len(pixels) % across
    full = np.concatenate([pixels, np.full((missing, *pixels.shape[1:]), 255, np.uint8)])
    return Image.fromarray(full.reshape(-1, across, side, side, 3).swapaxes(1, 2).reshape(-1, across * side, 3))


def wanted() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description="Train a generator of pictures.")
    parser.add_argument("--set", choices=SETS, default="watercolours")
    parser.add_argument("--steps", type=int, default=30_000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=0.002, help="learning rate of both networks")
    parser.add_argument("--penalty", type=float, default=0.1, help="weight of the R1 penalty")
    parser.add_argument("--widest", type=int, default=128, help="channels at side 4")
    parser.add_argument("--narrowest", type=int, default=32, help="channels at the last side")
    parser.add_argument("--narrow", action="store_true", help="bfloat16, where the processor multiplies it faster")
    parser.add_argument("--projected", action="store_true", help="a discriminator on EfficientNet-Lite0's features")
    parser.add_argument("--begin", type=Path, help="a moment of another run whose generator is gone on with")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--every", type=float, default=4.0, help="minutes between two checkpoints")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint of --name")
    parser.add_argument("--runs", type=Path, default=Path("runs/art"))
    parser.add_argument("--name", default="first")
    return parser.parse_args()


def main() -> None:
    asked = wanted()
    torch.set_num_threads(asked.threads)
    pictures = SETS[asked.set]().parted()[0]
    channels = widths(pictures.side, asked.widest, asked.narrowest)
    shape = Shape(pictures.side, len(pictures.names), channels, channels, layout=asked.projected)
    settings = Settings(
        asked.batch, asked.rate, asked.penalty, narrow=asked.narrow, seed=asked.seed,
        mirror=pictures.name != "portraits",
    )  # fmt: skip
    kind = ProjectedGame if asked.projected else Game
    game, folder = kind(pictures, shape, settings), asked.runs / asked.name
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.safetensors"
    if asked.resume and checkpoint.is_file():
        game.restore(checkpoint)
    elif asked.begin:
        game.begin_with(asked.begin)
    diary = Diary(folder)
    diary.rewound(game.number)
    about = {
        "set": pictures.name, "pictures": len(pictures), "projected": asked.projected,
        "begun with": str(asked.begin or ""), "shape": asdict(shape), "settings": asdict(settings),
    }  # fmt: skip
    (folder / "settings.json").write_text(json.dumps(about | {"steps": asked.steps}, indent=1) + "\n")
    stops, last = set(moments(asked.steps)), time.monotonic()
    while game.number < asked.steps:
        diary.note(game.play(), every=50)
        if game.number in stops:
            kept(game, folder)
        if time.monotonic() - last > 60 * asked.every or game.number == asked.steps:
            game.save(checkpoint)
            last = time.monotonic()


if __name__ == "__main__":
    main()
