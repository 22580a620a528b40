"""Finding drawings: milliseconds of each stage, of suppression alone, of views and of other sizes, on one core.

PYTHONPATH=. python benchmarks/detection.py            # writes benchmarks/results/detection.md
PYTHONPATH=. python benchmarks/detection.py --quick    # fewer repetitions, prints only
"""

import argparse
import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from mnist import machine, one_core
from PIL import Image

from core.projects.detection.detector import detect, detect_file, settled
from core.projects.detection.examples import SEEDS, example

RESULTS = Path(__file__).resolve().parent / "results" / "detection.md"


def main() -> None:
    """Measure everything and write the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="few repetitions, print instead of write")
    quick = options.parse_args().quick
    one_core()
    rows = measured(rounds=5 if quick else 200)
    report = "\n".join([
        "# Finding drawings, on one core\n",
        f"Made by `PYTHONPATH=. python benchmarks/detection.py`. {machine()}\n",
        "One picture of 512 × 512 pixels at a time, milliseconds. Moving a threshold costs the second line only.\n",
        "| Way | Median | p95 |", "| --- | ---: | ---: |",
        *(f"| {name} | {middle:.2f} | {late:.2f} |" for name, middle, late in rows),
        "",
    ])  # fmt: skip
    print(report)
    if not quick:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(report, encoding="utf-8")


def measured(rounds: int) -> list[tuple[str, float, float]]:
    """Name, median and 95th percentile in milliseconds of every way; they take turns."""
    found = ways()
    seconds: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(rounds):
        for name, way in found.items():
            began = time.perf_counter()
            way()
            seconds[name].append(1000 * (time.perf_counter() - began))
    return [(name, statistics.median(one), sorted(one)[int(0.95 * (len(one) - 1))]) for name, one in seconds.items()]


def ways() -> dict[str, Callable[[], object]]:
    """What is measured, by name."""
    picture = example(SEEDS["Photographed"]).picture
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=90)
    raw = detect(picture)
    return {
        "raw boxes of a picture": lambda: detect(picture),
        "confidence and suppression of all raw boxes": lambda: settled(raw),
        "from a JPEG file to detections": lambda: settled(detect_file(file.getvalue())),
        "raw boxes, 320 pixels": lambda: detect(picture, side=320),
        "raw boxes, 640 pixels": lambda: detect(picture, side=640),
        "raw boxes, two views along the shorter side": lambda: detect(picture, across=2),
    }


if __name__ == "__main__":
    main()
