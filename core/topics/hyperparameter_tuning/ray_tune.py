"""The same search by Ray Tune, with Optuna's TPE and two trainings at a time; ray comes with requirements-extra.txt."""

import importlib.util
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from core.topics.hyperparameter_tuning.landscape import Cell, Landscape, sizes
from core.topics.hyperparameter_tuning.searches import BUDGET, NAMES, Counter, Search

RAY = "Ray Tune"
AT_ONCE = 2
ALONE = threading.Lock()  # one search of one visitor at a time: they share a process and its cluster
QUIET = {"RAY_AUTH_MODE": "token", "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1", "RAY_AIR_NEW_OUTPUT": "0"}


def is_installed() -> bool:
    """Whether ray is there."""
    return importlib.util.find_spec("ray") is not None


def ray_search(landscape: Landscape, trainings: int = BUDGET, seed: int = 0) -> Search:
    """Let Ray Tune spend a budget on a landscape; starts a small cluster on this machine if there is none.

    Its trials see the landscape through a ``Counter`` as everybody's do: one whole training each, in the order in which
    they were asked for. Raises ``ValueError``, one sentence, where ray is missing.
    """
    if not is_installed():
        raise ValueError("Ray Tune needs ray: pip install -r requirements-extra.txt.")
    counter = Counter(landscape, trainings)
    with ALONE:
        for cell in asked_by_ray(landscape, trainings, seed):
            counter.whole(cell)
    return Search(RAY, tuple(counter.trials), trainings)


@contextmanager
def cluster() -> Iterator[None]:
    """A small cluster on this machine while something searches, if there is none; token authentication stays on."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    import ray

    mine = not ray.is_initialized()
    if mine:
        ray.init(num_cpus=AT_ONCE, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    try:
        yield
    finally:
        if mine:
            ray.shutdown()


def asked_by_ray(landscape: Landscape, trainings: int, seed: int) -> list[Cell]:
    """The cells that Ray Tune asks for, in order."""
    with cluster(), tempfile.TemporaryDirectory(prefix="tune-", ignore_cleanup_errors=True) as folder:
        results = tuner(trainable(landscape.ends), trainings, seed, folder).fit()
        return [cell_of(result.config or {}) for result in results]


def tuner(trained: Callable[[dict], None], trainings: int, seed: int, folder: str):
    """A Ray Tune experiment of so many trials, kept in a folder."""
    import optuna
    from ray import tune
    from ray.tune.search.optuna import OptunaSearch

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = {name: tune.randint(0, size) for name, size in zip(NAMES, sizes(), strict=True)}
    plan: Any = tune.TuneConfig(
        metric="loss", mode="min", num_samples=trainings, search_alg=OptunaSearch(seed=seed),
        max_concurrent_trials=AT_ONCE, reuse_actors=True,
    )  # fmt: skip
    return tune.Tuner(
        trained, param_space=space, tune_config=plan, run_config=tune.RunConfig(verbose=0, storage_path=folder)
    )


def cell_of(config: dict) -> Cell:
    """The cell that a trial's settings say."""
    rate, decay, width = (int(config[name]) for name in NAMES)
    return rate, decay, width


def trainable(ends: np.ndarray) -> Callable[[dict], None]:
    """What Ray runs, in processes of its own: a training whose loss was recorded."""

    def trained(config: dict) -> None:
        from ray import tune

        tune.report({"loss": float(ends[config["rate"], config["decay"], config["width"]])})

    return trained
