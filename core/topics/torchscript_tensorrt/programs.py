"""The page's programs: trace and script, export, compile, the break-even, and the folder to take away."""

import numpy as np

from core.deployment.programs import INPUTS, WEIGHTS, as_csv, network_lines, reading, weights_of
from core.deployment.subjects import Subject
from core.programs import Program, Step
from core.topics.torchscript_tensorrt.branches import BRANCHES, REACH, STEPS, Parts, Taken, direction

BRANCH = """import warnings

x = torch.linspace({low}, {high}, {steps})[:, None, None] * torch.tensor({direction!r})
torch.manual_seed({seed!r})
module = {broken}().eval()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # deprecated, and it says what it gets wrong
    traced = torch.jit.trace(module, (x[{place}],), check_trace=False)
    scripted = torch.jit.script(module)


def answers(network):
    \"\"\"One number for each input.\"\"\"
    with torch.no_grad():
        return np.array([float(network(each)) for each in x])


truth = answers(module)
result = {{"traced": float(np.abs(answers(traced) - truth).max()),
          "scripted": float(np.abs(answers(scripted) - truth).max())}}
# torch.export.export(module, (x[0],)) refuses this network; with torch.cond or torch.while_loop it exports."""


def program_of_branch(found: Taken) -> Program:
    """A network that decides, traced and scripted."""
    kind = BRANCHES[found.name][0]
    place = round((found.example + REACH) / (2 * REACH) * (STEPS - 1))
    text = BRANCH.format(low=-REACH, high=REACH, steps=STEPS, direction=direction(found.seed), seed=found.seed,
                         broken=kind.__name__, place=place)  # fmt: skip
    shown = {
        "traced": float(np.abs(found.traced - found.truth).max()),
        "scripted": float(np.abs(found.scripted - found.truth).max()),
    }
    return Program("Trace or script", (Step("Both along a line of inputs", text),), (Parts, kind), shown)


EXPORT = """batch = torch.export.Dim("batch")
example = torch.from_numpy(np.concatenate([x[:1], x[:1]]))  # of two rows: a batch of one is taken for a constant
program = torch.export.export(model, (example,), dynamic_shapes=({0: batch},))
print(program)
torch.export.save(program, "network.pt2")
with torch.no_grad():
    answers = torch.export.load("network.pt2").module()(torch.from_numpy(x)).numpy()
result = {"answers": answers.tolist()}"""


def program_of_export(subject: Subject, answers: np.ndarray) -> Program:
    """The export of the learner's network and its answers to some inputs (rows, outputs)."""
    x = subject.samples[: len(answers)]
    steps = (Step("The network and its inputs", f"{network_lines(subject)}\n\n{reading(x)}"), Step("Export", EXPORT))
    files = {WEIGHTS: weights_of(subject), INPUTS: as_csv(x)}
    return Program("A network as an ExportedProgram", steps, shown={"answers": answers.tolist()}, files=files)


PAYS = """build, milliseconds = {build!r}, {milliseconds!r}
saved = milliseconds[{eager!r}] - milliseconds[{way!r}]  # at every call
calls = 1000 * (build[{way!r}] - build[{eager!r}]) / saved if saved > 0 else float("inf")
result = {{"saved": saved, "calls": calls if np.isfinite(calls) else -1.0}}"""


def program_of_payoff(build: dict, milliseconds: dict, eager: str, way: str, shown: dict) -> Program:
    """After how many calls the build has paid for itself."""
    text = PAYS.format(build=build, milliseconds=milliseconds, eager=eager, way=way)
    return Program("When does it pay", (Step("Break even", text),), shown=shown)


TIMED = """import shutil
import time

torch.set_num_threads(1)
model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2)).eval()
x = torch.zeros(1, 2)


def timed(call):
    \"\"\"Seconds of the first call, and the median of 200 more in milliseconds.\"\"\"
    times = []
    for _ in range(201):
        began = time.perf_counter()
        call(x)
        times.append(time.perf_counter() - began)
    return times[0], 1000 * float(np.median(times[1:]))


with torch.no_grad():
    ways = {"eager": model}
    if COMPILE and shutil.which("g++"):
        ways["torch.compile"] = torch.compile(model)
    times = {name: timed(way) for name, way in ways.items()}
print(times)
result = {"parameters": sum(each.numel() for each in model.parameters())}"""


def program_of_times(parameters: int) -> Program:
    """Build time and latency of torch.compile, which the learner switches on."""
    steps = (Step("Compile or not (C++ compiler needed)", "COMPILE = False"), Step("Time", TIMED))
    return Program("Build time and latency", steps, shown={"parameters": parameters})


COUNT = """import warnings

import torch._dynamo as dynamo

torch.manual_seed(0)
module = {kind}().eval()
with torch.no_grad(), warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Dynamo touches what torch warns of
    told = dynamo.explain(module)(torch.ones(4, 2))
result = {{"graphs": told.graph_count, "breaks": told.graph_break_count, "operators": told.op_count}}"""


def program_of_breaks(kinds: tuple[type, ...], shown: dict) -> Program:
    """The graphs of one of the presets, counted by Dynamo."""
    text = COUNT.format(kind=kinds[-1].__name__)
    return Program("Graph breaks", (Step("Explain", text),), kinds, shown)
