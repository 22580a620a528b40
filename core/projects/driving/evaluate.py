"""Measure a driver on tracks by seed, in the unmodified environment.

python -m core.projects.driving.evaluate --tracks 0:100 --driver cnn
"""

import argparse
import json
import multiprocessing
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from core.projects.driving.collect import _single_thread
from core.projects.driving.disturb import COLOURS, Disturbance
from core.projects.driving.drive import drive, visited, wheels_off
from core.projects.driving.drivers import NAMES, Driver, Pixels, driver
from core.projects.driving.expert import Expert
from core.projects.driving.network import WEIGHTS, RoadNetwork
from core.projects.driving.simulator import STEPS, FastRacing, checked_seed


@dataclass(frozen=True)
class Result:
    """One drive in numbers. ``off_track`` is the share of frames with at least two wheels on the grass."""

    seed: int
    score: float
    steps: int
    tiles: float
    finished: bool
    off_track: float


def result(
    who: "Driver | RoadNetwork | str", seed: int, disturb=None, steps: int = STEPS, fast: bool = False
) -> Result:
    """Drive one track to its end."""
    who = Pixels(who) if isinstance(who, RoadNetwork) else who
    off, moment = 0, None
    for moment in drive(who, seed, disturb, steps=steps, fast=fast):
        off += moment.wheels_off >= 2
    assert moment is not None  # a drive has at least one step
    count = moment.step + 1
    return Result(seed, round(moment.score, 2), count, moment.tiles, moment.finished, off / count)


def expert_result(seed: int, steps: int = STEPS) -> Result:
    """What the expert makes of a track, without a single picture: a tenth of a second, the same score as with them."""
    simulator, expert, score, off = FastRacing(pixels=False), Expert(), 0.0, 0
    count, over = 0, False
    simulator.reset(seed=checked_seed(seed))
    while not over and count < steps:
        _, reward, over, _, told = simulator.step(expert.action(simulator))
        count, score, off = count + 1, score + reward, off + (wheels_off(simulator) >= 2)
    return Result(seed, round(score, 2), count, visited(simulator), bool(told.get("lap_finished")), off / count)


def drives(who, seeds: list[int], processes: int = 1, disturb=None, fast=False, steps=STEPS) -> Iterator[Result]:
    """One result per seed, in their order, ``processes`` simulators at a time."""
    jobs = [(who, seed, disturb, steps, fast) for seed in seeds]
    if processes <= 1:
        yield from (result(*job) for job in jobs)
        return
    with multiprocessing.get_context("spawn").Pool(processes, initializer=_single_thread) as pool:
        yield from pool.imap(_result, jobs)


def _result(job: tuple) -> Result:
    return result(*job)


def summary(results: list[Result]) -> dict:
    """Mean score with its standard error, lowest, laps completed, steps, tiles and off-track share."""
    scores = np.array([one.score for one in results])
    error = scores.std(ddof=1) / len(scores) ** 0.5 if len(scores) > 1 else float("nan")
    return {
        "tracks": len(results),
        "score": round(float(scores.mean()), 2),
        "standard_error": round(float(error), 2),
        "standard_deviation": round(float(scores.std()), 2),
        "lowest": float(scores.min()),
        "laps_completed": sum(one.finished for one in results) / len(results),
        "steps": round(float(np.mean([one.steps for one in results])), 1),
        "tiles": round(float(np.mean([one.tiles for one in results])), 5),
        "off_track": round(float(np.mean([one.off_track for one in results])), 5),
    }


def seeds_of(text: str) -> list[int]:
    """Track seeds written as ``0:100``, ``7`` or ``1,5,9``; ``ValueError`` with one sentence for anything else."""
    try:
        if ":" in text:
            first, end = (int(part) for part in text.split(":"))
            seeds = range(first, min(end, first + 10_001))
        else:
            seeds = [int(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"Tracks are written 0:100, 7 or 1,5,9; {text[:40]!r} is none of these.") from None
    if not 1 <= len(seeds) <= 10_000:
        raise ValueError("Choose 1 to 10,000 tracks.")
    return [checked_seed(seed) for seed in seeds]


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Drive tracks in the unmodified CarRacing-v3 and print the score.")
    parser.add_argument("--tracks", default="0:100", help="track seeds: 0:100, 7 or 1,5,9")
    parser.add_argument("--driver", default="cnn", choices=NAMES)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="another network's weights")
    parser.add_argument("--processes", type=int, default=2, help="simulators at the same time")
    parser.add_argument("--json", type=Path, help="write every track's result here")
    parser.add_argument("--fast", action="store_true", help="the quicker simulator with the same pixels, for selection")
    for name in ("push", "dark", "drop"):
        parser.add_argument(f"--{name}", type=float, default=0.0)
    parser.add_argument("--blur", type=int, default=0)
    parser.add_argument("--colours", default="rgb", choices=COLOURS)
    chosen = parser.parse_args(arguments)
    try:
        seeds = seeds_of(chosen.tracks)
        disturb = Disturbance(chosen.push, 100, chosen.blur, chosen.dark, chosen.drop, chosen.colours)
    except ValueError as mistake:
        parser.error(str(mistake))
    results = []
    for one in drives(driver(chosen.driver, chosen.weights), seeds, chosen.processes, disturb, chosen.fast):
        results.append(one)
        print(f"track {one.seed}: {one.score:.1f} in {one.steps} steps", file=sys.stderr, flush=True)
    whole = {"driver": chosen.driver, "disturbance": asdict(disturb), **summary(results)}
    print(json.dumps(whole, indent=1))
    if chosen.json:
        chosen.json.write_text(json.dumps({**whole, "drives": [asdict(one) for one in results]}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
