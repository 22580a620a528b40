"""Other detectors: Ultralytics' published weights by name, ``.onnx`` files, and own ``.pt`` files by explicit path.

A ``.pt`` file is a pickle and can run code when it is opened: only Ultralytics' own, fetched on request from their
release page, and files that whoever runs this program names by their path on this machine are opened, never an upload.
"""

import ast
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.deployment.onnx_sessions import session
from core.projects.detection.detector import Detector, of_module, shipped
from core.projects.detection.quiet import hushed, settings_folder
from core.serving.hosting import refuse_strangers

RELEASES = "https://github.com/ultralytics/assets/releases/download"
VERSION = "v8.4.0"
LICENCE = "AGPL-3.0"
PUBLISHED = {  # megabytes of the COCO detectors (80 classes)
    "yolo26n": 5.3, "yolo26s": 19.5, "yolo26m": 42.2, "yolo11n": 5.4, "yolo11s": 18.4, "yolo11m": 38.8,
    "yolov8n": 6.2, "yolov8s": 21.5, "yolov8m": 49.7,
}  # fmt: skip
SIDE = 640  # pixels that COCO detectors are trained at
MOST_BYTES = 200_000_000


class ModelError(ValueError):
    """A model that cannot be had or used; the message is one sentence."""


@dataclass(frozen=True)
class Offer:
    """What a page says before anything is fetched."""

    name: str
    megabytes: float | None
    licence: str
    here: bool

    @property
    def sentence(self) -> str:
        size = f"{self.megabytes:.0f} MB" if self.megabytes else "size unknown"
        where = "is on this machine" if self.here else f"would be downloaded from github.com/ultralytics, {size}"
        return f"{self.name} {where}; licence {self.licence}."


def offer(name: str) -> Offer:
    """What is known of a published model. Raises ``ModelError`` for a name that Ultralytics does not publish."""
    stem = named(name)
    return Offer(f"{stem}.pt", PUBLISHED.get(stem), LICENCE, stored(stem).is_file())


def named(name: str) -> str:
    """The name of a published detector without its ending."""
    stem = name.strip().removesuffix(".pt")
    if not re.fullmatch(r"[a-z0-9_-]{3,40}", stem):
        raise ModelError("Name a model as Ultralytics does: yolo26n.pt, yolo11s.pt, yolov8n.pt.")
    hushed()
    from ultralytics.utils.downloads import GITHUB_ASSETS_NAMES

    if f"{stem}.pt" not in GITHUB_ASSETS_NAMES:
        known = ", ".join(f"{one}.pt" for one in PUBLISHED)
        raise ModelError(f"Ultralytics publishes no {stem}.pt; for example there are {known}.")
    return stem


def stored(stem: str) -> Path:
    """Where a downloaded model lies, or would lie."""
    return settings_folder() / "weights" / f"{stem}.pt"


def published(name: str, download: bool = False) -> Detector:
    """An Ultralytics detector by name; ``download`` allows to fetch it. Raises ``ModelError``."""
    stem = named(name)
    path = stored(stem)
    if not path.is_file():
        if not download:
            raise ModelError(f"{offer(name).sentence} Allow the download to use it.")
        refuse_strangers(ModelError)
        fetched(stem, path)
    return opened(path, f"{stem}.pt")


def fetched(stem: str, path: Path) -> None:
    """Download a published model, aside first, so that nothing half-fetched is ever opened."""
    import urllib.error
    import urllib.request

    path.parent.mkdir(parents=True, exist_ok=True)
    address = f"{RELEASES}/{VERSION}/{stem}.pt"
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as aside:
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                while part := answer.read(1 << 20):
                    aside.write(part)
                    if aside.tell() > MOST_BYTES:
                        raise ModelError(f"{stem}.pt is larger than {MOST_BYTES / 1e6:.0f} MB.")
        except (urllib.error.URLError, OSError) as error:
            Path(aside.name).unlink(missing_ok=True)
            raise ModelError(f"{stem}.pt could not be downloaded: {reason(error)}.") from None
        except ModelError:
            Path(aside.name).unlink(missing_ok=True)
            raise
    os.replace(aside.name, path)


def reason(error: Exception) -> str:
    """Why a download failed, in a few words."""
    return "github.com cannot be reached" if not hasattr(error, "code") else f"github.com answered {error.code}"


def local(path: str | Path) -> Detector:
    """A model by its path on this machine: ``.onnx``, ``.safetensors`` of this project, or ``.pt``.

    A ``.pt`` file is unpickled: the path has to come from whoever runs this program, never from a visitor. Raises
    ``ModelError``.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise ModelError(f"There is no file {path.name} at this path.")
    if path.suffix == ".onnx":
        return onnx(path.read_bytes(), path.name)
    if path.suffix == ".safetensors":
        return saved(path)
    if path.suffix == ".pt":
        return opened(path, path.name)
    raise ModelError("A model is a .onnx, .safetensors or .pt file.")


def saved(path: Path) -> Detector:
    """A detector that this project's training wrote."""
    from safetensors import SafetensorError

    from core.projects.detection.network import load

    try:
        model, about = load(path)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError, AttributeError, FileNotFoundError):
        raise ModelError(f"{path.name} holds no detector that was saved here.") from None
    return of_module(model, path.name, tuple(about["classes"]), int(about["side"]))


def opened(path: Path, name: str) -> Detector:
    """A detector in a ``.pt`` file of Ultralytics."""
    hushed()
    from ultralytics import YOLO

    try:
        model = YOLO(path, task="detect", verbose=False).model
        names = tuple(str(model.names[number]) for number in sorted(model.names))
        side = model.args["imgsz"] if isinstance(model.args, dict) else getattr(model.args, "imgsz", SIDE)
    except Exception as error:  # whatever a strange pickle raises
        raise ModelError(f"{name} is not a detector of Ultralytics that can be opened here.") from error
    if getattr(model, "task", "detect") != "detect":
        raise ModelError(f"{name} is made for another task ({model.task}), not for detection.")
    return of_module(model.float().eval(), name, names, int(side or SIDE))


def onnx(content: bytes, name: str = "model.onnx") -> Detector:
    """A detector from the bytes of an ``.onnx`` file that Ultralytics exported. Raises ``ModelError``."""
    if len(content) > MOST_BYTES:
        raise ModelError(f"The file has {len(content) / 1e6:.0f} MB; at most {MOST_BYTES / 1e6:.0f} MB are read.")
    session = session_of(content, name)
    wanted, given = session.get_inputs()[0], session.get_outputs()[0]
    about = session.get_modelmeta().custom_metadata_map
    names = names_of(about.get("names", ""), given.shape, name)
    if len(wanted.shape) != 4 or wanted.type != "tensor(float)" or len(given.shape) != 3:
        raise ModelError(f"{name} does not take pictures and answer with boxes as Ultralytics' exports do.")
    fixed = isinstance(wanted.shape[2], int)
    side = int(wanted.shape[2]) if fixed else SIDE

    def ask(pictures: np.ndarray) -> np.ndarray:
        answered = session.run([given.name], {wanted.name: pictures})[0]
        return from_chosen(answered, len(names)) if answered.shape[2] == 6 else answered

    licence = about.get("license", "unknown").split(" License")[0]
    return Detector(name, names, side, ask, (8, 16, 32), fixed, licence)


def session_of(content: bytes, name: str):
    """An ONNX Runtime session; a file that refers to other files is refused."""
    try:
        if refers_elsewhere(content):
            raise ModelError(f"{name} keeps its weights in other files: export it as a single file.")
        return session(content)
    except ModelError:
        raise
    except Exception:  # ONNX Runtime has an exception for every fault, and protobuf others
        raise ModelError(f"{name} is not an ONNX model that can be opened, or it is cut off.") from None


def refers_elsewhere(content: bytes) -> bool:
    """Whether a model's weights lie in files of their own."""
    import onnx as library

    model = library.load_model_from_string(content)
    return any(tensor.data_location == library.TensorProto.EXTERNAL for tensor in model.graph.initializer)


def names_of(written: str, shape: list, name: str) -> tuple[str, ...]:
    """The class names that an export keeps as the text of a Python dictionary of numbers and names."""
    try:
        names = ast.literal_eval(written[:100_000])
        return tuple(str(names[number]) for number in range(len(names)))
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        pass
    if not isinstance(shape[1], int) or shape[1] < 5:
        raise ModelError(f"{name} does not say what its classes are called: export it with Ultralytics.")
    return tuple(f"class {number}" for number in range(shape[1] - 4))


def from_chosen(answered: np.ndarray, classes: int) -> np.ndarray:
    """An end-to-end export's answer (pictures, n, 6), boxes by their corners with score and class, in the form of the
    others: (pictures, 4 + classes, n). It holds only what the network itself has chosen."""
    boxes, sure, kinds = answered[..., :4], answered[..., 4], answered[..., 5].astype(int)
    scores = np.where(np.arange(classes)[:, None] == kinds[:, None, :], sure[:, None, :], 0)
    centre, size = (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]
    return np.concatenate([centre.swapaxes(1, 2), size.swapaxes(1, 2), scores], axis=1).astype(np.float32)


def chosen(name: str, download: bool = False) -> Detector:
    """The shipped detector for "Drawings", or a published one by name."""
    return shipped() if name in ("", "Drawings") else published(name, download)
