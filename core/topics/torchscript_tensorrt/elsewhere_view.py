"""Other machines: ExecuTorch's file for phones and boards, TensorRT's engine for NVIDIA's cards, a folder with both."""

import base64
import io
import zipfile
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.deployment.clock import shortly
from core.deployment.subjects import Playground, Subject
from core.figures.curves import across
from core.figures.picture import Picture
from core.jobs.apart import apart
from core.jobs.extras import in_extras, interpreter, missing
from core.lessons import Goal, Question
from core.lessons.controls import pick
from core.lessons.view import Later, Shown, View
from core.topics.torchscript_tensorrt.exporting import FIXED
from core.topics.torchscript_tensorrt.programs import program_of_export
from core.topics.torchscript_tensorrt.record import RECORD
from core.topics.torchscript_tensorrt.subjects import argument, opening, settings_of

MODULE = "core.topics.torchscript_tensorrt.exporting"
EXECUTORCH, TENSORRT = "ExecuTorch", "TensorRT"
TARGET = pick("Where it shall run", (EXECUTORCH, TENSORRT))
PACKAGES = {EXECUTORCH: "executorch", TENSORRT: "torch-tensorrt"}
WHEEL = "pip install torch-tensorrt --extra-index-url https://download.pytorch.org/whl/cu130"
WEIGHTS_MOST, SCORE = 100, 0.9
CODE = {
    EXECUTORCH: '''"""network.pt2 as an ExecuTorch program, its heavy operators by XNNPACK; run here and compared."""

import json
import time

import torch
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.exir import to_edge_transform_and_lower
from executorch.runtime import Runtime

exported = torch.export.load("network.pt2")
x = torch.tensor(json.load(open("example.json")))
began = time.perf_counter()
lowered = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()])
content = lowered.to_executorch().buffer
build = time.perf_counter() - began
with open("network.pte", "wb") as file:
    file.write(content)
method = Runtime.get().load_program(content).load_method("forward")
answer, times = method.execute([x])[0], []
for _ in range(200):
    began = time.perf_counter()
    method.execute([x])
    times.append(1000 * (time.perf_counter() - began))
with torch.no_grad():
    apart = float((answer - exported.module()(x)).abs().max())
print(json.dumps({"bytes": len(content), "build": build, "apart": apart, "milliseconds": sorted(times)}))
''',
    TENSORRT: '''"""network.pt2 as a TensorRT engine for the NVIDIA card of this machine; run here and compared.

Without torch_tensorrt: trtexec --onnx=network.onnx --saveEngine=network.engine --shapes=x:1x2
"""

import json
import time

import torch
import torch_tensorrt

exported = torch.export.load("network.pt2")
x = torch.tensor(json.load(open("example.json"))).cuda()
wanted = exported.module()(x.cpu()).detach()
began = time.perf_counter()
engine = torch_tensorrt.dynamo.compile(exported, arg_inputs=(x,))
answer = engine(x)
torch.cuda.synchronize()
build, times = time.perf_counter() - began, []
for _ in range(200):
    began = time.perf_counter()
    engine(x)
    torch.cuda.synchronize()  # a card answers later than the call returns
    times.append(1000 * (time.perf_counter() - began))
torch_tensorrt.save(engine, "network.ep", arg_inputs=(x,))
apart = float((answer.detach().cpu() - wanted).abs().max())
size = len(open("network.ep", "rb").read())
print(json.dumps({"bytes": size, "build": build, "apart": apart, "milliseconds": sorted(times)}))
''',
}  # fmt: skip
NEEDS = {
    EXECUTORCH: "A `.pte` file holds the operators, their order and the memory plan; a C++ runtime, meant by its "
    "authors to stay under 50 kB without kernels, runs it on a phone or a board, without Python and without torch.",
    TENSORRT: "An engine is compiled for one kind of card: TensorRT tries kernels on the card itself and keeps the "
    "fastest, so it can only be built where the card is.",
}


@dataclass(frozen=True)
class Folder:
    """A network on its way to another machine: the folder's ``files``, and its answers in torch."""

    subject: Subject
    target: str
    files: dict[str, bytes]
    answers: np.ndarray

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return f"{self.subject.source} · put together live"

    @property
    def weights(self) -> int:
        """How many numbers the network has learned."""
        return sum(each.numel() for each in self.subject.model.parameters())

    @property
    def content(self) -> bytes:
        """The folder as a zip."""
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.files.items():
                archive.writestr(f"network/{name}", content)
        return held.getvalue()


README = """# A network for other machines

1. `pip install -r requirements.txt`, then `python export.py`: writes network.pt2 from weights.safetensors.
2. `pip install executorch=={version}`, then `python to_executorch.py`: network.pte, for phones and boards.
3. On a machine with an NVIDIA card: `{wheel}`, then `python to_tensorrt.py`.

Each of the last two prints bytes, build seconds, the largest difference from torch, and the time of every call.
"""


@torch.no_grad()
def measure(subject: Subject, where_it_shall_run: str, seed: int) -> Folder:
    """Put the folder together."""
    from core.jobs.extras import pins

    answers = subject.model(subject.samples[:8]).numpy()
    program = program_of_export(subject, answers)
    needed = program.needed(program.preamble(program.steps))
    files = {
        "export.py": program.text.encode(), **{name: as_bytes(each) for name, each in program.files.items()},
        "example.json": str(subject.example.tolist()).encode(), "to_executorch.py": CODE[EXECUTORCH].encode(),
        "to_tensorrt.py": CODE[TENSORRT].encode(), "requirements.txt": "\n".join([*needed.values(), ""]).encode(),
        "README.md": README.format(version=pins()["executorch"], wheel=WHEEL).encode(),
    }  # fmt: skip
    return Folder(subject, where_it_shall_run, files, answers)


def as_bytes(content: str | bytes) -> bytes:
    """A file's content."""
    return content if isinstance(content, bytes) else content.encode()


def sizes(found: Folder) -> Picture:
    """Bytes of the folder's files."""
    return across(list(found.files), {"size": [len(each) / 1000 for each in found.files.values()]}, "Kilobytes")


def hindrance(target: str) -> str:
    """Why this machine cannot do it, in a sentence; empty if it can."""
    if target == EXECUTORCH:
        return missing(PACKAGES[EXECUTORCH])
    if not torch.cuda.is_available():
        return "Not run here: this machine has no NVIDIA card that torch can use, and an engine is built on its card."
    if interpreter(PACKAGES[TENSORRT]) is None:
        return f"Not run here: torch-tensorrt is not installed; `{WHEEL}` brings it."
    return ""


def before(found: Folder) -> Shown:
    """The folder."""
    return Shown(((sizes(found),),), f"{opening(found.subject)}, packed with what turns it into other files.")


def shown(found: Folder) -> Shown:
    """What the target needs, whether it is here, and the code."""
    name = f"to_{found.target.lower()}.py"
    obstacle = hindrance(found.target)
    state = f"{obstacle} {recorded(found.target)}" if obstacle else "All tools are here: the button below runs it."
    note = (
        f"**{found.target}**. {NEEDS[found.target]} {state}\n\nThe folder has {len(found.content) / 1000:,.0f} kB. In "
        f"it, `{name}`:\n```python\n{CODE[found.target]}```"
    )
    return Shown(((sizes(found),),), note)


def recorded(target: str) -> str:
    """What was measured once where the tools were, in a sentence; empty for what has never run."""
    if target != EXECUTORCH:
        return "It has never been run for this page, so no number of it is shown."
    stored = RECORD.contents["executorch"]
    said = {
        "bytes": stored["bytes"], "build": stored["build"], "apart": stored["apart, millionths"] / 1e6,
        "milliseconds": np.array(stored["microseconds"]) / 1000,
    }  # fmt: skip
    return f"On another machine, for a playground network ({RECORD.source.provenance}): {Ran(target, said).sentence}"


ENDS = ["yes", "no: it lacks the tool", "no: it lacks the card"]


def asked(found: Folder) -> Question:
    """Can it be done here?"""
    obstacle = hindrance(found.target)
    truth = ENDS[0] if not obstacle else ENDS[2] if "card" in obstacle else ENDS[1]
    thing = "an ExecuTorch program" if found.target == EXECUTORCH else "a TensorRT engine"
    text = f"Can the machine that serves this page build {thing} and run it?"
    return Question(text, ENDS, truth, NEEDS[found.target])


def little(found: Folder) -> Goal:
    """A network that fits anywhere."""
    text = (
        f"**Fits anywhere**: train a playground network of at most {WEIGHTS_MOST} weights that gets {SCORE:.0%} of the "
        "held-out points right."
    )
    score = found.subject.run.last.test_score if isinstance(found.subject, Playground) else 0.0
    right = f", {score:.1%} right" if isinstance(found.subject, Playground) else ""
    return Goal(text, 0 < found.weights <= WEIGHTS_MOST and score >= SCORE, f"Now: {found.weights:,} weights{right}.")


@dataclass(frozen=True)
class Ran:
    """What a target's own program measured on this machine."""

    target: str
    said: dict[str, Any]

    @property
    def provenance(self) -> str:
        """Where it comes from."""
        return f"{self.target}, built and run on this machine in a process of its own"

    @property
    def sentence(self) -> str:
        """Bytes, seconds, difference and latency."""
        return (
            f"**{self.said['bytes']:,} bytes**, built in {self.said['build']:.1f} s, at most "
            f"**{self.said['apart']:.1g}** from torch; a call takes {shortly(self.latency(0.5))} ms."
        )

    def latency(self, share: float) -> float:
        """The milliseconds that so large a share of the calls stayed under."""
        return float(np.quantile(self.said["milliseconds"], share))


def building(found: Folder) -> Generator[tuple[float, str], None, Ran]:
    """Export, build and run, in steps (fraction, message). Raises ``ValueError`` where something is missing."""
    if obstacle := hindrance(found.target):
        raise ValueError(obstacle)
    told = argument(work="network", settings=settings_of(found.subject), rows=1, batch=FIXED, pairs=False, called=[1])
    exported = yield from apart(MODULE, told, "torch.export looks for the graph")
    files = {"network.pt2": base64.b64decode(exported["file"]), "example.json": found.files["example.json"]}
    package = (PACKAGES[found.target],)
    return Ran(found.target, (yield from in_extras(package, CODE[found.target], files, f"{found.target} is at work")))


def ran(made: Ran) -> Shown:
    """Size, build, agreement, latency."""
    quantiles = {name: made.latency(share) for name, share in (("median", 0.5), ("95th percentile", 0.95))}
    picture = across(list(quantiles), {"latency": list(quantiles.values())}, "Milliseconds a call")
    return Shown(((picture,),), made.sentence)


ELSEWHERE = View(
    (TARGET,), measure, shown, before=before, question=asked, goal=little,
    program=lambda found: program_of_export(found.subject, found.answers),
    later=Later("Build it and run it here", building, lambda found: (found,), ran),
    files=lambda found: (("The folder", "network.zip", found.content),),
)  # fmt: skip
