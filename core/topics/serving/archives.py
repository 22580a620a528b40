"""Archives that model servers load, TorchServe's .mar and TensorFlow Serving's SavedModel: made, and looked into.

A .mar is a zip with MAR-INF/MANIFEST.json (TorchServe's model-archiver, README); a SavedModel is a folder named by its
version with saved_model.pb and variables/. Nothing of an archive is imported or run here.
"""

import ast
import io
import json
import zipfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from core.deployment.subjects import Subject
from core.jobs.extras import in_extras
from core.serving.uploads import Refused
from core.topics.serving.answers import about, onnx_of
from core.topics.serving.folders import SHARED, pinned, read, zipped

MANIFEST = "MAR-INF/MANIFEST.json"
MOST_BYTES, MOST_ENTRIES, MOST_UNPACKED, MOST_MANIFEST = 5_000_000, 500, 200_000_000, 100_000
PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".bin", ".ckpt", ".joblib", ".npy", ".h5")
NETWORK, HANDLER = "network.onnx", "handler.py"
TENSORFLOW = ("saved_model.pb", "variables/variables.index")


@dataclass(frozen=True)
class Entry:
    """A file in an archive: its bytes, unpacked, and what it is."""

    name: str
    size: int
    role: str


@dataclass(frozen=True)
class Archive:
    """What an archive holds, and everything that is wrong with it, a sentence each."""

    content: bytes
    kind: str
    entries: tuple[Entry, ...]
    manifest: Mapping[str, Any]
    faults: tuple[str, ...]
    provenance: str = field(default="Read here, entry by entry; nothing of the archive was run")


def mar(subject: Subject, version: str = "1.0") -> bytes:
    """A TorchServe archive of a network: handler, ONNX file and manifest, and no pickle."""
    manifest = {
        "createdOn": "01/01/1980 00:00:00", "runtime": "python",
        "model": {"modelName": "network", "modelVersion": version, "handler": HANDLER, "serializedFile": NETWORK,
                  "requirementsFile": "requirements.txt"},
        "archiverVersion": "0.12.0",
    }  # fmt: skip
    files = {
        MANIFEST: json.dumps(manifest, indent=2).encode(), NETWORK: onnx_of(subject),
        HANDLER: read("torchserve/handler.py").encode(), SHARED[0]: read(f"shared/{SHARED[0]}").encode(),
        "network.json": about(subject, "/ping", True), "requirements.txt": pinned().encode(),
    }  # fmt: skip
    return zipped(files)


def opened(content: bytes) -> Archive:
    """Look into a .mar or a zipped SavedModel. Raises ``Refused`` for what is no zip or too large to unpack."""
    entries = entries_of(content)
    names = {each.name for each in entries}
    faults = [fault for each in entries for fault in faults_in_name(each.name)]
    if MANIFEST in names:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            manifest, more = manifest_of(archive, names)
        return Archive(content, "TorchServe archive", entries, manifest, (*faults, *more))
    if any(PurePosixPath(name).name == TENSORFLOW[0] for name in names):
        return Archive(content, "SavedModel", entries, {}, (*faults, *faults_of_layout(names)))
    return Archive(content, "zip", entries, {}, (*faults, f"There is no {MANIFEST} and no {TENSORFLOW[0]} in it."))


def entries_of(content: bytes) -> tuple[Entry, ...]:
    """The files of a zip. Raises ``Refused``."""
    if not content:
        raise Refused("The file is empty.")
    if len(content) > MOST_BYTES:
        raise Refused(f"The file has {len(content) / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB are read.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, OverflowError):
        raise Refused("This is no zip: a .mar and a zipped SavedModel are.") from None
    if len(found) > MOST_ENTRIES or sum(each.file_size for each in found) > MOST_UNPACKED:
        limit = f"{MOST_ENTRIES} files or {MOST_UNPACKED / 1e6:.0f} MB"
        raise Refused(f"The archive would unpack to more than {limit}.")
    return tuple(Entry(each.filename[:200], each.file_size, role_of(each.filename)) for each in found)


def role_of(name: str) -> str:
    """What a file in an archive is for."""
    suffix = PurePosixPath(name).suffix.lower()
    if name == MANIFEST:
        return "manifest"
    if suffix in PICKLES:
        return "may run code when it is loaded"
    roles = {".py": "program", ".onnx": "weights", ".safetensors": "weights", ".json": "settings", ".pb": "graph"}
    return roles.get(suffix, "variables" if "variables/" in name else "other")


def faults_in_name(name: str) -> list[str]:
    """What is wrong with a file's name or kind."""
    path, found = PurePosixPath(name.replace("\\", "/")), []
    if path.is_absolute() or ".." in path.parts or ":" in name:
        found.append(f"“{name[:60]}” would be unpacked outside the archive's own folder.")
    if path.suffix.lower() in PICKLES:
        found.append(f"“{name[:60]}” may be a pickle: who loads it runs whatever its author wrote.")
    return found


def manifest_of(archive: zipfile.ZipFile, names: set[str]) -> tuple[dict, list[str]]:
    """A manifest and what is wrong with it."""
    if archive.getinfo(MANIFEST).file_size > MOST_MANIFEST:
        return {}, [f"The manifest is larger than {MOST_MANIFEST:,} bytes."]
    try:
        content = json.loads(archive.read(MANIFEST))
    except (ValueError, RecursionError, zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError):
        return {}, ["The manifest is no JSON that can be read."]
    model = content.get("model") if isinstance(content, dict) else None
    if not isinstance(model, dict):
        return {}, ["The manifest names no model."]
    faults = [f"The manifest's model has no {key}." for key in ("modelName", "modelVersion", "handler")
              if not isinstance(model.get(key), str)]  # fmt: skip
    for key in ("serializedFile", "modelFile", "requirementsFile"):
        if key in model and str(model[key]) not in names:
            faults.append(f"The manifest's {key} “{str(model[key])[:60]}” is not in the archive.")
    handler = str(model.get("handler", "")).partition(":")[0]
    if handler.endswith(".py"):
        faults += faults_of_handler(archive, handler, names)
    return content, faults


def faults_of_handler(archive: zipfile.ZipFile, name: str, names: set[str]) -> list[str]:
    """What is wrong with a handler, read as text."""
    if name not in names:
        return [f"The handler “{name[:60]}” is not in the archive."]
    if archive.getinfo(name).file_size > MOST_MANIFEST:
        return [f"The handler is larger than {MOST_MANIFEST:,} bytes."]
    try:
        tree = ast.parse(archive.read(name).decode("utf-8"))
    except (SyntaxError, ValueError, RecursionError, MemoryError, zipfile.BadZipFile, RuntimeError, OSError):
        return ["The handler is no Python that can be read."]
    functions = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return [] if "handle" in functions else ["The handler has no function “handle”."]


def faults_of_layout(names: set[str]) -> list[str]:
    """What TensorFlow Serving would miss: a folder with a number for a name, the graph, the variables."""
    graph = next(PurePosixPath(name) for name in names if PurePosixPath(name).name == TENSORFLOW[0])
    faults = [] if graph.parent.name.isdigit() else ["saved_model.pb must lie in a folder named by a number, as in 1/."]
    if str(graph.parent / TENSORFLOW[1]) not in names:
        faults.append("variables/variables.index is missing: the weights are not all there.")
    return faults


def saved_model(subject: Subject) -> Generator[tuple[float, str], None, dict]:
    """Let TensorFlow write a SavedModel of a multilayer perceptron and read it back; yields (fraction, message).

    Returns the zip, and the largest difference between what it answers and torch. Raises ``ValueError`` where
    TensorFlow is missing.
    """
    import base64

    from safetensors.torch import save

    weights = {name: value.contiguous() for name, value in subject.model.state_dict().items()}
    files = {"weights.safetensors": save(weights), "network.json": about(subject, "", True)}
    said = yield from in_extras(("tensorflow-cpu",), read("tensorflow/program.py"), files, "TensorFlow is at work")
    return {**said, "content": base64.b64decode(said["content"])}
