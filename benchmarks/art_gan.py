"""The painter's map: pictures a second while a place is dragged in the browser, beside what asks for them otherwise.

PYTHONPATH=. python benchmarks/art_gan.py            # writes benchmarks/results/art_gan.md
PYTHONPATH=. python benchmarks/art_gan.py --quick    # a second each, prints only
"""

import argparse
import math
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from playwright.sync_api import FloatRect, Locator, Page, sync_playwright

from benchmarks.hub import HUB, chromium, machine, table
from benchmarks.session import served
from core.projects.art import service
from core.projects.art.lesson import walks

RESULTS = Path(__file__).resolve().parent / "results" / "art_gan.md"
WANTED = 10  # pictures a second while dragging
LEFT, RIGHT, SEED = "apple", "orange", 0
COUNT = "canvas => Number(canvas.dataset.painted ?? 0)"


def main() -> None:
    """Measure everything and write the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a second each, print instead of write")
    quick = options.parse_args().quick
    torch.set_num_threads(1)
    load, rounds, seconds = f"{os.getloadavg()[0]:.1f}", 1 if quick else 5, 1.0 if quick else 4.0
    found = walks.mapped(LEFT, RIGHT, SEED)
    rows = [
        ("dragged in the browser", *summary(dragged(seconds, rounds))),
        ("asked of the service, one after the other", *several(lambda: repeated(asked, seconds), rounds)),
        ("the page's own answer to a slider, without the browser",
         *several(lambda: repeated(lambda x, y: walks.map_view(found, x, y), seconds), rounds)),
    ]  # fmt: skip
    note = (
        f"Aim: {WANTED} pictures a second while a place is dragged. Every place is another one; pictures are painted "
        "by one thread. Baseline is the last row: without the canvas, each place would be an answer of the whole page."
    )
    report = "\n\n".join(
        [
            "# The painter's map",
            "Made by `PYTHONPATH=. python benchmarks/art_gan.py`. " + machine(load),
            table("Pictures a second", note, ("Way", "Median", "Least", "Most"), rows),
        ]
    )
    print(report)
    if not quick:
        RESULTS.write_text(report + "\n", encoding="utf-8")


def several(measure: Callable[[], float], rounds: int) -> tuple[str, str, str]:
    """Median, least and most of some rounds."""
    return summary([measure() for _ in range(rounds)])


def summary(rates: list[float]) -> tuple[str, str, str]:
    """Median, least and most of some rates."""
    return f"{statistics.median(rates):.1f}", f"{min(rates):.1f}", f"{max(rates):.1f}"


def spot(turn: float) -> tuple[float, float]:
    """A place on a walk around the middle of the map, from 0 to 1 each."""
    return 0.5 + 0.4 * math.cos(turn), 0.5 + 0.4 * math.sin(1.3 * turn)


def asked(x: float, y: float) -> None:
    """One picture of the service, as WebP."""
    service.picture({"left": LEFT, "right": RIGHT, "seed": str(SEED), "x": str(x), "y": str(y)})


def repeated(paint: Callable[[float, float], object], seconds: float) -> float:
    """How often a second a picture is there."""
    paint(*spot(0.0))
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        count += 1
        paint(*spot(0.05 * count))
    return count / (time.perf_counter() - began)


def dragged(seconds: float, rounds: int) -> list[float]:
    """Pictures a second that a browser paints while the mouse moves over the canvas, after a round that is not counted:
    a hub that has just begun still compiles."""
    with served(*HUB) as (url, _), sync_playwright() as play:
        page = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"]).new_page()
        page.goto(f"{url}/art-gan?art_gan.view=Map")
        canvas = page.locator(".walk canvas")
        canvas.wait_for(timeout=120_000)
        page.wait_for_function("() => Number(document.querySelector('.walk canvas').dataset.painted ?? 0) > 0")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box() or {"x": 0, "y": 0, "width": 1, "height": 1}
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.wait_for_timeout(15_000)
        return [along(page, canvas, box, seconds) for _ in range(rounds + 1)][1:]


def along(page: Page, canvas: Locator, box: FloatRect, seconds: float) -> float:
    """Pictures a second while the mouse walks over a canvas."""
    before, began, turn = canvas.evaluate(COUNT), time.perf_counter(), 0.0
    while time.perf_counter() - began < seconds:
        x, y = spot(turn := turn + 0.05)
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.wait_for_timeout(20)
    return (canvas.evaluate(COUNT) - before) / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
