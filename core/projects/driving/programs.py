"""The programs behind what the driving page shows: drives in the plain simulator, and the clone."""

from pathlib import Path

from core.programs import Program, Step, call
from core.projects.driving import drift, expert
from core.projects.driving.driven import Driver, expert_drive, network_drive, spoiled
from core.projects.driving.network import WEIGHTS


def by_network(seed: int, **settings) -> Program:
    """The shipped network's drive of a track, disturbed as it stands (blur, dark, drop, colours), at most so long."""
    drive = f"result = {call(network_drive, seed, WEIGHTS.name, **settings)}"
    files = {WEIGHTS.name: WEIGHTS.read_bytes()}
    return Program("A network drives", (Step("Drive", drive),), (Driver, spoiled, network_drive), files=files)


def by_expert(seed: int) -> Program:
    """The expert's drive of a track."""
    path = Path(expert.__file__)
    drive = f"from {path.stem} import Expert\n\nresult = {call(expert_drive, seed)}"
    files = {path.name: path.read_text(encoding="utf-8")}
    return Program("An expert drives", (Step("Drive", drive),), (expert_drive,), files=files)


def by_clone() -> Program:
    """The whole experiment with the clone, which takes minutes and repeats the recorded numbers."""
    text = drift.PROGRAM.read_text(encoding="utf-8").split('"""', 2)[2].strip()  # behind the file's own docstring
    steps = (Step("The experiment, which takes minutes", f"{text}\n\n\nresult = measured()"),)
    shown = {name: getattr(drift.recorded(), name).tolist() for name in ("beside", "alone", "distance", "error")}
    return Program("A clone of six seconds of driving", steps, (), shown)
