"""The compiled trainer: which trainings it can do, whether it is ready, and its call.

The numba code of ``core.training.native`` trains a plain multilayer perceptron from the first batch to the last
record in one call, with the loop's weights, batches, masks and update rules. It is compiled once in the background
and kept on disk, beside the package or, where that cannot be written, in the user's cache folder.
"""

import hashlib
import math
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from core import objectives
from core.data.data import Data
from core.models.layers import ACTIVATIONS, Dropout
from core.models.mlp import MLP
from core.objectives import Objective
from core.training.cancel import Cancel
from core.training.recipe import OPTIMIZERS, SCHEDULES, Recipe, recorded_epochs
from core.training.run import Epoch
from core.training.updates import MOMENTS

OBJECTIVES = (
    objectives.mean_squared_error, objectives.mean_absolute_error, objectives.huber, objectives.cross_entropy,
    objectives.binary_cross_entropy, objectives.hinge,
)  # fmt: skip
KINDS = {module: kind for kind, module in enumerate(ACTIVATIONS.values())}
CROSSOVER = 10_000_000  # parameters × batch beyond which torch's matrix products catch up (benchmarks/results)
PADDING = 16  # numbers that vector loads may touch behind an array's end
_loading = threading.Lock()
_state: dict[str, Callable] = {}


def ready() -> bool:
    """Whether the compiled trainer can be called at once."""
    return "trained" in _state


def warm(wait: bool = True) -> None:
    """Load the compiled trainer, compiling it first if this machine has not; ``wait`` False does so in the background.

    Compiling takes some 20 s of one core. In the background a process of its own does it, at low priority, so that
    this one goes on as if nothing happened.
    """
    if not wait:
        threading.Thread(target=_compile_apart, name="compiled trainer", daemon=True).start()
        return
    if ready():
        return
    from filelock import FileLock

    with _loading, FileLock(cache_folder() / "compiling.lock"):  # several processes that start at once compile once
        if not ready():
            _state["trained"] = _load()


def _compile_apart() -> None:
    if not any(cache_folder().rglob("*.nbi")):  # numba makes a folder of its own in there
        code = "import os; os.name == 'posix' and os.nice(10); from core.training import warm; warm()"
        root = Path(__file__).resolve().parents[2]
        subprocess.run([sys.executable, "-c", code], cwd=root, check=False, stdin=subprocess.DEVNULL)
    warm()


def _load() -> Callable:
    """The compiled function, from the folder that belongs to exactly this source."""
    from numba import config, njit

    chosen = config.CACHE_DIR
    try:
        config.CACHE_DIR = str(cache_folder())
        from core.training.native import kernel

        return njit(kernel.SIGNATURE, nogil=True, cache=True, error_model="numpy")(kernel.trained)
    finally:
        config.CACHE_DIR = chosen


def cache_folder() -> Path:
    """Where compiled code is kept; its name changes with the source."""
    here = Path(__file__).parent / "native"
    source = b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))
    name = f"roadmap-lab-{hashlib.sha256(source).hexdigest()[:12]}"
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    for parent in [Path(chosen)] if chosen else [here / "__pycache__", home]:
        folder = parent / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return own_folder(name)


@lru_cache
def own_folder(name: str) -> Path:
    """A new folder that only this process's user may write to, for machines where nothing else can be written."""
    return Path(tempfile.mkdtemp(prefix=name))


class Layers(NamedTuple):
    """A plain multilayer perceptron as the kernel reads it."""

    linears: list[nn.Linear]
    activations: list[int]
    dropout: float


def layers_of(model: nn.Module) -> Layers | None:
    """The layers of a plain multilayer perceptron, None for another network."""
    if type(model) is not MLP or any(type(layer) is not nn.Sequential or len(layer) < 2 for layer in model.hidden):
        return None
    stacks = [list(layer) for layer in model.hidden]
    linears = [*(stack[0] for stack in stacks), model.output]
    if not all(map(plain, linears, model.widths[:-1], model.widths[1:])):
        return None
    if any(map(hooked, (model, model.hidden, *model.hidden, *(module for stack in stacks for module in stack)))):
        return None
    kinds, rates = [], set()
    for _, activation, *silence in stacks:
        if type(activation) not in KINDS or len(silence) > 1 or any(type(module) is not Dropout for module in silence):
            return None
        if getattr(activation, "negative_slope", 0.01) != 0.01 or getattr(activation, "approximate", "none") != "none":
            return None
        kinds.append(KINDS[type(activation)])
        rates.add(silence[0].rate if silence else 0.0)
    return None if len(rates) > 1 else Layers(linears, kinds, max(rates, default=0.0))


def plain(linear: nn.Module, inputs: int, units: int) -> bool:
    """Whether a layer is torch's own, of these widths, with biases, float32 and trainable."""
    if type(linear) is not nn.Linear or linear.bias is None or linear.weight.shape != (units, inputs) or hooked(linear):
        return False
    return all(p.dtype == torch.float32 and p.requires_grad for p in (linear.weight, linear.bias))


def hooked(module: nn.Module) -> bool:
    """Whether something listens to, or changes, what a module answers."""
    return bool(module._forward_hooks or module._forward_pre_hooks or module._backward_hooks)


def fits(data: Data, widths: tuple[int, ...], objective: Objective) -> bool:
    """Whether inputs, targets and outputs are what the objective's compiled form expects."""
    sets = ((data.x, data.y), (data.x_test, data.y_test))
    if not len(data.x) or any(x.dim() != 2 or x.shape[1] != widths[0] or x.dtype != torch.float32 for x, _ in sets):
        return False
    if any(len(x) != len(y) for x, y in sets):
        return False
    outputs, kind = widths[-1], OBJECTIVES.index(objective)
    if kind < 3:
        return all(y.dtype == torch.float32 and y.dim() == 2 and y.shape[1] == outputs for _, y in sets)
    classes = 2 if kind == 4 else outputs
    if (outputs == 1) != (kind == 4):
        return False
    return all(
        y.dtype == torch.int64 and y.dim() == 1 and (not len(y) or 0 <= y.min() <= y.max() < classes) for _, y in sets
    )


def supported(model: nn.Module, data: Data, objective: Objective) -> Layers | None:
    """The network's layers, if the compiled trainer does exactly what the loop would do; else None."""
    layers = layers_of(model) if objective in OBJECTIVES else None
    return layers if layers and fits(data, model.widths, objective) else None


def preferred(model: nn.Module, data: Data, recipe: Recipe, objective: Objective) -> Layers | None:
    """The network's layers, if the compiled trainer can be called now and is expected to be faster than torch."""
    layers = supported(model, data, objective) if ready() else None
    if not layers:
        return None
    parameters = sum((inputs + 1) * units for inputs, units in zip(model.widths[:-1], model.widths[1:], strict=True))
    return layers if parameters * min(recipe.batch_size, len(data.x)) <= CROSSOVER else None


def flat(*parts: np.ndarray) -> np.ndarray:
    """Numbers in one row, with padding."""
    row = np.zeros(sum(part.size for part in parts) + PADDING, np.float32)
    begin = 0
    for part in parts:
        row[begin : begin + part.size] = part.ravel()
        begin += part.size
    return row


def arrays(x: Tensor, y: Tensor, kind: int) -> tuple[np.ndarray, ...]:
    """A set as the kernel reads it: columns (features × samples), targets (outputs × samples), classes (samples,)."""
    inputs, targets = x.detach().numpy(), y.detach().numpy()
    classes = np.ascontiguousarray(targets) if kind >= 3 else np.empty(0, np.int64)
    return flat(inputs.T), flat() if kind in (3, 5) else flat(targets.T), classes


def aligned(count: int) -> np.ndarray:
    """Zeros that begin where a line of the processor's cache does."""
    room = np.zeros(count + PADDING, np.float32)
    begin = -room.ctypes.data % (4 * PADDING) // 4
    return room[begin : begin + count]


def rooms(widths: tuple[int, ...], count: int, recipe: Recipe, samples: int) -> tuple[np.ndarray, ...]:
    """Room for the kernel to work in: for values of a batch and of 128 samples, for visits, for random words."""
    size = min(recipe.batch_size, samples)
    batch, chunk = (sum(width * row + 2 * PADDING for width in widths) + PADDING for row in (size + PADDING, 128))
    numbers = 3 * batch + 2 * chunk + count + widths[-1] * (size + PADDING) + 128 + 4 * PADDING
    places = 4 * len(widths) + 6 * samples + PADDING
    return aligned(numbers), np.empty(places, np.int64), np.empty(2 * samples, np.uint64)


def deviation(y: np.ndarray) -> float:
    """What R² is measured against (see core.metrics)."""
    return max(float(np.square(y - y.mean(axis=0)).sum()), 1e-12) if y.dtype.kind == "f" and len(y) else 1.0


def history(
    layers: Layers,
    data: Data,
    recipe: Recipe,
    objective: Objective,
    start: Epoch | None = None,
    cancel: Cancel | None = None,
) -> tuple[Epoch, ...]:
    """The recorded moments of a training, as ``core.training.loop.epochs`` would yield them; ``warm`` comes first."""
    kind, rule = OBJECTIVES.index(objective), OPTIMIZERS.index(recipe.optimizer)
    parameters = (
        [p for linear in layers.linears for p in (linear.weight, linear.bias)] if start is None else [start.weights]
    )
    weights = flat(*(p.detach().numpy() for p in parameters))
    widths = [layers.linears[0].in_features, *(linear.out_features for linear in layers.linears)]
    count, rows = len(weights) - PADDING, MOMENTS[recipe.optimizer]
    moments = np.zeros(2 * len(weights), np.float32)
    remembered = start is not None and start.moments.shape == (rows, count)
    if remembered:
        moments.reshape(2, -1)[:rows, :count] = start.moments.numpy()
    first, step, age = (start.number, start.step, start.age if remembered else 0) if start else (0, 0, 0)
    chosen = recorded_epochs(recipe, first, count * (1 + rows))
    wanted = np.zeros(recipe.epochs - first + 1, np.uint8)
    wanted[[number - first for number in chosen]] = 1
    frames = len(chosen) + 1  # patience, a broken loss or a cancel may add one
    records, memories = np.empty((frames, count), np.float32), np.empty((frames, rows, count), np.float32)
    measures, best = np.empty((frames, 11)), np.array(start.best if start else (math.inf, 0), float)
    seed = int(np.int64(np.uint64(recipe.seed & (1 << 64) - 1)))
    options = [
        kind, rule, SCHEDULES.index(recipe.schedule), recipe.batch_size, recipe.epochs, first, step, age,
        recipe.patience, seed, len(data.x), len(data.x_test), rows, *layers.activations,
    ]  # fmt: skip
    settings = [
        recipe.learning_rate, recipe.momentum, recipe.beta2, recipe.smoothing, recipe.weight_decay, recipe.l1,
        recipe.clip, layers.dropout, deviation(data.y.detach().numpy()), deviation(data.y_test.detach().numpy()),
        start.learning_rate if start else 0.0, start.gradient_norm if start else 0.0,
    ]  # fmt: skip
    filled = _state["trained"](
        np.array(widths, np.int64), np.array(options, np.int64), np.array(settings, np.float64),
        *arrays(data.x, data.y, kind), *arrays(data.x_test, data.y_test, kind), weights, moments, records.reshape(-1),
        memories.reshape(-1), measures.reshape(-1), best, wanted, (cancel or Cancel()).flag,
        *rooms(widths, count, recipe, len(data.x)),
    )  # fmt: skip
    numbers, steps, ages = measures[:filled, :3].astype(int).T.tolist()
    *losses_scores, rates, norms, lowest, lowest_numbers = measures[:filled, 3:].T.tolist()
    return tuple(map(
        Epoch, numbers, steps, *losses_scores, rates, norms, separate(records[:filled]),
        separate(memories[:filled]) if rows else repeat(torch.empty(0, count)), repeat(()), ages,
        zip(lowest, map(int, lowest_numbers), strict=True),
    ))  # fmt: skip


def separate(rows: np.ndarray) -> map:
    """Each row as a tensor of its own: rows of one tensor would each carry all the others along when stored."""
    return map(torch.from_numpy, map(np.ndarray.copy, rows))
