"""Modules that break an export, each with the module that mends it, and what both exporters make of them."""

import copy
import io
import re
import warnings
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.deployment.onnx_sessions import session

STEPS, BATCH, SIZE = 41, 2, 4  # inputs along a line; rows of each, and numbers in a row


class Layers(nn.Module):
    """Two linear layers, and a dropout that only one of the modules uses."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.drop = nn.Linear(4, 3), nn.Linear(4, 3), nn.Dropout(0.5)


class Branch(Layers):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return self.a(x)
        return self.b(x)


class BranchMended(Layers):
    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x.sum() > 0, self.a(x), self.b(x))


class View(Layers):
    def forward(self, x: Tensor) -> Tensor:
        answer = self.a(x)
        answer.view(-1).mul_(2)
        return answer


class ViewMended(Layers):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * self.a(x)


class Number(Layers):
    def forward(self, x: Tensor) -> Tensor:
        return self.a(x) * float(x.abs().max())


class NumberMended(Layers):
    def forward(self, x: Tensor) -> Tensor:
        return self.a(x) * x.abs().max()


class Loop(Layers):
    def forward(self, x: Tensor) -> Tensor:
        while x.norm() > 1:
            x = x / 2
        return self.a(x)


class LoopMended(Layers):
    def forward(self, x: Tensor) -> Tensor:
        return self.a(x * 2 ** -x.norm().log2().ceil().clamp(min=0))


class Eigen(Layers):
    def forward(self, x: Tensor) -> Tensor:
        h = self.a(x)[:, :2]
        return torch.linalg.eigvalsh(h.T @ h)


class EigenMended(Layers):
    def forward(self, x: Tensor) -> Tensor:
        h = self.a(x)[:, :2]
        (p, q), (_, r) = (h.T @ h).unbind()
        spread = (((p - r) / 2) ** 2 + q**2).sqrt()
        return torch.stack([(p + r) / 2 - spread, (p + r) / 2 + spread])


class Training(Layers):
    def forward(self, x: Tensor) -> Tensor:
        return self.a(self.drop(x))


@dataclass(frozen=True)
class Trap:
    """A module, its mended version, what goes wrong in one sentence, and whether it was left in training mode."""

    broken: type[Layers]
    mended: type[Layers]
    because: str
    repair: str
    training: bool = False


TRAPS = {
    "branch on the data": Trap(
        Branch, BranchMended,
        "A file has no Python in it. A tracer sees only the side that its example took; today's exporter sees that the "
        "side depends on a value that it does not have, and refuses.",
        "Compute both sides and choose with torch.where (or torch.cond, which becomes an If).",
    ),
    "in-place on a view": Trap(
        View, ViewMended,
        "ONNX tensors never change. A tracer loses what a view changes in the tensor behind it; today's exporter first "
        "rewrites every change as a new tensor (functionalization).",
        "Compute a new tensor.",
    ),
    "a number read out": Trap(
        Number, NumberMended,
        "float() leaves torch: the tracer writes the example's own number into the file. Today's exporter carries a "
        "symbol for the number through Python and back.",
        "Keep it a tensor.",
    ),
    "a loop of unknown length": Trap(
        Loop, LoopMended,
        "The tracer unrolls the loop as often as the example needed; today's exporter refuses to guess.",
        "Say it in one formula, or as torch.while_loop, which becomes a Loop.",
    ),
    "no such operator": Trap(
        Eigen, EigenMended,
        "ONNX has some 200 operators and none for eigenvalues, so neither exporter has anything to write.",
        "Write it with operators that exist: for two by two there is a formula.",
    ),
    "left in training mode": Trap(
        Training, Training,
        "The old exporter switched to eval() by itself. Today's warns and exports what it is given: the file silences "
        "half of its inputs at random, each time it is asked.",
        "Call model.eval() first.", training=True,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Attempt:
    """One export: the largest difference between file and module along the line, the file's answers (steps, batch,
    outputs), the operators, or the error's kind and first words."""

    difference: float | None = None
    answers: np.ndarray | None = None
    operators: tuple[str, ...] = ()
    kind: str = ""
    error: str = ""

    @property
    def verdict(self) -> str:
        """What came of it, in a word."""
        return (
            "refused" if self.error else "right" if self.difference is not None and self.difference < 1e-4 else "wrong"
        )


def modules(trap: Trap, seed: int) -> tuple[Layers, Layers, Layers]:
    """The broken module as it is exported, the mended one, and the truth: the broken one as it is meant to answer."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        broken = trap.broken()
    mended = trap.mended().eval()
    mended.load_state_dict(broken.state_dict())
    truth = copy.deepcopy(broken).eval()
    return (broken.train() if trap.training else broken.eval()), mended, truth


def line(seed: int) -> tuple[list[list[float]], Tensor]:
    """A batch of inputs whose numbers add up to more than 0, and that batch times −2 … 2, (steps, batch, size)."""
    direction = torch.randn(BATCH, SIZE, generator=torch.Generator().manual_seed(seed))
    direction = (direction * direction.sum().sign()).mul(1000).round().div(1000)
    return direction.tolist(), torch.linspace(-2, 2, STEPS)[:, None, None] * direction


@torch.no_grad()
def wanted(module: nn.Module, x: Tensor) -> np.ndarray:
    """What a module answers along the line, (steps, batch or 2, outputs)."""
    return np.stack([module(batch.clone()).numpy() for batch in x])


def traced(module: nn.Module, x: Tensor, truth: np.ndarray) -> Attempt:
    """Export by tracing with the last batch as the example: ``torch.onnx.export(dynamo=False)``, as until 2025."""
    file: Any = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated, and warns of some of what it gets wrong
        try:
            torch.onnx.export(
                module, (x[-1].clone(),), file, input_names=["x"], output_names=["y"],
                dynamic_axes={"x": {0: "batch"}}, dynamo=False,
            )  # fmt: skip
        except Exception as error:  # each failure has a class of its own, some of them private
            return failed(error)
    return compared(file.getvalue(), x, truth)


def exported(module: nn.Module, x: Tensor, truth: np.ndarray) -> Attempt:
    """Export as today: ``torch.export`` finds the graph, then every operator of torch is written in ONNX's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of training mode
        try:
            file = torch.onnx.export(
                module, (x[-1].clone(),), input_names=["x"], output_names=["y"],
                dynamic_shapes=({0: torch.export.Dim("batch")},), dynamo=True, verbose=False,
            )  # fmt: skip
        except Exception as error:  # each failure has a class of its own, some of them private
            return failed(error)
    return compared(file.model_proto.SerializeToString(), x, truth) if file else Attempt(error="nothing was written")


def failed(error: BaseException) -> Attempt:
    """The root of an error, without colours, places on this machine and advice to developers of torch."""
    while error.__cause__:
        error = error.__cause__
    first = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip().split("\n")
    said = " ".join(part.strip() for part in first[:2] if "TORCH_LOGS" not in part and part.strip())
    return Attempt(kind=type(error).__name__, error=said[:300])


def compared(content: bytes, x: Tensor, truth: np.ndarray) -> Attempt:
    """How far the file's answers are from the module's."""
    import onnx

    running = session(content)
    answers = np.stack([np.asarray(running.run(["y"], {"x": batch.numpy()})[0]) for batch in x])
    kinds = tuple(node.op_type for node in onnx.load_model_from_string(content).graph.node)
    return Attempt(float(np.abs(answers - truth).max()), answers, kinds)


@dataclass(frozen=True)
class Today:
    """What today's exporter makes of a trap, and of its mended version."""

    name: str
    broken: Attempt
    mended: Attempt
    provenance: str = "Exported live by torch.onnx.export(dynamo=True), run by ONNX Runtime"

    @property
    def trap(self) -> Trap:
        """The trap."""
        return TRAPS[self.name]


def tried_today(name: str, seed: int) -> Generator[tuple[float, str], None, Today]:
    """Both exports of a trap with today's exporter, in steps (fraction, message)."""
    yield 0.05, "exporting the module"
    broken, mended, truth = modules(TRAPS[name], seed)
    _, x = line(seed)
    truths = wanted(truth, x)
    first = exported(broken, x, truths)
    yield 0.5, "exporting the mended module"
    return Today(name, first, exported(mended, x, truths))
