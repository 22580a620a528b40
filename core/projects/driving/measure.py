"""Everything the card reports, measured once and kept: a second start goes on where the first one stopped.

    python -m core.projects.driving.measure --work runs/driving

Writes ``measures.json`` beside the weights, then ``card.md`` from it. Each drive is kept as it ends.
"""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

from safetensors.torch import load_file

from core.projects.driving.card import card
from core.projects.driving.disturb import Disturbance
from core.projects.driving.drive import drive
from core.projects.driving.drivers import Pixels
from core.projects.driving.evaluate import Result, drives, expert_result, summary
from core.projects.driving.network import WEIGHTS, RoadNetwork
from core.projects.driving.train import VALIDATION, say

TEST, FEW = range(100), range(10)  # official tracks; those of them that are driven disturbed
DISTURBED = {
    "pushed sideways 5, every 2 s": Disturbance(push=5),
    "pushed sideways 10, every 2 s": Disturbance(push=10),
    "pushed sideways 15, every 2 s": Disturbance(push=15),
    "30% of the light gone": Disturbance(dark=0.3),
    "60% of the light gone": Disturbance(dark=0.6),
    "red and blue exchanged": Disturbance(colours="bgr"),
    "red and green exchanged": Disturbance(colours="grb"),
    "a quarter of the frames lost": Disturbance(drop=0.25),
    "half of the frames lost": Disturbance(drop=0.5),
    "blurred over 3 × 3 pixels": Disturbance(blur=1),
}


class Notes:
    """Results by section and track seed in one JSON file, written after every drive."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sections = json.loads(path.read_text()) if path.exists() else {}

    def measured(self, name: str, seeds: range, drive_all) -> list[Result]:
        """The section's results; only the missing seeds are driven, by ``drive_all(seeds)``."""
        section = self.sections.setdefault(name, {})
        missing = [seed for seed in seeds if str(seed) not in section]
        for one in drive_all(missing) if missing else ():
            section[str(one.seed)] = asdict(one)
            self.path.write_text(json.dumps(self.sections))
            say(f"{name}: track {one.seed}, {one.score}")
        return [Result(**section[str(seed)]) for seed in seeds]


def pace(network: RoadNetwork, steps: int = 300) -> dict:
    """Steps per second of processor time on one core, simulator included: alone, and while attention is drawn too."""
    paces = {}
    for name, fast, look in (("unmodified", False, False), ("quick", True, False), ("attention", True, True)):
        began = time.process_time()
        for _ in drive(Pixels(network), 1, steps=steps, fast=fast, look=look):
            pass
        paces[name] = round(steps / (time.process_time() - began), 1)
    return paces


def record(work: Path, weights: Path, processes: int) -> dict:
    """All measures of the weights and of the rounds that led to them."""
    notes, network = Notes(work / "drives.json"), loaded(weights)
    official = notes.measured("cnn", TEST, lambda seeds: drives(network, seeds, processes))
    expert = notes.measured("expert", TEST, lambda seeds: map(expert_result, seeds))
    rounds, tracks = {}, range(VALIDATION, VALIDATION + 10)
    for path in sorted(work.glob("round-*.safetensors")):
        of_round = loaded(path)
        results = notes.measured(
            f"weights {path.stem}", tracks, lambda seeds: drives(of_round, seeds, processes, fast=True)
        )
        rounds[path.stem] = summary(results)
    disturbed = {"none": summary(official[: len(FEW)])}
    disturbed |= {
        name: summary(notes.measured(name, FEW, lambda seeds: drives(network, seeds, processes, disturb, fast=True)))
        for name, disturb in DISTURBED.items()
    }
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return {
        "date": time.strftime("%Y-%m-%d"), "parameters": parameters, "bytes": weights.stat().st_size,
        "cnn": summary(official), "expert": summary(expert), "disturbed": disturbed, "rounds": rounds,
        "lessons": lesson_counts(work), "pace": pace(network),
    }  # fmt: skip


def lesson_counts(work: Path) -> dict:
    """Tracks and frames of every round's lessons, the drives' mean score and how often the expert took the wheel."""
    import numpy as np

    counts = {}
    for path in sorted(work.glob("round-*.npz")):
        part = np.load(path)
        counts[path.stem] = {
            "tracks": len(part["scores"]), "frames": len(part["answers"]),
            "score": round(float(part["scores"].mean()), 1), "takeovers": int(part["takeovers"].sum()),
        }  # fmt: skip
    return counts


def loaded(weights: Path) -> RoadNetwork:
    """A network with weights from a file."""
    network = RoadNetwork()
    network.load_state_dict(load_file(weights))
    return network.eval()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure the driver and write its card.")
    parser.add_argument("--work", type=Path, default=Path("runs/driving"), help="the folder training worked in")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--processes", type=int, default=2, help="simulators at the same time")
    chosen = parser.parse_args()
    measures = record(chosen.work, chosen.weights, chosen.processes)
    chosen.weights.with_name("measures.json").write_text(json.dumps(measures, indent=1) + "\n")
    chosen.weights.with_name("card.md").write_text(card(measures))


if __name__ == "__main__":
    main()
