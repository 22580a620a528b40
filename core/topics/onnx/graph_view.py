"""The file as a graph: operators, shapes, weights, and what each answers to the learner's input."""

import time
from dataclasses import dataclass

import numpy as np

from core import wording
from core.deployment.onnx_files import OnnxFile, opened
from core.deployment.onnx_sessions import values
from core.deployment.onnx_writer import as_numpy, written
from core.deployment.subjects import Playground, Subject
from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control, pick
from core.lessons.view import Shown, View
from core.topics.onnx.pictures import answer, graph
from core.topics.onnx.programs import program_of_graph

WANTED, SCORE = 9, 0.95  # operators and held-out accuracy of the challenge


@dataclass(frozen=True)
class Drawn:
    """A subject's file, opened, and every tensor that its operators wrote for the learner's input."""

    subject: Subject
    content: bytes
    file: OnnxFile
    values: dict[str, np.ndarray]
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return f"{self.subject.source} · asked by ONNX Runtime in {1000 * self.seconds:.0f} ms"

    @property
    def names(self) -> tuple[str, ...]:
        """The operators as they are picked."""
        return tuple(f"{place} {each.kind}" for place, each in enumerate(self.file.operators, 1))


def measure(subject: Subject, seed: int) -> Drawn:
    """Write the file, open it, run it on the learner's input."""
    began = time.perf_counter()
    content = written(subject.model)
    answers = values(content, {"x": as_numpy(subject.example)})
    return Drawn(subject, content, opened(content), answers, time.perf_counter() - began)


def operator_control(found: Drawn) -> tuple[Control, ...]:
    """Which operator is looked at."""
    return (pick("Operator", found.names, help="Or click one in the graph."),)


def place_of(found: Drawn, operator: str) -> int:
    """The operator's place, from 0."""
    return found.names.index(operator)


def shown(found: Drawn, operator: str) -> Shown:
    """The graph, and one operator's answer."""
    place = place_of(found, operator)
    chosen = found.file.operators[place]
    value = found.values[chosen.outputs[0]]
    last = place == len(found.names) - 1
    names = found.subject.outputs if last else ()
    pictures = ((graph(found.file, found.values, place),), (answer(chosen, value, names),))
    note = (
        f"The file of {found.subject.title}: **{wording.counted(len(found.names), 'operator')}**, "
        f"**{found.file.parameters:,}** weights, "
        f"{len(found.content):,} bytes. Shapes are inferred from the input's; `batch` stays open. The strip beside an "
        "operator is its answer to your input, blue above 0, orange below."
    )

    def clicked(spot: dict) -> tuple[tuple[Control, object], ...]:
        row = round(spot["y"]) - 1
        hit = spot["row"] == 0 and 0 <= row < len(found.names)
        return ((operator_control(found)[0], found.names[row]),) if hit else ()

    rows = [{"Weight": weight.name, "Shape": found.file.shape(weight.name), "Type": weight.kind,
             "Numbers": f"{weight.count:,}"} for weight in found.file.weights]  # fmt: skip
    return Shown(pictures, note, (rows,), clicked)


def unopened(found: Drawn, operator: str) -> Shown:
    """What is known before the file is opened: the answer."""
    last = found.file.operators[-1]
    note = f"ONNX Runtime has run the file of {found.subject.title} on your input, without torch. Its answer:"
    return Shown(((answer(last, found.values["y"], found.subject.outputs),),), note)


def counted(found: Drawn, operator: str) -> Question:
    """How many operators?"""
    modules = [each for each in found.subject.model.modules() if not list(each.children())]
    text = f"The network has {len(modules)} modules in torch. How many operators does its file have?"
    because = (
        "A linear layer is one Gemm, an activation one operator, the identity none; a batch norm is folded into the "
        "convolution before it, and ReLU, pooling and mean are operators even where torch has no module for them."
    )
    return Question(text, Scale(1, 30, 1, "operators", 0), len(found.names), because)


def nine(found: Drawn, operator: str) -> Goal:
    """Reach a file of so many operators with a network that works."""
    text = (
        f"**Read the graph backwards**: train a playground network whose file has exactly {WANTED} operators and that "
        f"gets {SCORE:.0%} of the held-out points right."
    )
    if not isinstance(found.subject, Playground):
        return Goal(text, False, "Choose the playground network.")
    score = found.subject.run.last.test_score
    passed = len(found.names) == WANTED and score >= SCORE
    return Goal(text, passed, f"Now: {wording.counted(len(found.names), 'operator')}, {score:.1%}.")


GRAPH = View(
    (), measure, shown, look=operator_control, before=unopened, question=counted, goal=nine,
    program=lambda found, operator: program_of_graph(found.subject, found.file, found.values["y"]),
    files=lambda found: (("The ONNX file", "network.onnx", found.content),),
)  # fmt: skip
