"""The kernel, compiled once on each machine and kept on disk: beside the package or, where that cannot be written, in
the user's cache folder."""

import hashlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from core.training.compiled.kernel.codes import TABLES

HERE = Path(__file__).parent
_loading = threading.Lock()
_state: dict[str, Callable] = {}


def ready() -> bool:
    """Whether the compiled trainer can be called at once."""
    return bool(_state)


def trained(*arguments) -> None:
    """Call the kernel of plain networks; ``warm`` comes first."""
    _state["loop"](*arguments)


def trained_through_time(*arguments) -> None:
    """Call the kernel of recurrent networks; ``warm`` comes first."""
    _state["recurrent"](*arguments)


def matched(*arguments) -> None:
    """Call the kernel of adversarial trainings; ``warm`` comes first."""
    _state["adversarial"](*arguments)


def warm(wait: bool = True) -> None:
    """Load the compiled trainer, compiling it first if this machine has not; ``wait`` False does so in the background.

    Compiling takes some 60 s of one core. In the background a process of its own does it, at low priority, so that
    this one goes on as if nothing happened. Raises ``ValueError`` if an activation, a loss or an optimizer has no
    branch in the kernel.
    """
    if not wait:
        threading.Thread(target=_compile_apart, name="compiled trainer", daemon=True).start()
        return
    if ready():
        return
    from filelock import FileLock

    with _loading, FileLock(cache_folder() / "compiling.lock"):  # several processes that start at once compile once
        if not ready():
            _state.update(_load())


def _compile_apart() -> None:
    if not any(cache_folder().rglob("*.nbi")):  # numba makes a folder of its own in there
        code = "import os; os.name == 'posix' and os.nice(10); from core.training import warm; warm()"
        root = Path(__file__).resolve().parents[3]
        subprocess.run([sys.executable, "-c", code], cwd=root, check=False, stdin=subprocess.DEVNULL)
    warm()


def _load() -> dict[str, Callable]:
    """The compiled functions by the name of their file, from the folder that belongs to exactly this source."""
    from numba import config, njit

    chosen = config.CACHE_DIR
    try:
        config.CACHE_DIR = str(cache_folder())
        from core.training.compiled.kernel import adversarial, loop, recurrent

        for table in TABLES:
            table.check()
        compile = {"nogil": True, "cache": True, "error_model": "numpy"}
        return {
            "adversarial": njit(adversarial.SIGNATURE, **compile)(adversarial.trained),
            "loop": njit(loop.SIGNATURE, **compile)(loop.trained),
            "recurrent": njit(recurrent.SIGNATURE, **compile)(recurrent.trained),
        }
    finally:
        config.CACHE_DIR = chosen


def cache_folder() -> Path:
    """Where compiled code is kept; its name changes with the source and with the codes compiled into it."""
    source = b"".join(path.read_bytes() for path in sorted((HERE / "kernel").glob("*.py")))
    source += repr([table.numbers for table in TABLES]).encode()
    name = f"roadmap-lab-{hashlib.sha256(source).hexdigest()[:12]}"
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    for parent in [Path(chosen)] if chosen else [HERE / "__pycache__", home]:
        folder = parent / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return own_folder(name)


@lru_cache
def own_folder(name: str) -> Path:
    """A new folder that only this process's user may write to, for machines where nothing else can be written."""
    return Path(tempfile.mkdtemp(prefix=name))
