"""Work in a process of its own: DataLoader's workers are started from there, and all of them are ended with it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
LONGEST = 240  # seconds


def apart(module: str, argument: str, message: str) -> Generator[tuple[float, str], None, Any]:
    """What ``python -m core.topics.dataloaders.<module> <argument>`` prints as JSON in its last line; yields (share of
    the time allowed, message) while it runs.

    Raises ``ValueError`` if it fails or takes longer than ``LONGEST`` seconds. Neither the process nor what it started
    survives, however this ends.
    """
    began = time.perf_counter()
    command = [sys.executable, "-m", f"core.topics.dataloaders.{module}", argument]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        while True:
            try:
                out, complaint = process.communicate(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                passed = time.perf_counter() - began
                if passed > LONGEST:
                    raise ValueError(f"The measurement was stopped: it took longer than {LONGEST} s.") from None
                yield passed / LONGEST, message
    finally:
        end(process)
    if process.returncode:
        last = (complaint.strip().splitlines() or ["without a word"])[-1]
        raise ValueError(f"The loading process ended early: {last}")
    return json.loads(out.splitlines()[-1])


def end(process: subprocess.Popen) -> None:
    """End a process and the workers it started, and wait for it."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):  # all of them are gone already
            os.killpg(process.pid, signal.SIGKILL)  # its own group: start_new_session
    elif process.poll() is None:
        process.kill()
    for pipe in filter(None, (process.stdout, process.stderr)):
        pipe.close()
    process.wait()
