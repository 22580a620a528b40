"""A hyperparameter study on one node and on two, and one node killed in the middle of it: does it go faster, and is any
trial lost?

Starts a Ray cluster of its own on this machine, two nodes of one processor each, with token authentication, and ends
the processes that it started, no others. Writes benchmarks/results/tuning_cluster.md.
"""

import argparse
import json
import os
import platform
import secrets
import threading
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "tuning_cluster.md"
TRIALS, EPOCHS = 48, 400


def authenticated() -> None:
    """A token of this process' own, for it and for every node that it starts."""
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32), "OMP_NUM_THREADS": "1"}
    os.environ |= {"RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0", "RAY_worker_niceness": "0"}


def searched(trials: int, epochs: int, after: float = 2.0, disturb=None):
    """A study's result and its seconds; ``disturb`` is called once when that share of it is done."""
    from core.topics.hyperparameter_tuning.study import Problem, study

    began, work, told = time.perf_counter(), study(Problem("spiral", epochs=epochs), "random", trials), False
    while True:
        try:
            share, _ = next(work)
        except StopIteration as end:
            return end.value, time.perf_counter() - began
        if disturb and not told and share >= after:
            told = True
            threading.Thread(target=disturb, daemon=True).start()


def measured(trials: int, epochs: int) -> dict:
    """Seconds on one node and on two, and what a killed node costs. Every node has loaded the project before."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    os.environ["RAY_ADDRESS"] = cluster.address
    try:
        searched(4, epochs)
        one, seconds_one = searched(trials, epochs)
        second = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        searched(8, epochs)
        two, seconds_two = searched(trials, epochs)
        killed, seconds_killed = searched(trials, epochs, 0.4, lambda: cluster.remove_node(second, False))
    finally:
        ray.shutdown()
        cluster.shutdown()
    numbers = {trial.number for trial in killed.tried}
    return {
        "trials": trials, "epochs": epochs, "at once on one node": one.at_once, "at once on two nodes": two.at_once,
        "seconds on one node": round(seconds_one, 2), "seconds on two nodes": round(seconds_two, 2),
        "speed-up": round(seconds_one / seconds_two, 2),
        "seconds with one of two nodes killed at 40 %": round(seconds_killed, 2),
        "trials lost with it": trials - len(numbers),
        "the same losses as without": ended(killed) == ended(two),
    }  # fmt: skip


def ended(study) -> dict[int, float]:
    """The loss of every trial by its number."""
    return {trial.number: round(trial.loss, 6) for trial in study.tried}


def page(found: dict) -> str:
    """The measurement as Markdown."""
    rows = [f"| {name} | {value} |" for name, value in found.items()]
    made = time.strftime("%B %Y")
    machine = f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, {made}."
    note = (
        "A hyperparameter study (random search on the spiral, `core.topics.hyperparameter_tuning.study`) whose trials "
        "are tasks on a Ray cluster of two local nodes, one processor each, with token authentication. Then one node's "
        "processes are killed in the middle; its trials are begun anew on the other."
    )
    return "\n".join(
        ["# A study on a cluster", "", f"{machine}.", "", note, "", "| what | value |", "|---|---|", *rows, ""]
    )


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--dry", action="store_true", help="print, write nothing")
    given = parser.parse_args()
    authenticated()
    found = measured(given.trials, given.epochs)
    print(json.dumps(found, indent=1))
    if not given.dry:
        RESULTS.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
