"""Work in a process of its own: for measurements that nothing else of the server may share, and that can be ended with
everything they started."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 240  # seconds


def apart(module: str, argument: str, message: str) -> Generator[tuple[float, str], None, Any]:
    """What ``python -m <module> <argument>`` prints as JSON in its last line; see ``commanded``."""
    return (yield from commanded([sys.executable, "-m", module, argument], ROOT, message))


def commanded(command: Sequence[str], folder: Path, message: str) -> Generator[tuple[float, str], None, Any]:
    """What a command prints as JSON in its last line, run in a folder; yields (fraction, message) while it runs.

    The fraction is the share of the time allowed, unless the lines before the last say better: a JSON list of both.
    Raises ``ValueError`` if it fails or takes longer than ``LONGEST`` seconds. Neither the process nor what it started
    survives, however this ends.
    """
    began, lines = time.perf_counter(), SimpleQueue()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as complaints:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"}, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints,
        )  # fmt: skip
        assert process.stdout
        reader = threading.Thread(target=read, args=[process.stdout, lines], daemon=True)
        reader.start()
        try:
            last = yield from followed(lines, began, message)
            process.wait()
        finally:
            end(process)
            reader.join(timeout=5)
            process.stdout.close()
        complaints.seek(0)
        if process.returncode:
            said = (complaints.read().strip().splitlines() or ["without a word"])[-1]
            raise ValueError(f"The measuring process ended early: {said}")
        return last


def read(stream: IO[str], lines: SimpleQueue) -> None:
    """Pass on the lines of a stream, and None at its end."""
    with suppress(ValueError):  # it was closed meanwhile
        for line in stream:
            lines.put(line)
    lines.put(None)


def followed(lines: SimpleQueue, began: float, message: str) -> Generator[tuple[float, str], None, Any]:
    """Yield progress until the lines end; what the last one says."""
    last, said = None, None
    while True:
        try:
            line = lines.get(timeout=0.2)
        except Empty:
            passed = time.perf_counter() - began
            if passed > LONGEST:
                raise ValueError(f"The measurement was stopped: it took longer than {LONGEST} s.") from None
            yield said or (passed / LONGEST, message)
            continue
        if line is None:
            return last
        last = json.loads(line)
        if isinstance(last, list) and len(last) == 2 and isinstance(last[1], str):
            said = (float(last[0]), last[1])
            yield said


def end(process: subprocess.Popen) -> None:
    """End a process and all that it started, and wait for it."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):  # all of them are gone already
            os.killpg(process.pid, signal.SIGKILL)  # its own group: start_new_session
    elif process.poll() is None:
        process.kill()
    process.wait()
