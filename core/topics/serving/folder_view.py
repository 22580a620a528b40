"""Folders to take away, and whether their own tests pass here."""

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from core.deployment.controls import SERVED
from core.deployment.subjects import Digits, Subject, deployed
from core.figures.curves import bars
from core.jobs import extras
from core.jobs.crews import spreading
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick
from core.lessons.view import Later, Shown, View
from core.programs import Program, Step
from core.provenance import duration
from core.topics.serving import recorded
from core.topics.serving.answers import parameters
from core.topics.serving.folders import KINDS, Kind, folder, tested, zipped
from core.topics.serving.request_view import fenced
from core.topics.serving.sizes import lying

SERVER = pick("Server", KINDS)
FILES = ("app.py", "network.py", "test_server.py", "Dockerfile", "requirements.txt", "README.md")
FILE = pick("File", FILES)
LANGUAGES = {"py": "python", "md": "markdown", "txt": "text"}
CHECKED = {
    "test_health": "answers its health check",
    "test_the_answer_is_the_network_s": "answers what the network answers",
    "test_what_is_wrong_is_refused": "refuses bad requests with 4xx and goes on",
    "test_too_much_is_refused": "refuses a body over 1 MB",
    "test_it_can_be_reached_from_this_machine_only": "listens on 127.0.0.1 alone",
    "test_it_is_not_in_debug_mode": "is not in debug mode",
    "test_no_file_can_run_code": "holds no pickle",
}


@dataclass(frozen=True)
class Packed:
    """A server's folder."""

    kind: Kind
    subject: Subject
    files: dict[str, bytes]
    provenance: str

    @property
    def content(self) -> bytes:
        """The zip."""
        return zipped(self.files, self.kind.folder)

    @property
    def share(self) -> float:
        """Percent of the bytes that are the network's weights."""
        sizes = {name: len(content) for name, content in self.files.items()}
        return 100 * sizes["network.onnx"] / sum(sizes.values())


def measure(server: str, seed: int, **network) -> Packed:
    """Put the folder together."""
    kind, found = KINDS[server], deployed(seed=seed, **network)
    return Packed(kind, found, folder(kind, found), f"Put together here · {found.source}")


def draw(found: Packed, file: str) -> Shown:
    """What is in it, and one file of it; all servers in a table."""
    sizes = {name: len(content) for name, content in found.files.items()}
    absent = extras.missing(*found.kind.packages)
    text = fenced(found.files[file].decode())
    words = (
        f"**{found.kind.name}.** {found.kind.about} {absent}\n\n"
        f"The zip has **{len(found.content) / 1000:,.0f} kB**. Build it with Docker, push it to a Space of the Docker "
        "kind, or run `python app.py` on a machine of yours. The table at the end is recorded: compare rows of one "
        "day, for on another the machine had other work.\n\n"
        f"```{LANGUAGES.get(file.rpartition('.')[2], 'docker')}\n{text}\n```"
    )
    return Shown(((lying(sizes, "Bytes"),),), words, (recorded.rows(),))


def before(found: Packed, file: str) -> Shown:
    """How many files of which kind."""
    counts: dict[str, float] = {}
    for name in found.files:
        ending = name.rpartition(".")[2] if "." in name.lstrip(".") else "no ending"
        counts[ending] = counts.get(ending, 0) + 1
    words = f"**{found.kind.name}.** {found.kind.about} The folder serves {found.subject.name}."
    return Shown(((bars(counts, ("", "Files by their ending"), 260),),), words)


def question(found: Packed, file: str) -> Question:
    """What is it made of?"""
    because = (
        "A small network weighs less than the text around it, and either is nothing beside what pip installs: the "
        "packages take hundreds of megabytes."
    )
    count = parameters(found.subject)
    words = f"The folder serves {found.subject.name} of {count:,} weights. Which share of its bytes is the network?"
    return Question(words, Scale(0.0, 100.0, 1.0, "%"), found.share, because)


@dataclass(frozen=True)
class Tried:
    """What a folder's own tests said: ``tests`` (name, end), whether all ``passed``, of which server and network."""

    said: dict[str, Any]
    seconds: float

    @property
    def provenance(self) -> str:
        """Where it comes from."""
        return f"The folder's own tests, run on this machine · {duration(self.seconds)}"


@spreading
def tried(server: str, subject: Subject) -> Generator[tuple[float, str], None, Tried]:
    """Start the folder here and run its own tests; yields (fraction, message). Raises ``ValueError`` where a package is
    missing."""
    began, kind = time.perf_counter(), KINDS[server]
    said = yield from tested(folder(kind, subject), kind)
    return Tried({**said, "server": server, "network": subject.name}, time.perf_counter() - began)


def draw_tried(tried: Tried) -> Shown:
    """Test by test."""
    said = tried.said
    ends = dict(said["tests"])
    rows = [
        {"The server": words, "Test": name, "Here": shortly(ends.get(name, "did not run"))}
        for name, words in CHECKED.items()
    ]
    good = sum(end == "ok" for end in ends.values())
    words = "**All that was run passed.**" if said["passed"] else f"**Not all passed**: `{said['said'][-300:]}`"
    counts = {"passed": good, "not for people's servers": len(ends) - good if said["passed"] else 0,
              "failed": 0 if said["passed"] else len(CHECKED) - good}  # fmt: skip
    return Shown(((bars(counts, ("", "Tests"), 240),),), f"{said['server']}: {words}", (rows,))


def shortly(end: str) -> str:
    """How a test ended."""
    return {"ok": "passed", "FAIL": "failed", "ERROR": "failed"}.get(
        end, "not for this server" if "skip" in end else end
    )


def goal(tried: Tried | None) -> Goal:
    """Deploy what reads digits."""
    words = "Let a folder that serves **the digits network** to programs pass all of its own tests on this machine."
    if not tried:
        return Goal(words, False, "Now: no folder was tried.")
    said = tried.said
    full = said["passed"] and said["network"] == Digits.name and KINDS[said["server"]].answers_json
    return Goal(words, full, f"Now: {said['server']}, {said['network']}, {'passed' if said['passed'] else 'failed'}.")


CHECK = """with zipfile.ZipFile("server.zip") as archive:
    names = archive.namelist()
    sizes = [each.file_size for each in archive.infolist()]
    requirements = archive.read({requirements!r}).decode().split()
pickles = [name for name in names if name.endswith((".pt", ".pkl", ".bin", ".npy"))]
print(*names, *requirements, sep="\\n")
result = {{"files": len(names), "bytes": sum(sizes), "pinned": sum("==" in each for each in requirements),
          "pickles": len(pickles)}}"""


def program(found: Packed, file: str) -> Program:
    """Look into the zip."""
    text = "import zipfile\n\n" + CHECK.format(requirements=f"{found.kind.folder}/requirements.txt")
    sizes = sum(map(len, found.files.values()))
    pinned = found.files["requirements.txt"].decode().count("==")
    shown = {"files": len(found.files), "bytes": sizes, "pinned": pinned, "pickles": 0}
    return Program(
        "What a server's folder holds", (Step("Look into it", text),), (), shown, files={"server.zip": found.content}
    )


LATER = Later(
    "Start it here and run its own tests", tried, lambda found: (found.kind.name, found.subject), draw_tried, goal=goal
)
FOLDERS = View(
    (SERVER, *SERVED), measure, draw, (FILE,), before, question, None, program, LATER,
    files=lambda found, **_: ((f"Download: {found.kind.folder}.zip", f"{found.kind.folder}.zip", found.content),),
)  # fmt: skip
