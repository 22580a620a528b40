"""Two hundred learners on two hubs behind the shipped proxy: does everybody get in, stay on one hub, and get answers?

PYTHONPATH=. python benchmarks/crowd.py                               # writes benchmarks/results/crowd.md
PYTHONPATH=. python benchmarks/crowd.py --learners 40 --seconds 40    # smaller, prints only
"""

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import psutil

from benchmarks.hub import machine, resident, table
from benchmarks.learner import Answer, Learner
from benchmarks.proxy import proxied
from benchmarks.session import served
from benchmarks.visitors import HUB, ranked, taught
from core.lessons import curriculum

RESULTS = Path(__file__).resolve().parent / "results" / "crowd.md"
PAUSE = (15.0, 45.0)  # seconds between an answer and the next wish
ARRIVAL = 40.0  # seconds in which all learners come


def main() -> None:
    """Measure and write the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--learners", type=int, default=200)
    options.add_argument("--seconds", type=float, default=80.0)
    options.add_argument("--hubs", type=int, default=2)
    chosen = options.parse_args()
    if not shutil.which("nginx"):
        sys.exit("nginx is not installed: nothing measured.")
    load = f"{os.getloadavg()[0]:.1f}"
    report = "\n\n".join(
        [
            "# Two hubs behind a proxy",
            "Made by `PYTHONPATH=. python benchmarks/crowd.py`. " + machine(load),
            waiting(*crowded(chosen.learners, chosen.seconds, chosen.hubs), chosen),
        ]
    )
    print(report)
    if all(getattr(chosen, name) == options.get_default(name) for name in ("learners", "seconds", "hubs")):
        RESULTS.write_text(report + "\n", encoding="utf-8")


def crowded(learners: int, seconds: float, hubs: int) -> tuple[list[Answer], list[tuple[int, float]]]:
    """All answers, and per hub its sessions and megabytes a session."""
    pages = ["", *(topic.slug for topic in curriculum.topics())]
    with ExitStack() as stack:
        places = [stack.enter_context(served(*HUB, ready="/healthz")) for _ in range(hubs)]
        processes = [psutil.Process(process.pid) for _, process in places]
        ports = [int(url.rpartition(":")[2]) for url, _ in places]
        url = stack.enter_context(proxied(ports))
        before = [resident(process) for process in processes]
        present = [Learner(url, pages, place, PAUSE) for place in range(learners)]
        answers, seen = asyncio.run(
            taught(present, seconds, lambda: [looked(process) for process in processes], ARRIVAL)
        )
    return answers, [(count, (after - old) / max(count, 1)) for (count, after), old in zip(seen, before, strict=True)]


def looked(process: psutil.Process) -> tuple[int, float]:
    """The WebSockets a hub holds, and its megabytes."""
    own = [each for each in process.net_connections("tcp") if each.status == "ESTABLISHED"]
    return len(own), process.memory_info().rss / 1e6


def waiting(answers: Sequence[Answer], seen: Sequence[tuple[int, float]], chosen: argparse.Namespace) -> str:
    """The table."""
    errors = [answer.error for answer in answers if answer.error]
    note = (
        f"{chosen.learners} WebSocket sessions, each with its own cookie, through one nginx with deploy/nginx.conf; "
        f"they come within {ARRIVAL:.0f} s, open pages and move sliders {PAUSE[0]:.0f} to {PAUSE[1]:.0f} s after "
        f"the last answer, {chosen.seconds:.0f} s in all. The hubs are cold at first, so megabytes a session hold what "
        "a process imports and keeps for all. Hubs, proxy and learners share the cores above. Seconds from a wish to "
        "the whole answer."
    )
    homes = " + ".join(str(count) for count, _ in seen)
    megabytes = " and ".join(f"{each:.1f}" for _, each in seen)
    head = ["Answers", "Median", "p95", "p99", "Longest", "Errors", "Sessions on each hub", "Megabytes a session"]
    text = table("Waiting", note, head, [(len(answers), *ranked(answers), len(errors), homes, megabytes)])
    return text + "".join(f"\n\nError: {error}" for error in sorted(set(errors))[:5])


if __name__ == "__main__":
    main()
