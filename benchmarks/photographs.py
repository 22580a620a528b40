"""Reading composed photographs of digits on paper: how many are read, by light, paper, pen, frame, size and camera.

PYTHONPATH=. python benchmarks/photographs.py            # a thousand; writes benchmarks/results/photographs.md
PYTHONPATH=. python benchmarks/photographs.py --quick    # a hundred, prints only
PYTHONPATH=. python benchmarks/photographs.py --count 300 --seed 7 --failures folder  # prints, keeps what is not read
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
if (beside := ROOT.parent / "shared" / "data").is_dir():
    os.environ.setdefault("ROADMAP_LAB_DATA", str(beside))

from photographs import Scene, known_digits, photograph  # noqa: E402

from core.probes.certainty import interval  # noqa: E402
from core.projects.mnist.drawing import Empty  # noqa: E402
from core.projects.mnist.recognizer import read_file  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "photographs.md"


@dataclass(frozen=True)
class Outcome:
    """A photograph, what it shows, what was read (None for "none of these") and how long that took."""

    file: bytes
    scene: Scene
    answers: tuple[int | None, ...]
    seconds: float

    @property
    def right(self) -> bool:
        """Whether its digit was read, and nothing else."""
        return self.answers == (self.scene.digit,)


def banded(name: str, edges: tuple[float, ...]) -> Callable[[Scene], str]:
    """The band that a scene's number lies in, in words."""

    def band(scene: Scene) -> str:
        place = sum(getattr(scene, name) >= edge for edge in edges[1:-1])
        return f"{edges[place]:g} to {edges[place + 1]:g}"

    return band


FACTORS: dict[str, Callable[[Scene], str]] = {
    "Paper": lambda scene: scene.paper,
    "Pen": lambda scene: scene.pen,
    "Frame": lambda scene: scene.frame,
    "Size, share of the shorter side": banded("size", (0.05, 0.075, 0.1, 0.15, 0.3, 0.6, 0.9)),
    "Shadow, share of the light": banded("shadow", (0, 0.25, 0.5, 0.75)),
    "Blur, pixels of 960": banded("blur", (0, 0.5, 1, 1.5)),
    "Noise, share of white": banded("noise", (0, 0.01, 0.02, 0.03)),
    "JPEG quality": banded("quality", (40, 60, 80, 95)),
    "Tilt": banded("tilt", (0, 0.02, 0.04, 0.06)),
    "Digit": lambda scene: str(scene.digit),
}


def main() -> None:
    """Read the photographs and write the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="a hundred photographs, print instead of write")
    options.add_argument("--count", type=int, default=1000)
    options.add_argument("--seed", type=int, default=2026)
    options.add_argument("--failures", type=Path, help="a folder for the photographs that are not read")
    wanted = options.parse_args()
    torch.set_num_threads(1)
    count = 100 if wanted.quick else wanted.count
    outcomes = list(read_all(wanted.seed, count))
    text = report(outcomes, wanted.seed)
    print(text)
    if wanted.failures:
        keep(outcomes, wanted.failures)
    if (count, wanted.seed) == (options.get_default("count"), options.get_default("seed")):
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(text, encoding="utf-8")


def read_all(seed: int, count: int) -> Iterator[Outcome]:
    """Compose and read photographs, each digit in turn."""
    draw = random.Random(seed)
    for number in range(count):
        file, scene = photograph(draw, number % 10)
        began = time.perf_counter()
        try:
            answers = tuple(answer.digit for answer in read_file(file).answers)
        except Empty:
            answers = ()
        yield Outcome(file, scene, answers, time.perf_counter() - began)


def report(outcomes: list[Outcome], seed: int) -> str:
    """The share that is read, whole and by factor, as Markdown."""
    right, count = sum(outcome.right for outcome in outcomes), len(outcomes)
    low, high = interval(right, count)
    refused = sum(outcome.answers in ((), (None,)) for outcome in outcomes)
    middle = sorted(outcome.seconds for outcome in outcomes)[count // 2]
    hands = "half MNIST test images gone over with a pen, half unseen hands" if known_digits() else "unseen hands"
    lines = [
        "# Photographs of digits on paper\n",
        f"Made by `PYTHONPATH=. python benchmarks/photographs.py` ({count:,} photographs, seed {seed}; {hands}).\n",
        f"**{right:,} of {count:,} are read, {right / count:.1%}** (95 % interval {low:.1%} to {high:.1%}, Wilson): "
        f"one digit is found and it is the right one. Of the others {refused} are refused, "
        f"{count - right - refused} misread. Median {1000 * middle:.0f} ms a photograph.\n",
    ]
    for name, group in FACTORS.items():
        lines += [f"| {name} | photographs | read |", "| --- | ---: | ---: |"]
        lines += [f"| {label} | {len(part)} | {share(part):.1%} |" for label, part in grouped(outcomes, group)] + [""]
    return "\n".join(lines)


def grouped(outcomes: list[Outcome], group: Callable[[Scene], str]) -> list[tuple[str, list[Outcome]]]:
    """The outcomes of each group, in the order of their names."""
    parts: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        parts.setdefault(group(outcome.scene), []).append(outcome)
    return sorted(parts.items())


def share(outcomes: list[Outcome]) -> float:
    """Share that is read."""
    return sum(outcome.right for outcome in outcomes) / len(outcomes)


def keep(outcomes: list[Outcome], folder: Path) -> None:
    """Write the photographs that are not read into a folder, named by their number, digit and answers."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, outcome in enumerate(outcomes):
        if not outcome.right:
            answers = "-".join("none" if digit is None else str(digit) for digit in outcome.answers) or "nothing"
            (folder / f"{number}_{outcome.scene.digit}_as_{answers}.jpg").write_bytes(outcome.file)


if __name__ == "__main__":
    main()
