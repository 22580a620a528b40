"""In this page: the server's answer, and what the browser is given to answer by itself."""

import base64
import time
import zlib
from dataclasses import dataclass

import numpy as np
import torch

from core.deployment.browser import addresses, fetched
from core.deployment.subjects import Digits
from core.figures.curves import number
from core.figures.marks import hover
from core.figures.picture import BLUE, GREY, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.view import Shown
from core.models.digits import NAMES, recognizer
from core.programs import Program
from core.topics.convert.programs import program_of_answer

RUNS, TOLERANCE, UNSURE = 5, 1e-4, 0.8
WEB, TF = "ONNX Runtime Web", "TensorFlow.js"


@dataclass(frozen=True)
class Answered:
    """The server's logits (11,) and probabilities for a drawing, and how long torch took, in seconds."""

    subject: Digits
    logits: np.ndarray
    chances: np.ndarray
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return f"{self.subject.source} · torch on the server, {1000 * self.seconds:.1f} ms, middle of {RUNS}"

    @property
    def id(self) -> str:
        """What names this drawing."""
        return f"{zlib.crc32(self.subject.pixels):08x}"

    @property
    def data(self) -> dict:
        """What the browser is given."""
        pixels = base64.b64encode(self.subject.pixels).decode()
        return {
            "id": self.id, "pixels": pixels, "server": [float(each) for each in self.logits],
            "milliseconds": 1000 * self.seconds, "names": list(NAMES), "addresses": addresses(),
        }  # fmt: skip


@torch.no_grad()
def answered(subject: Digits) -> Answered:
    """Answer a drawing with torch."""
    (model, calibration), x = recognizer(), subject.example
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        logits = model(x)
        times.append(time.perf_counter() - began)
    chances = calibration(logits)[0].numpy()
    return Answered(subject, logits[0].numpy(), chances, float(np.median(times)))


def logits(found: Answered) -> Picture:
    """The server's eleven logits."""
    colors = [BLUE if place == found.logits.argmax() else GREY for place in range(len(NAMES))]
    bar = {"type": "bar", "x": list(NAMES), "y": [float(each) for each in found.logits], "marker": {"color": colors},
           **hover("%{x}: %{y:.4f}")}  # fmt: skip
    pairs = zip(NAMES, found.logits.tolist(), strict=True)
    alt = "The server's logits: " + ", ".join(f"{name} {number(value)}" for name, value in pairs) + "."
    names = {"type": "category", "tickangle": 0, "ticktext": [*NAMES[:10], "none"], "tickvals": list(range(11))}
    return Picture([bar], layout("", "Logits on the server", 320, showlegend=False, xaxis=names), alt)


def shown(found: Answered) -> Shown:
    """The server's answer."""
    sizes = {name: size / 1e6 for name, size in fetched().items()}
    note = (
        f"Your browser has fetched {sizes[WEB]:.1f} MB for {WEB} and {sizes[TF]:.1f} MB for {TF}, from this server "
        "alone, and runs the network on the same 784 numbers that torch was given. The difference is that of the "
        "logits below at most; the time is the middle of up to nine runs."
    )
    return Shown(((logits(found),),), note)


def before(found: Answered) -> Shown:
    """The server's answer alone."""
    return Shown(((logits(found),),), "torch on the server has answered your drawing with these logits:")


def asked() -> Question:
    """How much does a browser fetch?"""
    text = f"The network's weights take 1 MB. How many megabytes does a browser fetch, packed, before {WEB} can answer?"
    because = (
        "The runtime is C++ compiled to WebAssembly with every operator of ONNX, 14 MB unpacked; a build with this "
        "file's five kinds alone would be far smaller."
    )
    return Question(text, Scale(0.0, 20.0, 0.5, "MB", 1.0), round(fetched()[WEB] / 1e6, 1), because)


def agreed(found: Answered, measured: object) -> Goal:
    """A doubtful drawing on which all three agree. What was ``measured`` comes from a browser: anything at all."""
    text = (
        f"**Doubt travels**: draw something of which torch is less than {UNSURE:.0%} sure, and let both runtimes in "
        "this page agree with it to 0.0001."
    )
    apart = differences(found, measured)
    sure = float(found.chances.max())
    passed = sure < UNSURE and set(apart) == {WEB, TF} and max(apart.values()) < TOLERANCE
    words = (
        ", ".join(f"{name} {value:.1g} apart" for name, value in apart.items()) or "the browser has not answered yet"
    )
    return Goal(text, passed, f"Now: {sure:.0%} sure; {words}.")


def differences(found: Answered, measured: object) -> dict[str, float]:
    """The browser's own report on this drawing, as far as it is one."""
    if not isinstance(measured, dict) or measured.get("id") != found.id:
        return {}
    rows = measured.get("runtimes")
    rows = rows if isinstance(rows, dict) else {}
    values = {name: row.get("difference") for name in (WEB, TF) if isinstance(row := rows.get(name), dict)}
    return {name: float(value) for name, value in values.items() if type(value) in (int, float) and value >= 0}


def program(found: Answered) -> Program:
    """The same answer without torch."""
    return program_of_answer(found.subject, found.logits)
