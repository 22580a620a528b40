"""The views of files: an environment for Anaconda, Jupyter or Colab, of the hub or for what a learner brings."""

import json
from dataclasses import dataclass

from core.figures.curves import bars
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.provenance import ClosedForm, Sourced
from core.topics.environment.files import Brought, deviations, faults_of, of_the_hub, pinned, understood
from core.topics.environment.threads_view import law
from core.topics.environment.threads_view import program as timing

ANACONDA, JUPYTER, COLAB = KINDS = ("Anaconda", "Jupyter", "Colab")
FIRST_LINES, LISTED = 90, 12
WAYS = {
    ANACONDA: "conda reads an `environment.yml`: it makes a folder with a Python of its own, and pip fills it. Only "
    "pip is asked for exact versions: conda-forge does not have every release.",
    JUPYTER: "A notebook is a list of cells in JSON; the packages are those of the kernel that runs it.",
    COLAB: "Google's machine is new each time: the first cell installs what is missing, and a second one writes the "
    "files that a program reads.",
}


@dataclass(frozen=True)
class Files(Sourced):
    """A file of the hub: the whole environment, or a lab's notebook; its ``parts`` are cells or lines, as (kind,
    first words, lines)."""

    kind: str
    content: str
    parts: tuple[tuple[str, str, int], ...]
    source: ClosedForm


def measure(made_for: str, seed: int) -> Files:
    """Write the file."""
    if made_for == ANACONDA:
        text = of_the_hub()
        parts = tuple(("for conda" if row[0] == "-" else "for pip", row.strip()[2:], 1) for row in listed(text))
        return Files(made_for, text, parts, ClosedForm("requirements.txt, written for conda"))
    program = timing(law(32, 128, seed))
    text = program.colab if made_for == COLAB else program.notebook
    cells = json.loads(text)["cells"]
    parts = tuple((each["cell_type"], first_words(each["source"]), len(each["source"])) for each in cells)
    return Files(made_for, text, parts, ClosedForm("the program of the view “Threads”, cell by cell"))


def listed(text: str) -> list[str]:
    """The dependencies in an environment.yml, a row each; those of pip are indented."""
    rows = text.partition("dependencies:\n")[2].splitlines()
    return [row for row in rows if row.lstrip().startswith("- ") and not row.endswith("pip:")]


def first_words(lines: list[str]) -> str:
    """How a cell begins."""
    line = next((line.strip() for line in lines if line.strip()), "")
    return line if len(line) <= FIRST_LINES else line[: FIRST_LINES - 1] + "…"


def draw(found: Files) -> Shown:
    """What is in it."""
    counts: dict[str, int] = {}
    for kind, _, lines in found.parts:
        counts[kind] = counts.get(kind, 0) + lines
    faults = faults_of(found.content) if found.kind == ANACONDA else []
    checked = f" Checked here without conda, against the parts that it allows: {' '.join(faults) or 'no fault.'}"
    note = (
        f"{WAYS[found.kind]}{checked if found.kind == ANACONDA else ''} **Every lab has such files** for what is on "
        "its screen: switch on *Show the program that made this* at its end."
    )
    rows = [{"Part": kind, "Begins with": words, "Lines": str(lines)} for kind, words, lines in found.parts[:LISTED]]
    if (rest := len(found.parts) - LISTED) > 0:
        rows.append({"Part": "…", "Begins with": f"{rest} more in the file", "Lines": str(rest)})
    return Shown(((bars(counts, ("", "Lines"), 240),),), note, (rows,))


def before(found: Files) -> Shown:
    """What it is for."""
    return Shown(((bars({"lines in the file": found.content.count("\n")}, ("", "Lines"), 220),),), WAYS[found.kind])


def question(found: Files) -> Question:
    """What does it hold?"""
    if found.kind == ANACONDA:
        pins = sum(kind == "for pip" for kind, _, _ in found.parts)
        because = "conda brings Python, pip and Jupyter's kernel; each line for pip is one of the hub's own pins."
        return Question(
            "How many packages does the hub's environment pin?", Scale(0, 100, 1, "packages"), pins, because
        )
    cells = sum(kind == "code" for kind, _, _ in found.parts)
    because = "Imports, definitions, statements and the result are cells; Colab's has one more, to install."
    return Question("How many code cells does the notebook have?", Scale(1, 12, 1, "cells"), cells, because)


def downloads(found: Files) -> tuple[tuple[str, str, bytes], ...]:
    """The file itself."""
    name = {ANACONDA: "environment.yml", JUPYTER: "threads.ipynb", COLAB: "threads-colab.ipynb"}[found.kind]
    return ((f"Download: {name}", name, found.content.encode()),)


CHECK = """pins = {pins!r}
other = deviations(pins)
print(other or "every version is the pinned one")
result = {{"pinned": len(pins), "different": len(other)}}"""


def program(found: Files) -> Program:
    """Compare a machine with the hub's pins."""
    pins = pinned()
    steps = (Step("Compare", CHECK.format(pins=pins)),)
    shown = {"pinned": len(pins), "different": len(deviations(pins))}
    return Program("An environment compared with its pins", steps, (deviations,), shown)


FILES = View((pick("Made for", KINDS),), measure, draw, (), before, question, None, program, files=downloads)

# The learner's own ---------------------------------------------------------------------------------------------------


def measure_own(content: bytes, seed: int) -> Brought:
    """Understand a file."""
    return understood(content)


def draw_own(found: Brought) -> Shown:
    """What it needs, and what is wrong with it."""
    if found.faults:
        said = f"**Something is wrong with it**: {' '.join(found.faults[:5])}"
    elif found.unknown:
        said = (
            f"No package here provides **{len(found.unknown)}** of the names. They are left out: a package's name is "
            "not guessed, since anybody can register one that sounds right."
        )
    else:
        said = "Everything that it needs is known here." if found.rows else "It needs nothing but Python itself."
    known = len(found.rows) - len(found.unknown)
    counted = {"known here": known, "not here": len(found.unknown)}
    pictures = ((bars(counted, ("", "Packages"), 240),),) if found.rows else ()
    tables = (list(found.rows[:LISTED]),) if found.rows else ()
    return Shown(pictures, f"Your file is read as: **{found.kind}**. {said} It was not run.", tables)


def goal_own(found: Brought) -> Goal:
    """An environment that is complete."""
    text = "Bring a program or a notebook of your own that imports **three packages or more**, all of them known here."
    passed = bool(found.cells) and len(found.rows) >= 3 and not found.unknown
    return Goal(text, passed, f"Now: {len(found.rows)} packages, {len(found.unknown)} not known.")


def downloads_own(found: Brought) -> tuple[tuple[str, str, bytes], ...]:
    """An environment for it, and a notebook that makes a bare machine ready."""
    files = [("Download: environment.yml", "environment.yml", found.environment.encode())]
    if found.cells:
        files.append(("Download: notebook for Colab", "colab.ipynb", found.colab.encode()))
    return tuple(files)


def program_own(found: Brought) -> Program:
    """Compare a machine with what the file needs."""
    pins = list(found.requirements)
    steps = (Step("Compare", CHECK.format(pins=pins)),)
    shown = {"pinned": len(pins), "different": len(deviations(pins))}
    return Program("An environment compared with what a file needs", steps, (deviations,), shown)


OWN = View((), measure_own, draw_own, goal=goal_own, program=program_own, files=downloads_own)
