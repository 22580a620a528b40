"""The networks that are made smaller, each as a sequence of layers, with inputs that it has never seen to judge it by.

Three of them: a small CNN trained here and now on half of scikit-learn's digits; the shipped digits network with its
batch norms folded, judged on those digits enlarged to its own size; and the learner's playground network, judged on
fresh points.
"""

import copy
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from core.data import PLANAR
from core.data.digits import mixed_digits, shipped
from core.deployment.controls import CNN, DIGITS, PLAYGROUND, SHRUNK
from core.deployment.onnx_writer import folded
from core.deployment.small_cnn import CHANNELS, EPOCHS, KNOWN, RATE, right, small_cnn, taught
from core.deployment.subjects import Playground
from core.models.digits import SIDE, recognizer, training_digits
from core.probes.certainty import interval
from core.programs import Step
from core.provenance import Measured

INK, JUDGED, SEEN, POINTS = 20, 200, 256, 2000  # side of a digit; digits to judge by, to calibrate by; fresh points
COUNTED = ("first", "second", "third", "fourth", "fifth", "sixth")
CONVOLUTIONS = {f"conv{place}": f"{word} convolution".capitalize() for place, word in enumerate(COUNTED, 1)}
HIDDEN = {f"hidden{place}": f"{word} hidden layer".capitalize() for place, word in enumerate(COUNTED, 1)}
LABELS = {**CONVOLUTIONS, **HIDDEN, "output": "Output layer"}  # of every layer with weights that some network has
FAST = torch.channels_last  # the order of numbers in which convolutions are faster
WEIGHTS, INPUTS = "weights.safetensors", "inputs.safetensors"


@dataclass(frozen=True, eq=False)
class Candidate:
    """A trained ``model`` in evaluation mode (copy it before you change it), the inputs ``x`` and classes ``y`` that it
    or its calibration may see, and ``x_test``, ``y_test``, which it never saw; ``key`` are the arguments of
    ``candidate`` that make it again."""

    model: nn.Sequential
    x: Tensor
    y: Tensor
    x_test: Tensor
    y_test: Tensor
    key: tuple
    name: str
    things: str
    provenance: str

    @property
    def kind(self) -> str:
        """Which of the networks."""
        return self.key[0]

    @property
    def seed(self) -> int:
        """The learner's seed."""
        return self.key[-1]

    @cached_property
    def layers(self) -> dict[str, str]:
        """Names of the layers with weights, and what they are called."""
        return {name: LABELS[name] for name in layers_of(self.kind, self.key[2])}

    @property
    def units(self) -> str:
        """What a layer's outputs are called."""
        return "hidden units" if self.kind == PLAYGROUND else "channels"

    @cached_property
    def whole(self) -> "Accuracy":
        """Its accuracy as it is."""
        return judged(self.model, self)

    @property
    def opening(self) -> str:
        """Its name as a sentence begins."""
        return self.name[0].upper() + self.name[1:]

    def named(self, label: str) -> str:
        """The name of the layer that is called so."""
        return next(name for name, each in self.layers.items() if each == label)

    def copied(self) -> nn.Sequential:
        """A network of the same weights, to be changed."""
        return copy.deepcopy(self.model)


@dataclass(frozen=True)
class Accuracy:
    """How many of ``count`` held-out inputs got the ``right`` answer."""

    right: int
    count: int

    @property
    def share(self) -> float:
        """The accuracy."""
        return self.right / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95% interval (Wilson)."""
        return interval(self.right, self.count)

    @property
    def words(self) -> str:
        """``96.4% (95.0 to 97.5)``: the accuracy and its 95% interval."""
        low, high = self.interval
        return f"{100 * self.share:.1f}% ({100 * low:.1f} to {100 * high:.1f})"


def judged(model: nn.Module, subject: Candidate) -> Accuracy:
    """A network's accuracy on what its subject never saw."""
    return Accuracy(right(model, subject.x_test, subject.y_test), len(subject.y_test))


def candidate(
    network: str, data: str, hidden_layers: int, units_per_layer: int, activation: str, seed: int
) -> Candidate:
    """A network by its controls; the same settings give the same object."""
    if network == PLAYGROUND:
        return of_playground(data, hidden_layers, units_per_layer, activation, seed)
    return of_digits(seed) if network == DIGITS else of_cnn(seed)


def asked(chosen: Mapping[str, Any], seed: int) -> Candidate:
    """The network among the values of a view's controls."""
    return candidate(**{control.name: chosen[control.name] for control in SHRUNK}, seed=seed)


def layers_of(network: str, hidden_layers: int) -> tuple[str, ...]:
    """The names of a network's layers with weights."""
    if network == PLAYGROUND:
        return (*list(HIDDEN)[:hidden_layers], "output")
    return (*list(CONVOLUTIONS)[: 3 if network == CNN else 6], "output")


def by_the_clock(seed: int, began: float) -> Measured:
    """The source of numbers that a process of its own has measured, since ``time.perf_counter()`` was ``began``."""
    what = "Measured here, now, on one thread of a process of its own"
    return Measured((seed,), time.perf_counter() - began, what)


@lru_cache(maxsize=16)
@torch.enable_grad()
def of_cnn(seed: int = 0) -> Candidate:
    """The small CNN, trained on half of scikit-learn's digits; the other half is held out."""
    began = time.perf_counter()
    x, y = mixed_digits(seed)
    model = taught(small_cnn(CHANNELS, seed), x[:KNOWN], y[:KNOWN], EPOCHS, RATE, seed)
    source = Measured((seed,), time.perf_counter() - began, "Measured live on a network trained here")
    return Candidate(model, x[:KNOWN], y[:KNOWN], x[KNOWN:], y[KNOWN:], (CNN, "", 0, 0, "", seed),
                     "the small CNN, trained just now", "digits", source.provenance)  # fmt: skip


@lru_cache(maxsize=16)
def of_digits(seed: int = 0) -> Candidate:
    """The shipped digits network; digits of other people's hands, enlarged to its own size, are held out."""
    images, classes = training_digits()
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))[:SEEN]
    x, y = mixed_digits(seed)
    x_test = enlarged(x[:JUDGED]).to(memory_format=FAST)
    return Candidate(folded_network(), images[order], classes[order], x_test, y[:JUDGED],
                     (DIGITS, "", 0, 0, "", seed), "the shipped digits network, its batch norms folded", "digits",
                     f"Measured live on shipped weights · {JUDGED} digits of seed {seed}")  # fmt: skip


@lru_cache(maxsize=32)
def of_playground(data: str, hidden_layers: int, units: int, activation: str, seed: int) -> Candidate:
    """The learner's network; fresh points are held out."""
    subject = Playground(data, hidden_layers, units, activation, seed=seed)
    fresh = PLANAR[data](samples=2 * POINTS, noise=0.1, seed=seed + 1)  # half of them are held out
    blocks, parts = subject.model.hidden, OrderedDict()
    for name, (layer, activate, *_) in zip(HIDDEN, blocks, strict=False):
        parts |= {name: layer, name.replace("hidden", "activation"): activate}
    parts["output"] = subject.model.output
    known = subject.run.data
    return Candidate(nn.Sequential(parts).eval().requires_grad_(False), known.x, known.y, fresh.x_test, fresh.y_test,
                     (PLAYGROUND, data, hidden_layers, units, activation, seed), subject.title.partition(",")[0],
                     "points", f"{subject.source} · {POINTS} fresh points")  # fmt: skip


def enlarged(images: Tensor) -> Tensor:
    """Digits (images, 1, 8, 8) as the digits network was taught them: 20 × 20 pixels amid 28 × 28."""
    large = nn.functional.interpolate(images, (INK, INK), mode="bicubic", align_corners=False).clamp(0, 1)
    return nn.functional.pad(large, [(SIDE - INK) // 2] * 4)


@lru_cache(maxsize=1)
def folded_network() -> nn.Sequential:
    """The shipped digits network as a sequence: each batch norm folded into its convolution."""
    network, parts = recognizer()[0], OrderedDict()
    for place, (convolution, norm) in enumerate(zip(network.convolutions, network.norms, strict=True), 1):
        layer = nn.Conv2d(convolution.in_channels, convolution.out_channels, 3, padding=1)
        weight, bias = folded(convolution, norm)
        layer.load_state_dict({"weight": weight, "bias": bias})
        parts |= {f"conv{place}": layer, f"relu{place}": nn.ReLU()}
        if place in (2, 4):
            parts[f"pool{place}"] = nn.MaxPool2d(2)
    parts |= {"mean": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten(), "output": copy.deepcopy(network.output)}
    return nn.Sequential(parts).eval().requires_grad_(False).to(memory_format=FAST)


def filled(x: Tensor, batch: int) -> Tensor:
    """So many inputs; where there are fewer, they come again."""
    return x.repeat(-(-batch // len(x)), *[1] * (x.dim() - 1))[:batch]


# The same network in a program ----------------------------------------------------------------------------------------


def step_of(subject: Candidate) -> Step:
    """The statements that make the network in a program, as ``model``, ``x``, ``y``, ``x_test``, ``y_test``."""
    if subject.kind == CNN:
        return training_step(subject.seed)
    parts = "".join(f"    {name}=nn.{layer!r},\n" for name, layer in subject.model.named_children())
    text = (
        f'model = nn.Sequential(OrderedDict(\n{parts}))\nmodel.load_state_dict(load_file("{WEIGHTS}"))\n'
        f'inputs = load_file("{INPUTS}")\nx, y, x_test, y_test = map(inputs.get, ("x", "y", "x_test", "y_test"))'
    )
    return Step(f"Load {subject.name}", f"from collections import OrderedDict\n\n{text}")


def training_step(seed: int) -> Step:
    """The statements that train the small CNN."""
    text = (
        f"x, y = mixed_digits({seed})\nx, x_test = x.split([{KNOWN}, len(x) - {KNOWN}])\n"
        f"y, y_test = y.split([{KNOWN}, len(y) - {KNOWN}])\n"
        f"model = taught(small_cnn({CHANNELS!r}, {seed}), x, y, epochs={EPOCHS}, rate={RATE!r}, seed={seed})"
    )
    return Step("Train a small convolutional network", text)


def functions_of(subject: Candidate) -> tuple[Callable, ...]:
    """The functions that a program with that step lists."""
    return (shipped, mixed_digits, small_cnn, taught) if subject.kind == CNN else ()


def files_of(subject: Candidate) -> dict[str, bytes]:
    """The files that a program with that step reads."""
    if subject.kind == CNN:
        return {}
    inputs = {name: getattr(subject, name).contiguous() for name in ("x", "y", "x_test", "y_test")}
    weights = {name: value.contiguous() for name, value in subject.model.state_dict().items()}
    return {WEIGHTS: save(weights), INPUTS: save(inputs)}
