"""Files that make an environment: written, checked against their schema, and understood when a learner brings one.

Nothing of a learner's file is run or installed: it is parsed as text.
"""

import ast
import json
import re
import sys
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from core.programs.environments import environment, first_cells, notebook
from core.programs.program import PACKAGES, pin
from core.serving.uploads import Refused

REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements.txt"
MOST_BYTES, MOST_CODE, MOST_LIST, MOST_CELLS = 5_000_000, 500_000, 50_000, 500  # a notebook holds pictures too
KEYS = {"name": str, "channels": list, "dependencies": list, "variables": dict, "prefix": str}
SPEC = re.compile(r"(?:[\w.-]+::)?[A-Za-z0-9_][\w.-]*(?:\s*(?:[=<>!~]=?|==)\s*[\w.*+!,<>=|~-]+){0,2}")
OPTION = re.compile(r"-[rc] [\w./-]+\.txt")
MAGIC = re.compile(r"\s*[%!?]|.*\?\s*$")


def pinned() -> list[str]:
    """What the hub itself needs, from its requirements.txt: one pinned requirement each."""
    rows = (row.partition("#")[0].strip() for row in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    return [row for row in rows if row and not row.startswith("-")]


def of_the_hub() -> str:
    """The ``environment.yml`` of the whole hub."""
    return environment("roadmap-lab", pinned())


def deviations(pins: Sequence[str]) -> dict[str, str]:
    """By package, what is installed here where it is not the version asked for (empty: not installed)."""
    found = {}
    for wanted in map(Requirement, pins):
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        try:
            here = version(wanted.name)
        except PackageNotFoundError:
            here = ""
        if not here or not wanted.specifier.contains(here.partition("+")[0], prereleases=True):
            found[wanted.name] = here
    return found


def loaded(text: str) -> object:
    """YAML as plain values. Raises ``Refused`` for what is none, and for aliases, with which a small file can stand
    for an endless one."""
    import yaml

    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise Refused("This file uses YAML aliases (*name), which are not read here.")
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, Refused):
            raise
        place = getattr(error, "problem_mark", None)
        where = f" in line {place.line + 1}" if place else ""
        raise Refused(f"This file is no YAML: it cannot be read{where}.") from None


def faults_of(text: str) -> list[str]:
    """What is wrong with an ``environment.yml``, one sentence each; none if conda can read it."""
    content = loaded(text)
    if not isinstance(content, dict):
        return ["The file must hold names with values, such as “dependencies:”."]
    faults = [f"“{name}” is no part of an environment.yml." for name in content if name not in KEYS]
    faults += [
        f"“{name}” must be a {kind.__name__}." for name, kind in KEYS.items()
        if name in content and not isinstance(content[name], kind)
    ]  # fmt: skip
    if "dependencies" not in content:
        faults.append("“dependencies” is missing: what is to be installed.")
    parts = content.get("dependencies")
    return faults + [fault for part in (parts if isinstance(parts, list) else []) for fault in faults_in(part)]


def faults_in(part: object) -> Iterator[str]:
    """What is wrong with one dependency: a package for conda, or the list for pip."""
    if isinstance(part, str):
        if not SPEC.fullmatch(part.strip()):
            yield f"“{part[:60]}” names no package and version as conda writes them."
    elif isinstance(part, dict) and set(part) == {"pip"} and isinstance(part["pip"], list):
        for row in part["pip"]:
            if not (isinstance(row, str) and (OPTION.fullmatch(row) or is_requirement(row))):
                yield f"“{str(row)[:60]}” is no requirement that pip can read."
    else:
        yield "A dependency is a text, or “pip:” with a list."


def is_requirement(row: str) -> bool:
    """Whether pip reads a line as a package and perhaps a version."""
    try:
        Requirement(row)
    except InvalidRequirement:
        return False
    return True


@dataclass(frozen=True)
class Brought:
    """A learner's file, understood: its ``kind``, what it needs as rows for a table, requirements for pip, names that
    no package here provides, what is wrong with it, and its code cells if it has any."""

    kind: str
    rows: tuple[dict[str, str], ...]
    requirements: tuple[str, ...]
    unknown: tuple[str, ...]
    faults: tuple[str, ...]
    cells: tuple[tuple[str, str], ...]
    needed: dict[str, str]

    @property
    def provenance(self) -> str:
        """Where these facts come from."""
        return f"Read from your file ({self.kind}) · versions of this machine"

    @property
    def environment(self) -> str:
        """An ``environment.yml`` with what is known; the rest is named in comments."""
        unknown = "".join(f"# No package here provides: {name}\n" for name in self.unknown)
        return unknown + environment("my-lab", self.requirements)

    @property
    def colab(self) -> str:
        """The learner's cells behind one that installs what they need."""
        ready = [("code", text) for text in first_cells(self.needed, {})]
        return notebook([*ready, *self.cells], colab={"provenance": []})


def understood(content: bytes) -> Brought:
    """A Python program, a notebook, an environment.yml or a requirements.txt. Raises ``Refused``, one sentence."""
    text = text_of(content)
    if text.lstrip().startswith("{"):
        return from_cells("notebook", cells_of(text))
    if re.search(r"^dependencies\s*:", text, re.MULTILINE):
        return from_environment(short(text))
    rows = [row.strip() for row in text.splitlines() if row.strip() and not row.lstrip().startswith("#")]
    if (
        rows
        and len(text) <= MOST_LIST
        and all(is_requirement(row.partition(" #")[0]) or OPTION.fullmatch(row) for row in rows)
    ):
        return from_pins("requirements.txt", [row.partition(" #")[0] for row in rows if row[0] != "-"], ())
    return from_cells("Python file", [("code", text)])


def short(text: str) -> str:
    """The text of a list of packages. Raises ``Refused`` for one that would take long to read."""
    if len(text) > MOST_LIST:
        raise Refused(f"The list of packages has {len(text):,} characters; at most {MOST_LIST:,} are read.")
    return text


def text_of(content: bytes) -> str:
    """A file as text. Raises ``Refused``."""
    if not content.strip():
        raise Refused("The file is empty.")
    if len(content) > MOST_BYTES:
        raise Refused(f"The file has {len(content) / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB are read.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("The file is not UTF-8 text: bring a program, a notebook or a list of packages.") from None
    if "\0" in text:
        raise Refused("The file holds binary data: bring a program, a notebook or a list of packages.")
    return text


def cells_of(text: str) -> list[tuple[str, str]]:
    """A notebook's cells as (kind, text). Raises ``Refused``."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("The file begins like a notebook, but is no JSON.") from None
    cells = content.get("cells")
    if not isinstance(cells, list) or not all(isinstance(each, dict) for each in cells):
        raise Refused("This is no notebook of version 4: it has no list “cells”.")
    if len(cells) > MOST_CELLS:
        raise Refused(f"The notebook has {len(cells)} cells; at most {MOST_CELLS} are read.")
    found = []
    for each in cells:
        source = each.get("source", "")
        parts = source if isinstance(source, list) else [source]
        if not all(isinstance(part, str) for part in parts):
            raise Refused("A cell's source is no text.")
        found.append(("code" if each.get("cell_type") == "code" else "markdown", "".join(parts)))
    return found


def from_cells(kind: str, cells: Sequence[tuple[str, str]]) -> Brought:
    """What code imports, and which packages provide that."""
    if (letters := sum(len(text) for each, text in cells if each == "code")) > MOST_CODE:
        raise Refused(f"The code has {letters:,} characters; at most {MOST_CODE:,} are read.")
    names = sorted({name for each, text in cells if each == "code" for name in imports_of(text)})
    found = {name: requirement_of(name) for name in names}
    unknown = tuple(name for name, each in found.items() if not each)
    rows = tuple({"Imported": name, "Installed by pip as": each or "no package here"} for name, each in found.items())
    needed = {name: each for name, each in found.items() if each}
    return Brought(kind, rows, tuple(dict.fromkeys(needed.values())), unknown, (), tuple(cells), needed)


def imports_of(text: str) -> set[str]:
    """The packages that a program imports, without the standard library. A notebook's own commands (%, !) are left
    out. Raises ``Refused`` for what is no Python."""
    plain = "\n".join("" if MAGIC.fullmatch(row) or row.lstrip()[:1] in ("%", "!") else row for row in text.split("\n"))
    try:
        tree = ast.parse(plain)
    except SyntaxError as error:
        raise Refused(f"This is no Python: line {error.lineno} cannot be read.") from None
    except (RecursionError, MemoryError, ValueError, tokenize.TokenError):
        raise Refused("This Python is nested too deeply to be read.") from None
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names


@lru_cache(maxsize=1)
def providers() -> dict[str, list[str]]:
    """Which installed packages bring an importable name."""
    return {name: list(packages) for name, packages in packages_distributions().items()}


def requirement_of(name: str) -> str:
    """What pip installs for an import, at the version here; empty if nothing here provides it: a name is never
    guessed, since anybody may have registered it."""
    package = PACKAGES.get(name) or next(iter(providers().get(name, [])), "")
    return pin(package) if package else ""


def from_environment(text: str) -> Brought:
    """An environment.yml: what is wrong with it, and how its pip part differs from this machine."""
    faults, content = tuple(faults_of(text)), loaded(text)
    parts = content.get("dependencies") if isinstance(content, dict) else None
    pins = [
        row for part in (parts if isinstance(parts, list) else []) if isinstance(part, dict)
        for row in (part.get("pip") if isinstance(part.get("pip"), list) else []) if isinstance(row, str)
    ]  # fmt: skip
    return from_pins("environment.yml", [row for row in pins if is_requirement(row)], faults)


def from_pins(kind: str, pins: Sequence[str], faults: tuple[str, ...]) -> Brought:
    """A list of packages beside what is installed here."""
    others = deviations(pins)
    rows = []
    for row in pins:
        name = Requirement(row).name
        here = (others[name] or "not installed") if name in others else "the same"
        rows.append({"Asked for": row[:80], "Here": here})
    unknown = tuple(name for name, here in others.items() if not here)
    return Brought(kind, tuple(rows), tuple(pins), unknown, faults, (), {})
