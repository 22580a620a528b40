"""Many learners at once, who move a slider every few seconds: how long they wait, with turns and without.

PYTHONPATH=. python benchmarks/visitors.py                    # writes benchmarks/results/visitors.md
PYTHONPATH=. python benchmarks/visitors.py --seconds 20       # shorter, prints only
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import psutil

from benchmarks.hub import machine, resident, table
from benchmarks.learner import MOVES, PAUSE, Answer, Learner
from benchmarks.session import Session, served
from core.lessons import curriculum

RESULTS = Path(__file__).resolve().parent / "results" / "visitors.md"
QUIET = ("--server.fileWatcherType", "none")  # nobody edits a hub that others learn with
HUB = (sys.executable, "-m", "streamlit", "run", "Home.py", *QUIET)
WITHOUT = (sys.executable, "benchmarks/without_turns.py", "run", "Home.py", *QUIET, "--runner.postScriptGC", "true")
HUBS = {"without turns": WITHOUT, "with turns": HUB}
ARRIVAL = 10.0  # seconds in which all learners come
GRACE = 10.0  # seconds for the last answers: who still waits then is counted as an error
Looked = TypeVar("Looked")


def main() -> None:
    """Measure with and without turns and write the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--learners", type=int, default=50)
    options.add_argument("--seconds", type=float, default=75.0)
    options.add_argument("--only", choices=list(HUBS))
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--cold", action="store_true", help="no page has been opened before the learners come")
    chosen = options.parse_args()
    hubs = {name: command for name, command in HUBS.items() if chosen.only in (None, name)}
    load = f"{os.getloadavg()[0]:.1f}"
    lessons = {
        name: lesson(command, chosen.learners, chosen.seconds, chosen.seed, not chosen.cold)
        for name, command in hubs.items()
    }
    report = "\n\n".join(
        [
            "# Many learners at once",
            "Made by `PYTHONPATH=. python benchmarks/visitors.py`. " + machine(load),
            summary(lessons, chosen),
            *(by_page(name, answers) for name, (answers, *_) in lessons.items()),
        ]
    )
    print(report)
    if not chosen.only and chosen.seconds == options.get_default("seconds"):
        RESULTS.write_text(report + "\n", encoding="utf-8")


def lesson(command: Sequence[str], learners: int, seconds: float, seed: int, warm: bool) -> tuple:
    """All answers of a lesson, megabytes a session, and the share of one core that the server used."""
    pages = ["", *(topic.slug for topic in curriculum.topics())]
    with served(*command, ready="/healthz") as (url, process):
        until_compiled()
        server = psutil.Process(process.pid)
        for page in pages if warm else ():  # what every process imports once is no session's
            Session(url, page).close()
        print(f"{time.strftime('%X')} learners come; load {os.getloadavg()[0]:.0f}", file=sys.stderr)
        before = resident(server)
        used = sum(server.cpu_times()[:2])
        start = time.perf_counter()
        present = [Learner(url, pages, seed + place) for place in range(learners)]
        answers, after = asyncio.run(taught(present, seconds, lambda: server.memory_info().rss / 1e6))
        share = (sum(server.cpu_times()[:2]) - used) / (time.perf_counter() - start)
    return answers, (after - before) / learners, share


def until_compiled() -> None:
    """Wait until the compiled trainer is on disk, as it is on every host after the first start."""
    from core.training import warm

    warm()
    time.sleep(3)


async def taught(
    learners: Sequence[Learner], seconds: float, look: Callable[[], Looked], arrival: float = ARRIVAL
) -> tuple[list[Answer], Looked]:
    """The answers of learners who come one after another, and what ``look`` sees while all are still there."""

    async def come(place: int, learner: Learner) -> None:
        await asyncio.sleep(arrival * place / len(learners))
        await learner.learn(seconds - arrival * place / len(learners))

    coming = [asyncio.create_task(come(place, learner)) for place, learner in enumerate(learners)]
    await asyncio.sleep(seconds - 1)
    seen = look()
    _, late = await asyncio.wait(coming, timeout=GRACE)
    for task in late:
        task.cancel()
    await asyncio.gather(*coming, return_exceptions=True)
    return [answer for learner in learners for answer in learner.answers], seen


def ranked(answers: Sequence[Answer]) -> tuple[str, ...]:
    """Median, 95th and 99th percentile and the longest, in seconds."""
    seconds = sorted(answer.seconds for answer in answers)
    last = len(seconds) - 1
    picked = (statistics.median(seconds), *(seconds[round(share * last)] for share in (0.95, 0.99, 1)))
    return tuple(f"{value:.2f}" for value in picked)


def summary(lessons: dict, chosen: argparse.Namespace) -> str:
    """The table of both hubs."""
    rows = []
    for name, (answers, megabytes, share) in lessons.items():
        errors = sum(bool(answer.error) for answer in answers)
        rows.append((name, len(answers), *ranked(answers), errors, f"{megabytes:.1f}", f"{share:.2f}"))
    note = (
        f"{chosen.learners} WebSocket sessions that come within {ARRIVAL:.0f} s and leave after {chosen.seconds:.0f}, "
        f"each on a page chosen by chance among all, for {MOVES[0]} to {MOVES[1]} moves of any slider to any "
        f"place, {PAUSE[0]:.0f} to {PAUSE[1]:.0f} s after the last answer; one visit in three has a "
        "seed of its own, one move in seven is thought better of after 0.3 s. Seconds from a wish to the whole answer. "
        "Without turns: every run trains in its own thread, garbage is collected after each, threads "
        "change every 5 ms instead of every 1. The learners run on the same cores as the hub. Server: processor "
        "seconds of the hub's process a second."
    )
    head = ["Hub", "Answers", "Median", "p95", "p99", "Longest", "Errors", "Megabytes a session", "Server"]
    faults = [
        f"- {name}, {answer.page}: {answer.error}"
        for name, (answers, *_) in lessons.items()
        for answer in answers
        if answer.error
    ]
    return table("Waiting", note, head, rows) + ("\n\n" + "\n".join(dict.fromkeys(faults)) if faults else "")


def by_page(name: str, answers: Sequence[Answer]) -> str:
    """Which pages wait longest."""
    pages = sorted({answer.page for answer in answers})
    rows = [
        (page or "Home", len(own), *ranked(own))
        for page in pages
        if (own := [answer for answer in answers if answer.page == page])
    ]
    rows.sort(key=lambda row: -float(row[3]))
    return table(
        f"Page by page, {name}",
        "Seconds; the slowest first.",
        ["Page", "Answers", "Median", "p95", "p99", "Longest"],
        rows,
    )


if __name__ == "__main__":
    main()
