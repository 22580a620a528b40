"""The network as Ultralytics builds it from its YAML, and weights for it without any pickle."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from core.projects.detection.drawings import CLASSES, FOLDER
from core.projects.detection.quiet import hushed

ARCHITECTURE = "yolo11n.yaml"
WEIGHTS = FOLDER / "model.safetensors"


def network(architecture: str = ARCHITECTURE, classes: tuple[str, ...] = CLASSES) -> nn.Module:
    """An Ultralytics ``DetectionModel`` with random weights."""
    hushed()
    from ultralytics.cfg import get_cfg
    from ultralytics.nn.tasks import DetectionModel

    model = DetectionModel(architecture, nc=len(classes), verbose=False)
    model.names, model.args = dict(enumerate(classes)), get_cfg()
    return model


def load(path: Path = WEIGHTS) -> tuple[nn.Module, dict]:
    """The network in a safetensors file of ``save``, in evaluation mode, and what was saved with it."""
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["about"])
        tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    model = network(about["architecture"], tuple(about["classes"]))
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected or any("num_batches_tracked" not in name for name in missing):
        raise ValueError(f"{path.name} does not fit {about['architecture']}.")
    return model.eval(), about


def save(model: nn.Module, path: Path, about: dict) -> None:
    """Write weights as float16 safetensors; ``about`` is kept as JSON, with ``architecture`` and ``classes``."""
    tensors = {
        name: tensor.detach().half().contiguous()
        for name, tensor in model.state_dict().items()
        if "num_batches_tracked" not in name
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, {"about": json.dumps(about)})
    path.chmod(0o644)


@torch.no_grad()
def transferred(model: nn.Module, path: Path, pictures: Tensor) -> int:
    """Take over weights with normalisation folded in (an ``.npz`` by layer name); returns how many tensors fitted.

    Normalisation layers are then set to what ``pictures`` (samples, 3, height, width) make of each convolution, so that
    the network is the same function and training goes on from it: batch statistics begin where the running ones stand.
    """
    with np.load(path, allow_pickle=False) as file:
        known = {name: torch.from_numpy(file[name].astype(np.float32)) for name in file.files}
    taken = 0
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d):
            taken += taken_over(layer, known, name)
            own = model.get_submodule(name.removesuffix(".conv"))
            if name.endswith(".conv") and hasattr(own, "bn"):
                bias = known.get(f"{name}.bias")
                folded(own.bn, bias if bias is not None and bias.shape == own.bn.bias.shape else None)
    calibrated(model, pictures)
    return taken


def taken_over(layer: nn.Conv2d, known: dict[str, Tensor], name: str) -> int:
    """Copy a convolution's weight, and its bias if it has one, where the shapes fit."""
    weight, bias = known.get(f"{name}.weight"), known.get(f"{name}.bias")
    if weight is None or weight.shape != layer.weight.shape:
        return 0
    layer.weight.copy_(weight)
    if layer.bias is not None and bias is not None:
        layer.bias.copy_(bias)
    return 1


def folded(norm: nn.BatchNorm2d, bias: Tensor | None) -> None:
    """A normalisation that only adds ``bias``; with None it stays as it was made."""
    if bias is not None:
        norm.running_mean.zero_()
        norm.running_var.fill_(1.0)
        norm.weight.fill_((1 + norm.eps) ** 0.5)
        norm.bias.copy_(bias)


def calibrated(model: nn.Module, pictures: Tensor) -> None:
    """Move each normalisation's statistics to those of its input, weight and bias with them: the function stays."""
    norms = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    found: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def noted(norm: nn.Module, inputs: tuple[Tensor, ...], _: Tensor) -> None:
        found[norm] = inputs[0].mean(dim=(0, 2, 3)), inputs[0].var(dim=(0, 2, 3))

    hooks = [norm.register_forward_hook(noted) for norm in norms]
    model.eval()(pictures)
    for hook in hooks:
        hook.remove()
    for norm, (mean, variance) in found.items():
        slope = norm.weight / (norm.running_var + norm.eps).sqrt()
        norm.bias.add_(slope * (mean - norm.running_mean))
        norm.weight.copy_(slope * (variance + norm.eps).sqrt())
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
