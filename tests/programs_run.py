"""Runs programs as a learner would, each a main program in a folder with nothing but its own files, and reads the
numbers they name."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from core.programs import Program

ALL = """
import contextlib, io, json, os, pathlib, runpy, sys
results = []
for folder in sorted(pathlib.Path().iterdir()):
    os.chdir(folder)
    sys.path.insert(0, os.getcwd())  # where Python looks first for what lies beside a program
    with contextlib.redirect_stdout(io.StringIO()) as out:
        result = runpy.run_path("program.py", run_name="__main__")["result"]
    assert out.getvalue().rstrip().endswith(str(result)), "a program prints its numbers"
    results.append({name: value.tolist() if hasattr(value, "tolist") else value for name, value in result.items()})
    del sys.path[0]
    os.chdir("..")
print(json.dumps(results))
"""


def results_of(
    programs: Sequence[Program],
    folder: Path,
    texts: Sequence[str] | None = None,
    wait: float = 280,
    strict: bool = True,
) -> list[dict]:
    """What the programs (or other texts with their files) name as results; no way leads back to this project.
    ``strict`` makes warnings errors; ``wait`` in seconds for all."""
    for number, program in enumerate(programs):
        place = folder / f"{number:04d}"
        place.mkdir(parents=True)
        (place / "program.py").write_text(texts[number] if texts else program.text, encoding="utf-8")
        stored(program.files, place)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    command = [sys.executable, "-I", *(["-W", "error"] if strict else []), "-c", ALL]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=wait)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def stored(files: Mapping[str, str | bytes], folder: Path) -> None:
    """Write files into a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def distance(result: Mapping[str, object], shown: Mapping[str, object]) -> float:
    """How far a program's numbers are from those shown, relative to those beyond 1; 0 where neither is finite."""
    assert shown and set(shown) <= set(result), (set(shown), set(result))
    furthest = 0.0
    for name, value in shown.items():
        theirs, ours = np.asarray(value, dtype=float), np.asarray(result[name], dtype=float)
        assert theirs.shape == ours.shape, name
        assert (np.isfinite(theirs) == np.isfinite(ours)).all(), (name, value, result[name])
        finite = np.isfinite(theirs)
        gaps = np.abs(ours[finite] - theirs[finite]) / np.maximum(1, np.abs(theirs[finite]))
        furthest = max(furthest, gaps.max(initial=0.0))
    return float(furthest)


def lines_of_code(text: str) -> int:
    """Lines that are not blank."""
    return sum(bool(line.strip()) for line in text.splitlines())
