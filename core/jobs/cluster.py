"""Jobs on a Ray cluster, where ``RAY_ADDRESS`` names one; ray comes with requirements-extra.txt.

Ray listens on every network interface, so authentication by token stays on: the cluster and this process need
``RAY_AUTH_MODE=token`` and the same token, in ``RAY_AUTH_TOKEN`` or in the file ``RAY_AUTH_TOKEN_PATH``::

    RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=~/.ray/auth_token ray start --head --port 6379
"""

import logging
import os
import threading
from collections.abc import Callable, Generator
from pathlib import Path

from core.cancel import Cancel
from core.jobs.events import produced

CONNECTING = threading.Lock()


def produced_remotely(function: Callable, arguments: tuple, keywords: dict, cancel: Cancel) -> Generator:
    """The same events as ``produced``: an actor of the job's own does the work and streams them back."""
    ray = connected()
    actor = ray.remote(num_cpus=1, max_concurrency=2)(Worker).remote()
    try:
        events = actor.events.options(num_returns="streaming").remote(function, arguments, keywords)
        started = told = False
        while True:
            ready, _ = ray.wait([events], timeout=0.1)
            if cancel.is_set() and not told:
                told = bool(actor.cancel.remote())
            if ready:
                kind, value = ray.get(next(events))
                started = True
                if kind != "started":
                    yield kind, value
            elif cancel.is_set() and not started:  # the cluster had no room for it yet
                return
    except StopIteration:
        return
    finally:
        ray.kill(actor)


def connected():
    """Ray, connected to the cluster that ``RAY_ADDRESS`` names, with this project's modules sent along."""
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    try:
        import ray
    except ImportError as error:
        raise ValueError("RAY_ADDRESS is set but ray is missing: pip install -r requirements-extra.txt.") from error
    with CONNECTING:
        if not ray.is_initialized():
            modules = {"py_modules": [str(Path(__file__).resolve().parents[1])]}
            ray.init(log_to_driver=False, logging_level=logging.ERROR, runtime_env=modules)
    return ray


class Worker:
    """What runs on the cluster: one job, and an ear for its cancellation."""

    def __init__(self) -> None:
        self.cancelled = Cancel()

    def cancel(self) -> None:
        self.cancelled.set()

    def events(self, function: Callable, arguments: tuple, keywords: dict) -> Generator:
        yield "started", None
        yield from produced(function, arguments, keywords, self.cancelled)
