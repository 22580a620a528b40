"""Programs that need packages which the hub itself does without: run in an environment of their own, if it is there.

``make extras`` (``python -m core.jobs.extras``) makes it, from requirements-deployment.txt. It lies in the folder
.venv-extras, or where the environment variable ROADMAP_LAB_EXTRAS says, and sees the packages of the environment that
made it, so that only what is missing there is installed. Who installed the packages beside the hub needs no other.
"""

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Generator, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from core.jobs.apart import ROOT, commanded

FOLDER = "ROADMAP_LAB_EXTRAS"  # the environment variable that names another place
REQUIREMENTS = ROOT / "requirements-deployment.txt"
COMMAND = "make extras"
PROGRAM = "program.py"


def folder() -> Path:
    """Where the environment is, or would be."""
    return Path(os.environ.get(FOLDER) or ROOT / ".venv-extras")


def python_of(place: Path) -> Path:
    """The interpreter of an environment."""
    return place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def packages_of(place: Path) -> Path:
    """Where an environment keeps its own packages."""
    name = "nt_venv" if os.name == "nt" else "posix_venv"
    return Path(sysconfig.get_path("purelib", name, {"base": str(place), "platbase": str(place)}))


def plain(name: str) -> str:
    """A package's name as it is compared (PEP 503), without extras."""
    return re.sub(r"[-_.]+", "-", name.partition("[")[0]).lower()


def known_in(path: Sequence[str]) -> dict[str, Distribution]:
    """The packages in some folders, by name; a folder is read again once something was added to it or taken away."""
    folders = [place for place in path if os.path.exists(place)]
    return {name: each for place in folders for name, each in within(place, os.stat(place).st_mtime_ns).items()}


@lru_cache(maxsize=64)
def within(place: str, _changed: int) -> dict[str, Distribution]:
    """The packages in one folder that changed at this time; reading the names of some 200 takes 50 ms."""
    return {plain(each.name): each for each in distributions(path=[place])}


def versions() -> dict[str, str]:
    """The extra packages that are installed, here or in the environment of their own, and at which version."""
    found = known_in([str(packages_of(folder()))]) | known_in(sys.path)
    return {name: found[name].version for name in pins() if name in found}


def pins() -> dict[str, str]:
    """The extra packages and their versions as they were tried together."""
    rows = (row.partition("#")[0].strip() for row in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    return {plain(name): version for name, version in (row.split("==") for row in rows if row)}


def interpreter(*packages: str) -> Path | None:
    """An interpreter that has all of these packages, or none."""
    here = known_in(sys.path)
    if all(is_there(name, here) for name in packages):
        return Path(sys.executable)
    python, both = python_of(folder()), here | known_in([str(packages_of(folder()))])
    return python if python.exists() and all(is_there(name, both) for name in packages) else None


def is_there(name: str, known: Mapping[str, Distribution]) -> bool:
    """Whether a package is installed, with all that its extras ask for: ``ray[serve]``."""
    wanted = Requirement(name)
    if plain(wanted.name) not in known:
        return False
    needed = map(Requirement, known[plain(wanted.name)].requires or [])
    return all(
        plain(each.name) in known
        for each in needed
        for extra in wanted.extras
        if each.marker and each.marker.evaluate({"extra": extra}) and not each.marker.evaluate({"extra": ""})
    )


def missing(*packages: str) -> str:
    """One sentence for whoever lacks some of these packages; empty if nothing is missing."""
    if interpreter(*packages):
        return ""
    return (
        f"{' and '.join(packages)} {'is' if len(packages) == 1 else 'are'} not installed here: '{COMMAND}' brings it."
    )


def in_extras(
    packages: tuple[str, ...], program: str, files: Mapping[str, bytes], message: str
) -> Generator[tuple[float, str], None, Any]:
    """What a program prints as JSON in its last line, run where the packages are, in a folder of its own that holds
    ``files`` besides; yields (fraction, message). Raises ``ValueError`` where packages are missing or it fails."""
    python = interpreter(*packages)
    if python is None:
        raise ValueError(missing(*packages))
    with tempfile.TemporaryDirectory() as place:
        for name, content in {**files, PROGRAM: program.encode()}.items():
            target = Path(place) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return (yield from commanded([str(python), PROGRAM], Path(place), message))


def make(requirements: Path = REQUIREMENTS, place: Path | None = None, beside: bool = True) -> Path:
    """Make the environment of these requirements, or complete it; its interpreter. Takes minutes and some 2.3 GB.
    ``beside`` the hub's own versions, or with others of its own where they are asked for."""
    place = place or folder()
    if not python_of(place).exists():
        venv.create(place, with_pip=True)
    (packages_of(place) / "hub.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    install = ["-m", "pip", "install", "--disable-pip-version-check", "-r", str(requirements)]
    constraints = ["-c", str(ROOT / "constraints.txt")] if beside else []
    subprocess.run([str(python_of(place)), *install, *constraints], check=True)
    (place / "installed").touch()
    return python_of(place)


if __name__ == "__main__":
    print(make())
