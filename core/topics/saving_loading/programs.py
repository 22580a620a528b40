"""The programs of the page on saving and loading, in the words of torch and safetensors."""

from core.data import moons
from core.models import MLP
from core.programs import Program, Step
from core.programs.data import data_lines
from core.programs.network import network_lines
from core.programs.training import optimizer_line
from core.topics.saving_loading.files import CHECKPOINT, SAFETENSORS, STATE, Inspected
from core.topics.saving_loading.formats import STEPS, Formats
from core.topics.saving_loading.resuming import UNBROKEN, WITH, WITHOUT, Resumed
from core.topics.saving_loading.strict import Loaded

SAVE = """import io

import safetensors.torch


def size_of(content):
    stream = io.BytesIO()
    torch.save(content, stream)
    return len(stream.getvalue())


state = model.state_dict()
checkpoint = {"model": state, "optimizer": optimizer.state_dict(), "epoch": 30}
result = {
    "safetensors": len(safetensors.torch.save({name: part.contiguous() for name, part in state.items()})),
    "torch.save(state_dict)": size_of(state),
    "checkpoint": size_of(checkpoint),
}"""
LOOK = """import io
import json
import math
import pickletools
import zipfile

content = open("weights.bin", "rb").read()
result = {"bytes": len(content), "numbers": 0, "foreign": 0}
try:  # torch.save writes a zip archive with a pickle in it
    archive = zipfile.ZipFile(io.BytesIO(content))
    content = archive.read(next(name for name in archive.namelist() if name.endswith("/data.pkl")))
except zipfile.BadZipFile:
    pass
try:
    strings = [argument for opcode, argument, _ in pickletools.genops(content) if isinstance(argument, str)]
    result["foreign"] = int("system" in " ".join(strings) or "torch.nn.modules" in " ".join(strings))
except ValueError:  # no pickle: a safetensors file begins with the length of its JSON header
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8:8 + length])
    result["numbers"] = sum(math.prod(part["shape"]) for name, part in header.items() if name != "__metadata__")"""
RESUME = """import copy


def step(model, optimizer):
    optimizer.zero_grad()
    loss = functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()


def loss_after(model, optimizer, steps):
    for _ in range(steps):
        step(model, optimizer)
    with torch.no_grad():
        return functional.cross_entropy(model(x), y).item()


for _ in range({stop}):
    step(model, optimizer)
saved = {{  # a state_dict shows the tensors themselves, which go on changing: copy them
    "model": {{name: value.clone() for name, value in model.state_dict().items()}},
    "optimizer": copy.deepcopy(optimizer.state_dict()),
}}
result = {{"never stopped": loss_after(model, optimizer, {rest})}}

model.load_state_dict(saved["model"])
{optimizer}
optimizer.load_state_dict(saved["optimizer"])
result["with the optimizer's memory"] = loss_after(model, optimizer, {rest})

model.load_state_dict(saved["model"])
{optimizer}  # its memory is empty
result["weights alone, next step"] = loss_after(model, optimizer, 1)"""
STRICT = """model = nn.Module()
model.hidden = nn.ModuleList([nn.Sequential(nn.Linear(2, 16)), nn.Sequential(nn.Linear(16, 16))])
model.output = nn.Linear(16, 2)
state = {{name: torch.zeros(shape) for name, shape in {shapes!r}.items()}}
wanted = model.state_dict()
result = {{
    "missing": len(wanted.keys() - state.keys()),
    "unexpected": len(state.keys() - wanted.keys()),
    "mismatched": sum(state[name].shape != wanted[name].shape for name in state.keys() & wanted.keys()),
}}"""


def program_of_formats(found: Formats) -> Program:
    """The files' sizes."""
    data = data_lines(moons(samples=200, seed=found.seed))
    fresh = MLP(2, found.units, found.units, 2, activation="tanh", seed=found.seed)
    settings = {"SGD": "SGD(model.parameters(), lr=0.1)", "Momentum": "SGD(model.parameters(), lr=0.1, momentum=0.9)"}
    made = settings.get(found.rule, "Adam(model.parameters(), lr=0.01)")
    loop = (
        f"optimizer = torch.optim.{made}\nfor _ in range({STEPS}):\n    optimizer.zero_grad()\n"
        "    nn.functional.cross_entropy(model(x), y).backward()\n    optimizer.step()\n"
    )
    steps = (
        Step("Data", "\n".join(data.lines)),
        Step("Network", network_lines(fresh, found.seed)),
        Step("Training", loop),
        Step("Files", SAVE),
    )
    shown = {kind: len(found.contents[kind]) for kind in (SAFETENSORS, STATE, CHECKPOINT)}
    return Program("One network in three files", steps, data.functions, shown, tolerance=64)


def program_of_look(found: Inspected, content: bytes) -> Program:
    """What a file holds, without running it."""
    shown = {"bytes": found.size}
    if found.format == "safetensors":
        shown["numbers"] = found.numbers
    return Program("Looking into a file of weights", (Step("Look", LOOK),), (), shown, files={"weights.bin": content})


def program_of_resume(found: Resumed) -> Program:
    """The same training stopped and resumed in two ways."""
    run = found.runs[UNBROKEN][0]
    data, rest = data_lines(run.data), run.recipe.epochs - found.stop
    made = optimizer_line(run.recipe)
    text = RESUME.format(stop=found.stop, rest=rest, optimizer=made)
    steps = (
        Step("Data", "\n".join(data.lines)),
        Step("Network", network_lines(run.model, run.recipe.seed)),
        Step("Stop and resume", f"{made}\n\n\n{text}"),
    )
    whole = run.last.train_loss
    bare = next(epoch for epoch in found.runs[WITHOUT][0].history if epoch.number == found.stop + 1)
    shown = {UNBROKEN: whole, WITH: found.runs[WITH][0].last.train_loss, f"{WITHOUT}, next step": bare.train_loss}
    return Program("A training stopped and resumed", steps, data.functions, shown, tolerance=2e-3)


def program_of_strict(found: Loaded) -> Program:
    """How the names and shapes differ."""
    gap = found.difference
    text = STRICT.format(shapes={name: tuple(shape) for name, shape in found.shapes})
    shown = {
        "missing": len(gap.missing), "unexpected": len(gap.unexpected), "mismatched": len(gap.mismatched),
    }  # fmt: skip
    return Program("What a strict load would say", (Step("Compare", text),), (), shown)
